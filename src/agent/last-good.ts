/** Which configuration a last good state was computed for: under another one it is not used. */
import { createHash } from 'node:crypto';
import type { Config, UpstreamConfig } from '../config/schema.ts';

/**
 * Equal for configurations that let the same routes of the same cloud through. Mode, ECMP and what to think of foreign
 * routes do not count: they are looked at anew with each use.
 */
export function configDigest(policy: Config['policy'], upstream: UpstreamConfig): string {
  const { mode: _, ecmp: __, foreignOverlap: ___, foreignCovering: ____, ...filters } = policy;
  const { externalNetworks, devices = {} } = upstream;
  const wishes = {
    ...filters,
    allow: unordered(filters.allow),
    deny: unordered(filters.deny),
    reserved: unordered(filters.reserved),
    externalNetworks: unordered(externalNetworks),
    devices: unordered(Object.entries(devices)),
  };
  return createHash('sha256').update(JSON.stringify(wishes)).digest('hex');
}

/** The order of such lists means nothing. */
function unordered(list: readonly unknown[]): readonly string[] {
  return list.map((item) => JSON.stringify(item, withoutBigints)).sort();
}

function withoutBigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
