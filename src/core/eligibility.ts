/**
 * The verdict over every (leg, prefix) pair: one ordered table of rules. The first rule that fails names the
 * verdict; `explain` runs them all. Nothing is dropped silently.
 */
import { pairLister, type Pair } from './candidates.ts';
import { routerSides } from './legs.ts';
import { natOf } from './nat.ts';
import {
  denyingRule,
  forbiddenReason,
  isAllowed,
  reservedForOthers,
  type Policy,
} from './policy.ts';
import { hostPrefix, type Address, type Prefix } from './prefix.ts';
import { PrefixIndex } from './prefix-index.ts';
import type { Snapshot, Subnet } from './snapshot.ts';
import { warningsOf, type WarningCode } from './warnings.ts';

/** Addresses that no announced prefix may cover, with what they are: `the Neutron API`. */
export interface ProtectedAddress {
  readonly address: Address;
  readonly what: string;
}

export interface EligibilityInput {
  readonly snapshot: Snapshot;
  readonly policy: Policy;
  /** Ids of the external networks that some configured upstream serves. */
  readonly servedNetworks: ReadonlySet<string>;
  readonly protectedAddresses: readonly ProtectedAddress[];
}

export interface Candidate extends Pair {
  /** Those of the leg's addresses that may be a next hop. */
  readonly nextHops: readonly Address[];
  readonly verdict: VerdictCode;
  readonly warnings: readonly WarningCode[];
}

/** One rule applied to one pair; `code` is the verdict that a failure would give. */
export interface Check {
  readonly code: VerdictCode;
  readonly passed: boolean;
  readonly detail: string;
}

interface Facts extends EligibilityInput {
  readonly externalSubnets: PrefixIndex<Subnet>;
  readonly protectedHosts: PrefixIndex<ProtectedAddress>;
}

interface Rule {
  readonly code: string;
  /** What holds when the rule passes. */
  readonly holds: string;
  /** Why the rule fails, or undefined. */
  readonly fails: (pair: Pair, facts: Facts) => string | undefined;
}

const RULES = [
  {
    code: 'no-external-leg',
    holds: 'the router has a port on an external network',
    fails: ({ leg }) =>
      leg === undefined
        ? 'the router has no gateway and no port on an external network'
        : undefined,
  },
  {
    code: 'opted-out',
    holds: 'neither router nor subnet carries the opt-out tag',
    fails: (pair, { policy }) =>
      hasTag(pair, policy.tags.optOut) ? `tag "${policy.tags.optOut}" is set` : undefined,
  },
  {
    code: 'not-opted-in',
    holds: 'no opt-in tag is asked for, or router or subnet carries it',
    fails: (pair, { policy: { tags } }) =>
      tags.optIn === undefined || hasTag(pair, tags.optIn)
        ? undefined
        : `tag "${tags.optIn}" is missing on router and subnet`,
  },
  {
    code: 'router-down',
    holds: 'the router is administratively up',
    fails: ({ router }) => (router.adminStateUp ? undefined : 'admin_state_up is false'),
  },
  {
    code: 'router-error',
    holds: 'the router is not in ERROR',
    fails: ({ router }) => (router.status === 'ERROR' ? 'its status is ERROR' : undefined),
  },
  {
    code: 'provisional-prefix',
    holds: 'the prefix has been delegated',
    fails: ({ prefix }) =>
      prefix.text === '::/64' ? '::/64 stands for a prefix that is not delegated yet' : undefined,
  },
  {
    code: 'forbidden-prefix',
    holds: 'the prefix is not default, multicast, link-local or loopback',
    fails: ({ prefix }) => forbiddenReason(prefix),
  },
  {
    code: 'overlaps-external',
    holds: 'the prefix overlaps no external subnet',
    fails: ({ source, prefix }, { externalSubnets }) =>
      source === 'floating-ip' ? undefined : describeOverlap(prefix, externalSubnets),
  },
  {
    code: 'extra-route-next-hop',
    holds: 'an extra route leads into one of the router’s own tenant subnets',
    fails: ({ source, subnet }) =>
      source === 'extra-route' && subnet === undefined
        ? 'the next hop lies in none of the router’s tenant subnets'
        : undefined,
  },
  {
    code: 'no-next-hop',
    holds: 'the leg has an address of the prefix’s family',
    fails: ({ leg, addresses, prefix }) =>
      leg !== undefined && addresses.length === 0
        ? `the leg has no IPv${prefix.family} address`
        : undefined,
  },
  {
    code: 'next-hop-refused',
    holds: 'the next hop is not the external subnet’s own gateway',
    fails: (pair, { snapshot }) =>
      pair.addresses.length > 0 && usableNextHops(pair, snapshot).length === 0
        ? `${pair.addresses.join(', ')} is the gateway_ip of the external subnet: the upstream itself`
        : undefined,
  },
  {
    code: 'scope-mismatch',
    holds: 'the backend does not drop the traffic for its address scope',
    fails: (pair, { snapshot }) =>
      natOf(pair, snapshot) === 'scope-mismatch'
        ? 'subnet and external subnet are in different address scopes: ML2/OVS drops the packets'
        : undefined,
  },
  {
    code: 'snat',
    holds: 'the leg does not NAT the subnet',
    fails: (pair, { snapshot }) =>
      natOf(pair, snapshot) === 'snat'
        ? 'enable_snat is on: the gateway NATs this subnet'
        : undefined,
  },
  {
    code: 'prefix-denied',
    holds: 'no entry of policy.deny hits the prefix',
    fails: (pair, { policy, snapshot }) => {
      const rule = denyingRule(policy, pair, snapshot);
      return rule === undefined ? undefined : `policy.deny ${rule.prefix.text} hits it`;
    },
  },
  {
    code: 'prefix-reserved',
    holds: 'policy.reserved keeps no address of the prefix for others',
    fails: (pair, { policy, snapshot }) => {
      const range = reservedForOthers(policy, pair, snapshot);
      return range && `policy.reserved keeps ${range.prefix.text} for others`;
    },
  },
  {
    code: 'prefix-not-allowed',
    holds: 'an entry of policy.allow lets the prefix through',
    fails: (pair, { policy, snapshot }) =>
      isAllowed(policy, pair, snapshot) ? undefined : 'no entry of policy.allow lets it through',
  },
  {
    code: 'covers-protected',
    holds: 'the prefix covers no address of the OpenStack API or of this host',
    fails: ({ prefix }, { protectedHosts }) => {
      const host = protectedHosts.firstOverlapping(prefix);
      return host && `it covers ${host.address} (${host.what})`;
    },
  },
  {
    code: 'no-upstream',
    holds: 'a configured upstream serves the external network',
    fails: ({ leg }, { servedNetworks }) =>
      leg !== undefined && !servedNetworks.has(leg.networkId)
        ? `no upstream serves external network ${leg.networkId}`
        : undefined,
  },
] as const satisfies readonly Rule[];

