# What the lab's scripts share: where things are, and how a daemon is started, awaited and ended. Sourced, not run.
# shellcheck shell=bash
set -euo pipefail

LAB_DIR=${LAB_DIR:-/run/route-sync-lab} # everything the lab writes: configuration, data, sockets, logs, pid files
LAB_IP=127.0.0.1
LAB_NAMESPACES=$LAB_DIR/namespaces # one line for each network namespace that the lab made

# Debian's own programs and Python, whatever else the machine has.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
export OVS_RUNDIR=$LAB_DIR OVN_RUNDIR=$LAB_DIR # Open vSwitch and OVN keep their sockets here instead of in /run

[ "$(id -u)" = 0 ] || { echo "the lab needs root" >&2; exit 1; }
umask 022
mkdir -p "$LAB_DIR/log" "$LAB_DIR/pid"

step() { printf '%4ds  %s\n' "$SECONDS" "$*"; }

# fail <log name> <message>: the message with the end of that log, then exit.
fail() {
  printf 'FAILED: %s; the end of %s:\n' "$2" "$LAB_DIR/log/$1.log" >&2
  tail -n 20 "$LAB_DIR/log/$1.log" >&2 || true
  exit 1
}

# logged <log name> <command...>: runs a command that must succeed, its output goes to the log.
logged() {
  local name=$1
  shift
  "$@" >>"$LAB_DIR/log/$name.log" 2>&1 </dev/null || fail "$name" "$1 ended with an error"
}

# started_at <pid>: when the process started, so that a reused pid is not taken for ours; empty once it has ended.
started_at() { awk '$3 != "Z" {print $22}' "/proc/$1/stat" 2>/dev/null || true; }

# alive <name>: true while the daemon of that name, started by us, runs.
alive() {
  local pid since
  [ -e "$LAB_DIR/pid/$1" ] && read -r pid since <"$LAB_DIR/pid/$1" && [ "$(started_at "$pid")" = "$since" ]
}

# spawn <name> <command...>: starts a daemon in a session of its own, unless it runs.
spawn() {
  local name=$1
  shift
  if alive "$name"; then return; fi
  setsid "$@" >"$LAB_DIR/log/$name.log" 2>&1 </dev/null &
  echo "$! $(started_at $!)" >"$LAB_DIR/pid/$name"
}

# await <name> <seconds> <command...>: until the command succeeds; fails when the daemon of that name died.
await() {
  local name=$1 until=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    alive "$name" || fail "$name" "$name ended"
    [ "$SECONDS" -lt "$until" ] || fail "$name" "$name does not answer"
    sleep 0.2
  done
}

# end <name>: TERM to the daemon's session; after its end, or ten seconds, KILL to what is left of the session.
end() {
  local pid tries
  if alive "$1"; then
    read -r pid _ <"$LAB_DIR/pid/$1"
    kill -- "-$pid"
    for ((tries = 0; tries < 100; tries++)); do
      alive "$1" || break
      sleep 0.1
    done
    kill -KILL -- "-$pid" 2>/dev/null || true
  fi
  rm -f "$LAB_DIR/pid/$1"
}
