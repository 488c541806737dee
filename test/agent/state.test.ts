import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openState, type StateDirectory, type UpstreamLedger } from '../../src/agent/state.ts';
import type { CycleSummary } from '../../src/agent/cycle-history.ts';
import { RouteSyncError } from '../../src/errors.ts';

const KEY = { name: 'edge1', target: 'this host table main protocol 201 metric 1024' };

const EMPTY: UpstreamLedger = { routes: new Map(), missing: new Map() };

const ORIGIN = {
  router: 'r1',
  subnet: 's1',
  project: 'p1',
  port: 'i1',
  leg: 'g1',
  network: 'n1',
  floatingIp: '',
};

const LEDGER: UpstreamLedger = {
  routes: new Map([
    ['10.1.0.0/24', { origin: [ORIGIN], nextHops: ['203.0.113.5'] }],
    ['2001:db8:1::/64', { origin: [ORIGIN, { ...ORIGIN, router: 'r2' }], nextHops: [] }],
  ]),
  missing: new Map([['10.1.0.0/24', { since: 1_700_000_000_123, snapshots: 2 }]]),
};

const CYCLE: CycleSummary = {
  run: 'run-0',
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:01.000Z',
  command: 'apply',
  exitCode: 3,
  upstreams: [
    {
      name: 'edge1',
      added: 1,
      replaced: 0,
      removed: 0,
      failed: 0,
      conflicts: 2,
      heldTotal: 1,
      held: [{ code: 'grace', action: 'remove', prefix: '10.1.0.0/24' }],
      refused: { code: 'GUARD_REMOVALS', message: 'too many' },
    },
  ],
};

async function failure(work: Promise<unknown>): Promise<RouteSyncError> {
  try {
    await work;
  } catch (error) {
    expect(error).to.be.instanceOf(RouteSyncError);
    return error as RouteSyncError;
  }
  throw new Error('nothing was thrown');
}

