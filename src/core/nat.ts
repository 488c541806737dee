/**
 * Does this leg NAT, or drop, the traffic of this subnet? Each backend decides differently on the same objects.
 *
 *     backend  family  leg        routable if
 *     ovs      4       gateway    scopes equal, and (SNAT off or scope not null)
 *     ovs      4       interface  scopes equal
 *     ovs      6       any        scopes equal
 *     ovn      4       gateway    SNAT off
 *     ovn      4       interface  always
 *     ovn      6       any        always
 *
 * Sources: neutron/agent/l3/router_info.py (_add_snat_rules, process_external_port_address_scope_routing,
 * _add_address_scope_mark) for ML2/OVS; neutron/plugins/ml2/drivers/ovn/mech_driver/ovsdb/ovn_client.py
 * (update_nat_rules) for ML2/OVN, which ignores address scopes.
 */
import type { Pair } from './candidates.ts';
import type { Leg } from './legs.ts';
import type { Family } from './prefix.ts';
import type { NatModel, Snapshot } from './snapshot.ts';

export interface NatQuestion {
  readonly natModel: NatModel;
  readonly family: Family;
  readonly legKind: 'gateway' | 'interface';
  readonly enableSnat: boolean;
  /** Address scope of the leg's external subnet in this family; undefined is Neutron's "no scope". */
  readonly legScope: string | undefined;
  readonly subnetScope: string | undefined;
}

export type NatAnswer = 'routed' | 'snat' | 'scope-mismatch';

/** What the backend does with packets between the leg and the subnet. */
export function natAnswer(question: NatQuestion): NatAnswer {
  const { natModel, family, legKind, enableSnat, legScope, subnetScope } = question;
  if (natModel === 'ovs' && legScope !== subnetScope) {
    return 'scope-mismatch';
  }
  const canSnat = family === 4 && legKind === 'gateway' && enableSnat;
  const scopeExempts = natModel === 'ovs' && legScope !== undefined;
  return canSnat && !scopeExempts ? 'snat' : 'routed';
}

/** The same for one pair of the cloud. */
export function natOf(pair: Pair, snapshot: Snapshot): NatAnswer {
  const { leg, router, prefix, subnet, source } = pair;
  if (leg === undefined || source === 'floating-ip') {
    return 'routed';
  }
  return natAnswer({
    natModel: snapshot.natModel,
    family: prefix.family,
    legKind: leg.kind,
    enableSnat: router.enableSnat,
    legScope: legScope(leg, prefix.family, snapshot),
    subnetScope: subnet?.addressScopeId,
  });
}

function legScope(leg: Leg, family: Family, { subnets }: Snapshot): string | undefined {
  for (const { subnetId } of leg.fixedIps) {
    const subnet = subnets.get(subnetId);
    if (subnet?.cidr.family === family) {
      return subnet.addressScopeId;
    }
  }
  return undefined;
}
