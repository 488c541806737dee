/** What a push needs: an upstream, its state as read, a plan, and a state directory in memory. */
import { gatherState } from '../../src/agent/gather.ts';
import type { Journal } from '../../src/agent/journal.ts';
import { NOBODY } from '../../src/agent/observer.ts';
import type { PushContext, PushInput } from '../../src/agent/push.ts';
import type { StateDirectory, UpstreamLedger } from '../../src/agent/state.ts';
import { assembleUpstream } from '../../src/agent/upstream.ts';
import { linux } from '../../src/drivers/linux.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { UpstreamPlan } from '../../src/core/plan.ts';
import { parseAddress, parsePrefix } from '../../src/core/prefix.ts';
import type { DesiredRoute, RouteChange } from '../../src/core/route.ts';
import type { Transport } from '../../src/transport/transport.ts';

const EMPTY: UpstreamLedger = {
  routes: new Map(),
  missing: new Map(),
  recent: [],
  clock: undefined,
};
/** Never aborts. */
export const { signal } = new AbortController();

/** A route that is wanted for router `r1`. */
export function route(prefix: string, address: string): DesiredRoute {
  const origin = [
    {
      router: 'r1',
      subnet: 's1',
      project: 'p1',
      port: 'i1',
      leg: 'g1',
      network: 'n1',
      floatingIp: '',
    },
  ];
  return { prefix: parsePrefix(prefix), nextHops: [{ address: parseAddress(address) }], origin };
}

/** A state directory in memory that tells what it was given, and when, beside what the upstream was sent. */
export function recorder(): { readonly events: string[]; readonly store: StateDirectory } {
  const events: string[] = [];
  const store: StateDirectory = {
    readLedger: () => Promise.resolve(EMPTY),
    writeLedger: (_, { routes }) => {
      events.push(`ledger ${[...routes.keys()].join(' ')}`.trim());
      return Promise.resolve();
    },
    readLastGood: () => Promise.resolve(undefined),
    writeLastGood: () => Promise.resolve(),
    forgetLastGood: () => Promise.resolve(),
    readCycles: () => Promise.resolve([]),
    readLastGoodTimes: () => Promise.resolve(new Map()),
    appendCycle: () => Promise.resolve(),
    readFreeze: () => Promise.resolve(undefined),
    writeFreeze: () => Promise.resolve(),
    removeFreeze: () => Promise.resolve(false),
    check: () => Promise.resolve(),
    checkUpstream: () => Promise.resolve(),
    assertRoom: () => Promise.resolve(),
  };
  return { events, store };
}

function upstreamOver(transport: Transport) {
  const policy = { mode: 'sync', allow: [{ prefix: '198.51.100.0/24' }] };
  const upstreams = [{ name: 'edge1', os: 'linux', externalNetworks: ['public'] }];
  const { upstreams: parsed } = parseConfig(
    JSON.stringify({ owner: 'test', policy, upstreams }),
    'test.yaml',
  );
  const [config] = parsed;
  if (config === undefined) {
    throw new Error('no upstream');
  }
  return assembleUpstream(config, { driver: linux, transport, owner: 'test' });
}

/** What a push needs beside its input. */
export function contextFor(store: StateDirectory): PushContext {
  return {
    store,
    facts: { run: 'run-1', command: 'test', force: false },
    revisions: new Map(),
    clock: () => ({ wall: 0, uptime: 0, boot: 'test' }),
    observer: NOBODY,
    lead: {},
    signal,
  };
}

/** A journal that tells when it is written. */
export function journalOf(events: string[]): Journal {
  return {
    unfinished: undefined,
    begin: (_, changes) => {
      events.push(`begin ${changes.length}`);
      return Promise.resolve();
    },
    end: (_, { added, removed, skipped }) => {
      events.push(`end +${added} -${removed} =${skipped.length}`);
      return Promise.resolve();
    },
    recover: () => Promise.resolve(),
  };
}

/** What a push needs that adds these routes. */
export async function inputFor(
  transport: Transport,
  desired: readonly DesiredRoute[],
  journal?: Journal,
): Promise<PushInput> {
  const upstream = upstreamOver(transport);
  const state = await gatherState({ ...upstream, signal });
  const changes: readonly RouteChange[] = desired.map((after) => ({ action: 'add', after }));
  const plan: UpstreamPlan = {
    upstream: 'edge1',
    changes,
    held: [],
    conflicts: [],
    warnings: [],
    unneeded: [],
    unchanged: 0,
    owned: 0,
    refused: undefined,
    missing: new Map(),
  };
  return { upstream, lock: undefined, journal, state, ledger: EMPTY, desired, plan };
}
