/** Divides the routes of one upstream by the external network, or by the project, that they come from. */
import type { Origin } from './route.ts';

export interface Grouping {
  readonly key: 'perExternalNetwork' | 'perProject';
  /** What one group is, for people. */
  readonly name: string;
  readonly idOf: (origin: Origin) => string;
}

export const BY_NETWORK: Grouping = {
  key: 'perExternalNetwork',
  name: 'external network',
  idOf: ({ network }) => network,
};

export const BY_PROJECT: Grouping = {
  key: 'perProject',
  name: 'project',
  idOf: ({ project }) => project,
};

/** The group of routes of which nobody knows where they come from. */
const UNKNOWN = 'unknown';

/** The groups of a route, each once: several only if it comes from several networks or projects. */
export function groupsOf(origins: readonly Origin[], { idOf }: Grouping): readonly string[] {
  const ids = origins.map((origin) => idOf(origin) || UNKNOWN);
  return ids.length === 0 ? [UNKNOWN] : [...new Set(ids)];
}

/** How many of some routes are in each group. */
export function tally(groups: readonly (readonly string[])[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const group of groups.flat()) {
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return counts;
}