describe('openState', () => {
  let dir: string;
  let file: string;

  beforeEach(async () => {
    dir = join(await mkdtemp(join(tmpdir(), 'route-sync-state-')), 'state');
    file = join(dir, 'upstreams/edge1.json');
  });

  afterEach(async () => {
    await rm(join(dir, '..'), { recursive: true });
  });

  async function open(options = {}): Promise<StateDirectory> {
    return openState({ dir, owner: 'lab', readOnly: false, ...options });
  }

  it('gives back the ledger that was written', async () => {
    await (await open()).writeLedger(KEY, LEDGER);

    expect(await (await open()).readLedger(KEY)).to.deep.equal(LEDGER);
  });

  it('keeps one ledger per upstream', async () => {
    const state = await open();
    await state.writeLedger(KEY, LEDGER);

    expect(await state.readLedger({ ...KEY, name: 'edge2' })).to.deep.equal(EMPTY);
  });

  it('shows its files to nobody else', async () => {
    await (await open()).writeLedger(KEY, LEDGER);

    const modes = await Promise.all(
      [dir, join(dir, 'upstreams'), file].map(async (path) => stat(path)),
    );
    expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).to.deep.equal([
      '700',
      '700',
      '600',
    ]);
  });

  it('leaves no temporary file, also not one of a crash', async () => {
    const state = await open();
    await writeFile(`${file}.tmp`, 'half a ledg');
    await state.writeLedger(KEY, LEDGER);

    expect(await readdir(join(dir, 'upstreams'))).to.deep.equal(['edge1.json']);
  });

  it('replaces the file instead of writing into it', async () => {
    const state = await open();
    await state.writeLedger(KEY, LEDGER);
    const { ino } = await stat(file);
    await state.writeLedger(KEY, EMPTY);

    expect((await stat(file)).ino).to.not.equal(ino);
  });

  it('makes nothing in a dry run, and reads an empty ledger', async () => {
    const state = await open({ readOnly: true });

    expect(await state.readLedger(KEY)).to.deep.equal(EMPTY);
    expect(await state.readCycles()).to.deep.equal([]);
    expect(await readdir(join(dir, '..'))).to.deep.equal([]);
  });

  it('refuses to write in a dry run', async () => {
    const state = await open({ readOnly: true });

    expect((await failure(state.writeLedger(KEY, LEDGER))).code).to.equal('INTERNAL');
    expect((await failure(state.appendCycle(CYCLE))).code).to.equal('INTERNAL');
  });

  it('takes a ledger cut at any byte for corrupt, never for a smaller one', async () => {
    const state = await open();
    await state.writeLedger(KEY, LEDGER);
    const whole = (await readFile(file, 'utf8')).trimEnd();

    for (let length = 0; length < whole.length; length++) {
      await writeFile(file, whole.slice(0, length));
      const { code, message } = await failure(state.readLedger(KEY));
      expect(code).to.equal('STATE_CORRUPT');
      expect(message).to.contain(file).and.to.contain('restore it from a backup, or remove it');
    }
  });

  for (const [name, rows] of [
    ['a row that is no list', ['10.1.0.0/24']],
    ['a row with a part too few', [['10.1.0.0/24', []]]],
    ['a prefix that is a number', [[1, [], []]]],
    ['a next hop that is a number', [['10.1.0.0/24', [1], []]]],
    ['origins that are no list', [['10.1.0.0/24', [], {}]]],
    ['an origin with an id too few', [['10.1.0.0/24', [], [['r', 's', 'p', 'i']]]]],
    ['an origin with an id that is null', [['10.1.0.0/24', [], [['r', 's', 'p', 'i', null]]]]],
  ] as const) {
    it(`takes ${name} for corrupt`, async () => {
      const state = await open();
      await state.writeLedger(KEY, LEDGER);
      const content = JSON.parse(await readFile(file, 'utf8')) as object;
      await writeFile(file, JSON.stringify({ ...content, routes: rows }));

      expect((await failure(state.readLedger(KEY))).code).to.equal('STATE_CORRUPT');
    });
  }

  it('asks for the newer version that wrote the file', async () => {
    const state = await open();
    await state.writeLedger(KEY, LEDGER);
    await writeFile(file, (await readFile(file, 'utf8')).replace('"version":1', '"version":2'));

    const { code, message } = await failure(state.readLedger(KEY));

    expect(code).to.equal('STATE_CORRUPT');
    expect(message).to.contain('newer route-sync (version 2, this one knows 1)');
  });

  it('refuses the ledger of another owner', async () => {
    await (await open()).writeLedger(KEY, LEDGER);

    const { code, message } = await failure((await open({ owner: 'other' })).readLedger(KEY));

    expect(code).to.equal('STATE_FOREIGN');
    expect(message).to.contain('2 routes of owner "lab", not "other"').and.to.contain('purge');
  });

  it('refuses the ledger of another table or mark', async () => {
    const state = await open();
    await state.writeLedger(KEY, LEDGER);
    const target = KEY.target.replace('201', '202');

    expect((await failure(state.readLedger({ ...KEY, target }))).code).to.equal('STATE_FOREIGN');
  });

  it('refuses a ledger that was copied from another upstream', async () => {
    const state = await open();
    await state.writeLedger(KEY, LEDGER);
    await writeFile(join(dir, 'upstreams/edge2.json'), await readFile(file));

    const { code } = await failure(state.readLedger({ ...KEY, name: 'edge2' }));
    expect(code).to.equal('STATE_FOREIGN');
  });

  it('lets owner and mark change once nothing is listed', async () => {
    await (await open()).writeLedger(KEY, EMPTY);

    const state = await open({ owner: 'other' });
    expect(await state.readLedger({ ...KEY, target: 'elsewhere' })).to.deep.equal(EMPTY);
  });

  it('says when a file cannot be read', async () => {
    const state = await open();
    await symlink('edge1.json', file);

    const { code, message } = await failure(state.readLedger(KEY));
    expect(code).to.equal('STATE_UNREADABLE');
    expect(message).to.contain('ELOOP');
  });

  it('says when the directory cannot be made', async () => {
    await writeFile(dir, '');

    const { code, message } = await failure(open());
    expect(code).to.equal('STATE_UNWRITABLE');
    expect(message).to.contain('stateDir');
  });

  it('keeps the old ledger when the new one cannot be written', async () => {
    const state = await open();
    await state.writeLedger(KEY, LEDGER);
    await symlink('/dev/full', `${file}.tmp`);

    const { code, message } = await failure(state.writeLedger(KEY, EMPTY));

    expect(code).to.equal('STATE_UNWRITABLE');
    expect(message).to.contain('ENOSPC');
    expect(await state.readLedger(KEY)).to.deep.equal(LEDGER);
    expect(await readdir(join(dir, 'upstreams'))).to.deep.equal(['edge1.json']);
  });

  it('survives SIGKILL at any moment of a write', async () => {
    const state = await open();
    await state.writeLedger(KEY, LEDGER);
    const module = new URL('../../src/agent/state.ts', import.meta.url).href;
    const script = `
      import { openState } from ${JSON.stringify(module)};
      const state = await openState({ dir: ${JSON.stringify(dir)}, owner: 'lab', readOnly: false });
      const ledger = await state.readLedger(${JSON.stringify(KEY)});
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number(process.argv[1]));
      for (;;) await state.writeLedger(${JSON.stringify(KEY)}, ledger);
    `;

    for (const delayMs of [0, 1, 2, 3, 5, 8]) {
      const args = ['--input-type=module', '--eval', script, String(delayMs)];
      const child = spawn(process.execPath, args, { stdio: 'ignore' });

      expect(await once(child, 'exit')).to.deep.equal([null, 'SIGKILL']);
      expect(await state.readLedger(KEY)).to.deep.equal(LEDGER);
    }
  });

  it('remembers cycles, oldest first', async () => {
    const state = await open();
    await state.appendCycle(CYCLE);
    await state.appendCycle({ ...CYCLE, run: 'run-1' });

    expect(await state.readCycles()).to.deep.equal([CYCLE, { ...CYCLE, run: 'run-1' }]);
  });

  it('remembers 20 cycles and 100 held changes of each upstream', async () => {
    const state = await open();
    const held = Array.from({ length: 300 }, (_, index) => ({
      code: 'grace',
      action: 'remove',
      prefix: `10.1.${index}.0/24`,
    }));
    const upstreams = CYCLE.upstreams.map((upstream) => ({ ...upstream, heldTotal: 300, held }));
    for (let run = 0; run < 23; run++) {
      await state.appendCycle({ ...CYCLE, run: `run-${run}`, upstreams });
    }

    const cycles = await state.readCycles();

    expect(cycles.map(({ run }) => run))
      .to.have.length(20)
      .and.to.include('run-22');
    expect(cycles[0]?.run).to.equal('run-3');
    expect(cycles[0]?.upstreams[0]).to.deep.include({ heldTotal: 300, held: held.slice(0, 100) });
  });

  it('says that only history is lost with a corrupt status file', async () => {
    const state = await open();
    await writeFile(join(dir, 'status.json'), '{"version":1}');

    const { code, message } = await failure(state.appendCycle(CYCLE));
    expect(code).to.equal('STATE_CORRUPT');
    expect(message).to.contain('only the history of past cycles is lost');
  });
});
