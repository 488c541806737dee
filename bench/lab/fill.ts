/**
 * Fills the lab with many routers in seconds: one router is made through the API, the rest are copies of its rows in Neutron's
 * database. The API cannot tell them apart; OVN does not know the copies, so they are only good for reading.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { COPIED_TABLES, copySql, DELETE_SQL, FILL_NAME, type Template, TEMPLATE_SQL } from './fill-sql.ts';

/** One request to Neutron: `GET`, `/v2.0/routers`; the parsed answer, or an error for any status but 2xx. */
export type Api = (method: string, path: string, body?: object) => Promise<Answer>;
type Answer = Readonly<Record<string, unknown>>;

export interface FillSize {
  readonly routers: number;
  /** Of each router. */
  readonly subnets: number;
}

/** The external network of the fill, and the addresses in it; the first router has the first gateway address. */
export const EXTERNAL_NETWORK = `${FILL_NAME}-external`;
export const EXTERNAL_CIDR = '172.30.0.0/16';
/** All tenant prefixes. */
export const TENANT_PREFIX = '10.128.0.0/9';
const FIRST_GATEWAY = '172.30.1.0';
/** Neutron tells OVN, and OVN the state of the ports, a while after the answer. */
const SETTLE_MS = 3000;

/** Makes the routers `bench-fill-0` and on, all with a gateway without SNAT, each with as many subnets. */
export async function fillLab(api: Api, { routers, subnets }: FillSize): Promise<void> {
  await makeTemplate(api, subnets);
  await sleep(SETTLE_MS);
  const template = await readTemplate();
  await runSql(copySql({ template, columns: await readColumns(), copies: routers - 1, subnets }));
}

/** Deletes all that `fillLab` made, also half of it. */
export async function emptyLab(api: Api): Promise<void> {
  await runSql(DELETE_SQL);
  for (const { id: router } of await named(api, 'routers')) {
    for (const { id: port } of await list(api, 'ports', `device_id=${router}&device_owner=network:router_interface`)) {
      await api('PUT', `/v2.0/routers/${router}/remove_router_interface`, { port_id: port });
    }
    await api('DELETE', `/v2.0/routers/${router}`);
  }
  for (const { id } of await named(api, 'networks')) {
    await api('DELETE', `/v2.0/networks/${id}`);
  }
}

async function makeTemplate(api: Api, subnets: number): Promise<void> {
  // Not on the flat network, which has place for one.
  const external = await make(api, 'network', { name: EXTERNAL_NETWORK, 'router:external': true });
  await make(api, 'subnet', {
    name: EXTERNAL_NETWORK,
    network_id: external,
    ip_version: 4,
    cidr: EXTERNAL_CIDR,
    enable_dhcp: false,
  });
  const router = await make(api, 'router', {
    name: `${FILL_NAME}-0`,
    external_gateway_info: {
      network_id: external,
      enable_snat: false,
      external_fixed_ips: [{ ip_address: FIRST_GATEWAY }],
    },
  });
  for (let i = 0; i < subnets; i += 1) {
    const name = `${FILL_NAME}-0-${i}`;
    const network = await make(api, 'network', { name });
    const cidr = `10.128.${i}.0/24`;
    const subnet = await make(api, 'subnet', { name, network_id: network, ip_version: 4, cidr });
    await api('PUT', `/v2.0/routers/${router}/add_router_interface`, { subnet_id: subnet });
  }
}

async function make(api: Api, kind: string, body: object): Promise<string> {
  const answer = await api('POST', `/v2.0/${kind}s`, { [kind]: body });
  return (answer[kind] as { readonly id: string }).id;
}

async function named(api: Api, kind: string): Promise<readonly { readonly id: string }[]> {
  const all = await list(api, kind, 'fields=id&fields=name');
  return all.filter(({ name }) => name?.startsWith(`${FILL_NAME}-`));
}

async function list(
  api: Api,
  kind: string,
  query: string,
): Promise<readonly { readonly id: string; readonly name?: string }[]> {
  const answer = await api('GET', `/v2.0/${kind}?${query}`);
  return answer[kind] as readonly { readonly id: string; readonly name?: string }[];
}

async function readTemplate(): Promise<Template> {
  const rows = await runSql(TEMPLATE_SQL);
  const of = (kind: string): readonly string[] =>
    rows.filter(([first]) => first === kind).map(([, value = '']) => value);
  const [gatewayAddress = ''] = of('gateway');
  return { ids: of('id'), attributes: of('attribute'), vnis: of('vni'), gatewayAddress };
}

async function readColumns(): Promise<ReadonlyMap<string, readonly string[]>> {
  const tables = COPIED_TABLES.map((table) => `'${table}'`).join();
  const rows = await runSql(
    `select table_name, column_name from information_schema.columns
     where table_schema = 'neutron' and table_name in (${tables});`,
  );
  const byTable = Map.groupBy(rows, ([table = '']) => table);
  return new Map([...byTable].map(([table, pairs]) => [table, pairs.map(([, column = '']) => column)]));
}

/** The rows of all results. */
async function runSql(text: string): Promise<readonly (readonly string[])[]> {
  const socket = join(process.env['LAB_DIR'] ?? '/run/route-sync-lab', 'mariadb/mariadb.sock');
  const { stdout, stderr, failed } = await execa(
    'mariadb',
    ['--no-defaults', `--socket=${socket}`, '--batch', '--skip-column-names', 'neutron'],
    { input: text, reject: false },
  );
  if (failed) {
    throw new Error(`Neutron's database at ${socket}: ${stderr.split('\n').at(-1)}`);
  }
  return stdout.split('\n').filter((line) => line !== '').map((line) => line.split('\t'));
}
