/** Who does the NAT in this cloud: the API is asked for its agents, then for its extensions. */
import type { NatModel } from '../core/snapshot.ts';
import { RouteSyncError } from '../errors.ts';

export interface CloudAgent {
  readonly agent_type: string;
  readonly alive: boolean;
}

/**
 * The agents tell it: those that are alive, else those that once were. Without any, the extension
 * `l3_agent_scheduler` shows the reference L3 plugin: the OVN router plugin does not offer it
 * (neutron/common/ovn/extensions.py). Throws CLOUD_NAT_MODEL_UNKNOWN where both or neither speak.
 */
export function detectNatModel(
  agents: readonly CloudAgent[],
  extensions: readonly string[],
): NatModel {
  const alive = agents.filter((agent) => agent.alive);
  const models = modelsOf(alive.length > 0 ? alive : agents);
  const [model, ...others] = models;
  if (model !== undefined && others.length === 0) {
    return model;
  }
  if (model === undefined && extensions.includes('l3_agent_scheduler')) {
    return 'ovs';
  }
  const evidence =
    model === undefined
      ? 'it shows neither L3 agents nor OVN controllers'
      : 'it shows L3 agents and OVN controllers';
  throw new RouteSyncError(
    'CLOUD_NAT_MODEL_UNKNOWN',
    `the API does not tell who does the NAT: ${evidence}; set cloud.natModel to ovs or ovn`,
  );
}

function modelsOf(agents: readonly CloudAgent[]): readonly NatModel[] {
  const types = agents.map(({ agent_type: type }) => type);
  return [
    ...(types.includes('L3 agent') ? (['ovs'] as const) : []),
    ...(types.some((type) => type.startsWith('OVN Controller')) ? (['ovn'] as const) : []),
  ];
}
