/** A program `ip` that ends its parent around one batch: before it, after its first lines, or after all of it. */
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface BatchKill {
  /** From 1 in the order in which they are started. */
  readonly batch: number;
  /** So many lines reach the kernel before the parent dies. */
  readonly lines: number;
  /** True: the others follow a moment later, as from a batch that outlives its parent. */
  readonly outlives: boolean;
}

export interface KillIp {
  /** For PATH. */
  readonly folder: string;
  /** Undefined kills nobody. */
  readonly order: (kill: BatchKill | undefined) => Promise<void>;
  /** The number of lines of each batch since the last order. */
  readonly batches: () => Promise<readonly number[]>;
}

/** Writes the script into the folder; `ip` is the program behind it. */
export async function writeKillIp(folder: string, ip: string): Promise<KillIp> {
  await mkdir(folder);
  const file = path.join(folder, 'ip');
  await writeFile(file, script(ip));
  await chmod(file, 0o755);
  const seen = async (): Promise<readonly string[]> =>
    (await readdir(folder)).filter((name) => name.startsWith('batch-')).sort();
  return {
    folder,
    order: async (kill) => {
      await Promise.all((await seen()).map(async (name) => rm(path.join(folder, name))));
      const words = kill === undefined ? '0 0 no' : orderOf(kill);
      await writeFile(path.join(folder, 'order'), `${words}\n`);
    },
    batches: async () =>
      Promise.all(
        (await seen()).map(async (name) => {
          const text = await readFile(path.join(folder, name), 'utf8');
          return text.split('\n').length - 1;
        }),
      ),
  };
}

function orderOf({ batch, lines, outlives }: BatchKill): string {
  return `${batch} ${lines} ${outlives ? 'yes' : 'no'}`;
}

function script(ip: string): string {
  return `#!/bin/sh
here=\${0%/*}
case " $* " in
  *" -batch "*) ;;
  *) exec ${ip} "$@" ;;
esac
number=$(($(ls "$here" | grep -c '^batch-') + 1))
input="$here/batch-$number"
cat > "$input"
read -r batch lines outlives < "$here/order"
[ "$number" -eq "$batch" ] || exec ${ip} "$@" < "$input"
[ "$lines" -eq 0 ] || head -n "$lines" "$input" | ${ip} "$@"
kill -9 "$PPID"
[ "$outlives" = no ] && exit 1
sleep 0.05
tail -n "+$((lines + 1))" "$input" | exec ${ip} "$@"
`;
}
