/** A real FRR (zebra, staticd, bgpd) in a network namespace; needs root and the package frr. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { until } from '../support/until.ts';

/** Debian's place for the daemons. */
const DAEMONS = '/usr/lib/frr';

export type FrrDaemonName = 'zebra' | 'staticd' | 'bgpd';

export interface FrrDaemon {
  /** Holds a `vtysh` that speaks with this FRR: to be put before PATH. */
  readonly bin: string;
  start(name: FrrDaemonName): Promise<void>;
  /** Ends it as a crash would. */
  kill(name: FrrDaemonName): Promise<void>;
  /** Runs commands in one vtysh and returns what it says on stdout. */
  vtysh(...commands: readonly string[]): string;
  /** Loads lines of configuration as `vtysh -f` does. */
  load(lines: readonly string[]): void;
  /** True while a file is being loaded by a program other than this one. */
  isLoading(): boolean;
  /** What it would start with. */
  startup(): string;
  close(): Promise<void>;
}

/** Why there is no FRR here, or undefined. */
export function whyNoFrr(): string | undefined {
  return spawnSync(join(DAEMONS, 'zebra'), ['--version']).error === undefined
    ? undefined
    : 'zebra is missing: install frr';
}

/** VRFs are network namespaces here, because not every kernel has the VRF device. */
export function makeFrr(netns: string): FrrDaemon {
  const folder = mkdtempSync(join(tmpdir(), 'frr-'));
  const children = new Map<FrrDaemonName, ChildProcess>();
  const options = ['--vty_socket', folder, '--config_dir', folder];
  const kill = async (name: FrrDaemonName): Promise<void> => {
    const child = children.get(name);
    children.delete(name);
    if (child !== undefined) {
      const isRunning = child.exitCode === null && child.signalCode === null;
      const exit = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await (isRunning ? exit : undefined);
    }
  };
  const vtysh = (...commands: readonly string[]): string =>
    execFileSync('vtysh', [...options, ...commands.flatMap((line) => ['-c', line])], {
      encoding: 'utf8',
      stdio: 'pipe',
      maxBuffer: 1 << 29,
    });
  writeFileSync(join(folder, 'vtysh.conf'), 'service integrated-vtysh-config\n');
  const bin = join(folder, 'bin');
  execFileSync('mkdir', [bin]);
  writeFileSync(join(bin, 'vtysh'), `#!/bin/sh\nexec /usr/bin/vtysh ${options.join(' ')} "$@"\n`);
  chmodSync(join(bin, 'vtysh'), 0o755);
  execFileSync('chown', ['-R', 'frr:frr', folder]);
  return {
    bin,
    kill,
    vtysh,
    start: async (name) => {
      const child = spawn('ip', ['netns', 'exec', netns, ...daemonArguments(name, folder)], {
        stdio: 'ignore',
      });
      children.set(name, child);
      await until(() => {
        if (child.exitCode !== null) {
          throw new Error(`${name} ended with exit status ${child.exitCode}`);
        }
        return spawnSync('vtysh', [...options, '-c', 'show daemons'], {
          encoding: 'utf8',
        }).stdout.includes(name);
      });
    },
    load: (lines) => {
      writeFileSync(join(folder, 'lines'), lines.map((line) => `${line}\n`).join(''));
      execFileSync('vtysh', [...options, '-f', join(folder, 'lines')], { stdio: 'pipe' });
    },
    isLoading: () => spawnSync('pgrep', ['-f', `${folder} -f /dev/stdin`]).status === 0,
    startup: () => readFileSync(join(folder, 'frr.conf'), 'utf8'),
    close: async () => {
      for (const name of [...children.keys()].toReversed()) {
        await kill(name);
      }
      rmSync(folder, { recursive: true });
    },
  };
}

function daemonArguments(name: FrrDaemonName, folder: string): readonly string[] {
  return [
    join(DAEMONS, name),
    '--config_file',
    join(folder, `${name}.conf`),
    '--pid_file',
    join(folder, `${name}.pid`),
    '--vty_socket',
    folder,
    '--socket',
    join(folder, 'zserv.api'),
    '--vty_port',
    '0',
    ...(name === 'zebra' ? ['--vrfwnetns'] : []),
    ...(name === 'bgpd' ? ['--no_kernel'] : []),
  ];
}
