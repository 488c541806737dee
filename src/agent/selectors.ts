/** The names and ids in the lists of the policy, held against the cloud: a typo must not open a deny list. */
import type { Policy, Selectors } from '../core/policy.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { RouteSyncError } from '../errors.ts';

const SELECTORS = {
  externalNetworks: 'external network',
  subnetPools: 'subnet pool',
  addressScopes: 'address scope',
} as const;

type Selector = keyof typeof SELECTORS;

/** Throws POLICY_SELECTOR_UNKNOWN for a name or id that the cloud does not have, or that several objects share. */
export function assertSelectors(policy: Policy, snapshot: Snapshot): void {
  const named = namesBySelector(snapshot);
  for (const list of ['allow', 'deny', 'reserved'] as const) {
    policy[list].forEach((entry, index) => assertEntry(entry, `policy.${list}[${index}]`, named));
  }
}

function assertEntry(entry: Selectors, place: string, named: Record<Selector, Names>): void {
  for (const selector of Object.keys(SELECTORS) as Selector[]) {
    const names = named[selector];
    const unfit = entry[selector].find((text) => countOf(names, text) !== 1);
    if (unfit !== undefined) {
      const where = `${place}.${selector}: "${unfit}"`;
      throw unknownSelector(where, SELECTORS[selector], countOf(names, unfit));
    }
  }
}

type Names = ReadonlyMap<string, string>;

function namesBySelector(snapshot: Snapshot): Record<Selector, Names> {
  const networks = [...snapshot.externalNetworks.values()];
  return {
    externalNetworks: new Map(networks.map(({ id, name }) => [id, name])),
    subnetPools: snapshot.poolNames,
    addressScopes: snapshot.scopeNames,
  };
}

/** How many objects the text means: an id means one, a name may be shared. */
function countOf(names: Names, text: string): number {
  return names.has(text) ? 1 : [...names.values()].filter((name) => name === text).length;
}

function unknownSelector(place: string, what: string, found: number): RouteSyncError {
  const problem =
    found === 0
      ? `is not the name or id of any ${what} of the cloud; correct it, or nothing is changed`
      : `is the name of ${found} ${what}s; use the id`;
  return new RouteSyncError('POLICY_SELECTOR_UNKNOWN', `${place} ${problem}`);
}
