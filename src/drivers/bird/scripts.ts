/**
 * What is run beside BIRD, in the words of a POSIX shell; arguments are the two included files, the control socket and
 * the seconds until BIRD takes a change back. Measured on BIRD 2.0.12: a failed `configure` leaves what runs untouched,
 * and after an undo the files still hold what was undone, so they are put back here.
 */

/** Puts the files back as they were before the last push, where nothing has made it final. */
const RESTORE = `
restore() {
  for file in "$four" "$six"; do [ ! -e "$file.before" ] || mv -f "$file.before" "$file"; done
}
fail() { restore; printf '%s\\n' "$1"; exit 1; }
four=$1 six=$2 socket=$3 seconds=$4
`;

/** Reads routes of both families and has BIRD run them; a line that BIRD refuses is left out, and told. */
export const PUSH = `set -u
${RESTORE}
edit() { cp -p "$1" "$1.new" && sed "$2" "$3" >"$1.new" && mv -f "$1.new" "$1"; }
rm -f "$four.before" "$six.before"
for file in "$four" "$six"; do
  [ -e "$file" ] || : >"$file"
  cp -p "$file" "$file.before" || fail "cannot write beside $file"
done
cat >"$four.sent" || fail "cannot write beside $four"
edit "$four" "/^route [^ ]*:/d;\\|^# $six,|d" "$four.sent" || fail "cannot write $four"
edit "$six" "/^route [^ :]* /d;\\|^# $four,|d" "$four.sent" || fail "cannot write $six"
rm -f "$four.sent"
until words=$(birdc -s "$socket" configure check 2>&1); do
  place=$(printf '%s\\n' "$words" | sed -n 's/^\\(.*\\):\\([0-9]*\\):[0-9]* .*/\\2 \\1/p')
  case "$place" in
    *"\${four##*/}") file=$four ;;
    *"\${six##*/}") file=$six ;;
    *) fail "$words" ;;
  esac
  line=\${place%% *}
  route=$(sed -n "\${line}p" "$file")
  case "$route" in 'route '*) ;; *) fail "$words" ;; esac
  edit "$file" "\${line}s/^/# /" "$file" || fail "cannot write $file"
  printf 'refused\\t%s\\t%s\\n' "$route" "$(printf '%s\\n' "$words" | tail -n 1)"
done
words=$(birdc -s "$socket" configure \${seconds:+timeout "$seconds"} 2>&1) || fail "$words"
case "$words" in *Reconfigured*|*' in progress'*) ;; *) fail "$words" ;; esac
tries=0
while birdc -s "$socket" show status | grep -q 'Reconfiguration in progress' && [ $tries -lt 60 ]; do
  tries=$((tries + 1))
  sleep 1
done
[ -n "$seconds" ] || rm -f "$four.before" "$six.before"
`;

/** Makes the last push final. BIRD has nothing to confirm where it took the push back already. */
export const CONFIRM = `${RESTORE}
cat >/dev/null
words=$(birdc -s "$socket" configure confirm 2>&1)
case "$words" in *confirmed*) rm -f "$four.before" "$six.before" ;; *) fail "$words" ;; esac
`;

/** Takes the last push back at once. */
export const REVERT = `${RESTORE}
restore
exec birdc -s "$socket" configure undo
`;

/** Fails where a push would: for the files, for the socket, or for a configuration that does not hold. */
export const PROBE = `
for file in "$1" "$2"; do
  [ -w "\${file%/*}" ] || { echo "Permission denied: \${file%/*}"; exit 1; }
done
exec birdc -s "$3" configure check
`;

/** Fails where BIRD does not answer; what it says of a protocol that it does not know is told by the reader. */
export const SHOW_OURS = `
birdc -s "$1" show status || exit
birdc -s "$1" show protocols all "$2"
birdc -s "$1" show static "$2"
exit 0
`;
