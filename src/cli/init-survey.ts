/** What `route-sync init` asks the cloud. */
import { readCloud, type CloudView } from '../agent/cloud-view.ts';
import type { InitialConfig, ListedNetwork } from '../config/init-document.ts';
import { proposeRanges, type SeenSubnet } from '../config/init-ranges.ts';
import type { Config } from '../config/schema.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { RouteSyncError } from '../errors.ts';
import {
  hasCloudCode,
  loadCloudConfig,
  type OpenStackClient,
} from '../openstack-client-lite/index.ts';
import { escapeText } from '../report/escape.ts';
import { describeSnapshot } from '../report/lines.ts';
import type { CommandContext } from './context.ts';
import { openClient } from './wiring.ts';

export interface Survey extends Pick<
  InitialConfig,
  'seen' | 'proposal' | 'externalNetworks' | 'pools' | 'scopes'
> {
  readonly region: string | undefined;
}

interface Named {
  readonly id: string;
  readonly name: string;
}

/** Reads the cloud as a cycle does, and lists what may be named in a policy. `draft` must let everything through. */
export async function surveyCloud(context: CommandContext, draft: Config): Promise<Survey> {
  const { env, cwd, homeDir } = context;
  const { region } = await loadCloudConfig({ cloudName: draft.cloud.name, env, cwd, homeDir });
  const client = await openClient(context, { config: draft, path: cwd });
  try {
    const networks = await client.network.list('networks', { 'router:external': true });
    if (networks.length === 0) {
      throw new RouteSyncError(
        'CLOUD_NETWORK_UNKNOWN',
        'the cloud shows no external network (openstack network list --external); routes lead to routers on one',
      );
    }
    const pools = await orNone(client.network.list('subnetpools', {}));
    const scopes = await orNone(client.network.list('address-scopes', {}));
    const view = await readAll(client, withNetworks(draft, networks), context.now);
    return { region, ...surveyOf(view, pools, scopes) };
  } finally {
    await client.close();
  }
}

function withNetworks(draft: Config, networks: readonly Named[]): Config {
  const externalNetworks = networks.map(({ id }) => id);
  return { ...draft, upstreams: draft.upstreams.map((each) => ({ ...each, externalNetworks })) };
}

async function readAll(
  client: OpenStackClient,
  config: Config,
  now: () => number,
): Promise<CloudView> {
  const { signal } = new AbortController();
  try {
    return await readCloud({ config, client, now, signal });
  } catch (cause) {
    throw cause instanceof RouteSyncError && cause.code === 'CLOUD_NAT_MODEL_UNKNOWN'
      ? new RouteSyncError(
          cause.code,
          'the API does not tell who does the NAT; run init with --nat-model ovs (the L3 agent) or --nat-model ovn',
          { cause },
        )
      : cause;
  }
}

function surveyOf(
  { snapshot, candidates, facts }: CloudView,
  pools: readonly Named[],
  scopes: readonly Named[],
): Omit<Survey, 'region'> {
  const poolNames = selectorsOf(pools);
  const seen = new Map<string, SeenSubnet>();
  for (const { verdict, subnet } of candidates) {
    if (verdict === 'eligible' && subnet !== undefined) {
      const pool = poolNames.get(subnet.subnetPoolId ?? '');
      seen.set(subnet.id, { prefix: subnet.cidr, pool });
    }
  }
  return {
    seen: describeSnapshot(facts),
    proposal: proposeRanges([...seen.values()]),
    externalNetworks: listNetworks(snapshot),
    pools: [...poolNames.values()].sort(),
    scopes: [...selectorsOf(scopes).values()].sort(),
  };
}

function listNetworks({ externalNetworks, subnets }: Snapshot): readonly ListedNetwork[] {
  const networks = [...externalNetworks.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const selectors = selectorsOf(networks);
  return networks.map(({ id, name, subnetIds }) => {
    const prefixes = subnetIds.flatMap((subnet) => subnets.get(subnet)?.cidr.text ?? []);
    const value = selectors.get(id) ?? id;
    const label = value === id ? [`named "${name}"`] : [];
    return { value, note: [...label, prefixes.join(', ') || 'no subnets'].join(': ') };
  });
}

/** By id what to write for each: its name where nothing else has it and it is plain to read, else its id. */
function selectorsOf(objects: readonly Named[]): ReadonlyMap<string, string> {
  const counts = new Map<string, number>();
  for (const { id, name } of objects) {
    [id, name].forEach((word) => counts.set(word, (counts.get(word) ?? 0) + 1));
  }
  return new Map(
    objects.map(({ id, name }) => [id, counts.get(name) === 1 && isPlain(name) ? name : id]),
  );
}

function isPlain(name: string): boolean {
  return name.length <= 255 && name.trim() === name && name !== '' && escapeText(name) === name;
}

/** A cloud without the extension, or one that shows the list to nobody. */
async function orNone<T>(list: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await list;
  } catch (error) {
    if (hasCloudCode(error, 'CLOUD_NOT_FOUND') || hasCloudCode(error, 'CLOUD_FORBIDDEN')) {
      return [];
    }
    throw error;
  }
}
