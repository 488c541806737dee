/** Answers that are well-formed but not the truth, against real kernel routes. */
import { expect } from 'chai';

import {
  after as afterwards,
  type Row,
  says,
  withBody,
  withItems,
  withLists,
} from './api-faults.ts';
import {
  AFTER,
  BEFORE,
  type KernelScene,
  LEAVING,
  needKernel,
  onKernel,
  openKernelScene,
  removeTenant,
  type Routes,
  type RunOptions,
  without,
} from './kernel-scene.ts';
import { type Choose, type Fault, pass, type Seen } from './proxy.ts';
import { count } from './summary.ts';

/** No cap protects anything here: what holds is completeness, and the question by id. */
const NO_CAPS = { count: 1000, percent: 100, free: 1000 };
const OPTIONS: RunOptions = { config: { guard: { maxRemovals: NO_CAPS, maxReplaces: NO_CAPS } } };

interface Trial {
  /** Which requests are hit. */
  readonly at: (seen: Seen) => boolean;
  readonly fault: Fault;
  readonly exitCode: number;
  /** What the output says: a code, or why something is held. */
  readonly says: string;
  readonly table: Routes;
}

type Lie = Pick<Trial, 'fault'> & Partial<Trial>;

const LISTS = {
  agents: (seen: Seen) => seen.path === '/v2.0/agents',
  extensions: (seen: Seen) => seen.path === '/v2.0/extensions',
  routers: (seen: Seen) => seen.path === '/v2.0/routers',
  'interface ports': (seen: Seen) =>
    seen.path === '/v2.0/ports' && seen.query.getAll('device_owner').length > 1,
  'gateway ports': (seen: Seen) =>
    seen.path === '/v2.0/ports' && seen.query.get('device_owner') === 'network:router_gateway',
  subnets: (seen: Seen) => seen.path === '/v2.0/subnets',
  networks: (seen: Seen) => seen.path === '/v2.0/networks',
  'subnet pools': (seen: Seen) => seen.path === '/v2.0/subnetpools',
} as const;

type List = keyof typeof LISTS;

function isList(seen: Seen): boolean {
  return Object.values(LISTS).some((at) => at(seen));
}

/** A row for one list; without more words the snapshot is refused as incomplete. */
function lie(list: List, lie: Lie): Trial {
  const refused = { exitCode: 1, says: 'SNAPSHOT_INCOMPLETE', table: BEFORE };
  return { at: LISTS[list], ...refused, ...lie };
}

const EMPTY = withLists(() => []);
const NARROWED = { says: 'CLOUD_VIEW_NARROWED' };
const UNHARMED = { exitCode: 0, says: 'verified', table: AFTER };
const INVALID = { says: 'CLOUD_ANSWER_INVALID' };
/** What is still there when asked for by id stays, whatever the lists say. */
const DOUBTED = { exitCode: 0, says: 'are still there and eligible' };
const STAYS = without(BEFORE, LEAVING);

const otherProject = withLists((items) => items.filter(({ project_id: id }) => id === 'other'));

function drop(fits: (item: Row) => boolean): Fault {
  return withItems((item) => (fits(item) ? undefined : item));
}

function set(change: Row): Fault {
  return withItems((item) => ({ ...item, ...change }));
}

function isOnlyTenant({ cidr }: Row): boolean {
  return cidr === '203.0.112.0/27' || cidr === '203.0.112.32/27';
}

