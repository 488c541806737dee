/**
 * Fills the lab with many routers in seconds: one router is made through the API, the rest are copies of its rows in Neutron's
 * database. The API cannot tell them apart; OVN does not know the copies, so they are good for reading only.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, type Lab } from './fill-api.ts';
import {
  COPIED_TABLES,
  copySql,
  DELETE_SQL,
  FILL_NAME,
  type Template,
  TEMPLATE_SQL,
} from './fill-sql.ts';
import { runSql } from './sql.ts';

export interface FillSize {
  readonly routers: number;
  /** Of each router. */
  readonly subnets: number;
}

/** The external network of all routers. */
export const EXTERNAL_NETWORK = `${FILL_NAME}-external`;
/** In front of them. */
export const UPSTREAM_ADDRESS = '172.30.0.1/16';
const EXTERNAL_CIDR = '172.30.0.0/16';
/** The other routers have the addresses after it. */
const FIRST_GATEWAY = '172.30.1.0';
/** Neutron tells OVN, and OVN the state of the ports, a while after the answer. */
const SETTLE_MS = 3000;

/** Whatever happens, all of it is deleted at the end; what an earlier run left is deleted first. */
export async function withFilledLab(
  lab: Lab,
  size: FillSize,
  work: () => Promise<void>,
): Promise<void> {
  await emptyLab(lab);
  try {
    await fillLab(lab, size);
    await work();
  } finally {
    await emptyLab(lab);
  }
}

/** Makes the routers `bench-fill-0` and on, all with a gateway without SNAT. Eleven seconds for 1,000 of 5 subnets. */
export async function fillLab(lab: Lab, { routers, subnets }: FillSize): Promise<void> {
  await makeTemplate(lab, subnets);
  await sleep(SETTLE_MS);
  const template = await readTemplate();
  await runSql(copySql({ template, columns: await readColumns(), copies: routers - 1, subnets }));
}

/** Deletes all that `fillLab` made, also where it did not end. */
export async function emptyLab(lab: Lab): Promise<void> {
  await runSql(DELETE_SQL);
  for (const { id } of await madeByUs(lab, 'routers')) {
    const owned = `ports?device_id=${id}&device_owner=network:router_interface&fields=id`;
    const { ports } = await ask<{ readonly ports: readonly Named[] }>(lab, ['GET', owned]);
    for (const port of ports) {
      const path = `routers/${id}/remove_router_interface`;
      await ask(lab, ['PUT', path], { port_id: port.id });
    }
    await ask(lab, ['DELETE', `routers/${id}`]);
  }
  for (const { id } of await madeByUs(lab, 'networks')) {
    await ask(lab, ['DELETE', `networks/${id}`]);
  }
}

interface Named {
  readonly id: string;
  readonly name: string;
}

async function makeTemplate(lab: Lab, subnets: number): Promise<void> {
  // Not on the flat network, which has place for one.
  const external = await make(lab, 'network', { name: EXTERNAL_NETWORK, 'router:external': true });
  await make(lab, 'subnet', {
    name: EXTERNAL_NETWORK,
    network_id: external,
    ip_version: 4,
    cidr: EXTERNAL_CIDR,
    enable_dhcp: false,
  });
  const router = await make(lab, 'router', {
    name: `${FILL_NAME}-0`,
    external_gateway_info: {
      network_id: external,
      enable_snat: false,
      external_fixed_ips: [{ ip_address: FIRST_GATEWAY }],
    },
  });
  for (let i = 0; i < subnets; i += 1) {
    const name = `${FILL_NAME}-0-${i}`;
    const network = await make(lab, 'network', { name });
    const cidr = `10.128.${i}.0/24`;
    const subnet = await make(lab, 'subnet', { name, network_id: network, ip_version: 4, cidr });
    await ask(lab, ['PUT', `routers/${router}/add_router_interface`], { subnet_id: subnet });
  }
}

async function make(lab: Lab, kind: string, body: object): Promise<string> {
  const answer = await ask<Readonly<Record<string, Named>>>(lab, ['POST', `${kind}s`], {
    [kind]: body,
  });
  return answer[kind]?.id ?? '';
}

async function madeByUs(lab: Lab, kind: 'routers' | 'networks'): Promise<readonly Named[]> {
  const path = `${kind}?fields=id&fields=name`;
  const answer = await ask<Readonly<Record<string, readonly Named[]>>>(lab, ['GET', path]);
  return (answer[kind] ?? []).filter(({ name }) => name.startsWith(`${FILL_NAME}-`));
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
  return new Map(
    [...byTable].map(([table, pairs]) => [table, pairs.map(([, column = '']) => column)]),
  );
}
