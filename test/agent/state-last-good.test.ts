import { expect } from 'chai';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { readDesiredFile } from '../../src/agent/desired-file.ts';
import {
  countFlipsNoticed,
  expectCutsNoticed,
  failure,
  KEY,
  LAST_GOOD,
  newPlace,
  open,
} from './state-scene.ts';

const WHOSE = { owner: 'lab', upstream: KEY.name, target: KEY.target };
const LATER = { ...LAST_GOOD, at: LAST_GOOD.at + 30_000 };

describe('openState, last good states', () => {
  let dir: string;
  let file: string;
  let close: () => Promise<void>;

  beforeEach(async () => {
    ({ dir, close } = await newPlace());
    file = join(dir, 'desired/edge1.json');
  });

  afterEach(async () => {
    await close();
  });

  async function inode(): Promise<number> {
    return (await stat(file)).ino;
  }

  it('gives back what was written', async () => {
    await (await open(dir)).writeLastGood(KEY, LAST_GOOD);

    expect(await (await open(dir)).readLastGood(KEY)).to.deep.equal(LAST_GOOD);
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
  });

  it('gives back a state without any route', async () => {
    await (await open(dir)).writeLastGood(KEY, { ...LAST_GOOD, routes: [] });

    expect(await (await open(dir)).readLastGood(KEY)).to.deep.equal({ ...LAST_GOOD, routes: [] });
  });

  it('knows none before one was written', async () => {
    expect(await (await open(dir)).readLastGood(KEY)).to.equal(undefined);
  });

  it('writes nothing where only the time is another, and knows the new time', async () => {
    const state = await open(dir);
    await state.writeLastGood(KEY, LAST_GOOD);
    const before = await inode();
    await state.writeLastGood(KEY, LATER);

    expect(await inode()).to.equal(before);
    expect(await state.readLastGood(KEY)).to.deep.equal(LATER);
  });

  it('writes nothing where another process wrote the same routes', async () => {
    await (await open(dir)).writeLastGood(KEY, LAST_GOOD);
    const before = await inode();
    await (await open(dir)).writeLastGood(KEY, { ...LATER, routes: [...LATER.routes] });

    expect(await inode()).to.equal(before);
  });

  for (const [name, change] of [
    ['other routes', { routes: LAST_GOOD.routes.slice(1) }],
    ['another configuration', { configDigest: 'decaf' }],
  ] as const) {
    it(`writes ${name}`, async () => {
      const state = await open(dir);
      await state.writeLastGood(KEY, LAST_GOOD);
      await state.writeLastGood(KEY, { ...LATER, ...change });

      expect(await (await open(dir)).readLastGood(KEY)).to.deep.equal({ ...LATER, ...change });
    });
  }

  it('writes anew what was removed meanwhile', async () => {
    const state = await open(dir);
    await state.writeLastGood(KEY, LAST_GOOD);
    await rm(file);
    await state.writeLastGood(KEY, LATER);

    expect(await (await open(dir)).readLastGood(KEY)).to.deep.equal(LATER);
  });

  it('writes anew what lost its end', async () => {
    await (await open(dir)).writeLastGood(KEY, LAST_GOOD);
    await writeFile(file, (await readFile(file, 'utf8')).slice(0, -3));
    await (await open(dir)).writeLastGood(KEY, LATER);

    expect(await (await open(dir)).readLastGood(KEY)).to.deep.equal(LATER);
  });

  it('forgets it for a purge, twice if need be', async () => {
    const state = await open(dir);
    await state.writeLastGood(KEY, LAST_GOOD);
    await state.forgetLastGood(KEY);
    await state.forgetLastGood(KEY);

    expect(await state.readLastGood(KEY)).to.equal(undefined);
    expect(await readdir(join(dir, 'desired'))).to.deep.equal([]);
  });

  it('takes a state cut at any byte for corrupt, never for a smaller one', async () => {
    const state = await open(dir);
    await state.writeLastGood(KEY, LAST_GOOD);

    await expectCutsNoticed(file, async () => state.readLastGood(KEY), 'remove it');
  });

  it('never fails but with an error of its own when a bit is flipped', async () => {
    await (await open(dir)).writeLastGood(KEY, LAST_GOOD);

    const noticed = await countFlipsNoticed(file, async () => readDesiredFile(file, WHOSE));
    expect(noticed).to.be.greaterThan(0);
  });

  for (const [name, change] of [
    ['a row that is no list', { routes: ['10.1.0.0/24'] }],
    ['a row with a part too few', { routes: [['10.1.0.0/24', [['203.0.113.5']]]] }],
    ['a route without a next hop', { routes: [['10.1.0.0/24', [], []]] }],
    ['a next hop that is no row', { routes: [['10.1.0.0/24', ['203.0.113.5'], []]] }],
    ['a next hop without an address', { routes: [['10.1.0.0/24', [[]], []]] }],
    ['a next hop with a part too many', { routes: [hops(['203.0.113.5', 'eth1', true, 1])] }],
    ['an address that is a number', { routes: [hops([1])] }],
    ['an address that is none', { routes: [hops(['203.0.113.256'])] }],
    ['an address in another form', { routes: [hops(['2001:DB8::1'])] }],
    ['a device without a name', { routes: [hops(['203.0.113.5', ''])] }],
    ['a device that is a number', { routes: [hops(['203.0.113.5', 1])] }],
    ['an onlink that is a text', { routes: [hops(['203.0.113.5', null, 'yes'])] }],
    ['an origin with an id too few', { routes: [['10.1.0.0/24', [['203.0.113.5']], [['r']]]] }],
    ['a prefix that is a number', { routes: [[1, [['203.0.113.5']], []]] }],
    ['a prefix with host bits', { routes: [['10.1.0.1/24', [['203.0.113.5']], []]] }],
    ['a prefix in another form', { routes: [['2001:DB8::/32', [['203.0.113.5']], []]] }],
    [
      'a prefix that stands there twice',
      { routes: [hops(['203.0.113.5']), hops(['203.0.113.6'])] },
    ],
    ['a time that is a text', { at: 'now' }],
    ['a field that nobody knows', { extra: 1 }],
  ] as const) {
    it(`takes ${name} for corrupt`, async () => {
      const state = await open(dir);
      await state.writeLastGood(KEY, LAST_GOOD);
      const content = JSON.parse(await readFile(file, 'utf8')) as object;
      await writeFile(file, JSON.stringify({ ...content, ...change }));

      const { code, message } = await failure(state.readLastGood(KEY));
      expect(code).to.equal('STATE_CORRUPT');
      expect(message).to.contain(file).and.to.contain('remove it');
    });
  }

  for (const [name, owner, key] of [
    ['owner', 'other', KEY],
    ['target', 'lab', { ...KEY, target: 'elsewhere' }],
  ] as const) {
    it(`refuses the state of another ${name}`, async () => {
      await (await open(dir)).writeLastGood(KEY, LAST_GOOD);

      const { code, message } = await failure((await open(dir, { owner })).readLastGood(key));
      expect(code).to.equal('STATE_FOREIGN');
      expect(message)
        .to.contain(file)
        .and.to.contain('move upstreams/edge1.json, desired/edge1.json');
    });
  }

  it('refuses a state that was copied from another upstream', async () => {
    const state = await open(dir);
    await state.writeLastGood({ ...KEY, name: 'edge2' }, LAST_GOOD);
    await writeFile(file, await readFile(join(dir, 'desired/edge2.json')));

    expect((await failure(state.readLastGood(KEY))).code).to.equal('STATE_FOREIGN');
  });
});

function hops(row: readonly unknown[]): readonly unknown[] {
  return ['10.1.0.0/24', [row], []];
}
