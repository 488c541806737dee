import { expect } from 'chai';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { readLedgerFile } from '../../src/agent/ledger-file.ts';
import {
  countFlipsNoticed,
  EMPTY,
  expectCutsNoticed,
  failure,
  KEY,
  LEDGER,
  newPlace,
  open,
  ORIGIN,
} from './state-scene.ts';

const WHOSE = { owner: 'lab', upstream: KEY.name, target: KEY.target };

/** As version 1 wrote it. */
const OLD_FILE = {
  version: 1,
  ...WHOSE,
  missing: [['10.1.0.0/24', 1_700_000_000_123, 2]],
  routes: [['10.1.0.0/24', ['203.0.113.5'], [['r1', 's1', 'p1', 'i1', 'g1']]]],
};

describe('openState, ledgers', () => {
  let dir: string;
  let file: string;
  let close: () => Promise<void>;

  beforeEach(async () => {
    ({ dir, close } = await newPlace());
    file = join(dir, 'upstreams/edge1.json');
  });

  afterEach(async () => {
    await close();
  });

  it('gives back the ledger that was written', async () => {
    await (await open(dir)).writeLedger(KEY, LEDGER);

    expect(await (await open(dir)).readLedger(KEY)).to.deep.equal(LEDGER);
  });

  it('gives back the very same value while the file is the same', async () => {
    const state = await open(dir);
    await state.writeLedger(KEY, LEDGER);

    expect(await state.readLedger(KEY)).to.equal(LEDGER);
  });

  it('sees what another process wrote', async () => {
    const state = await open(dir);
    await state.writeLedger(KEY, EMPTY);
    await (await open(dir)).writeLedger(KEY, LEDGER);

    expect(await state.readLedger(KEY)).to.deep.equal(LEDGER);
  });

  it('keeps a clock that was set to long ago', async () => {
    const ledger = {
      ...LEDGER,
      recent: [{ at: -1_000, removals: 1, replaces: 1 }],
      missing: new Map([['10.1.0.0/24', { since: -5, snapshots: 1 }]]),
    };
    await (await open(dir)).writeLedger(KEY, ledger);

    expect(await (await open(dir)).readLedger(KEY)).to.deep.equal(ledger);
  });

  it('keeps one ledger per upstream', async () => {
    const state = await open(dir);
    await state.writeLedger(KEY, LEDGER);

    expect(await state.readLedger({ ...KEY, name: 'edge2' })).to.deep.equal(EMPTY);
  });

  it('reads a ledger of version 1, and writes it back as version 2', async () => {
    const state = await open(dir);
    await writeFile(file, JSON.stringify(OLD_FILE));

    const ledger = await state.readLedger(KEY);

    expect(ledger).to.deep.equal({
      routes: new Map([
        ['10.1.0.0/24', { origin: [{ ...ORIGIN, network: '' }], nextHops: ['203.0.113.5'] }],
      ]),
      missing: LEDGER.missing,
      recent: [],
      clock: undefined,
    });
    await state.writeLedger(KEY, ledger);
    expect(JSON.parse(await readFile(file, 'utf8'))).to.include({ version: 2, clock: null });
    expect(await (await open(dir)).readLedger(KEY)).to.deep.equal(ledger);
  });

  it('takes a ledger cut at any byte for corrupt, never for a smaller one', async () => {
    const state = await open(dir);
    await state.writeLedger(KEY, LEDGER);

    await expectCutsNoticed(
      file,
      async () => state.readLedger(KEY),
      'restore it from a backup, or remove it',
    );
  });

  it('never fails but with an error of its own when a bit is flipped', async () => {
    await (await open(dir)).writeLedger(KEY, LEDGER);

    const noticed = await countFlipsNoticed(file, async () => readLedgerFile(file, WHOSE));
    expect(noticed).to.be.greaterThan(0);
  });

  for (const [name, change] of [
    ['a row that is no list', { routes: ['10.1.0.0/24'] }],
    ['a row with a part too few', { routes: [['10.1.0.0/24', []]] }],
    ['a prefix that is a number', { routes: [[1, [], []]] }],
    ['a next hop that is a number', { routes: [['10.1.0.0/24', [1], []]] }],
    ['origins that are no list', { routes: [['10.1.0.0/24', [], {}]] }],
    ['an origin with an id too few', { routes: [['10.1.0.0/24', [], [['r', 's', 'p', 'i']]]] }],
    ['an id that is null', { routes: [['10.1.0.0/24', [], [['r', 's', 'p', 'i', null]]]] }],
    [
      'a prefix that stands there twice',
      {
        routes: [
          ['10.1.0.0/24', [], []],
          ['10.1.0.0/24', [], []],
        ],
      },
    ],
    [
      'an unwanted prefix that stands there twice',
      {
        missing: [
          ['10.1.0.0/24', 1, 1],
          ['10.1.0.0/24', 2, 1],
        ],
      },
    ],
    ['a count that is negative', { recent: [[1, -1, 0]] }],
    ['a version 2 without the recent changes', { recent: undefined }],
    ['a version 2 without the clock', { clock: undefined }],
    ['a clock without its boot', { clock: { wall: 1, uptime: 1 } }],
    ['a field that nobody knows', { recend: [] }],
    ['a version 1 with fields of version 2', { version: 1 }],
  ] as const) {
    it(`takes ${name} for corrupt`, async () => {
      const state = await open(dir);
      await state.writeLedger(KEY, LEDGER);
      const content = JSON.parse(await readFile(file, 'utf8')) as object;
      await writeFile(file, JSON.stringify({ ...content, ...change }));

      expect((await failure(state.readLedger(KEY))).code).to.equal('STATE_CORRUPT');
    });
  }

  it('takes what is no UTF-8 for corrupt', async () => {
    const state = await open(dir);
    await state.writeLedger(KEY, LEDGER);
    const content = await readFile(file);
    content.writeUInt8(0xff, content.indexOf('r1'));
    await writeFile(file, content);

    expect((await failure(state.readLedger(KEY))).code).to.equal('STATE_CORRUPT');
  });

  it('asks for the newer version that wrote the file', async () => {
    const state = await open(dir);
    await state.writeLedger(KEY, LEDGER);
    await writeFile(file, (await readFile(file, 'utf8')).replace('"version":2', '"version":3'));

    const { code, message } = await failure(state.readLedger(KEY));

    expect(code).to.equal('STATE_CORRUPT');
    expect(message).to.contain('newer route-sync (version 3, this one knows 2)');
  });

  it('refuses the ledger of another owner', async () => {
    await (await open(dir)).writeLedger(KEY, LEDGER);

    const { code, message } = await failure((await open(dir, { owner: 'other' })).readLedger(KEY));

    expect(code).to.equal('STATE_FOREIGN');
    expect(message).to.contain('2 routes of owner "lab", not "other"').and.to.contain('purge');
  });

  it('refuses the ledger of another table or mark', async () => {
    const state = await open(dir);
    await state.writeLedger(KEY, LEDGER);
    const target = KEY.target.replace('201', '202');

    expect((await failure(state.readLedger({ ...KEY, target }))).code).to.equal('STATE_FOREIGN');
  });

  it('refuses a ledger that was copied from another upstream', async () => {
    const state = await open(dir);
    await state.writeLedger(KEY, LEDGER);
    await writeFile(join(dir, 'upstreams/edge2.json'), await readFile(file));

    const { code } = await failure(state.readLedger({ ...KEY, name: 'edge2' }));
    expect(code).to.equal('STATE_FOREIGN');
  });

  it('lets owner and mark change once nothing is listed', async () => {
    await (await open(dir)).writeLedger(KEY, { ...LEDGER, routes: new Map(), missing: new Map() });

    const state = await open(dir, { owner: 'other' });
    expect(await state.readLedger({ ...KEY, target: 'elsewhere' })).to.deep.equal(EMPTY);
  });

  it('still counts the recent changes of an owner who has no routes left', async () => {
    const ledger = { ...LEDGER, routes: new Map(), missing: new Map() };
    await (await open(dir)).writeLedger(KEY, ledger);

    expect(await (await open(dir)).readLedger(KEY)).to.deep.equal(ledger);
  });
});