const ROWS: Readonly<Record<string, Trial>> = {
  'no routers': lie('routers', { fault: EMPTY }),
  'no interface ports': lie('interface ports', { fault: EMPTY, ...DOUBTED, table: STAYS }),
  'no gateway ports': lie('gateway ports', { fault: EMPTY, ...NARROWED }),
  'no subnets': lie('subnets', { fault: EMPTY, ...NARROWED }),
  'no external networks': lie('networks', { fault: EMPTY }),
  'no subnet pools': lie('subnet pools', { fault: EMPTY, ...UNHARMED }),
  'no extensions': lie('extensions', { fault: EMPTY, ...UNHARMED }),
  'no agents': lie('agents', { fault: EMPTY, says: 'CLOUD_NAT_MODEL_UNKNOWN' }),
  'no objects at all': {
    ...lie('routers', { fault: EMPTY, says: 'CLOUD' }),
    at: isList,
  },
  "another project's routers only": lie('routers', { fault: otherProject }),
  "another project's interface ports only": lie('interface ports', {
    fault: otherProject,
    ...DOUBTED,
    table: STAYS,
  }),
  "another project's gateway ports only": lie('gateway ports', {
    fault: otherProject,
    ...NARROWED,
  }),
  "another project's subnets only": lie('subnets', { fault: otherProject, ...NARROWED }),
  "another project's networks only": lie('networks', { fault: otherProject }),
  "another project's objects only": {
    ...lie('routers', { fault: otherProject, says: 'CLOUD' }),
    at: (seen) => isList(seen) && !LISTS.agents(seen) && !LISTS.extensions(seen),
  },
  'one router fewer': lie('routers', { fault: drop(({ name }) => name === 'web') }),
  'subnets without their ports': lie('interface ports', {
    fault: drop(({ fixed_ips: ips }) => JSON.stringify(ips).includes('203.0.112.1"')),
    ...DOUBTED,
    table: { ...AFTER },
  }),
  'ports without their subnets': lie('subnets', { fault: drop(isOnlyTenant) }),
  'gateways without their ports': lie('gateway ports', {
    fault: drop(({ fixed_ips: ips }) => JSON.stringify(ips).includes('192.0.2.10"')),
    ...NARROWED,
  }),
  'routers twice': lie('routers', {
    fault: withLists((items) => [...items, ...items]),
    says: 'CLOUD_LIST_BROKEN',
  }),
  'interface ports in another order': lie('interface ports', {
    fault: withLists((items) => items.toReversed()),
    ...UNHARMED,
  }),
  'routers with numbers for ids': lie('routers', { fault: set({ id: 7 }), ...INVALID }),
  'routers without ids': lie('routers', { fault: set({ id: undefined }), ...INVALID }),
  'routers with empty ids': lie('routers', { fault: set({ id: '' }), ...INVALID }),
  'routers with words for gateways': lie('routers', {
    fault: set({ external_gateway_info: 'yes' }),
    ...INVALID,
  }),
  'routers with words for SNAT': lie('routers', {
    fault: withBody((body) => body.replaceAll('"enable_snat":false', '"enable_snat":"false"')),
    ...INVALID,
  }),
  'ports without addresses': lie('interface ports', {
    fault: set({ fixed_ips: null }),
    ...INVALID,
  }),
  'ports with empty addresses': lie('interface ports', {
    fault: set({ fixed_ips: [{}] }),
    ...INVALID,
  }),
  'ports with shell syntax for addresses': lie('gateway ports', {
    fault: withBody((body) => body.replaceAll('192.0.2.21', '192.0.2.21; reboot')),
  }),
  'ports of no router': lie('interface ports', { fault: set({ device_id: 'nobody' }) }),
  'subnets with numbers for prefixes': lie('subnets', { fault: set({ cidr: 7 }), ...INVALID }),
  'subnets with broken prefixes': lie('subnets', {
    fault: set({ cidr: '203.0.112.0/33' }),
  }),
  'lists of words': lie('routers', {
    fault: withLists(() => ['a', 'b'] as unknown as readonly Row[]),
    ...INVALID,
  }),
};

