/**
 * Broken answers at every request of a cycle, with a real Keystone and Neutron behind the proxy that breaks them and a real
 * kernel as upstream. Runs on the lab that LAB_DIR names, as the administrator of OS_*.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';

import { expect } from 'chai';

import { sinceBoot } from '../../src/agent/boot-clock.ts';
import { runProgram } from '../../src/cli/program.ts';
import { createLog } from '../../src/report/log.ts';
import { breaksOff, hangs, reset, says, withBody, withLists } from '../faults/api-faults.ts';
import { batch, readTable, routeLines, type Routes, without } from '../faults/kernel-scene.ts';
import {
  type Choose,
  type Fault,
  type FaultProxy,
  keyOf,
  type Seen,
  startProxy,
} from '../faults/proxy.ts';
import { count } from '../faults/summary.ts';
import { makeNamespace, type TestNamespace } from '../kernel/namespace.ts';
import { type CloudApi, type CloudObject, connectCloud, type Subnet } from './cloud-api.ts';
import { gatewayInfo, openTopology, type Topology } from './topology.ts';

const RUN = 'route-sync-faults';

/** The services of the lab; Keystone's catalog names them by these origins. */
const ORIGINS = { '/identity': 'http://127.0.0.1:5000', '/networking': 'http://127.0.0.1:9696' };

/** A project of Neutron's that is not the administrator's; Neutron does not ask Keystone whether it exists. */
const OTHER_PROJECT = '0123456789abcdef0123456789abcdef';

const STAYS: Routes = {
  '10.214.1.0/24': '192.0.2.10',
  '10.214.2.0/24': '192.0.2.11',
  '10.214.4.0/24': '192.0.2.12',
  '2001:db8:d6:1::/64': '2001:db8::10',
};
/** The interface of this subnet is really removed after the first apply, and this one added. */
const LEAVES: Routes = { '10.214.3.0/24': '192.0.2.11' };
const COMES: Routes = { '10.214.5.0/24': '192.0.2.10' };

const BEFORE: Routes = { ...STAYS, ...LEAVES };
const AFTER: Routes = { ...STAYS, ...COMES };

const FOREIGN = [
  'default via 192.0.2.254',
  'blackhole 10.214.0.0/16 proto static',
  '10.214.77.0/24 via 192.0.2.253 proto 201 metric 5',
  '10.214.3.0/24 via 192.0.2.252 proto 201 metric 1024 table 77',
  '2001:db8:d6:77::/64 via 2001:db8::fd proto bgp',
];

const PROMISES = {
  /** The table as it was. */
  untouched: { exitCode: 1, ours: BEFORE },
  /** What is new came, nothing went. */
  held: { exitCode: 0, ours: { ...BEFORE, ...COMES } },
  /** The lists show nothing, so nothing new came; asked for one by one, only what is really gone went. */
  unlisted: { exitCode: 0, ours: STAYS },
  /** As without a fault. */
  done: { exitCode: 0, ours: AFTER },
} as const;

type Promised = keyof typeof PROMISES;

interface Row {
  readonly fault: Fault;
  /** How often the same request is hit; by default always. */
  readonly times?: number;
  /** Which requests are hit, each in its turn; by default all. */
  readonly at?: (seen: Seen) => boolean;
  /** What is promised for one request, where it is not `unreadable`. */
  readonly promises?: (seen: Seen) => Promised;
}

function isLogin({ method }: Seen): boolean {
  return method === 'POST';
}

/** The question for one object by its id. */
function isConfirmation({ method, path: asked }: Seen): boolean {
  return method === 'GET' && asked.split('/').length === 4;
}

function isList(seen: Seen): boolean {
  return !isLogin(seen) && !isConfirmation(seen);
}

function isOwned({ path: asked }: Seen): boolean {
  return /^\/v2\.0\/(?:routers|ports|subnets|networks)$/.test(asked);
}

/** One of each kind, for faults that take long or differ little from others. */
function isSample(seen: Seen): boolean {
  return isLogin(seen) || /^\/v2\.0\/(?:routers$|ports\/)/.test(seen.path);
}

function unreadable(seen: Seen): Promised {
  return isConfirmation(seen) ? 'held' : 'untouched';
}

/** What is promised where a list lacks what it should hold, by the list. */
function shortened({ path: asked, query }: Seen): Promised {
  if (asked === '/v2.0/subnetpools' || asked === '/v2.0/extensions') {
    return 'done';
  }
  const isInterfaces = asked === '/v2.0/ports' && query.getAll('device_owner').length > 1;
  return isInterfaces ? 'unlisted' : 'untouched';
}

