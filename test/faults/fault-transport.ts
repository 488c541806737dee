/** A program `ip` in front of the real one that breaks chosen calls: each fault is a piece of shell script. */
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** One call, as `read4.1`: what it does, and how many of its kind there were in this cycle. */
export type Call = `${Kind}.${number}`;

type Kind = 'read4' | 'read6' | 'address' | 'probe' | 'batch4' | 'batch6';

export interface FaultTransport {
  /** Forgets the calls so far; breaks these. */
  readonly arm: (faults: Readonly<Partial<Record<Call, string>>>) => void;
  /** The calls since the last `arm`. */
  readonly calls: () => readonly Call[];
  /** Whether a fault since the last `arm` ran the command {@link DONE}. */
  readonly isDone: () => boolean;
}

/** Shell: remembers that a fault did its work. */
export const DONE = ': >"$bin/fault.done"';

/**
 * Writes the program into the folder, which must come first on PATH. A fault may read the batch from its input, call
 * `"$real"`, and exit; where it does not exit, the real program runs after it.
 */
export function faultTransport(bin: string): FaultTransport {
  const real = execFileSync('sh', ['-c', 'command -v ip'], { encoding: 'utf8' }).trim();
  const file = path.join(bin, 'ip');
  writeFileSync(file, script(real, bin));
  chmodSync(file, 0o755);
  return {
    arm: (faults) => {
      readdirSync(bin)
        .filter((name) => /^(?:fault|count)\./.test(name))
        .forEach((name) => rmSync(path.join(bin, name)));
      for (const [call, fault] of Object.entries(faults)) {
        writeFileSync(path.join(bin, `fault.${call}`), `${fault}\n`);
      }
    },
    calls: () =>
      readdirSync(bin)
        .filter((name) => name.startsWith('count.'))
        .flatMap((name) => {
          const times = Number(readFileSync(path.join(bin, name), 'utf8'));
          const kind = name.slice('count.'.length) as Kind;
          return Array.from({ length: times }, (_, index): Call => `${kind}.${index + 1}`);
        }),
    isDone: () => readdirSync(bin).includes('fault.done'),
  };
}

function script(real: string, bin: string): string {
  return `#!/bin/sh
real='${real}'
bin='${bin}'
case "$*" in
  *'-4 -force -batch'*) kind=batch4 ;;
  *'-6 -force -batch'*) kind=batch6 ;;
  *'-4 route show'*) kind=read4 ;;
  *'-6 route show'*) kind=read6 ;;
  *'address show'*) kind=address ;;
  *) kind=probe ;;
esac
count=1
[ -f "$bin/count.$kind" ] && read -r before <"$bin/count.$kind" && count=$((before + 1))
echo "$count" >"$bin/count.$kind"
[ -f "$bin/fault.$kind.$count" ] && . "$bin/fault.$kind.$count"
exec "$real" "$@"
`;
}

/** The batch is cut after so many lines by SIGKILL. */
export function killedAfter(lines: number): string {
  return `head -n ${lines} | "$real" "$@"; kill -9 $$`;
}

/** The line becomes one that the kernel refuses; the others go on. */
export function refusedLine(line: number): string {
  return `sed -E '${line}s/via [^ ]+/via 198.18.0.1/' | "$real" "$@"; exit $?`;
}

/** The line becomes one that `ip` cannot read, which ends the batch there. */
export function unreadableLine(line: number): string {
  return `sed '${line}s/.*/route add nonsense/' | "$real" "$@"; exit $?`;
}

/** Prints this and exits; no text may hold a single quote. */
export function answers(stdout: string, { exitCode = 0, stderr = '' } = {}): string {
  return `printf '%s' '${stdout}'; printf '%s' '${stderr}' >&2; exit ${exitCode}`;
}
