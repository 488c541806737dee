/** Runs the route-sync of this tree as a process of its own, with a configuration in a temporary folder. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { execa } from 'execa';

import type { Routes } from './expected-routes.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main.ts');

/** The part of the plan's and the apply's JSON that the tests look at. */
export interface Report {
  readonly digest: string;
  readonly upstreams: readonly UpstreamReport[];
  readonly verdicts: Readonly<Record<string, number>>;
}

export interface UpstreamReport {
  readonly name: string;
  readonly reachable: boolean;
  readonly refused: { readonly code: string; readonly message: string } | null;
  readonly changes: readonly {
    readonly action: 'add' | 'replace' | 'remove';
    readonly prefix: string;
    readonly nextHops: readonly string[];
    readonly origin: readonly { readonly router: string; readonly subnet: string }[];
  }[];
  readonly conflicts: readonly {
    readonly code: string;
    readonly prefix: string;
    readonly message: string;
  }[];
  readonly held: readonly { readonly action: string; readonly prefix: string }[];
  readonly unchanged: number;
}

export interface Run {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A configuration and a state folder, and the commands on them. */
export interface RouteSync {
  /** Writes the configuration; the state folder stays the same. */
  configure(config: object): Promise<void>;
  run(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Run>;
  /** Runs the command with `--output json`; throws unless it ends with that exit code. */
  report(args: readonly string[], exitCode?: number): Promise<Report>;
  remove(): Promise<void>;
}

export async function openRouteSync(): Promise<RouteSync> {
  const folder = await mkdtemp(path.join(tmpdir(), 'route-sync-test-'));
  const file = path.join(folder, 'route-sync.yaml');

  const run: RouteSync['run'] = async ([command = '', ...args], env = process.env) => {
    const argv = [MAIN, command, '--config', file, ...args];
    const options = { env: { ...env, NO_COLOR: '1' }, extendEnv: false, reject: false } as const;
    const { exitCode, stdout, stderr } = await execa(process.execPath, argv, options);
    return { exitCode, stdout, stderr };
  };

  return {
    configure: async (config) => {
      // JSON is YAML.
      await writeFile(file, JSON.stringify({ stateDir: path.join(folder, 'state'), ...config }));
    },
    run,
    report: async (args, exitCode = 0) => {
      const result = await run([...args, '--output', 'json']);
      if (result.exitCode !== exitCode) {
        const { stdout, stderr } = result;
        throw new Error(`${args.join(' ')} ended with ${result.exitCode}: ${stdout}\n${stderr}`);
      }
      return JSON.parse(result.stdout) as Report;
    },
    remove: async () => {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The report on the upstream of that name. */
export function upstreamIn(report: Report, name: string): UpstreamReport {
  const upstream = report.upstreams.find((one) => one.name === name);
  if (upstream === undefined) {
    throw new Error(`the report does not name the upstream ${name}`);
  }
  return upstream;
}

/** The changes of one action as next hop by prefix. */
export function changed(upstream: UpstreamReport, action: 'add' | 'replace' | 'remove'): Routes {
  const changes = upstream.changes.filter((change) => change.action === action);
  return Object.fromEntries(changes.map(({ prefix, nextHops }) => [prefix, nextHops.join(' ')]));
}