const others = withLists((items) => items.filter(({ project_id: id }) => id === OTHER_PROJECT));

const ROWS: Readonly<Record<string, Row>> = {
  'RST in place of an answer': { fault: reset, at: isSample },
  'no answer before the deadline': { fault: hangs, at: isSample },
  '401 once': {
    fault: says(401),
    times: 1,
    at: isSample,
    promises: (seen) => (isLogin(seen) ? 'untouched' : 'done'),
  },
  '403': { fault: says(403), at: isSample },
  '404': { fault: says(404) },
  '429': { fault: says(429), at: isSample },
  '503': { fault: says(503), at: isSample },
  'half a body': { fault: breaksOff, at: isSample },
  'HTML with 200': {
    fault: withBody(() => '<!DOCTYPE html><title>It works!</title>'),
    at: isSample,
  },
  'an empty list': { fault: withLists(() => []), at: isList, promises: shortened },
  "a list of another project's objects only": { fault: others, at: isOwned, promises: shortened },
};

describe('faults of a real Keystone and Neutron at every request', () => {
  let topology: Topology;
  let proxy: FaultProxy;
  let namespace: TestNamespace;
  let folder: string;
  let foreign: readonly string[];
  let requests: readonly Seen[];

  const place = (name: string): string => path.join(folder, name);
  const run = async (command: string, choose?: Choose): ReturnType<typeof runHere> => {
    await proxy.arm(ORIGINS, choose);
    return runHere(command, folder, proxy.authUrl);
  };

  const restore = (): void => {
    const { ours } = readTable(namespace);
    batch(namespace, [...routeLines('del', ours), ...routeLines('add', BEFORE)]);
    rmSync(place('state'), { recursive: true });
    cpSync(place('saved'), place('state'), { recursive: true, preserveTimestamps: true });
  };

  before(async function open() {
    const hasDatapath = process.env['LAB_DIR'] && existsSync('/run/netns/lab-upstream');
    if (!process.env['OS_AUTH_URL'] || !hasDatapath) {
      process.stdout.write("  skipped: needs the lab's datapath, its LAB_DIR and its OS_*\n");
      this.skip();
    }
    const api = await connectCloud();
    topology = openTopology(api, RUN);
    await topology.cleanUp();
    proxy = await startProxy();
    namespace = makeNamespace();
    FOREIGN.forEach((route) => namespace.ip('route', 'add', ...route.split(' ')));
    folder = mkdtempSync(path.join(tmpdir(), 'route-sync-faults-'));
    mkdirSync(place('run'), { mode: 0o700 });
    const change = await makeCloud(api, topology);
    writeFileSync(place('route-sync.yaml'), JSON.stringify(configOf(namespace, place('state'))));
    foreign = readTable(namespace).foreign;

    const first = await run('apply');
    expect(readTable(namespace), first.said).to.deep.equal({ ours: BEFORE, foreign });
    cpSync(place('state'), place('saved'), { recursive: true, preserveTimestamps: true });
    await change();
    const { said } = await run('plan');
    requests = [...new Map(proxy.seen.map((seen) => [keyOf(seen), seen])).values()];
    expect(requests.filter(isLogin), said).to.have.lengthOf(1);
    expect(requests.filter(isList), said).to.have.lengthOf.at.least(6);
    expect(requests.filter(isConfirmation), said).to.have.lengthOf.at.least(2);
  });

  beforeEach(() => restore());

  after(async () => {
    await topology?.cleanUp();
    await proxy?.close();
    namespace?.close();
    if (folder !== undefined) {
      rmSync(folder, { recursive: true });
    }
  });

  for (const [what, row] of Object.entries(ROWS)) {
    const { fault, times = Infinity, at = () => true, promises = unreadable } = row;
    it(`loses no route that Neutron wants, nor one of others, by ${what}`, async () => {
      for (const request of requests.filter(at)) {
        const key = keyOf(request);
        const { exitCode, said } = await run('apply', (seen) =>
          keyOf(seen) === key && seen.repetition < times ? fault : undefined,
        );
        const found = readTable(namespace);
        count('faults tried');
        count('wrong removals', Object.keys(without(STAYS, found.ours)).length);
        count('foreign routes touched', foreign.filter((l) => !found.foreign.includes(l)).length);
        expect(said).to.not.match(/INTERNAL|a defect of route-sync/);
        const promised = { ...PROMISES[promises(request)], foreign };
        expect({ exitCode, ...found }, `${what} at ${key}: ${said}`).to.deep.equal(promised);
        restore();
      }
    });
  }

  it('converges in one clean cycle after them all', async () => {
    const { exitCode, said } = await run('apply');
    expect(exitCode, said).to.equal(0);
    expect(readTable(namespace), said).to.deep.equal({ ours: AFTER, foreign });
  });
});

