/** Which prefixes the operator lets through, and which ones nobody may switch on. */
import type { Pair } from './candidates.ts';
import { contains, overlaps, parsePrefix, type Prefix } from './prefix.ts';
import type { Snapshot } from './snapshot.ts';

/** What a prefix must come from; an empty list means any. */
export interface Selectors {
  /** Names or ids. */
  readonly externalNetworks: readonly string[];
  /** Project ids. */
  readonly projects: readonly string[];
  /** Names or ids. */
  readonly addressScopes: readonly string[];
  /** Names or ids. */
  readonly subnetPools: readonly string[];
}

/** One entry of `policy.allow` or `policy.deny`. */
export interface PrefixRule extends Selectors {
  readonly prefix: Prefix;
  readonly minLength: number;
  readonly maxLength: number;
}

/** One entry of `policy.reserved`: addresses that only what its selectors match may announce. */
export interface ReservedRange extends Selectors {
  readonly prefix: Prefix;
}

export type PolicyMode = 'sync' | 'upsert-only' | 'create-only';

export interface Policy {
  readonly mode: PolicyMode;
  readonly allow: readonly PrefixRule[];
  readonly deny: readonly PrefixRule[];
  readonly reserved: readonly ReservedRange[];
  /** What a foreign route inside one of ours does. */
  readonly foreignOverlap: 'warn' | 'refuse';
  /** What a foreign route around one of ours does. */
  readonly foreignCovering: 'ignore' | 'warn' | 'refuse';
  /** `optOut`: objects with this tag are left out. `optIn`: only objects with this tag are taken. */
  readonly tags: { readonly optOut: string; readonly optIn?: string | undefined };
  readonly extraRoutes: boolean;
  readonly floatingIps: boolean;
  readonly ecmp: boolean;
}

interface ForbiddenRange {
  readonly range: Prefix;
  readonly what: string;
}

/** Ranges that are never a tenant's to announce (RFC 6890, RFC 4291); no configuration switches this off. */
const FORBIDDEN: readonly ForbiddenRange[] = [
  ['0.0.0.0/8', 'this network'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved and broadcast'],
  ['::/64', 'loopback, unspecified and IPv4-compatible addresses'],
  ['::ffff:0:0/96', 'IPv4-mapped addresses'],
  ['fe80::/10', 'link-local'],
  ['ff00::/8', 'multicast'],
].map(([range = '', what = '']) => ({ range: parsePrefix(range), what }));

/** Why the prefix may never be announced, or undefined. */
export function forbiddenReason(prefix: Prefix): string | undefined {
  if (prefix.length === 0) {
    return 'it is the default route';
  }
  const hit = FORBIDDEN.find(({ range }) => overlaps(range, prefix));
  return hit === undefined ? undefined : `it overlaps ${hit.range.text} (${hit.what})`;
}

export function isAllowed(policy: Policy, pair: Pair, snapshot: Snapshot): boolean {
  return policy.allow.some((rule) => matchesRule(rule, pair, snapshot));
}

/**
 * The entry of `policy.deny` that hits the pair. A prefix that lies around a denied one is denied as well: it would
 * announce the denied addresses.
 */
export function denyingRule(
  policy: Policy,
  pair: Pair,
  snapshot: Snapshot,
): PrefixRule | undefined {
  return policy.deny.find(
    (rule) =>
      matchesRule(rule, pair, snapshot) ||
      (pair.prefix.length < rule.prefix.length &&
        contains(pair.prefix, rule.prefix) &&
        matchesSelectors(rule, pair, snapshot)),
  );
}

/** The first range of `policy.reserved` that shares addresses with the pair's prefix and is reserved for others. */
export function reservedForOthers(
  policy: Policy,
  pair: Pair,
  snapshot: Snapshot,
): ReservedRange | undefined {
  return policy.reserved.find(
    (range) => overlaps(range.prefix, pair.prefix) && !matchesSelectors(range, pair, snapshot),
  );
}

function matchesRule(rule: PrefixRule, pair: Pair, snapshot: Snapshot): boolean {
  const { length } = pair.prefix;
  return (
    length >= rule.minLength &&
    length <= rule.maxLength &&
    contains(rule.prefix, pair.prefix) &&
    matchesSelectors(rule, pair, snapshot)
  );
}

function matchesSelectors(selectors: Selectors, pair: Pair, snapshot: Snapshot): boolean {
  const networkId = pair.leg?.networkId;
  // Only a subnet's own prefix was cut from its pool; extra routes are what a tenant typed.
  const subnet = pair.source === 'subnet' ? pair.subnet : undefined;
  const poolId = subnet?.subnetPoolId;
  const scopeId = subnet?.addressScopeId;
  return (
    selects(selectors.externalNetworks, networkId, externalName(snapshot, networkId)) &&
    selects(selectors.projects, pair.projectId) &&
    selects(selectors.subnetPools, poolId, nameIn(snapshot.poolNames, poolId)) &&
    selects(selectors.addressScopes, scopeId, nameIn(snapshot.scopeNames, scopeId))
  );
}

function selects(list: readonly string[], ...names: readonly (string | undefined)[]): boolean {
  return list.length === 0 || names.some((name) => name !== undefined && list.includes(name));
}

function externalName(snapshot: Snapshot, id: string | undefined): string | undefined {
  return id === undefined ? undefined : snapshot.externalNetworks.get(id)?.name;
}

function nameIn(names: ReadonlyMap<string, string>, id: string | undefined): string | undefined {
  return id === undefined ? undefined : names.get(id);
}
