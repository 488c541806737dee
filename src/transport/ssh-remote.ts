/**
 * A program as the command line of a POSIX shell on the other side of an SSH connection. The line says at the end of
 * its standard error how the program ended: `ssh` has the same exit status 255 for a program's own and for a lost
 * connection.
 */
import type { CommandOutput, Program } from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';
import { shellWord } from './ssh-word.ts';

/** How a program ended there, or why it was not run. */
export type RemoteEnd =
  | { readonly kind: 'ended'; readonly output: CommandOutput }
  | { readonly kind: 'missing' }
  /** There is no room for its input. */
  | { readonly kind: 'no file' }
  /** So many bytes of its input came. */
  | { readonly kind: 'torn'; readonly bytes: string };

/**
 * One line, as csh knows no other. Everything is received before the program starts, because `ip` executes half a line
 * when the connection dies in it; the file has no name any more when the first byte comes, so nothing can stay behind.
 */
const SCRIPT = [
  'mark=$1 bytes=$2',
  'shift 2',
  // What the start of the login shell may have written is not the program's.
  String.raw`printf "%s begins\n" "$mark"`,
  String.raw`printf "%s begins\n" "$mark" >&2`,
  String.raw`tell() { printf "\n%s %s\n" "$mark" "$*" >&2; exit 0; }`,
  // A login by SSH often has no folder of system programs in its PATH.
  'PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin LC_ALL=C',
  'export PATH LC_ALL',
  'command -v "$1" >/dev/null 2>&1 || tell missing',
  'if [ "$bytes" = none ]; then "$@" </dev/null; tell ended "$?"; fi',
  'file=$(umask 077; mktemp 2>/dev/null || mktemp /dev/shm/route-sync.XXXXXX 2>/dev/null) || tell no file',
  String.raw`trap "rm -f \"\$file\"" EXIT`,
  'exec 3>"$file" 4<"$file" 5<"$file"',
  'rm -f "$file"',
  'cat >&3',
  'exec 3>&-',
  'count=$(wc -c <&4)',
  '[ "$((count))" -eq "$bytes" ] || tell torn "$((count))"',
  'exec 4<&-',
  '"$@" <&5 5<&-',
  'tell ended "$?"',
].join('; ');

/** `mark` is a word that the program cannot know. */
export function remoteCommand(program: Program, mark: string): readonly [string] {
  const { argv, stdin } = program;
  const bytes = stdin === undefined ? 'none' : String(Buffer.byteLength(stdin));
  return [['exec sh -c', ...[SCRIPT, 'sh', mark, bytes, ...argv].map(shellWord)].join(' ')];
}

/** Undefined if the command line did not come to its end. */
export function remoteEnd(raw: CommandOutput, mark: string): RemoteEnd | undefined {
  const [stdout, stderr] = [afterStart(raw.stdout, mark), afterStart(raw.stderr, mark)];
  const at = stderr.lastIndexOf(`\n${mark} `);
  if (at === -1) {
    return undefined;
  }
  const words = stderr.slice(at + mark.length + 2).trimEnd();
  const [, kind, number = ''] = /^(ended|torn) (\d+)$/.exec(words) ?? [];
  if (kind === 'ended') {
    const output = { stdout, stderr: stderr.slice(0, at), exitCode: Number(number) };
    return { kind, output };
  }
  if (kind === 'torn') {
    return { kind, bytes: number };
  }
  return { kind: words === 'missing' ? 'missing' : 'no file' };
}

function afterStart(text: string, mark: string): string {
  const start = `${mark} begins\n`;
  const at = text.indexOf(start);
  return at === -1 ? text : text.slice(at + start.length);
}

/** Words that a router's CLI reads one by one; a shell that is there by mistake finds nothing in them to do. */
const PLAIN_WORD = /^[\w.,:/@=+-]+$/;

/** The command line for a login shell that is the router's own CLI; none for a session that is fed by stdin. */
export function bareCommand({ argv }: Program): readonly [] | readonly [string] {
  if (argv[0] === '') {
    return [];
  }
  const bad = argv.find((word) => !PLAIN_WORD.test(word));
  if (bad !== undefined) {
    throw new RouteSyncError(
      'UNSAFE_WORD',
      `${JSON.stringify(bad)} is no word for the command line of a router: letters, digits and "_.,:/@=+-" are`,
    );
  }
  return [argv.join(' ')];
}
