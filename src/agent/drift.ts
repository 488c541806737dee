/** Routes of ours that a restart of the router would lose or bring back: what runs against what it starts with. */
import { sameNextHops } from '../core/next-hops.ts';
import { ownedRoutesOf } from '../core/owned.ts';
import type { InstalledRoute, UpstreamState } from '../core/route.ts';
import type { UpstreamAccess } from './gather.ts';

/** Prefixes in canonical text; undefined where the router has nothing to save. */
export async function unsavedPrefixes(
  upstream: UpstreamAccess,
  running: UpstreamState,
): Promise<readonly string[] | undefined> {
  const { driver, transport, scope, signal } = upstream;
  const questions = driver.gatherSaved(scope);
  if (questions === undefined) {
    return undefined;
  }
  const outputs = await Promise.all(questions.map(async (each) => transport.run(each, signal)));
  const saved = ownedRoutesOf(driver.parse(scope, outputs));
  const now = ownedRoutesOf(running);
  return [...new Set([...now.keys(), ...saved.keys()])].filter(
    (prefix) => !areSame(now.get(prefix) ?? [], saved.get(prefix) ?? []),
  );
}

function areSame(now: readonly InstalledRoute[], saved: readonly InstalledRoute[]): boolean {
  return (
    now.length === saved.length &&
    now.every(({ nextHops }) => saved.some((each) => sameNextHops(nextHops, each.nextHops)))
  );
}
