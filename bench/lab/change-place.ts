/**
 * What is changed on the lab: one router, its external network and a tenant network. All subnets are from pools of one address
 * scope, without which neutron-dynamic-routing announces nothing.
 */
import { ask, type Lab, type Made } from './fill-api.ts';

export interface ChangePlace {
  readonly name: string;
  /** The external one. */
  readonly network: string;
  /** Of the external network. */
  readonly subnet: string;
  readonly router: string;
  /** For the subnets behind the router. */
  readonly tenantPool: string;
}

/** The addresses that are next hops, and those behind the router: the first two numbers. */
export const NEXT_HOPS = '172.16';
export const TENANT = '10.77';

/** Makes the external network and the router, and always removes them with all that is left on the router. */
export async function withChangePlace<T>(
  lab: Lab,
  name: string,
  work: (place: ChangePlace) => Promise<T>,
): Promise<T> {
  const undo: (() => Promise<unknown>)[] = [];
  const make = async (kind: string, body: object): Promise<string> => {
    const made = await ask<Made<string>>(lab, ['POST', `${kind}s`], { [plain(kind)]: body });
    const id = made[plain(kind)]?.id ?? '';
    undo.unshift(async () => remove(lab, kind, id));
    return id;
  };
  try {
    const scope = await make('address-scope', { name, ip_version: 4 });
    const makePool = async (prefix: string): Promise<string> =>
      make('subnetpool', {
        name: `${name}-${prefix}`,
        prefixes: [`${prefix}.0.0/16`],
        address_scope_id: scope,
      });
    const externalPool = await makePool(NEXT_HOPS);
    const tenantPool = await makePool(TENANT);
    const network = await make('network', { name, 'router:external': true });
    const subnet = await makeSubnet(lab, {
      network,
      cidr: `${NEXT_HOPS}.0.0/16`,
      pool: externalPool,
    });
    const router = await make('router', {
      name,
      external_gateway_info: { network_id: network, enable_snat: false },
    });
    return await work({ name, network, subnet, router, tenantPool });
  } finally {
    for (const step of undo) {
      await step();
    }
  }
}

/** Works with a network and a subnet that the router is not attached to yet. */
export async function withTenantSubnet(
  lab: Lab,
  { name, router, tenantPool: pool }: ChangePlace,
  { cidr, work }: { readonly cidr: string; readonly work: (subnet: string) => Promise<void> },
): Promise<void> {
  const { network } = await ask<Made<'network'>>(lab, ['POST', 'networks'], {
    network: { name: `${name}-tenant` },
  });
  try {
    await work(await makeSubnet(lab, { network: network.id, cidr, pool }));
  } finally {
    await detachAll(lab, router);
    await ask(lab, ['DELETE', `networks/${network.id}`]);
  }
}

interface SubnetRequest {
  readonly network: string;
  readonly cidr: string;
  readonly pool: string;
}

async function makeSubnet(lab: Lab, { network, cidr, pool }: SubnetRequest): Promise<string> {
  const { subnet } = await ask<Made<'subnet'>>(lab, ['POST', 'subnets'], {
    subnet: {
      network_id: network,
      subnetpool_id: pool,
      ip_version: 4,
      cidr,
      enable_dhcp: false,
    },
  });
  return subnet.id;
}

async function remove(lab: Lab, kind: string, id: string): Promise<void> {
  if (kind === 'router') {
    await detachAll(lab, id);
  }
  await ask(lab, ['DELETE', `${kind}s/${id}`]);
}

/** The name in a body of what has that name in a URL. */
function plain(kind: string): string {
  return kind.replaceAll('-', '_');
}

/** Extra routes first: an interface that one of them needs cannot be removed. */
async function detachAll(lab: Lab, router: string): Promise<void> {
  await ask(lab, ['PUT', `routers/${router}`], { router: { routes: [] } });
  const owner = 'device_owner=network:router_interface';
  const { ports } = await ask<{ readonly ports: readonly { readonly id: string }[] }>(lab, [
    'GET',
    `ports?device_id=${router}&${owner}&fields=id`,
  ]);
  for (const { id } of ports) {
    await ask(lab, ['PUT', `routers/${router}/remove_router_interface`], { port_id: id });
  }
}
