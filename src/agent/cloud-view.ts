/** The cloud as one cycle sees it: a complete snapshot, and a verdict over everything in it. */
import type { Config } from '../config/schema.ts';
import {
  judge,
  type Candidate,
  type EligibilityInput,
  type ProtectedAddress,
} from '../core/eligibility.ts';
import type { Reading } from '../core/removal.ts';
import type { ExternalNetwork, Snapshot } from '../core/snapshot.ts';
import { RouteSyncError } from '../errors.ts';
import {
  withJointSignal,
  type NetworkClient,
  type OpenStackClient,
} from '../openstack-client-lite/index.ts';
import type { SnapshotFacts } from '../report/report.ts';
import { protectedAddresses } from './protected-addresses.ts';
import { assertSelectors } from './selectors.ts';
import { rememberLast } from './remember.ts';
import { readSnapshot } from './snapshot.ts';
import { revisionsOf, type NumberById } from './stamps.ts';

/** What is judged, and whether it is known that the user sees all projects. */
export interface CloudEligibility extends EligibilityInput {
  /** The snapshot shows a sentinel that is not for everybody to see; undefined is false. */
  readonly isProven?: boolean;
}

export interface CloudView {
  readonly snapshot: Snapshot;
  readonly eligibility: CloudEligibility;
  readonly candidates: readonly Candidate[];
  readonly facts: SnapshotFacts;
  /** Neutron's revision_number by the id of the router or subnet. */
  readonly revisions: NumberById;
  readonly reading: Reading;
  /** When the last reading of the whole cloud began, in Unix milliseconds. */
  readonly wholeAt: number;
  /** Has the answers by id that this view is made of at hand; undefined where none was asked for by id. */
  readonly network: NetworkClient | undefined;
}

export interface CloudSource {
  readonly config: Config;
  readonly client: OpenStackClient;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Reads and judges the cloud; throws SNAPSHOT_DEADLINE, or what readSnapshot throws. */
export async function readCloud(source: CloudSource): Promise<CloudView> {
  return inTime(source, readInTime);
}

/** Reads of the cloud with the deadline of a snapshot; throws SNAPSHOT_DEADLINE. */
export async function inTime<T>(
  source: CloudSource,
  read: (source: CloudSource) => Promise<T>,
): Promise<T> {
  const { config, signal } = source;
  const { snapshotTimeoutSeconds } = config.cloud;
  const sources = { sources: [signal], deadlineMs: snapshotTimeoutSeconds * 1000 };
  return withJointSignal(sources, async (joint) => {
    try {
      return await read({ ...source, signal: joint.signal });
    } catch (cause) {
      signal.throwIfAborted();
      if (joint.isLate()) {
        throw new RouteSyncError(
          'SNAPSHOT_DEADLINE',
          `reading the cloud took longer than cloud.snapshotTimeoutSeconds (${snapshotTimeoutSeconds} s); raise it, or look at the load of Neutron`,
          { cause, retryable: true },
        );
      }
      throw cause;
    }
  });
}

async function readInTime({ config, client, now, signal }: CloudSource): Promise<CloudView> {
  const { policy, cloud } = config;
  const started = now();
  // Before the lists, which would otherwise each try a login that fails.
  await client.token({ signal });
  const { natModel, sentinel } = cloud;
  const snapshot = await readSnapshot({ client, policy, natModel, sentinel, signal });
  assertSelectors(policy, snapshot);
  const { all } = await client.endpoints({ signal });
  const hosts = await protectedAddresses(all.map((url) => new URL(url)));
  return {
    ...describeSnapshot(snapshot, now() - started),
    ...judgeOnce(snapshot, config, JSON.stringify(hosts)),
    reading: 'whole',
    wholeAt: started,
    network: undefined,
  };
}

/** The snapshot with what is told of it; `readMs`: how long reading it took, in milliseconds. */
export function describeSnapshot(
  snapshot: Snapshot,
  readMs: number,
): Pick<CloudView, 'snapshot' | 'facts' | 'revisions'> {
  return {
    snapshot,
    facts: factsOf(snapshot, Math.round(readMs)),
    revisions: revisionsOf(snapshot),
  };
}

/** `hosts`: the protected addresses as JSON, so that equal ones are the same value. */
const judgeOnce = rememberLast(
  (
    snapshot: Snapshot,
    { policy, upstreams, cloud }: Config,
    hosts: string,
  ): Pick<CloudView, 'eligibility' | 'candidates'> => {
    const eligibility = {
      snapshot,
      policy,
      servedNetworks: servedNetworks(upstreams, snapshot.externalNetworks),
      protectedAddresses: JSON.parse(hosts) as readonly ProtectedAddress[],
      isProven: isProof(cloud.sentinel, snapshot),
    };
    return { eligibility, candidates: judge(eligibility) };
  },
);

/** Whoever reads the snapshot saw the sentinel; but an external network is shown to every project. */
function isProof(
  { router, network }: NonNullable<Config['cloud']['sentinel']> = {},
  { externalNetworks }: Snapshot,
): boolean {
  return router !== undefined || (network !== undefined && !externalNetworks.has(network));
}

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
