/** What the tests of the state directory share: a folder of their own, a ledger, a last good state, a cycle. */
import { expect } from 'chai';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { CycleSummary } from '../../src/agent/cycle-history.ts';
import {
  openState,
  type LastGood,
  type LedgerKey,
  type StateDirectory,
  type StateOptions,
  type UpstreamLedger,
} from '../../src/agent/state.ts';
import { parseAddress, parsePrefix } from '../../src/core/prefix.ts';
import { RouteSyncError } from '../../src/errors.ts';

export const KEY: LedgerKey = {
  name: 'edge1',
  target: 'this host table main protocol 201 metric 1024',
};

export const EMPTY: UpstreamLedger = {
  routes: new Map(),
  missing: new Map(),
  recent: [],
  clock: undefined,
};

export const ORIGIN = {
  router: 'r1',
  subnet: 's1',
  project: 'p1',
  port: 'i1',
  leg: 'g1',
  network: 'n1',
  floatingIp: '',
};

export const LEDGER: UpstreamLedger = {
  routes: new Map([
    ['10.1.0.0/24', { origin: [ORIGIN], nextHops: ['203.0.113.5'] }],
    ['2001:db8:1::/64', { origin: [ORIGIN, { ...ORIGIN, router: 'r2' }], nextHops: [] }],
  ]),
  missing: new Map([['10.1.0.0/24', { since: 1_700_000_000_123, snapshots: 2 }]]),
  recent: [
    { at: 1_700_000_000_000, removals: 1, replaces: 0 },
    { at: 1_700_000_030_000, removals: 0, replaces: 7 },
  ],
  clock: { wall: 1_700_000_030_000, uptime: 12_345.5, boot: 'b1' },
};

export const LAST_GOOD: LastGood = {
  configDigest: 'c0ffee',
  at: 1_700_000_000_000,
  routes: [
    {
      prefix: parsePrefix('10.1.0.0/24'),
      nextHops: [
        { address: parseAddress('203.0.113.5') },
        { address: parseAddress('203.0.113.6'), device: 'eth1' },
        { address: parseAddress('203.0.113.7'), device: 'eth1', onlink: true },
        { address: parseAddress('203.0.113.8'), onlink: false },
      ],
      origin: [ORIGIN, { ...ORIGIN, router: 'r2', floatingIp: 'f1' }],
    },
    {
      prefix: parsePrefix('2001:db8:1::/64'),
      nextHops: [{ address: parseAddress('2001:db8::5') }],
      origin: [],
    },
  ],
};

export const CYCLE: CycleSummary = {
  run: 'run-0',
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:01.000Z',
  command: 'apply',
  exitCode: 3,
  frozen: { by: 'ann', at: '2026-01-01T00:00:00.000Z', reason: 'maintenance' },
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
      lastGoodAt: '2026-01-01T00:00:00.000Z',
    },
  ],
};

/** A folder `dir` that does not exist yet, until `close`. */
export async function newPlace(): Promise<{
  readonly dir: string;
  readonly close: () => Promise<void>;
}> {
  const parent = await mkdtemp(join(tmpdir(), 'route-sync-state-'));
  return { dir: join(parent, 'state'), close: async () => rm(parent, { recursive: true }) };
}

/** The state directory of owner `lab`, as a new process opens it. */
export async function open(
  dir: string,
  change: Partial<StateOptions> = {},
): Promise<StateDirectory> {
  return openState({ dir, owner: 'lab', readOnly: false, ...change });
}

export async function failure(work: Promise<unknown>): Promise<RouteSyncError> {
  try {
    await work;
  } catch (error) {
    expect(error).to.be.instanceOf(RouteSyncError);
    return error as RouteSyncError;
  }
  throw new Error('nothing was thrown');
}

/** Every shorter text that the file may have been cut to; only its last line break may go unnoticed. */
export async function expectCutsNoticed(
  file: string,
  read: () => Promise<unknown>,
  repair: string,
): Promise<void> {
  const whole = (await readFile(file)).subarray(0, -1);
  for (let length = 0; length < whole.length; length++) {
    await writeFile(file, whole.subarray(0, length));
    const { code, message } = await failure(read());
    expect(code).to.equal('STATE_CORRUPT');
    expect(message).to.contain(file).and.to.contain(repair);
  }
}

/** One flipped bit at every place: a value, or an error of ours. Returns how many were errors. */
export async function countFlipsNoticed(
  file: string,
  read: () => Promise<unknown>,
): Promise<number> {
  const whole = await readFile(file);
  let noticed = 0;
  for (let place = 0; place < whole.length * 8; place++) {
    const flipped = Buffer.from(whole);
    flipped.writeUInt8(flipped.readUInt8(place >> 3) ^ (1 << (place & 7)), place >> 3);
    await writeFile(file, flipped);
    try {
      await read();
    } catch (error) {
      expect(error).to.be.instanceOf(RouteSyncError);
      noticed += 1;
    }
  }
  return noticed;
}
