/** What the embedded cloud says about its own deployment: extensions and agents, from which a client tells its NAT model. */
import type { Cloud } from './model.ts';
import type { NeutronAgent } from './neutron-objects.ts';

/** Aliases that Neutron 21 shows under ML2/OVN and under ML2/OVS alike. */
const COMMON_EXTENSIONS = [
  'address-group',
  'address-scope',
  'agent',
  'allowed-address-pairs',
  'auto-allocated-topology',
  'availability_zone',
  'bgp',
  'bgp_4byte_asn',
  'bgp_dragent_scheduler',
  'binding',
  'binding-extended',
  'default-subnetpools',
  'ext-gw-mode',
  'external-net',
  'extra_dhcp_opt',
  'extraroute',
  'fip-port-details',
  'flavors',
  'floating-ip-port-forwarding-detail',
  'floatingip-pools',
  'multi-provider',
  'net-mtu',
  'net-mtu-writable',
  'network-ip-availability',
  'network_availability_zone',
  'pagination',
  'port-device-profile',
  'port-mac-address-regenerate',
  'port-numa-affinity-policy',
  'port-security',
  'project-id',
  'provider',
  'quota-check-limit',
  'quota_details',
  'quotas',
  'rbac-address-scope',
  'rbac-policies',
  'rbac-security-groups',
  'revision-if-match',
  'router',
  'router_availability_zone',
  'security-group',
  'security-groups-normalized-cidr',
  'security-groups-remote-address-group',
  'security-groups-shared-filtering',
  'service-type',
  'sorting',
  'standard-attr-description',
  'standard-attr-revisions',
  'standard-attr-tag',
  'standard-attr-timestamp',
  'stateful-security-group',
  'subnet-service-types',
  'subnet_allocation',
] as const;

const OVN_EXTENSIONS = [
  'dns-domain-ports',
  'dns-integration',
  'dns-integration-domain-keywords',
  'subnet-dns-publish-fixed-ip',
] as const;

const OVS_EXTENSIONS = [
  'agent-resources-synced',
  'availability_zone_filter',
  'dhcp_agent_scheduler',
  'dvr',
  'empty-string-filtering',
  'extraroute-atomic',
  'ip-substring-filtering',
  'l3-flavors',
  'l3-ha',
  'l3-port-ip-change-not-allowed',
  'l3_agent_scheduler',
  'port-mac-override',
  'port-security-groups-filtering',
  'rbac-address-group',
  'rbac-subnetpool',
  'router-admin-state-down-before-update',
  'subnet_onboard',
  'subnetpool-prefix-ops',
] as const;

export interface NeutronExtension {
  readonly alias: string;
  readonly name: string;
  readonly description: string;
  readonly updated: string;
  readonly links: readonly unknown[];
}

export function extensionsOf({ natModel, multihoming }: Cloud): readonly NeutronExtension[] {
  const aliases = [
    ...COMMON_EXTENSIONS,
    ...(natModel === 'ovn' ? OVN_EXTENSIONS : OVS_EXTENSIONS),
    ...(multihoming ? ['external-gateway-multihoming'] : []),
  ];
  const updated = '2016-01-01T00:00:00-00:00';
  return aliases.map((alias) => ({ alias, name: alias, description: '', updated, links: [] }));
}

/** One network node. A client without the role admin gets an empty list instead, not 403. */
export function agentsOf({ natModel }: Cloud): readonly NeutronAgent[] {
  const facts =
    natModel === 'ovn'
      ? { agent_type: 'OVN Controller Gateway agent', binary: 'ovn-controller', topic: 'n/a' }
      : { agent_type: 'L3 agent', binary: 'neutron-l3-agent', topic: 'l3_agent' };
  return [
    {
      ...facts,
      id: 'network-node-1',
      host: 'network-node-1',
      heartbeat_timestamp: '2026-01-01 00:00:00+00:00',
      availability_zone: '',
      description: '',
      configurations: {},
      alive: true,
      admin_state_up: true,
    },
  ];
}
