/** The cloud as one cycle sees it: a complete snapshot, and a verdict over everything in it. */
import type { Config } from '../config/schema.ts';
import {
  judge,
  type Candidate,
  type EligibilityInput,
  type ProtectedAddress,
} from '../core/eligibility.ts';
import type { ExternalNetwork, Snapshot } from '../core/snapshot.ts';
import { RouteSyncError } from '../errors.ts';
import type { OpenStackClient } from '../openstack-client-lite/index.ts';
import type { SnapshotFacts } from '../report/report.ts';
import { protectedAddresses } from './protected-addresses.ts';
import { assertSelectors } from './selectors.ts';
import { rememberLast } from './remember.ts';
import { readSnapshot } from './snapshot.ts';

export interface CloudView {
  readonly snapshot: Snapshot;
  readonly eligibility: EligibilityInput;
  readonly candidates: readonly Candidate[];
  readonly facts: SnapshotFacts;
}

export interface CloudSource {
  readonly config: Config;
  readonly client: OpenStackClient;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Reads and judges the cloud; throws SNAPSHOT_DEADLINE, or what readSnapshot throws. */
export async function readCloud({ config, client, now, signal }: CloudSource): Promise<CloudView> {
  const { policy, cloud } = config;
  const started = now();
  const deadline = AbortSignal.timeout(cloud.snapshotTimeoutSeconds * 1000);
  const either = AbortSignal.any([signal, deadline]);
  try {
    // Before the lists, which would otherwise each try a login that fails.
    await client.token({ signal: either });
    const { natModel } = cloud;
    const snapshot = await readSnapshot({ client, policy, natModel, signal: either });
    assertSelectors(policy, snapshot);
    const { identity, network } = await client.endpoints({ signal: either });
    const hosts = await protectedAddresses([new URL(identity), new URL(network)]);
    const facts = factsOf(snapshot, Math.round(now() - started));
    return { snapshot, facts, ...judgeOnce(snapshot, config, JSON.stringify(hosts)) };
  } catch (cause) {
    signal.throwIfAborted();
    if (deadline.aborted) {
      throw new RouteSyncError(
        'SNAPSHOT_DEADLINE',
        `reading the cloud took longer than cloud.snapshotTimeoutSeconds (${cloud.snapshotTimeoutSeconds} s); raise it, or look at the load of Neutron`,
        { cause, retryable: true },
      );
    }
    throw cause;
  }
}

/** `hosts`: the protected addresses as JSON, so that equal ones are the same value. */
const judgeOnce = rememberLast(
  (
    snapshot: Snapshot,
    { policy, upstreams }: Config,
    hosts: string,
  ): Pick<CloudView, 'eligibility' | 'candidates'> => {
    const eligibility = {
      snapshot,
      policy,
      servedNetworks: servedNetworks(upstreams, snapshot.externalNetworks),
      protectedAddresses: JSON.parse(hosts) as readonly ProtectedAddress[],
    };
    return { eligibility, candidates: judge(eligibility) };
  },
);

function servedNetworks(
  upstreams: Config['upstreams'],
  networks: ReadonlyMap<string, ExternalNetwork>,
): ReadonlySet<string> {
  const named = new Set(upstreams.flatMap(({ externalNetworks }) => externalNetworks));
  return new Set(
    [...networks.values()]
      .filter(({ id, name }) => named.has(id) || named.has(name))
      .map(({ id }) => id),
  );
}

function factsOf(snapshot: Snapshot, readMs: number): SnapshotFacts {
  const { natModel, routers, interfacePorts, gatewayPorts, subnets, externalNetworks } = snapshot;
  return {
    natModel,
    routers: routers.length,
    ports: interfacePorts.length + gatewayPorts.length,
    subnets: subnets.size,
    externalNetworks: externalNetworks.size,
    readMs,
  };
}
