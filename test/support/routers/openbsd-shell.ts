/** A shell account on a modelled OpenBSD: real `sh`, and `route` and `ifconfig` of openbsd-route.ts in its PATH. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from '../../../src/drivers/driver.ts';
import { programOf, type Transport } from '../../../src/transport/transport.ts';
import type { OpenbsdKernel } from './openbsd-route.ts';

export interface OpenbsdShell {
  readonly transport: Transport;
  kernel(): OpenbsdKernel;
  set(kernel: OpenbsdKernel): void;
  /** Every command line so far, with the table after it. */
  history(): readonly { readonly line: string; readonly kernel: OpenbsdKernel }[];
  close(): void;
}

const MODEL = fileURLToPath(new URL('openbsd-route.ts', import.meta.url));

export function openbsdShell(kernel: OpenbsdKernel): OpenbsdShell {
  const folder = mkdtempSync(join(tmpdir(), 'openbsd-'));
  const file = join(folder, 'kernel.json');
  const log = join(folder, 'log');
  const set = (next: OpenbsdKernel): void => writeFileSync(file, JSON.stringify(next));
  set(kernel);
  writeFileSync(log, '');
  for (const name of ['route', 'ifconfig']) {
    const start = `import(${JSON.stringify(MODEL)}).then(({ main }) => main(process.argv.slice(1)))`;
    writeFileSync(
      join(folder, name),
      `#!/bin/sh\n'${process.execPath}' -e '${start}' '${file}' ${name} "$@"\nstatus=$?\n{ echo "${name} $*"; cat '${file}'; echo; } >>'${log}'\nexit $status\n`,
    );
    chmodSync(join(folder, name), 0o755);
  }
  const run = async (command: Command) => {
    const { argv, stdin = '' } = programOf(command);
    const [program, ...args] = argv;
    const { status, stdout, stderr } = spawnSync(program, args, {
      input: stdin,
      encoding: 'utf8',
      env: { PATH: `${folder}:/usr/bin:/bin` },
    });
    return { stdout, stderr, exitCode: status ?? 1 };
  };
  return {
    set,
    transport: {
      description: 'a model',
      target: 'model',
      lockTarget: async () => 'model',
      run,
      close: async () => undefined,
    },
    kernel: () => JSON.parse(readFileSync(file, 'utf8')) as OpenbsdKernel,
    history: () => {
      const lines = readFileSync(log, 'utf8').trim().split('\n');
      return lines.flatMap((line, i) =>
        i % 2 === 1
          ? [{ line: lines[i - 1] ?? '', kernel: JSON.parse(line) as OpenbsdKernel }]
          : [],
      );
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}
