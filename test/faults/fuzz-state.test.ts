/**
 * Whatever lies in the state directory, it is read as it was written or refused: never half of it, never a removal that
 * the file does not speak for, never a time or a text that breaks a report.
 */
import { accessSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { openJournal } from '../../src/agent/journal.ts';
import { CHAIN_START, type JournalRecord, unseal } from '../../src/agent/journal-record.ts';
import { walkJournal } from '../../src/agent/journal-walk.ts';
import { withClock } from '../../src/agent/ledger.ts';
import { openState, type StateDirectory } from '../../src/agent/state.ts';
import { planUpstream } from '../../src/core/plan.ts';
import { linux } from '../../src/drivers/linux.ts';
import { describeHeld, describeStale } from '../../src/report/lines.ts';
import { installed, stateOf } from '../core/world.ts';
import { add, desired, remove, replace, SCOPE } from '../drivers/routes.ts';
import { checkPrinted, checkRemovals, removalsIn } from './fuzz-model.ts';
import { HOSTILE_TEXTS, type Json, jsonText, mutateJson, mutateText } from './fuzz-mutate.ts';
import type { Random } from './fuzz-random.ts';
import { fuzz, orRefused, orRefusedLater, promise } from './fuzz-run.ts';

const OWNER = 'test';
const KEY = { name: 'edge1', target: 'here table main protocol 201 metric 1024' };
const NOW = Date.UTC(2026, 0, 1);
const RULE = { snapshots: 2, graceSeconds: 60 };
const HOP = '203.0.113.10';
const PREFIXES = ['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24', '2001:db8:a::/64'];
const STATE = stateOf(PREFIXES.map((prefix) => installed(prefix, [HOP])));
const ORIGIN = {
  router: 'router-1',
  subnet: 'subnet-1',
  project: 'blue',
  port: 'port-1',
  leg: 'leg-1',
  network: 'public',
  floatingIp: '',
};
const CLOCK = { wall: NOW, uptime: 1000, boot: 'boot' };
const CHANGES = [
  add('10.4.0.0/24', HOP),
  replace('10.2.0.0/24', [HOP], ['203.0.113.11']),
  remove('10.3.0.0/24', HOP),
];

/** In memory where the machine has such a place: a million files are written here. */
function newFolder(): string {
  const parent = orElse(() => {
    accessSync('/dev/shm');
    return '/dev/shm';
  }, tmpdir());
  return mkdtempSync(path.join(parent, 'route-sync-fuzz-'));
}

function orElse<T>(work: () => T, other: T): T {
  try {
    return work();
  } catch {
    return other;
  }
}

function damaged(random: Random, text: string): string {
  return random.percent(60)
    ? jsonText(mutateJson(random, JSON.parse(text) as Json))
    : mutateText(random, text);
}

/** Prefix -> next hops, as the text of a ledger says without any check. */
function saidBy(text: string): ReadonlyMap<string, { readonly nextHops: readonly string[] }> {
  const { routes } = JSON.parse(text) as { readonly routes: readonly [string, string[]][] };
  return new Map(routes.map(([prefix, nextHops]) => [prefix, { nextHops }]));
}

function recordsIn(text: string): ReadonlyMap<string, { since: number; snapshots: number }> {
  const { missing } = JSON.parse(text) as { readonly missing: readonly [string, number, number][] };
  return new Map(missing.map(([prefix, since, snapshots]) => [prefix, { since, snapshots }]));
}

/** Plans with the ledger as read, and holds the removals against what the file itself says. */
function checkLedger(read: Awaited<ReturnType<StateDirectory['readLedger']>>, text: string): void {
  const ledger = withClock(read, { ...CLOCK, uptime: 2000 });
  const plan = planUpstream({
    upstream: 'edge1',
    desired: { routes: [], conflicts: [], warnings: [], unneeded: [] },
    state: STATE,
    reading: 'whole',
    mode: 'sync',
    removal: RULE,
    maxRoutes: undefined,
    now: NOW,
    windows: { windows: [], timezone: 'UTC' },
    ledger: ledger.routes,
    missing: ledger.missing,
  });
  const removed = removalsIn(plan.changes);
  if (removed.length > 0) {
    checkRemovals(removed, {
      installed: new Map(PREFIXES.map((prefix) => [prefix, new Set([HOP])])),
      ledger: saidBy(text),
      missing: recordsIn(text),
      wanted: new Set(),
      mode: 'sync',
      rule: RULE,
      now: NOW,
    });
  }
  plan.held.forEach((held) => checkPrinted(describeHeld(held), 'a held change'));
}

describe('fuzz: the state directory', () => {
  const folder = newFolder();
  const file = (name: string): string => path.join(folder, name);
  const truth = new Map<string, string>();
  const records: JournalRecord[] = [];

  before(async () => {
    const state = await openState({ dir: folder, owner: OWNER, readOnly: false });
    await state.writeLedger(KEY, {
      routes: new Map(PREFIXES.map((prefix) => [prefix, { origin: [ORIGIN], nextHops: [HOP] }])),
      missing: new Map(PREFIXES.map((prefix) => [prefix, { since: NOW - 90_000, snapshots: 3 }])),
      recent: [{ at: NOW - 5000, removals: 1, replaces: 2 }],
      clock: CLOCK,
    });
    const routes = PREFIXES.map((prefix) => ({ ...desired(prefix, HOP), origin: [ORIGIN] }));
    await state.writeLastGood(KEY, { configDigest: 'digest', at: NOW, routes });
    await state.appendCycle({
      run: 'run',
      startedAt: '2026-01-01T00:00:00.000Z',
      finishedAt: '2026-01-01T00:00:01.000Z',
      command: 'apply',
      exitCode: 0,
      upstreams: [],
    });
    await state.writeFreeze({ by: 'operator', at: '2026-01-01T00:00:00.000Z', reason: 'work' });
    const journal = await openJournal({
      dir: folder,
      upstream: KEY.name,
      target: KEY.target,
      owner: OWNER,
      host: 'here',
      user: 'root',
      keepFiles: 16,
      now: () => NOW,
    });
    const facts = { run: 'run-1', command: 'apply', force: false };
    await journal.begin(facts, CHANGES, new Map([['router-1', 4]]));
    const nothing = { failed: [], skipped: [], verified: true };
    await journal.end('run-1', { added: 1, replaced: 1, removed: 1, ...nothing });
    await journal.begin({ ...facts, run: 'run-2' }, CHANGES, new Map());
    const place = { stateDir: folder, upstream: KEY.name };
    await walkJournal(place, OWNER, (record) => void records.push(record));
    for (const name of [
      'upstreams/edge1.json',
      'desired/edge1.json',
      'status.json',
      'freeze',
      'journal/edge1.jsonl',
      'journal/edge1.head.json',
    ]) {
      truth.set(name, readFileSync(file(name), 'utf8'));
    }
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  afterEach(() => {
    truth.forEach((text, name) => writeFileSync(file(name), text));
  });

  /** Damages one file, lets it be read again. */
  async function tryFile(
    name: string,
    share: number,
    read: (state: StateDirectory, text: string) => Promise<void>,
  ): Promise<void> {
    const whole = truth.get(name) ?? '';
    await fuzz({
      name,
      share,
      attempt: async (random, note) => {
        const text = damaged(random, whole);
        note(text);
        writeFileSync(file(name), text);
        await read(await openState({ dir: folder, owner: OWNER, readOnly: true }), text);
      },
    });
  }

  it('reads or refuses every ledger', async () => {
    await tryFile('upstreams/edge1.json', 50_000, async (state, text) => {
      const ledger = await orRefusedLater(async () => state.readLedger(KEY));
      if (ledger !== undefined) {
        checkLedger(ledger, text);
      }
    });
  });

  it('reads or refuses every last good state', async () => {
    await tryFile('desired/edge1.json', 30_000, async (state) => {
      const lastGood = await orRefusedLater(async () => state.readLastGood(KEY));
      if (lastGood === undefined) {
        return;
      }
      const { at, routes } = lastGood;
      const because = { code: 'CLOUD_UNREACHABLE', message: 'gone' };
      checkPrinted(describeStale({ at, ageSeconds: 1, because }), 'the age');
      const changes = routes.map((after) => ({ action: 'add', after }) as const);
      const sendable = changes.filter((change) => linux.unsupported(change) === undefined);
      orRefused(() => linux.render(SCOPE, sendable));
    });
  });

  it('reads or refuses every status', async () => {
    await tryFile('status.json', 5000, async (state) => {
      await orRefusedLater(async () => state.readCycles());
      await orRefusedLater(async () => state.readLastGoodTimes());
    });
  });

  it('is frozen by every freeze file, and shows it escaped', async () => {
    truth.set('freeze', JSON.stringify({ by: HOSTILE_TEXTS.join(''), at: '', reason: '' }));
    await tryFile('freeze', 4000, async (state) => {
      const freeze = await state.readFreeze();
      promise(freeze !== undefined, 'it is not frozen');
      checkPrinted(Object.values(freeze ?? {}).join(' '), 'the freeze');
    });
  });

  async function readJournal(): Promise<void> {
    const seen: JournalRecord[] = [];
    const place = { stateDir: folder, upstream: KEY.name };
    const walk = await orRefusedLater(async () =>
      walkJournal(place, OWNER, (record) => void seen.push(record)),
    );
    // Older parts may have been moved away, but what is left goes without a gap to the end.
    const tail = records.slice(records.length - seen.length);
    const isTrue = JSON.stringify(seen) === JSON.stringify(tail);
    promise(walk === undefined || isTrue, 'a journal was taken that is not as it was written');
    await orRefusedLater(async () => {
      const journal = await openJournal({
        dir: folder,
        upstream: KEY.name,
        target: KEY.target,
        owner: OWNER,
        host: 'here',
        user: 'root',
        keepFiles: 16,
        now: () => NOW,
      });
      const { changes = [] } = journal.unfinished ?? {};
      promise(changes.length === CHANGES.length, 'the unfinished run lost changes');
    });
  }

  it('takes no journal but the one that was written', async () => {
    mkdirSync(path.join(folder, 'journal'), { recursive: true });
    const name = 'journal/edge1.jsonl';
    const lines = (truth.get(name) ?? '').trimEnd().split('\n');
    await fuzz({
      name,
      share: 2500,
      attempt: async (random, note) => {
        const at = random.int(lines.length);
        const broken = random.percent(70)
          ? lines.with(at, damaged(random, lines[at] ?? ''))
          : random.pick([lines.toSpliced(at, 1), lines.toReversed(), [...lines, lines[at] ?? '']]);
        const text = `${broken.join('\n')}\n`;
        note(text);
        writeFileSync(file(name), text);
        await readJournal();
      },
    });
  });

  it('takes no line of a journal but the one that belongs there', async () => {
    const lines = (truth.get('journal/edge1.jsonl') ?? '').trimEnd().split('\n');
    await fuzz({
      name: 'journal line',
      share: 54_000,
      attempt: (random, note) => {
        const at = random.int(lines.length);
        const line = damaged(random, random.pick(lines));
        note(line);
        const read = unseal(Buffer.from(line), records[at - 1] ?? CHAIN_START);
        promise('flaw' in read || line === lines[at], 'another line was taken');
      },
    });
  });

  it('takes no head of a journal but one that fits', async () => {
    await tryFile('journal/edge1.head.json', 2500, readJournal);
  });
});
