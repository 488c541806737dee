/** One configured upstream, with the ways to speak to it. */
import type { UpstreamConfig } from '../config/schema.ts';
import type { UpstreamView } from '../core/claims.ts';
import type { ExternalNetwork } from '../core/snapshot.ts';
import type { RouterDriver, RouteScope } from '../drivers/driver.ts';
import { driverFor } from '../drivers/index.ts';
import { RouteSyncError } from '../errors.ts';
import { localTransport } from '../transport/local.ts';
import type { Transport } from '../transport/transport.ts';

export interface Upstream {
  readonly config: UpstreamConfig;
  readonly driver: RouterDriver;
  readonly transport: Transport;
  readonly scope: RouteScope;
}

/** Chooses driver and transport by the configuration; opens nothing yet. */
export function connectUpstream(config: UpstreamConfig): Upstream {
  return withTransport(config, localTransport({ netns: config.via?.netns }));
}

export function withTransport(config: UpstreamConfig, transport: Transport): Upstream {
  const { os, table, protocol, metric } = config;
  return { config, driver: driverFor(os), transport, scope: { table, protocol, metric } };
}

/** Where and what is written, for people. */
export function describeUpstream({ transport, scope }: Upstream): string {
  return `${transport.description}, table ${scope.table}, protocol ${scope.protocol}, metric ${scope.metric}`;
}

/** What is written to, for the lock: the same for everyone who writes there. */
export function lockTarget({ transport, scope }: Upstream): string {
  return `${transport.target} table ${scope.table}`;
}

/** What is written to and with which mark, for the ledger. */
export function ledgerTarget(upstream: Upstream): string {
  const { protocol, metric } = upstream.scope;
  return `${lockTarget(upstream)} protocol ${protocol} metric ${metric}`;
}

/** The configured names and ids of external networks -> ids; throws CLOUD_NETWORK_UNKNOWN. */
export function viewOfUpstream(
  { config }: Upstream,
  networks: ReadonlyMap<string, ExternalNetwork>,
): UpstreamView {
  const idOf = (name: string): string => externalNetworkId(name, networks, config.name);
  return {
    name: config.name,
    networkIds: new Set(config.externalNetworks.map(idOf)),
    devices: new Map(
      Object.entries(config.devices ?? {}).map(([name, device]) => [idOf(name), device]),
    ),
  };
}

function externalNetworkId(
  nameOrId: string,
  networks: ReadonlyMap<string, ExternalNetwork>,
  upstream: string,
): string {
  if (networks.has(nameOrId)) {
    return nameOrId;
  }
  const [match, ...others] = [...networks.values()].filter(({ name }) => name === nameOrId);
  if (match !== undefined && others.length === 0) {
    return match.id;
  }
  const problem =
    match === undefined
      ? 'is not an external network of the cloud'
      : `is the name of ${others.length + 1} external networks; use the id`;
  throw new RouteSyncError(
    'CLOUD_NETWORK_UNKNOWN',
    `externalNetworks of upstream ${upstream}: "${nameOrId}" ${problem} (openstack network list --external)`,
  );
}

/** What shows on the upstream that a route is ours. */
export function markOf({ scope }: Upstream): string {
  return `protocol ${scope.protocol}`;
}
