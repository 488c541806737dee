/** What the numbers were measured on. */
import { spawnSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import type { Run } from './measurement.ts';

/** How each program tells its version; what is not installed is left out. */
const VERSIONS: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  iproute2: ['ip', '-V'],
  BIRD: ['bird', '--version'],
  FRR: ['/usr/lib/frr/zebra', '--version'],
  OpenSSH: ['ssh', '-V'],
  netmiko: ['/usr/bin/python3', '-c', 'import netmiko; print(netmiko.__version__)'],
};
const VERSION = /\d+(?:\.\d+)+(?:p\d+)?/;

export function machineFacts(): Run['machine'] {
  const [cpu] = cpus();
  return {
    CPU: cpu?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    kernel: `Linux ${release()}`,
    Node: process.version,
    ...programVersions(),
  };
}

function programVersions(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(VERSIONS).flatMap(([name, [command, ...args]]) => {
      const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
      const version = status === 0 ? VERSION.exec(stdout + stderr)?.[0] : undefined;
      return version === undefined ? [] : [[name, version]];
    }),
  );
}

/** With `+` where what is measured differs from the commit. */
export function commitOf(root: string): string {
  const git = (...args: readonly string[]): string =>
    spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout.trim();
  const changed = git('status', '--porcelain', '--', 'src', 'bench', 'package-lock.json');
  const others = changed.split('\n').filter((line) => !/^$| bench\/published\.json$/.test(line));
  return `${git('rev-parse', '--short', 'HEAD')}${others.length === 0 ? '' : '+'}`;
}
