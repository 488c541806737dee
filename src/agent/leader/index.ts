/** Who of several agents writes: the configured store and an election on it. */
import { RouteSyncError } from '../../errors.ts';
import type { Config } from '../../config/schema.ts';
import { escapeText } from '../../report/escape.ts';
import type { Log } from '../../report/log.ts';
import type { SinceBoot } from '../boot-clock.ts';
import { runtimeDirectory } from '../runtime-directory.ts';
import { startElection } from './election.ts';
import { type Candidate, describeHolder, newCandidate, type Holder } from './holder.ts';
import type { Leadership, Term } from './leadership.ts';
import type { LockStore } from './lock-store.ts';
import { jittered, REAL_TIME, timesOf, within } from './timing.ts';

export type { Holder } from './holder.ts';
export { describeHolder } from './holder.ts';
export type { Leadership, Role, Term } from './leadership.ts';

/** Where we take part. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Our effective user id. */
  readonly uid: number;
  /** The name of this machine. */
  readonly host: string;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly sinceBoot: () => SinceBoot;
  readonly log: Log;
}

type LeaderConfig = NonNullable<Config['leader']>;

/**
 * Takes part for as long as the agent runs; undefined without a `leader` section. Resolves once the store was asked for
 * the first time; one that does not answer is no error, it leaves us on standby.
 */
export async function openLeadership(
  config: Pick<Config, 'leader' | 'owner'>,
  surroundings: Surroundings,
): Promise<Leadership | undefined> {
  const { leader, owner } = config;
  if (leader === undefined) {
    return undefined;
  }
  return startElection({
    store: await openStore(leader, owner, surroundings),
    me: await meIn(surroundings),
    times: timesOf(leader.leaseSeconds),
    timing: REAL_TIME,
    wall: surroundings.now,
    log: surroundings.log,
  });
}

/**
 * Takes the lead for one command; undefined without a `leader` section. Where an agent with the same folder for locks
 * leads, the lock of each upstream keeps the two apart, and it suffices that this agent goes on leading. Throws
 * NOT_LEADER where another one leads for longer than `waitSeconds`, and LEADER_UNREACHABLE.
 */
export async function leadOnce(
  config: Pick<Config, 'leader' | 'owner'>,
  surroundings: Surroundings,
  { waitSeconds }: { readonly waitSeconds: number },
): Promise<Leadership | undefined> {
  const { leader, owner } = config;
  if (leader === undefined) {
    return undefined;
  }
  const times = timesOf(leader.leaseSeconds);
  const me = await meIn(surroundings);
  const store = await openStore(leader, owner, surroundings);
  const leadership = await startElection({
    store,
    me,
    times,
    timing: REAL_TIME,
    wall: surroundings.now,
    log: SILENT,
  });
  const patience = AbortSignal.timeout(waitSeconds * 1000);
  while (leadership.role() === 'standby') {
    const holder = leadership.holder();
    if (holder?.place === me.place) {
      await leadership.close();
      return besides(holder, await openStore(leader, owner, surroundings), times.ttlSeconds);
    }
    if (patience.aborted || leadership.problem() !== undefined) {
      await leadership.close();
      throw leadership.problem() ?? refusal(holder);
    }
    await REAL_TIME.sleep(jittered(times.pollMs, REAL_TIME), patience);
  }
  return leadership;
}

/** Who leads now, and where that is written; for `check`. Throws LEADER_UNREACHABLE. */
export async function askLeader(
  config: Pick<Config, 'leader' | 'owner'>,
  surroundings: Pick<Surroundings, 'env' | 'now'>,
): Promise<{ readonly lock: string; readonly holder: Holder | undefined } | undefined> {
  const { leader, owner } = config;
  if (leader === undefined) {
    return undefined;
  }
  const store = await openStore(leader, owner, surroundings);
  try {
    const { ttlSeconds } = timesOf(leader.leaseSeconds);
    return { lock: store.description, holder: await readWithin(store, ttlSeconds) };
  } finally {
    await store.close();
  }
}

async function openStore(
  leader: LeaderConfig,
  owner: string,
  { env, now }: Pick<Surroundings, 'env' | 'now'>,
): Promise<LockStore> {
  const times = timesOf(leader.leaseSeconds);
  if (leader.etcd !== undefined) {
    const { etcdStore } = await import('./etcd-store.ts');
    return etcdStore(leader.etcd, { owner, times });
  }
  const { leaseStore } = await import('./lease-store.ts');
  return leaseStore(leader.kubernetes ?? {}, { owner, times, env, timing: REAL_TIME, wall: now });
}

async function meIn({ env, uid, host, sinceBoot }: Surroundings): Promise<Candidate> {
  const runtimeDir = await runtimeDirectory({ env, uid });
  return newCandidate({ host, runtimeDir, boot: sinceBoot().boot });
}

/** Leads beside the agent that leads: as long as that one does. */
function besides(holder: Holder, store: LockStore, ttlSeconds: number): Leadership {
  const term: Term = {
    lost: new AbortController().signal,
    check: () => undefined,
    assertLeader: async () => {
      const now = await readWithin(store, ttlSeconds);
      if (now?.id !== holder.id) {
        throw refusal(now);
      }
    },
  };
  return {
    role: () => 'leader',
    holder: () => holder,
    problem: () => undefined,
    term: () => term,
    onChange: () => () => undefined,
    close: store.close,
  };
}

async function readWithin(store: LockStore, seconds: number): Promise<Holder | undefined> {
  const late = (): Error =>
    new RouteSyncError('LEADER_UNREACHABLE', `${store.description} did not answer in time`, {
      retryable: true,
    });
  const source = new AbortController().signal;
  return within({ timing: REAL_TIME, ms: seconds * 1000, source, late }, store.read);
}

function refusal(holder: Holder | undefined): RouteSyncError {
  const message =
    holder === undefined
      ? 'no agent leads at this moment; try again, or say --wait SECONDS'
      : `the agent on ${escapeText(describeHolder(holder))} leads: run it there, or stop that agent`;
  return new RouteSyncError('NOT_LEADER', `${message}; nothing was changed`, {
    details: { ...holder },
    retryable: true,
  });
}

const SILENT = { error: nothing, warn: nothing, info: nothing };

function nothing(): void {
  // The command tells by itself.
}
