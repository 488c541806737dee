/** The cloud of a moment ago, with what changed since: only the touched routers are read and judged again. */
import { judge } from '../../core/eligibility.ts';
import { RouteSyncError } from '../../errors.ts';
import { describeSnapshot, inTime, type CloudSource, type CloudView } from '../cloud-view.ts';
import { assertConsistent, assertFullView, assertSentinel } from '../completeness.ts';
import type { Touched } from '../events/touched.ts';
import { askOnce } from '../reread.ts';
import { partOf, patched } from './patch.ts';
import { reachOf, type Reach } from './reach.ts';
import { rereadRouters } from './reread-routers.ts';

/** How often what was touched is read when it changed in between. */
const ATTEMPTS = 3;

/**
 * The view as it is now; itself where nothing of it was touched, and undefined where the whole cloud has to be read.
 * Throws as readCloud does: what was touched is complete, or it is an error.
 */
export async function refreshCloud(
  view: CloudView,
  touched: Touched,
  source: CloudSource,
): Promise<CloudView | undefined> {
  const reach = reachOf(touched, view.snapshot);
  if (reach === undefined || reach.routers.size + reach.networks.size === 0) {
    return reach && view;
  }
  return inTime(source, async (limited) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await refreshOnce(view, reach, limited);
      } catch (error) {
        const isWorthAnother = error instanceof RouteSyncError && error.retryable;
        if (!isWorthAnother || attempt === ATTEMPTS) {
          throw error;
        }
      }
    }
  });
}

async function refreshOnce(
  view: CloudView,
  reach: Reach,
  { client, config: { policy, cloud }, signal }: CloudSource,
): Promise<CloudView | undefined> {
  const { snapshot: before } = view;
  const { floatingIps } = policy;
  const network = askOnce(client.network);
  const reread = await rereadRouters(reach, { network, snapshot: before, floatingIps, signal });
  if (reread === undefined || reread.asked.size === 0) {
    return reread && view;
  }
  const snapshot = patched(before, reread);
  const part = partOf(snapshot, reread.asked);
  const { roles } = await client.token({ signal });
  assertConsistent(part);
  assertFullView(snapshot, { roles });
  // A sentinel network is asked for with the whole cloud.
  await assertSentinel(snapshot, { router: cloud.sentinel?.router }, async () => true);
  const { asked } = reread;
  return {
    ...view,
    // How long the whole takes is what people are told.
    ...describeSnapshot(snapshot, view.facts.readMs),
    eligibility: { ...view.eligibility, snapshot },
    candidates: [
      ...view.candidates.filter(({ router }) => !asked.has(router.id)),
      ...judge({ ...view.eligibility, snapshot: part }),
    ],
    network,
  };
}
