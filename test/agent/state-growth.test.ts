/** Ledgers and last good states that are large: small changes are added to their files. */
import { expect } from 'chai';
import { execa } from 'execa';
import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, copyFile, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { LastGood, UpstreamLedger } from '../../src/agent/state.ts';
import { parseAddress, parsePrefix } from '../../src/core/prefix.ts';
import { failure, KEY, LAST_GOOD, LEDGER, newPlace, open, ORIGIN } from './state-scene.ts';

const MODULE = new URL('../../src/agent/state.ts', import.meta.url).href;
const PREFIXES = Array.from({ length: 1000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);
const OTHER = { origin: [{ ...ORIGIN, router: 'r9' }], nextHops: ['203.0.113.9'] };

const LARGE: UpstreamLedger = {
  ...LEDGER,
  routes: new Map(PREFIXES.map((text) => [text, { origin: [ORIGIN], nextHops: ['203.0.113.5'] }])),
};
/** One route more, one less, one with another reason, and all the rest of a ledger. */
const CHANGED: UpstreamLedger = {
  routes: new Map([...LARGE.routes, ['2001:db8::/64', OTHER], ['10.0.7.0/24', OTHER]]),
  missing: new Map([['10.0.9.0/24', { since: 5, snapshots: 1 }]]),
  recent: [{ at: 7, removals: 1, replaces: 1 }],
  clock: { wall: 9, uptime: 3, boot: 'b2' },
  save: { pending: true, at: undefined },
};
(CHANGED.routes as Map<string, unknown>).delete('10.0.3.0/24');

const routeAt = (text: string): LastGood['routes'][number] => ({
  prefix: parsePrefix(text),
  nextHops: [{ address: parseAddress('203.0.113.5'), device: 'eth1' }],
  origin: [ORIGIN],
});
const LARGE_GOOD: LastGood = { ...LAST_GOOD, routes: PREFIXES.map(routeAt) };
const CHANGED_GOOD: LastGood = {
  configDigest: 'decaf',
  at: LAST_GOOD.at + 30_000,
  routes: [
    routeAt('10.0.0.0/16'),
    ...LARGE_GOOD.routes
      .filter(({ prefix }) => prefix.text !== '10.0.3.0/24')
      .map((route) =>
        route.prefix.text === '10.0.7.0/24' ? { ...route, origin: OTHER.origin } : route,
      ),
    routeAt('2001:db8::/64'),
  ],
};

const IN_NAMESPACE = ['unshare', '--map-root-user', '--mount'] as const;
const READ_ONLY = 'mount -o remount,ro "$0/upstreams"';

/** In KiB: has room for the ledger, and for less than 4 KiB more. */
function smallDisk(kib: number): string {
  return `mount -t tmpfs -o size=${kib}k none "$0/upstreams" && cp "$0/old" "$0/upstreams/edge1.json"`;
}

describe('openState, large files', () => {
  let dir: string;
  let ledgerFile: string;
  let goodFile: string;
  let close: () => Promise<void>;

  beforeEach(async () => {
    ({ dir, close } = await newPlace());
    ledgerFile = join(dir, 'upstreams/edge1.json');
    goodFile = join(dir, 'desired/edge1.json');
  });

  afterEach(async () => {
    await close();
  });

  it('adds what changed in a ledger, and gives it back to another process', async () => {
    const state = await open(dir);
    await state.writeLedger(KEY, LARGE);
    const before = await stat(ledgerFile);
    await state.writeLedger(KEY, CHANGED);
    const after = await stat(ledgerFile);

    expect(after.ino).to.equal(before.ino);
    expect(after.size - before.size).to.be.within(1, 2000);
    expect(await state.readLedger(KEY)).to.equal(CHANGED);
    expect(await (await open(dir)).readLedger(KEY)).to.deep.equal(CHANGED);
  });

  it('goes on with the ledger that another process wrote, and that one with ours', async () => {
    const [one, two] = [await open(dir), await open(dir)];
    await one.writeLedger(KEY, LARGE);
    expect(await two.readLedger(KEY)).to.deep.equal(LARGE);
    await two.writeLedger(KEY, CHANGED);
    expect(await one.readLedger(KEY)).to.deep.equal(CHANGED);
    await one.writeLedger(KEY, LARGE);

    expect(await two.readLedger(KEY)).to.deep.equal(LARGE);
  });

  it('writes anew over what another process wrote and we did not read', async () => {
    const [one, two] = [await open(dir), await open(dir)];
    await one.writeLedger(KEY, LARGE);
    await two.readLedger(KEY);
    await two.writeLedger(KEY, { ...LARGE, recent: [] });
    await one.writeLedger(KEY, CHANGED);

    expect(await two.readLedger(KEY)).to.deep.equal(CHANGED);
  });

  it('writes a ledger of version 1 anew, however large', async () => {
    const routes = PREFIXES.map((text) => [text, ['203.0.113.5'], [['r', 's', 'p', 'i', 'g']]]);
    const whose = { owner: 'lab', upstream: KEY.name, target: KEY.target };
    const state = await open(dir);
    const content = JSON.stringify({ version: 1, ...whose, missing: [], routes });
    await writeFile(ledgerFile, `${content}\n`, { mode: 0o600 });
    await state.writeLedger(KEY, { ...(await state.readLedger(KEY)), recent: LEDGER.recent });

    const file = JSON.parse(await readFile(ledgerFile, 'utf8')) as { readonly version: number };
    expect(file.version).to.equal(2);
  });

  it('takes a ledger for empty and free after its last route went', async () => {
    const state = await open(dir);
    await state.writeLedger(KEY, LARGE);
    const some = new Map([...LARGE.routes].slice(0, 990));
    await state.writeLedger(KEY, { ...LARGE, routes: some, missing: new Map() });

    const other = await open(dir, { owner: 'other' });
    expect((await failure(other.readLedger(KEY))).message).to.contain('990 routes of owner "lab"');
    await state.writeLedger(KEY, { ...LARGE, routes: new Map(), missing: new Map() });
    expect((await other.readLedger(KEY)).routes.size).to.equal(0);
  });

  it('adds what changed in a last good state, in order for another process', async () => {
    const state = await open(dir);
    await state.writeLastGood(KEY, LARGE_GOOD);
    const before = await stat(goodFile);
    await state.writeLastGood(KEY, CHANGED_GOOD);
    const after = await stat(goodFile);

    expect(after.ino).to.equal(before.ino);
    expect(after.size - before.size).to.be.within(1, 2000);
    expect(await (await open(dir)).readLastGood(KEY)).to.deep.equal(CHANGED_GOOD);
  });

  it('adds to the last good state of another process, and nothing where it is the same', async () => {
    await (await open(dir)).writeLastGood(KEY, LARGE_GOOD);
    const before = await stat(goodFile);
    const copy = JSON.parse(
      JSON.stringify(LARGE_GOOD, (_, value: unknown) => (typeof value === 'bigint' ? 0 : value)),
    ) as LastGood;
    await (await open(dir)).writeLastGood(KEY, copy);
    expect((await stat(goodFile)).size).to.equal(before.size);

    await (await open(dir)).writeLastGood(KEY, CHANGED_GOOD);
    expect((await stat(goodFile)).ino).to.equal(before.ino);
    expect(await (await open(dir)).readLastGood(KEY)).to.deep.equal(CHANGED_GOOD);
  });

  for (const [name, change] of [
    ['a device', { nextHops: [{ address: parseAddress('203.0.113.5'), device: 'eth2' }] }],
    ['an onlink', { nextHops: [{ address: parseAddress('203.0.113.5'), onlink: true }] }],
    ['an address', { nextHops: [{ address: parseAddress('203.0.113.6'), device: 'eth1' }] }],
    ['a floating IP', { origin: [{ ...ORIGIN, floatingIp: 'f1' }] }],
    ['one origin more', { origin: [ORIGIN, ORIGIN] }],
  ] as const) {
    it(`notices that ${name} of one route is another`, async () => {
      const state = await open(dir);
      await state.writeLastGood(KEY, LARGE_GOOD);
      const routes = LARGE_GOOD.routes.with(500, { ...routeAt('10.1.244.0/24'), ...change });
      await state.writeLastGood(KEY, { ...LARGE_GOOD, routes });

      expect((await (await open(dir)).readLastGood(KEY))?.routes).to.deep.equal(routes);
    });
  }

  it('gives back every route of a last good state in whatever order it came', async () => {
    const state = await open(dir);
    await state.writeLastGood(KEY, LARGE_GOOD);
    const [first, ...others] = LARGE_GOOD.routes;
    const moved = [...others.toReversed().slice(10), first as LastGood['routes'][number]];
    await state.writeLastGood(KEY, { ...LARGE_GOOD, routes: moved });

    const found = await (await open(dir)).readLastGood(KEY);
    expect(found?.routes).to.have.deep.members(moved);
  });

  it('knows the state before where a crash cut the last change short', async () => {
    const state = await open(dir);
    await state.writeLedger(KEY, LARGE);
    await state.writeLastGood(KEY, LARGE_GOOD);
    await state.writeLedger(KEY, CHANGED);
    await state.writeLastGood(KEY, CHANGED_GOOD);
    for (const file of [ledgerFile, goodFile]) {
      await truncate(file, (await stat(file)).size - 1);
    }

    const next = await open(dir);
    expect(await next.readLedger(KEY)).to.deep.equal(LARGE);
    expect(await next.readLastGood(KEY)).to.deep.equal(LARGE_GOOD);
    await next.writeLedger(KEY, CHANGED);
    await next.writeLastGood(KEY, CHANGED_GOOD);
    expect(await (await open(dir)).readLedger(KEY)).to.deep.equal(CHANGED);
    expect(await (await open(dir)).readLastGood(KEY)).to.deep.equal(CHANGED_GOOD);
  });

  for (const [name, change] of [
    ['a field that nobody knows', { extra: 1 }],
    ['a row that is none', { set: [[1, [], []]] }],
    ['a prefix that is a number', { drop: [1] }],
    ['a part too few', { drop: undefined }],
  ] as const) {
    it(`takes a change with ${name} for corrupt`, async () => {
      const state = await open(dir);
      await state.writeLedger(KEY, LARGE);
      await state.writeLastGood(KEY, LARGE_GOOD);
      const ledger = { set: [], drop: [], missing: [], recent: [], clock: null };
      await forge(ledgerFile, { ...ledger, ...change });
      await forge(goodFile, { set: [], drop: [], configDigest: 'd', at: 1, ...change });

      expect((await failure(state.readLedger(KEY))).code).to.equal('STATE_CORRUPT');
      expect((await failure(state.readLastGood(KEY))).code).to.equal('STATE_CORRUPT');
    });
  }

  it('takes a change to a prefix in another form for corrupt', async () => {
    const state = await open(dir);
    await state.writeLastGood(KEY, LARGE_GOOD);
    const set = [['2001:DB8::/64', [['203.0.113.5']], []]];
    await forge(goodFile, { set, drop: [], configDigest: 'd', at: 1 });

    expect((await failure(state.readLastGood(KEY))).message).to.contain('canonical');
  });

  for (const [name, code, wrapper, prepareFor] of [
    ['is full', 'ENOSPC', IN_NAMESPACE, smallDisk],
    ['is read-only', 'EROFS', IN_NAMESPACE, (kib: number) => `${smallDisk(kib)} && ${READ_ONLY}`],
    ['takes only a part of it', 'EFBIG', ['env'], (kib: number) => `ulimit -f ${kib * 2}`],
  ] as const) {
    it(`leaves the ledger as it was where the disk ${name}`, async function () {
      const [program, ...options] = wrapper;
      if ((await execa(program, [...options, 'true'], { reject: false })).exitCode !== 0) {
        this.skip();
      }
      await (await open(dir)).writeLedger(KEY, LARGE);
      await copyFile(ledgerFile, join(dir, 'old'));
      const kib = Math.ceil((await stat(ledgerFile)).size / 4096) * 4;
      const shell = ['sh', '-c', `${prepareFor(kib)} && exec "$@"`, dir];
      const node = [process.execPath, '--input-type=module', '--eval', OVERFLOW];
      const env = { STATE_DIR: dir, STATE_KEY: JSON.stringify(KEY) };

      const { stdout } = await execa(program, [...options, ...shell, ...node], { env });

      expect(JSON.parse(stdout)).to.deep.equal({
        code: 'STATE_UNWRITABLE',
        named: code,
        isAsBefore: true,
        files: ['edge1.json'],
      });
    });
  }

  it('survives SIGKILL at any moment of a change', async () => {
    const state = await open(dir);
    await state.writeLedger(KEY, LARGE);
    const script = `
      import { openState } from ${JSON.stringify(MODULE)};
      const key = ${JSON.stringify(KEY)};
      const state = await openState({ dir: ${JSON.stringify(dir)}, owner: 'lab', readOnly: false });
      const ledger = await state.readLedger(key);
      const without = { ...ledger, routes: new Map([...ledger.routes].slice(1)) };
      process.stdout.write('.');
      for (let i = 0; ; i++) await state.writeLedger(key, i % 2 === 0 ? without : ledger);
    `;

    for (const delayMs of [0, 1, 2, 3, 5, 8, 13, 21]) {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', script]);
      await once(child.stdout, 'data');
      setTimeout(() => child.kill('SIGKILL'), delayMs);

      expect(await once(child, 'exit')).to.deep.equal([null, 'SIGKILL']);
      const found = await state.readLedger(KEY);
      expect(found.routes.size).to.be.within(PREFIXES.length - 1, PREFIXES.length);
      await state.writeLedger(KEY, LARGE);
      expect(await (await open(dir)).readLedger(KEY)).to.deep.equal(LARGE);
    }
  });
});

/** Adds a change under the right sum. */
async function forge(file: string, change: object): Promise<void> {
  const [head = ''] = (await readFile(file, 'utf8')).split('\n');
  const json = JSON.stringify(change);
  await appendFile(file, `+${hash('sha256', `${hash('sha256', head)} ${json}`)} ${json}\n`);
}

/** Tries to add 5 KB, then tells what came of it. */
const OVERFLOW = `
  import { readdir, readFile } from 'node:fs/promises';
  import { openState } from ${JSON.stringify(MODULE)};
  const key = JSON.parse(process.env.STATE_KEY);
  const dir = process.env.STATE_DIR;
  const state = await openState({ dir, owner: 'lab', readOnly: false });
  const ledger = await state.readLedger(key);
  const routes = new Map(ledger.routes);
  for (let i = 0; i < 50; i++) {
    routes.set('10.9.' + i + '.0/24', { origin: [], nextHops: ['203.0.113.' + i, 'x'.repeat(80)] });
  }
  const error = await state.writeLedger(key, { ...ledger, routes }).catch((error) => error);
  const [now, old] = await Promise.all([readFile(dir + '/upstreams/edge1.json'), readFile(dir + '/old')]);
  console.log(JSON.stringify({
    code: error?.code,
    named: /[(](\\w+)[)]/.exec(error?.message)?.[1],
    isAsBefore: now.equals(old),
    files: await readdir(dir + '/upstreams'),
  }));
`;
