/** What a change reaches, in the eyes of the last view: the routers that are to be read again, or the whole cloud. */
import type { RouterPort, Snapshot } from '../../core/snapshot.ts';
import type { Touched } from '../events/touched.ts';

export interface Reach {
  readonly routers: ReadonlySet<string>;
  /** Subnets that may have changed, or are new. */
  readonly subnets: ReadonlySet<string>;
  /** Networks that may have become external. */
  readonly networks: ReadonlySet<string>;
}

/** So many routers are always read one by one, and beyond that so large a part of all. */
const FEW_ROUTERS = 50;
const FEW_PART = 0.2;

/**
 * Undefined where the whole cloud has to be read: what external networks are and have decides over every router, and so
 * do subnet pools; and many routers are read faster by the lists.
 */
export function reachOf(touched: Touched, snapshot: Snapshot): Reach | undefined {
  const { externalNetworks, subnets } = snapshot;
  const isOfExternal = (id: string): boolean =>
    externalNetworks.has(subnets.get(id)?.networkId ?? '');
  if (
    touched.everything ||
    [...touched.networks].some((id) => externalNetworks.has(id)) ||
    [...touched.subnets].some(isOfExternal)
  ) {
    return undefined;
  }
  const routers = new Set([...touched.routers, ...routersAround(touched, snapshot)]);
  return routers.size > Math.max(FEW_ROUTERS, FEW_PART * snapshot.routers.length)
    ? undefined
    : { routers, subnets: touched.subnets, networks: touched.networks };
}

/** Those of the known ports, subnets and floating IPs. */
function routersAround(
  { ports, subnets, floatingips }: Touched,
  { interfacePorts, gatewayPorts, floatingIps }: Snapshot,
): readonly string[] {
  const isTouched = ({ id, fixedIps }: RouterPort): boolean =>
    ports.has(id) || fixedIps.some(({ subnetId }) => subnets.has(subnetId));
  const attached = ports.size + subnets.size === 0 ? [] : [...interfacePorts, ...gatewayPorts];
  return [
    ...attached.filter(isTouched),
    ...(floatingips.size === 0 ? [] : floatingIps.filter(({ id }) => floatingips.has(id))),
  ].map(({ routerId }) => routerId);
}
