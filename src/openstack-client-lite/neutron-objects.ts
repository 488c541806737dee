/**
 * The fields of Neutron's objects that are used, with Neutron's own names and nulls; unknown keys are dropped. A nullable
 * field must be present: absent means that the policy hides it, and that must not look like "there is none".
 */
import { z } from 'zod';

/**
 * What an id looks like: UUIDs, and the readable ones of test clouds. It enters URLs, marks on devices and file names, so
 * nothing that means something there: no slash, no space, no leading dash, and not the dots of a folder.
 */
export const ID_PATTERN = /^(?!-|\.{1,2}$)[A-Za-z0-9_.:\-]{1,255}$/v;

const id = z.string().regex(ID_PATTERN);
/** A reference that may point to nothing. */
const idOrNone = z.union([id, z.literal('')]);

const fixedIps = z.array(z.object({ subnet_id: id, ip_address: z.string() }));
const tags = z.array(z.string()).default([]);
const time = z.string().optional();
/** Only with the extension standard-attr-revisions. */
const revision = z.int().nonnegative().optional();

const gateway = z.object({ network_id: id, external_fixed_ips: fixedIps });

/** The schema of each collection, by its name in Neutron's URLs; the keys are what `fields=` asks for. */
export const NEUTRON_SCHEMAS = {
  routers: z.object({
    id,
    name: z.string(),
    project_id: idOrNone,
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
    revision_number: revision,
  }),
  ports: z.object({
    id,
    device_id: idOrNone,
    device_owner: z.string(),
    network_id: id,
    /** Empty for gateway ports. */
    project_id: idOrNone,
    fixed_ips: fixedIps,
    admin_state_up: z.boolean().optional(),
    tags,
    created_at: time,
    updated_at: time,
  }),
  subnets: z.object({
    id,
    name: z.string(),
    network_id: id,
    project_id: idOrNone,
    ip_version: z.union([z.literal(4), z.literal(6)]),
    cidr: z.string(),
    gateway_ip: z.string().nullable(),
    subnetpool_id: id.nullable(),
    tags,
    created_at: time,
    updated_at: time,
    revision_number: revision,
  }),
  networks: z.object({
    id,
    name: z.string(),
    project_id: idOrNone,
    'router:external': z.boolean(),
    subnets: z.array(id),
    /** Neutron's default policy shows it to the role admin only. */
    'provider:network_type': z.string().nullish(),
  }),
  subnetpools: z.object({
    id,
    name: z.string(),
    address_scope_id: id.nullable(),
  }),
  'address-scopes': z.object({ id, name: z.string() }),
  floatingips: z.object({
    id,
    project_id: idOrNone,
    floating_ip_address: z.string(),
    floating_network_id: id,
    fixed_ip_address: z.string().nullable(),
    router_id: id.nullable(),
  }),
  agents: z.object({
    id,
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

/** Server-side filters: a field equals the value, or one of the values. Only what can be checked in the answer. */
export type NeutronFilters<C extends CollectionName> = {
  readonly [
    K in keyof NeutronObject<C> as NonNullable<NeutronObject<C>[K]> extends Scalar ? K : never
  ]?: ScalarFilter;
} & (NeutronObject<C> extends { readonly fixed_ips: unknown }
  ? { readonly fixed_ips?: FixedIpFilter }
  : unknown);

export type Scalar = string | number | boolean;
export type ScalarFilter = Scalar | readonly string[];
/** One of the port's addresses is one of these, or lies in one of these subnets. */
export type FixedIpFilter =
  | { readonly ip_address: readonly string[] }
  | { readonly subnet_id: readonly string[] };
export type FilterValue = ScalarFilter | FixedIpFilter;
