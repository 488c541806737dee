/**
 * The fields of Neutron's objects that are used, with Neutron's own names and nulls; unknown keys are dropped. A nullable
 * field must be present: absent means that the policy hides it, and that must not look like "there is none".
 */
import { z } from 'zod';

const fixedIps = z.array(z.object({ subnet_id: z.string(), ip_address: z.string() }));
const tags = z.array(z.string()).default([]);
const time = z.string().optional();

const gateway = z.object({ network_id: z.string(), external_fixed_ips: fixedIps });

/** The schema of each collection, by its name in Neutron's URLs; the keys are what `fields=` asks for. */
export const NEUTRON_SCHEMAS = {
  routers: z.object({
    id: z.string(),
    name: z.string(),
    project_id: z.string(),
    admin_state_up: z.boolean(),
    status: z.string(),
    /** `enable_snat` is absent where the cloud has no ext-gw-mode. */
    external_gateway_info: gateway.extend({ enable_snat: z.boolean().optional() }).nullable(),
    /** Only with the extension external-gateway-multihoming. */
    external_gateways: z.array(gateway).optional(),
    routes: z.array(z.object({ destination: z.string(), nexthop: z.string() })).default([]),
    tags,
    created_at: time,
    updated_at: time,
    revision_number: z.number().optional(),
  }),
  ports: z.object({
    id: z.string(),
    device_id: z.string(),
    device_owner: z.string(),
    network_id: z.string(),
    /** Empty for gateway ports. */
    project_id: z.string(),
    fixed_ips: fixedIps,
    admin_state_up: z.boolean().optional(),
    tags,
    created_at: time,
  }),
  subnets: z.object({
    id: z.string(),
    name: z.string(),
    network_id: z.string(),
    project_id: z.string(),
    ip_version: z.union([z.literal(4), z.literal(6)]),
    cidr: z.string(),
    gateway_ip: z.string().nullable(),
    subnetpool_id: z.string().nullable(),
    tags,
    created_at: time,
  }),
  networks: z.object({
    id: z.string(),
    name: z.string(),
    project_id: z.string(),
    'router:external': z.boolean(),
    subnets: z.array(z.string()),
  }),
  subnetpools: z.object({
    id: z.string(),
    name: z.string(),
    address_scope_id: z.string().nullable(),
  }),
  'address-scopes': z.object({ id: z.string(), name: z.string() }),
  floatingips: z.object({
    id: z.string(),
    project_id: z.string(),
    floating_ip_address: z.string(),
    floating_network_id: z.string(),
    fixed_ip_address: z.string().nullable(),
    router_id: z.string().nullable(),
  }),
  agents: z.object({
    id: z.string(),
    agent_type: z.string(),
    binary: z.string(),
    host: z.string(),
    alive: z.boolean(),
  }),
  /** Extensions have no id; their alias is one. */
  extensions: z.object({ alias: z.string() }),
} as const;

export type CollectionName = keyof typeof NEUTRON_SCHEMAS;

/** One validated object of a collection. */
export type NeutronObject<C extends CollectionName> = z.output<(typeof NEUTRON_SCHEMAS)[C]>;

/** Server-side filters: a field equals the value, or one of the values. Only scalar fields, as only these can be checked in the answer. */
export type NeutronFilters<C extends CollectionName> = {
  readonly [
    K in keyof NeutronObject<C> as NonNullable<NeutronObject<C>[K]> extends Scalar ? K : never
  ]?: FilterValue;
};

export type Scalar = string | number | boolean;
export type FilterValue = Scalar | readonly string[];
