/**
 * Real kernel routes behind a fault proxy: a namespace with routes of ours and of others, and a cloud in which something
 * changed since they were installed. Every trial starts from exactly the same table and state directory.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';

import { expect } from 'chai';
import { sinceBoot as thisBoot } from '../../src/agent/boot-clock.ts';
import type { CommandContext } from '../../src/cli/context.ts';
import { runProgram } from '../../src/cli/program.ts';
import { type CloudServer, type ServeOptions, startCloud } from '../../src/demo/cloud.ts';
import { createLog } from '../../src/report/log.ts';
import { type SmallCloud, smallCloud } from '../cli/small-cloud.ts';
import { makeNamespace, type TestNamespace, whyNoNamespace } from '../kernel/namespace.ts';
import { type Choose, type FaultProxy, keyOf, type Seen, startProxy } from './proxy.ts';
import { count } from './summary.ts';

const SEARCH_PATH = process.env['PATH'] ?? '';

/** Next hop by prefix. */
export type Routes = Readonly<Record<string, string>>;

/** What the first apply installs. */
export const BEFORE: Routes = {
  '203.0.112.0/27': '192.0.2.10',
  '203.0.112.32/27': '192.0.2.11',
  '203.0.112.64/27': '192.0.2.12',
  '203.0.112.96/27': '192.0.2.13',
  '2001:db8:a::/64': '2001:db8::10',
  '2001:db8:b::/64': '2001:db8::11',
  '2001:db8:c::/64': '2001:db8::12',
  '2001:db8:d::/64': '2001:db8::13',
};

/** What is due to go: the router `mail` is no more. */
export const LEAVING: Routes = {
  '203.0.112.64/27': '192.0.2.12',
  '2001:db8:c::/64': '2001:db8::12',
};

/** What the cloud wants by now: `database` moved, `files` came, `mail` went. */
export const AFTER: Routes = {
  '203.0.112.0/27': '192.0.2.10',
  '203.0.112.32/27': '192.0.2.21',
  '203.0.112.96/27': '192.0.2.13',
  '203.0.112.128/27': '192.0.2.14',
  '2001:db8:a::/64': '2001:db8::10',
  '2001:db8:b::/64': '2001:db8::21',
  '2001:db8:d::/64': '2001:db8::13',
  '2001:db8:e::/64': '2001:db8::14',
};

/** Somebody else's: `legacy` stands where the cloud wants a route too. */
const FOREIGN = [
  'default via 192.0.2.254',
  'blackhole 203.0.112.0/24 proto static',
  '203.0.112.192/27 via 192.0.2.253 proto boot',
  '203.0.112.160/27 via 192.0.2.252 proto 201 metric 5',
  '203.0.112.224/27 nexthop via 192.0.2.250 nexthop via 192.0.2.249',
  'unreachable 203.0.113.0/24 metric 1024',
  '203.0.112.0/27 via 192.0.2.251 proto 201 metric 1024 table 77',
  '203.0.112.64/27 via 192.0.2.251 proto bgp table 77',
  'default via 2001:db8::fe',
  '2001:db8:f::/64 via 2001:db8::fd proto 196',
];

export interface Run {
  readonly exitCode: number;
  /** stdout and stderr. */
  readonly said: string;
}

export interface RunOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly now?: () => number;
  readonly sinceBoot?: CommandContext['sinceBoot'];
  /** Other sections of the configuration. */
  readonly config?: object;
}

/** What a trial found before and after. */
export interface Table {
  readonly ours: Routes;
  /** Every other route of every table, in the words of `ip`. */
  readonly foreign: readonly string[];
}

/** Deadlines for faults that never answer. */
export const IMPATIENT: RunOptions = {
  config: { cloud: { retries: 0, requestTimeoutSeconds: 0.5 } },
};

