/**
 * The leader lock in etcd: a key that exists while somebody leads, bound to a lease of the cluster. Facts: etcd's
 * documentation of the API (lease, txn, range), measured on etcd 3.4.23.
 */
import {
  emptySchema,
  type Entry,
  grantSchema,
  keepAliveSchema,
  rangeSchema,
  txnSchema,
} from './etcd-answers.ts';
import { type Call, type EtcdGateway, etcdGateway, type EtcdSettings } from './etcd-gateway.ts';
import { type Holder, parseHolder } from './holder.ts';
import type { LockStore, Outcome, Tenure } from './lock-store.ts';
import type { LeaseTimes } from './timing.ts';

interface Place {
  readonly owner: string;
  readonly times: Pick<LeaseTimes, 'requestMs' | 'ttlSeconds'>;
}

export function etcdStore(
  settings: EtcdSettings & { readonly prefix: string },
  { owner, times }: Place,
): LockStore {
  const gateway = etcdGateway(settings, times.requestMs);
  const name = `${settings.prefix.replace(/\/$/, '')}/${owner}`;
  const lock = { gateway, key: encode(name) };
  return {
    description: `${gateway.description}, key ${name}`,
    campaign: async (me, signal) => {
      const found = await read(lock, signal);
      return found === undefined
        ? take(lock, { me, ttlSeconds: times.ttlSeconds, signal })
        : { holder: parseHolder(found.value) };
    },
    read: async (signal) => {
      const found = await read(lock, signal);
      return found === undefined ? undefined : parseHolder(found.value);
    },
    close: gateway.close,
  };
}

interface KeyIn {
  readonly gateway: EtcdGateway;
  readonly key: string;
}

interface Bid {
  readonly me: Holder;
  readonly ttlSeconds: number;
  readonly signal: AbortSignal;
}

/** Puts the key where there is none. A put whose answer was lost is told by its lease. */
async function take(lock: KeyIn, { me, ttlSeconds, signal }: Bid): Promise<Outcome> {
  const { gateway, key } = lock;
  const { ID, TTL } = await gateway.call({
    path: '/v3/lease/grant',
    body: { TTL: String(ttlSeconds), ID: '0' },
    schema: grantSchema,
    signal,
  });
  const { succeeded, responses } = await gateway.call({
    path: '/v3/kv/txn',
    body: {
      compare: [{ key, target: 'CREATE', result: 'EQUAL', create_revision: '0' }],
      success: [{ request_put: { key, value: encode(JSON.stringify(me)), lease: ID } }],
      failure: [{ request_range: { key } }],
    },
    schema: txnSchema,
    signal,
  });
  const found = responses[0]?.response_range?.kvs[0];
  if (succeeded || found?.lease === ID) {
    return { tenure: tenureOf(lock, { lease: ID, ttlMs: Number(TTL) * 1000 }) };
  }
  await revoke(gateway, ID, signal);
  return { holder: found === undefined ? undefined : parseHolder(found.value) };
}

interface Lease {
  readonly lease: string;
  readonly ttlMs: number;
}

function tenureOf(lock: KeyIn, { lease, ttlMs }: Lease): Tenure {
  const { gateway } = lock;
  return {
    ttlMs,
    renew: async (signal) => {
      const { result } = await gateway.call({
        path: '/v3/lease/keepalive',
        body: { ID: lease },
        schema: keepAliveSchema,
        signal,
      });
      return Number(result.TTL) > 0;
    },
    holds: async (signal) => (await read(lock, signal))?.lease === lease,
    release: async (signal) => revoke(gateway, lease, signal),
  };
}

/** Linearizable, as every range that does not ask for less. */
async function read({ gateway, key }: KeyIn, signal: AbortSignal): Promise<Entry | undefined> {
  const call: Call<{ kvs: Entry[] }> = {
    path: '/v3/kv/range',
    body: { key },
    schema: rangeSchema,
    signal,
  };
  const { kvs } = await gateway.call(call);
  return kvs[0];
}

/** Takes the key away with the lease. */
async function revoke(gateway: EtcdGateway, lease: string, signal: AbortSignal): Promise<void> {
  await gateway.call({
    path: '/v3/lease/revoke',
    body: { ID: lease },
    schema: emptySchema,
    signal,
  });
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}