/** Makes what the first apply is to find, and returns what happens afterwards. */
async function makeCloud(api: CloudApi, topology: Topology): Promise<() => Promise<void>> {
  const edge = await topology.network('edge', { 'router:external': true });
  const edge4 = await topology.subnet({ name: 'edge-v4', network: edge, cidr: '192.0.2.0/24' });
  const edge6 = await topology.subnet({ name: 'edge-v6', network: edge, cidr: '2001:db8::/64' });
  const legs = (last: number) => [
    { subnet: edge4, address: `192.0.2.${last}` },
    { subnet: edge6, address: `2001:db8::${last}` },
  ];
  const make = async (name: string, last: number, cidrs: readonly string[]) => {
    const subnets: Subnet[] = [];
    for (const cidr of cidrs) {
      subnets.push(await topology.subnet({ name: `${name}-${subnets.length}`, cidr }));
    }
    const gateway = { addresses: legs(last), snat: false };
    return { router: await topology.router({ name, gateway, subnets }), subnets };
  };
  const web = await make('web', 10, ['10.214.1.0/24', '2001:db8:d6:1::/64']);
  const mail = await make('mail', 11, ['10.214.2.0/24', '10.214.3.0/24']);
  await makeOther(api, topology, gatewayInfo(legs(12), false));

  return async () => {
    await topology.detach(mail.router, mail.subnets[1]?.network_id ?? '');
    const files = await topology.subnet({ name: 'files', cidr: '10.214.5.0/24' });
    await api.put(['routers', web.router.id, 'add_router_interface'], { subnet_id: files.id });
  };
}

/** A router with a subnet in a project of its own. */
async function makeOther(api: CloudApi, topology: Topology, info: object): Promise<void> {
  const owned = { name: `${RUN}-other`, project_id: OTHER_PROJECT };
  const network = await topology.network('other', owned);
  const subnet = await topology.subnet({ name: 'other', network, cidr: '10.214.4.0/24' });
  const wish = { ...owned, external_gateway_info: info };
  const router = await api.create<CloudObject>('routers', wish);
  await api.put(['routers', router.id, 'add_router_interface'], { subnet_id: subnet.id });
}

/** No cap protects anything here: what holds is completeness, and the question by id. */
function configOf({ name: netns }: TestNamespace, stateDir: string): object {
  const edge = { name: 'edge1', os: 'linux', externalNetworks: [`${RUN}-edge`], via: { netns } };
  const noCaps = { count: 1000, percent: 100, free: 1000 };
  return {
    owner: RUN,
    stateDir,
    cloud: { retries: 0, requestTimeoutSeconds: 3 },
    policy: { mode: 'sync', allow: [{ prefix: '10.214.0.0/16' }, { prefix: '2001:db8:d6::/48' }] },
    guard: { maxRemovals: noCaps, maxReplaces: noCaps },
    removal: { snapshots: 1, graceSeconds: 0 },
    upstreams: [edge],
  };
}

/** What main.ts does, without the process: a process of its own for each row would take too long. */
async function runHere(command: string, folder: string, authUrl: string) {
  const said: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      said.push(chunk.toString());
      done();
    },
  });
  const exitCode = await runProgram([command, '--config', path.join(folder, 'route-sync.yaml')], {
    env: { ...process.env, OS_AUTH_URL: authUrl, RUNTIME_DIRECTORY: path.join(folder, 'run') },
    cwd: folder,
    homeDir: folder,
    uid: process.getuid?.() ?? 0,
    print: (text) => void said.push(text),
    complain: (text) => void said.push(text),
    log: createLog({ stream, level: 'info', format: 'text', colour: false }),
    paint: (_, text) => text,
    ask: undefined,
    now: Date.now,
    sinceBoot,
    host: 'test-host',
    readInput: () => Promise.resolve(''),
    onSignal: () => () => undefined,
  });
  return { exitCode, said: said.join('') };
}
