/**
 * The leader lock as a Lease of Kubernetes, used as client-go's leaderelection uses it: whoever replaces the version that
 * was read wins, and a standby judges by its own clock for how long the record has not changed.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Holder } from './holder.ts';
import { leaseApi, type FoundLease, type LeaseApi, type LeaseRecord } from './lease-api.ts';
import type { LockStore, Outcome, Tenure } from './lock-store.ts';
import type { LeaseTimes, Timing } from './timing.ts';

interface Options {
  readonly owner: string;
  readonly times: Pick<LeaseTimes, 'ttlSeconds'>;
  readonly timing: Pick<Timing, 'now'>;
  /** Unix milliseconds, for the times in the record. */
  readonly wall: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface Settings {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

export function leaseStore({ namespace, name }: Settings, options: Options): LockStore {
  const { owner, env } = options;
  return storeOn(leaseApi({ namespace, name: name ?? defaultName(owner) }, env), options);
}

/** An owner may have "_", a name of Kubernetes may not. */
function defaultName(owner: string): string {
  return `route-sync-${owner.replaceAll('_', '-').replace(/[.-]+$/, '')}`;
}

interface Seen {
  readonly record: LeaseRecord;
  /** When we first saw it like this, by the clock of the election. */
  readonly since: number;
}

function storeOn(
  api: LeaseApi,
  { times, timing, wall }: Omit<Options, 'env' | 'owner'>,
): LockStore {
  let seen: Seen | undefined;
  /** Whether nobody holds it by now. What we saw last before we asked counts: the answer may be old when it is read. */
  const isFree = ({ record }: FoundLease, askedAt: number): boolean => {
    if (record.holder === '') {
      return true;
    }
    if (seen === undefined || !isDeepStrictEqual(seen.record, record)) {
      seen = { record, since: timing.now() };
    }
    return askedAt - seen.since > (record.seconds || times.ttlSeconds) * 1000;
  };
  return {
    description: api.description,
    campaign: async (me, signal): Promise<Outcome> => {
      const askedAt = timing.now();
      const found = await api.read(signal);
      if (found !== undefined && !isFree(found, askedAt)) {
        return { holder: holderOf(found) };
      }
      const now = wall();
      const record: LeaseRecord = {
        holder: identityOf(me),
        seconds: times.ttlSeconds,
        acquiredAt: now,
        renewedAt: now,
        transitions: found === undefined ? 0 : found.record.transitions + 1,
      };
      const taken = await (found === undefined
        ? api.create(record, signal)
        : api.replace(found, record, signal));
      return taken === undefined
        ? { holder: undefined }
        : { tenure: tenureOn(api, taken, { ttlMs: times.ttlSeconds * 1000, wall }) };
    },
    read: async (signal) => {
      const found = await api.read(signal);
      return found === undefined || found.record.holder === '' ? undefined : holderOf(found);
    },
    close: async () => Promise.resolve(),
  };
}

interface Terms {
  readonly ttlMs: number;
  readonly wall: () => number;
}

function tenureOn(api: LeaseApi, taken: FoundLease, { ttlMs, wall }: Terms): Tenure {
  let last = taken;
  const { holder } = taken.record;
  const isOurs = (found: FoundLease | undefined): found is FoundLease =>
    found?.record.holder === holder;
  /** Once more where somebody touched the object, or an answer was lost, and it is ours all the same. */
  const change = async (record: () => LeaseRecord, signal: AbortSignal): Promise<boolean> => {
    const changed = await api.replace(last, record(), signal);
    if (changed !== undefined) {
      last = changed;
      return true;
    }
    const found = await api.read(signal);
    if (!isOurs(found)) {
      return false;
    }
    last = found;
    const again = await api.replace(last, record(), signal);
    last = again ?? last;
    return again !== undefined;
  };
  return {
    ttlMs,
    renew: async (signal) => change(() => ({ ...last.record, renewedAt: wall() }), signal),
    holds: async (signal) => isOurs(await api.read(signal)),
    release: async (signal) => {
      await change(() => ({ ...last.record, holder: '', seconds: 1, renewedAt: wall() }), signal);
    },
  };
}

/** `HOST_PID_PLACE_ID`: one word, as other electors write theirs. */
function identityOf({ host, pid, place, id }: Holder): string {
  return `${host}_${pid}_${place}_${id}`;
}

const IDENTITY = /^(?<host>.+)_(?<pid>\d{1,10})_(?<place>[\da-f]{1,64})_(?<id>[\da-f-]{1,64})$/;

function holderOf({ record }: FoundLease): Holder {
  const {
    host = record.holder,
    pid = '0',
    place = '',
    id = record.holder,
  } = IDENTITY.exec(record.holder)?.groups ?? {};
  const since = new Date(record.acquiredAt).toISOString();
  return { host: host.slice(0, 255), pid: Number(pid), since, place, id };
}
