/** What is wrong with the cloud or with the way to the upstream during one cycle. */
import type { Fault, SeenRequest } from '../../src/demo/cloud.ts';

export const WEATHERS = ['fair', 'down', 'narrow', 'cut', 'html', 'lie', 'upstream'] as const;

/**
 * `down`, `cut` and `html` break each answer of Neutron; `narrow` shows no router, but its ports; `lie` hides one router
 * with all that is its own; `upstream` is a router that cannot be reached.
 */
export type Weather = (typeof WEATHERS)[number];

type Row = Readonly<Record<string, unknown>>;

/** The answer to a list in that weather; `victim` is the id of the router that a lie hides. */
export function faultIn(
  weather: Weather,
  { url }: SeenRequest,
  victim: string | undefined,
): Fault | undefined {
  if (!url.includes('/v2.0/')) {
    return undefined;
  }
  const isRouters = url.includes('/routers?');
  const isLied = isRouters || url.includes('/ports?') || url.includes('/floatingips?');
  const faults: Readonly<Record<Weather, Fault | undefined>> = {
    fair: undefined,
    down: { status: 503, body: '' },
    cut: { truncateAt: 20 },
    html: { body: '<html></html>' },
    narrow: isRouters ? { body: without(() => true) } : undefined,
    // Asked for by its id, the router is still there.
    lie: isLied ? { body: without((row) => ownerOf(row) === victim) } : undefined,
    upstream: undefined,
  };
  return faults[weather];
}

function ownerOf(row: Row): unknown {
  return row['device_id'] ?? row['router_id'] ?? row['id'];
}

function without(isLost: (row: Row) => boolean): (body: string) => string {
  return (body) =>
    JSON.stringify(
      Object.fromEntries(
        Object.entries(JSON.parse(body) as Record<string, readonly Row[]>).map(([key, rows]) => [
          key,
          rows.filter((row) => !isLost(row)),
        ]),
      ),
    );
}