describe(onKernel('answers of the API that are not the truth'), function suite() {
  this.timeout(300_000);
  let scene: KernelScene;

  before(async function open() {
    needKernel(this);
    scene = await openKernelScene();
  });

  beforeEach(() => {
    scene.restore();
  });

  after(async () => {
    await scene?.close();
  });

  for (const [what, { at, fault, ...promised }] of Object.entries(ROWS)) {
    it(`is not misled by ${what}`, async () => {
      const { exitCode, said } = await scene.apply(
        (seen) => (at(seen) ? fault : undefined),
        OPTIONS,
      );
      count('faults tried');
      const found = scene.table();
      scene.assertNothingWrong(found, `${what}: ${said}`);
      expect({ ours: found.ours, exitCode }, said).to.deep.equal({
        ours: promised.table,
        exitCode: promised.exitCode,
      });
      expect(said).to.contain(promised.says);
      await scene.assertConverges(what);
      scene.restore();
    });
  }

  it('asks anew when the token is revoked, at whatever request', async () => {
    for (const [index] of scene.requests.entries()) {
      const choose = once(index, (fault) =>
        afterwards(() => scene.clouds.now.revokeTokens(), fault),
      );
      const { exitCode, said } = await scene.apply(choose, OPTIONS);
      count('faults tried');
      const found = scene.table();
      scene.assertNothingWrong(found, said);
      expect(exitCode, said).to.equal(0);
      expect(found.ours, said).to.deep.equal(AFTER);
      scene.restore();
    }
  });

  for (const [list, at] of Object.entries(LISTS)) {
    it(`takes no harm when the ${list} are those of yesterday`, async () => {
      const stale: Choose = (seen) => (at(seen) ? yesterday(scene, seen) : undefined);
      const { exitCode, said } = await scene.apply(stale, OPTIONS);
      count('faults tried');
      const found = scene.table();
      scene.assertNothingWrong(found, `${list}: ${said}`);
      expect(exitCode, said).to.be.oneOf([0, 1]);
      await scene.assertConverges(list);
      scene.restore();
    });
  }
});

describe(onKernel('lists of the API in pages'), function suite() {
  this.timeout(300_000);
  let scene: KernelScene;

  before(async function open() {
    needKernel(this);
    scene = await openKernelScene({ maxPageSize: 4 });
  });

  beforeEach(() => {
    scene.restore();
  });

  after(async () => {
    await scene?.close();
  });

  const FAULTS: Readonly<Record<string, () => Fault>> = {
    'a missing page': () => skipped,
    'a repeated page': () => repeated,
    'a page with the items of the next one': () => nextItems,
    'a last page too early': () => lastPage,
    'a page whose items are reordered': () => withLists((items) => items.toReversed()),
    'an empty page': () => EMPTY,
    'a page of 500': () => says(500),
    'a marker that vanished': () => vanished,
  };

  for (const [what, make] of Object.entries(FAULTS)) {
    it(`loses nothing by ${what}, at whatever page`, async () => {
      const pages = scene.requests.filter((seen) => isList(seen));
      expect(pages.length).to.be.above(8);
      for (const page of pages) {
        const url = page.query.toString();
        const { exitCode, said } = await scene.apply(
          (seen) => (seen.path === page.path && seen.query.toString() === url ? make() : undefined),
          OPTIONS,
        );
        count('faults tried');
        const told = `${what} at ${page.path} ${url}: ${said}`;
        const found = scene.table();
        scene.assertNothingWrong(found, told);
        expect(exitCode, told).to.be.oneOf([0, 1]);
        if (exitCode === 0) {
          await scene.assertConverges(told);
          scene.restore();
        } else {
          expect(found.ours, told).to.deep.equal(BEFORE);
        }
      }
      await scene.assertConverges(what);
      scene.restore();
    });
  }
});

