/**
 * What Neutron stamps its objects with, by their ids. Asked for seldom, and then of few objects: of a large cloud no map is
 * kept for it.
 */
import type { Snapshot } from '../core/snapshot.ts';

export type NumberById = Pick<ReadonlyMap<string, number>, 'get'>;

/** The revision_number of routers and subnets. */
export function revisionsOf({ routers, subnets }: Snapshot): NumberById {
  const routersById = once(() => new Map(routers.map((router) => [router.id, router])));
  return { get: (id) => (subnets.get(id) ?? routersById().get(id))?.revision };
}

/** When routers, router ports and subnets were last changed in the cloud, in Unix milliseconds. */
export function updateTimesOf(snapshot: Snapshot): NumberById {
  const times = once(() => {
    const all = new Map<string, number>();
    for (const objects of stamped(snapshot)) {
      for (const { id, updatedAt } of objects) {
        if (updatedAt !== undefined) {
          all.set(id, updatedAt);
        }
      }
    }
    return all;
  });
  return { get: (id) => times().get(id) };
}

/** Unix milliseconds; undefined where the cloud has no timestamps. */
export function newestUpdate(snapshot: Snapshot): number | undefined {
  let newest: number | undefined;
  for (const objects of stamped(snapshot)) {
    for (const { updatedAt } of objects) {
      if (updatedAt !== undefined && (newest === undefined || updatedAt > newest)) {
        newest = updatedAt;
      }
    }
  }
  return newest;
}

type Stamped = Iterable<{ readonly id: string; readonly updatedAt?: number | undefined }>;

function stamped({ routers, interfacePorts, gatewayPorts, subnets }: Snapshot): readonly Stamped[] {
  return [routers, interfacePorts, gatewayPorts, subnets.values()];
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
