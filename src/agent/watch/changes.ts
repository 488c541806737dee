/**
 * What changed in the cloud, asked for with `changed_since`: some hundred bytes instead of the lists. It cannot show what
 * was deleted, so nothing is ever missed for good: the whole cloud is read from time to time. A router's revision and
 * `updated_at` move with its interfaces (neutron/db/models/l3.py, RouterPort.revises_on_change).
 */
import { hasCloudCode, type NeutronObject } from '../../openstack-client-lite/index.ts';
import type { CloudSource, CloudView } from '../cloud-view.ts';
import { NOTHING_TOUCHED, type Touched } from '../events/touched.ts';
import { GATEWAY_OWNER, INTERFACE_OWNERS } from '../snapshot.ts';
import { newestUpdate, updateTimesOf } from '../stamps.ts';

/** Asks one cloud, and remembers whether it can tell. */
export interface ChangeFeed {
  /** Undefined where this cloud does not tell: no timestamps, or filters are validated. */
  readonly since: (view: CloudView, source: CloudSource) => Promise<Touched | undefined>;
}

/** A change is stamped when it is made and shows when it is committed. */
const MARGIN_MS = 30_000;

export function changeFeed(): ChangeFeed {
  let isOffered = true;
  return {
    since: async (view, source) => {
      const newest = newestUpdate(view.snapshot);
      if (!isOffered || newest === undefined) {
        return undefined;
      }
      try {
        return await changesSince(newest - MARGIN_MS, view, source);
      } catch (error) {
        if (!hasCloudCode(error, 'CLOUD_REJECTED')) {
          throw error;
        }
        isOffered = false;
        return undefined;
      }
    },
  };
}

async function changesSince(
  ms: number,
  { snapshot }: CloudView,
  { client: { network }, signal }: CloudSource,
): Promise<Touched> {
  const since = new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
  const owners = { device_owner: [...INTERFACE_OWNERS, GATEWAY_OWNER] };
  const [routers, ports, subnets] = await Promise.all([
    network.changedSince('routers', since, { signal }),
    network.changedSince('ports', since, { signal, filters: owners }),
    network.changedSince('subnets', since, { signal }),
  ]);
  const times = updateTimesOf(snapshot);
  const isNew = ({ id, updated_at: at }: Stamped): boolean =>
    at === undefined || times.get(id) !== Date.parse(at);
  const routersOfPorts = ports.filter(isNew).map((port) => port.device_id);
  return {
    ...NOTHING_TOUCHED,
    routers: new Set([...idsOf(routers.filter(isNew)), ...routersOfPorts]),
    subnets: new Set(idsOf(subnets.filter(isNew))),
    networks: new Set(subnets.filter(isNew).map((subnet) => subnet.network_id)),
  };
}

type Stamped = Pick<NeutronObject<'routers'>, 'id' | 'updated_at'>;

function idsOf(objects: readonly Stamped[]): readonly string[] {
  return objects.map(({ id }) => id);
}