export interface KernelScene {
  readonly namespace: TestNamespace;
  readonly proxy: FaultProxy;
  /** The cloud as it was at the first apply, and as it is now. */
  readonly clouds: { readonly before: CloudServer; readonly now: CloudServer };
  readonly changed: ChangedCloud;
  readonly folder: string;
  readonly stateDir: string;
  /** A program folder that comes first on PATH. */
  readonly bin: string;
  readonly table: () => Table;
  /** Back to the table and the state directory after the first apply. */
  readonly restore: () => void;
  /** One `apply`, through the proxy with these faults. */
  readonly apply: (choose?: Choose, options?: RunOptions) => Promise<Run>;
  /** The different requests of one clean cycle, with those that confirm removals. */
  readonly requests: readonly Seen[];
  /** Fails and counts if a stranger's route changed, or one of ours went that is not in `mayGo`, by default LEAVING. */
  readonly assertNothingWrong: (table: Table, what: string, mayGo?: Routes) => void;
  /** One clean cycle leads to exactly what the cloud wants, by default AFTER. */
  readonly assertConverges: (what: string, wanted?: Routes) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface ChangedCloud extends SmallCloud {
  /** The objects of the router that is no more. */
  readonly gone: { readonly router: string };
  /** A router that stays as it is. */
  readonly web: { readonly id: string };
}

/** Builds the same cloud with the same ids each time; `changed` also does what happened since the first apply. */
function buildCloud(changed: boolean): ChangedCloud {
  const small = smallCloud();
  const { cloud, project } = small;
  const external = cloud.addExternalNetwork('edge');
  cloud.addSubnet({ network: external, cidr: '192.0.2.0/24' });
  cloud.addSubnet({ network: external, cidr: '2001:db8::/64' });
  const addressesOf = (last: number): string[] => [`192.0.2.${last}`, `2001:db8::${last}`];
  const tenant = (
    name: string,
    last: number,
    cidrs: readonly string[],
  ): { readonly id: string } => {
    const router = cloud.addRouter({ name, project });
    const addresses = addressesOf(last);
    cloud.setGateway(router, { network: external, enableSnat: false, addresses });
    cidrs.forEach((cidr) => small.addSubnet(router, cidr));
    return router;
  };
  const web = tenant('web', 10, ['203.0.112.0/27', '2001:db8:a::/64']);
  const database = tenant('database', 11, ['203.0.112.32/27', '2001:db8:b::/64']);
  const mail = tenant('mail', 12, ['203.0.112.64/27', '2001:db8:c::/64']);
  tenant('shop', 13, ['203.0.112.96/27', '2001:db8:d::/64']);
  tenant('legacy', 15, ['203.0.112.160/27']);
  if (changed) {
    tenant('files', 14, ['203.0.112.128/27', '2001:db8:e::/64']);
    const addresses = addressesOf(21);
    cloud.setGateway(database, { network: external, enableSnat: false, addresses });
    removeTenant(small, mail);
  }
  return { ...small, gone: { router: mail.id }, web };
}

/** The router with its interfaces; its subnets stay. */
export function removeTenant({ cloud }: SmallCloud, router: { readonly id: string }): void {
  for (const port of cloud.list('ports')) {
    if (port.device_id === router.id && port.device_owner === 'network:router_interface') {
      port.fixed_ips.forEach(({ subnet_id: id }) => cloud.removeInterface(router, { id }));
    }
  }
  cloud.removeRouter(router);
}

/** For the title of a suite on real kernel routes: with the reason where it is skipped. */
export function onKernel(title: string): string {
  const why = whyNoNamespace();
  return why === undefined ? title : `${title} (skipped: ${why})`;
}

/** To be called in `before` with its context; skips where there are no namespaces. */
export function needKernel(context: { readonly skip: () => never }): void {
  if (whyNoNamespace() !== undefined) {
    context.skip();
  }
}

export async function openKernelScene(options: ServeOptions = {}): Promise<KernelScene> {
  const changed = buildCloud(true);
  const clouds = {
    before: await startCloud(buildCloud(false).cloud, options),
    now: await startCloud(changed.cloud, options),
  };
  const proxy = await startProxy();
  const namespace = makeNamespace();
  const folder = mkdtempSync(path.join(tmpdir(), 'route-sync-faults-'));
  const place = (name: string): string => path.join(folder, name);
  [place('bin'), place('run')].forEach((name) => mkdirSync(name, { mode: 0o700 }));
  const [stateDir, saved] = [place('state'), place('state-saved')];
  FOREIGN.forEach((route) => namespace.ip('route', 'add', ...route.split(' ')));
  const table = (): Table => readTable(namespace);
  const foreign = table().foreign;
  const facts = { folder, stateDir, namespace, proxy, clouds };

  const apply: KernelScene['apply'] = async (choose, runOptions = {}) => {
    await proxy.arm(clouds.now.authUrl, choose);
    const run = await runHere(facts, runOptions);
    const isDefect = run.said.includes('a defect of route-sync') || run.said.includes('INTERNAL');
    count('unhandled errors', isDefect ? 1 : 0);
    expect(isDefect, run.said).to.equal(false);
    return run;
  };
  const restore = (): void => {
    batch(namespace, [...routeLines('del', table().ours), ...routeLines('add', BEFORE)]);
    rmSync(stateDir, { recursive: true, force: true });
    cpSync(saved, stateDir, { recursive: true, preserveTimestamps: true });
  };
  const scene: Omit<KernelScene, 'requests'> = {
    namespace,
    proxy,
    clouds,
    changed,
    folder,
    stateDir,
    bin: place('bin'),
    table,
    restore,
    apply,
    assertNothingWrong: (found, what, mayGo = LEAVING) =>
      assertNothingWrong(found, { foreign, mayGo, what }),
    assertConverges: async (what, wanted = AFTER) => {
      const { exitCode, said } = await apply();
      const found = table();
      assertNothingWrong(found, { foreign, mayGo: without(BEFORE, wanted), what });
      expect(found.ours, `${what}; the clean cycle after it: ${said}`).to.deep.equal(wanted);
      expect(exitCode, `${what}; the clean cycle after it: ${said}`).to.equal(0);
    },
    close: async () => {
      namespace.close();
      await Promise.all([proxy.close(), clouds.before.close(), clouds.now.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await proxy.arm(clouds.before.authUrl);
  const first = await runHere(facts, {});
  expect(table(), first.said).to.deep.equal({ ours: BEFORE, foreign });
  cpSync(stateDir, saved, { recursive: true, preserveTimestamps: true });
  const clean = await apply();
  expect(table(), clean.said).to.deep.equal({ ours: AFTER, foreign });
  const byKey = new Map(proxy.seen.map((seen) => [keyOf(seen), seen]));
  restore();
  return { ...scene, requests: [...byKey.values()] };
}

/** Runs `ip` once with many lines; the first word of each is the family. */
export function batch(namespace: TestNamespace, lines: readonly string[]): void {
  for (const family of ['-4', '-6']) {
    const own = lines.filter((line) => line.startsWith(family));
    if (own.length > 0) {
      const input = own.map((line) => `${line.slice(3)}\n`).join('');
      execFileSync('ip', ['-n', namespace.name, family, '-batch', '-'], { input, stdio: 'pipe' });
    }
  }
}

/** One line of {@link batch} per route, as a route of ours. */
export function routeLines(verb: 'add' | 'del', routes: Routes): readonly string[] {
  return Object.entries(routes).flatMap(([prefix, hops]) =>
    hops.split(' and ').map((via) => {
      const family = prefix.includes(':') ? '-6' : '-4';
      return `${family} route ${verb} ${prefix} via ${via} proto 201 metric 1024`;
    }),
  );
}

/** Unicast routes (1) of table main (254) with our mark. */
const OURS = /^1 (?<prefix>\S+) (?:via \S+ dev \S+ )?table 254 proto 201 scope 0 metric 1024 /;

/** Link-local routes come up in the kernel's own time and are left out. */
export function readTable(namespace: TestNamespace): Table {
  const all = ['-4', '-6'].flatMap((family) =>
    namespace
      .ip(family, '-N', '-oneline', '-details', 'route', 'show', 'table', 'all')
      .split('\n')
      .filter((line) => line !== '' && !line.includes('fe80::') && !line.includes('ff00::')),
  );
  const ours = all.flatMap((line) => {
    const { prefix = '' } = OURS.exec(line)?.groups ?? {};
    return prefix === ''
      ? []
      : Array.from(line.matchAll(/ via (\S+)/g), ([, via = '']) => [prefix, via]);
  });
  return {
    ours: Object.fromEntries(
      // Two next hops of ours at one prefix are a half state.
      Array.from(
        Map.groupBy(ours, ([prefix = '']) => prefix),
        ([prefix, routes]) => [prefix, routes.map(([, via]) => via).join(' and ')],
      ),
    ),
    foreign: all.filter((line) => !OURS.test(line)).toSorted(),
  };
}

/** The routes whose prefix is not among the others. */
export function without(routes: Routes, others: Routes): Routes {
  return Object.fromEntries(Object.entries(routes).filter(([prefix]) => !(prefix in others)));
}

interface Known {
  readonly foreign: readonly string[];
  readonly mayGo: Routes;
  readonly what: string;
}

function assertNothingWrong({ ours, foreign }: Table, { mayGo, what, ...known }: Known): void {
  const touched = [
    ...known.foreign.filter((line) => !foreign.includes(line)),
    ...foreign.filter((line) => !known.foreign.includes(line)),
  ];
  count('foreign routes touched', touched.length);
  const lost = Object.keys(without(without(BEFORE, ours), mayGo));
  count('wrong removals', lost.length);
  expect({ touched, lost }, what).to.deep.equal({ touched: [], lost: [] });
}

interface Facts {
  readonly folder: string;
  readonly stateDir: string;
  readonly namespace: TestNamespace;
  readonly proxy: FaultProxy;
  readonly clouds: KernelScene['clouds'];
}

function configOf({ namespace, stateDir }: Facts): object {
  const via = { netns: namespace.name };
  return {
    owner: 'faults',
    stateDir,
    policy: {
      mode: 'sync',
      allow: [
        { prefix: '203.0.112.0/24', maxLength: 28 },
        { prefix: '2001:db8::/32', maxLength: 64 },
      ],
    },
    cloud: { retries: 0, requestTimeoutSeconds: 20 },
    removal: { snapshots: 1, graceSeconds: 0 },
    upstreams: [{ name: 'edge1', os: 'linux', externalNetworks: ['edge'], via }],
  };
}

let runs = 0;

/** What main.ts does, without the process. */
async function runHere(facts: Facts, options: RunOptions): Promise<Run> {
  const { folder, clouds, proxy } = facts;
  const { args = ['apply'], env = {}, now = Date.now, sinceBoot = thisBoot, config = {} } = options;
  const file = path.join(folder, `route-sync-${(runs += 1)}.yaml`);
  writeFileSync(file, JSON.stringify({ ...configOf(facts), ...config }));
  const said: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      said.push(chunk.toString());
      done();
    },
  });
  // Programs are found through the PATH of the process.
  process.env['PATH'] = env['PATH'] ?? `${path.join(folder, 'bin')}:${SEARCH_PATH}`;
  try {
    const exitCode = await runProgram([...args, '--config', file], {
      env: {
        ...clouds.now.env,
        OS_AUTH_URL: proxy.authUrl,
        PATH: process.env['PATH'],
        RUNTIME_DIRECTORY: path.join(folder, 'run'),
        ...env,
      },
      cwd: folder,
      homeDir: folder,
      uid: process.getuid?.() ?? 0,
      print: (text) => void said.push(text),
      complain: (text) => void said.push(text),
      log: createLog({ stream, level: 'info', format: 'text', colour: false }),
      paint: (_, text) => text,
      ask: undefined,
      now,
      sinceBoot,
      host: 'test-host',
      readInput: () => Promise.resolve(''),
      onSignal: () => () => undefined,
    });
    return { exitCode, said: said.join('') };
  } finally {
    process.env['PATH'] = SEARCH_PATH;
  }
}