export type VerdictCode = 'eligible' | (typeof RULES)[number]['code'];

/** Every verdict with what it means, in the order of judgement; the documentation is made from it. */
export const VERDICTS: ReadonlyMap<VerdictCode, string> = new Map<VerdictCode, string>([
  ...RULES.map(({ code, holds }) => [code, `fails: ${holds}`] as const),
  ['eligible', 'every rule passed'],
]);

/** Judges every pair of the snapshot; the order of the snapshot is kept. */
export function judge(input: EligibilityInput): readonly Candidate[] {
  const facts = factsOf(input);
  const pairsOf = pairLister(input.snapshot, input.policy);
  const candidates: Candidate[] = [];
  for (const side of routerSides(input.snapshot)) {
    for (const pair of pairsOf(side)) {
      candidates.push(judged(pair, facts));
    }
  }
  return candidates;
}

/** Field by field, for the same reason as the pair. */
function judged(pair: Pair, facts: Facts): Candidate {
  const { source, router, legs, leg, prefix, subnet, port, projectId, addresses } = pair;
  const candidate = {
    source,
    router,
    legs,
    leg,
    prefix,
    subnet,
    port,
    projectId,
    addresses,
    nextHops: usableNextHops(pair, facts.snapshot),
    verdict: verdictOn(pair, facts),
    warnings: warningsOf(pair, facts.snapshot),
  };
  return pair.floatingIpId === undefined
    ? candidate
    : { ...candidate, floatingIpId: pair.floatingIpId };
}

function verdictOn(pair: Pair, facts: Facts): VerdictCode {
  for (const { code, fails } of RULES) {
    if (fails(pair, facts) !== undefined) {
      return code;
    }
  }
  return 'eligible';
}

/** All checks of some pairs, for people; a router without a leg is asked only for the leg. */
export function checksOf(
  pairs: readonly Pair[],
  input: EligibilityInput,
): readonly (readonly Check[])[] {
  const facts = factsOf(input);
  return pairs.map((pair) => {
    const rules: readonly (typeof RULES)[number][] =
      pair.leg === undefined ? RULES.slice(0, 1) : RULES;
    return rules.map(({ code, holds, fails }) => {
      const failure = fails(pair, facts);
      return { code, passed: failure === undefined, detail: failure ?? holds };
    });
  });
}

function factsOf(input: EligibilityInput): Facts {
  const externalSubnets = new PrefixIndex<Subnet>();
  for (const { subnetIds } of input.snapshot.externalNetworks.values()) {
    for (const id of subnetIds) {
      const subnet = input.snapshot.subnets.get(id);
      if (subnet !== undefined) {
        externalSubnets.add(subnet.cidr, subnet);
      }
    }
  }
  const protectedHosts = new PrefixIndex<ProtectedAddress>();
  input.protectedAddresses.forEach((host) => protectedHosts.add(hostPrefix(host.address), host));
  return { ...input, externalSubnets, protectedHosts };
}

function hasTag({ router, subnet }: Pair, tag: string): boolean {
  return router.tags.includes(tag) || (subnet?.tags.includes(tag) ?? false);
}

function describeOverlap(prefix: Prefix, subnets: PrefixIndex<Subnet>): string | undefined {
  const subnet = subnets.firstOverlapping(prefix);
  return subnet && `it overlaps external subnet ${subnet.id} (${subnet.cidr.text})`;
}

/** The leg's addresses that may be a next hop: never the external subnet's gateway_ip, which is the upstream. */
function usableNextHops({ leg, addresses }: Pair, { subnets }: Snapshot): readonly Address[] {
  const isUpstream = (address: Address): boolean =>
    leg?.fixedIps.some(({ subnetId }) => subnets.get(subnetId)?.gatewayIp === address) === true;
  // Nearly always all of them, and then the pairs of a leg share one list.
  return addresses.some(isUpstream)
    ? addresses.filter((address) => !isUpstream(address))
    : addresses;
}