describe(onKernel('a router that vanishes between two requests'), function suite() {
  this.timeout(300_000);

  before(function skipWithoutNamespaces() {
    needKernel(this);
  });

  const LESS = without(AFTER, { '203.0.112.0/27': '', '2001:db8:a::/64': '' });

  it('is either wholly there or wholly gone, at whatever request', async () => {
    for (let index = 0; index < 12; index += 1) {
      const scene = await openKernelScene();
      try {
        const vanish = (): void => removeTenant(scene.changed, scene.changed.web);
        const { exitCode, said } = await scene.apply(
          once(index, (fault) => afterwards(vanish, fault)),
          OPTIONS,
        );
        count('faults tried');
        const told = `request ${index}: ${said}`;
        const found = scene.table();
        scene.assertNothingWrong(found, told, without(BEFORE, LESS));
        expect(exitCode, told).to.be.oneOf([0, 1]);
        await scene.assertConverges(told, LESS);
      } finally {
        await scene.close();
      }
    }
  });
});

/** Hits the n-th request of the cycle, counted from 0. */
function once(index: number, fault: (then: Fault) => Fault): Choose {
  let left = index;
  return () => {
    left -= 1;
    return left === -1 ? fault(pass) : undefined;
  };
}

/** The answer that the cloud gave before it changed. */
function yesterday({ clouds }: KernelScene, { path, query }: Seen): Fault {
  return async ({ response }) => {
    const headers = { 'X-Auth-Token': await tokenOf(clouds.before.authUrl, clouds.before.env) };
    const url = `${clouds.before.url}/networking${path}?${query.toString()}`;
    const answer = await fetch(url, { headers });
    response.writeHead(answer.status, { 'Content-Type': 'application/json' });
    response.end(await answer.text());
  };
}

async function tokenOf(authUrl: string, env: Readonly<Record<string, string>>): Promise<string> {
  const domain = { name: 'Default' };
  const user = { name: env['OS_USERNAME'], password: env['OS_PASSWORD'], domain };
  const project = { name: env['OS_PROJECT_NAME'], domain };
  const identity = { methods: ['password'], password: { user } };
  const answer = await fetch(`${authUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ auth: { identity, scope: { project } } }),
  });
  return answer.headers.get('x-subject-token') ?? '';
}

interface PageBody {
  readonly next: URLSearchParams | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  /** The name of the list, and that of its links. */
  readonly key: string;
}

function readPage(text: string): PageBody {
  const body = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const key = Object.keys(body).find((name) => !name.endsWith('_links')) ?? '';
  const links = (body[`${key}_links`] ?? []) as readonly { rel: string; href: string }[];
  const href = links.find(({ rel }) => rel === 'next')?.href;
  return { key, body, next: href === undefined ? undefined : new URL(href).searchParams };
}

/** The page after it in its place. */
const skipped: Fault = async ({ response, truth }) => {
  const own = await truth();
  const { next } = readPage(own.body);
  const { status, headers, body } = next === undefined ? own : await truth(next);
  response.writeHead(status, headers).end(body);
};

/** Its own items again behind the next link. */
const repeated: Fault = async ({ response, truth, seen }) => {
  const { status, headers } = await truth();
  const query = new URLSearchParams(seen.query);
  query.delete('marker');
  response.writeHead(status, headers).end((await truth(query)).body);
};

/** The next page's items with its own link. */
const nextItems: Fault = async ({ response, truth }) => {
  const { status, headers, body: text } = await truth();
  const { next, key, body } = readPage(text);
  const items = next === undefined ? [] : readPage((await truth(next)).body).body[key];
  response.writeHead(status, headers).end(JSON.stringify({ ...body, [key]: items }));
};

/** No link to the next page. */
const lastPage: Fault = withBody((text) => {
  const { key, body } = readPage(text);
  return JSON.stringify({ [key]: body[key] });
});

/** What Neutron says when the object before the page was deleted: nothing, and no link. */
const vanished: Fault = async ({ response, truth, seen }) => {
  const { status, headers, body: text } = await truth();
  const { key } = readPage(text);
  const isFirst = !seen.query.has('marker');
  response.writeHead(status, headers).end(isFirst ? text : JSON.stringify({ [key]: [] }));
};
