/** Four tenants that may or may not be there, and what each of them then wants on the upstream. */
import type {
  NeutronFloatingIp,
  NeutronRouter,
  NeutronSubnet,
} from '../../src/demo/neutron-objects.ts';
import type { SmallCloud } from '../cli/small-cloud.ts';
import type { Table } from './model-judge.ts';

export const TENANTS = [0, 1, 2, 3] as const;

export type TenantIndex = (typeof TENANTS)[number];

interface Tenant {
  readonly router: NeutronRouter;
  readonly subnet: NeutronSubnet;
  hop: string;
  isAttached: boolean;
  hasSnat: boolean;
  isOptedOut: boolean;
  floatingIp: NeutronFloatingIp | undefined;
}

/** The last one speaks IPv6. */
export function prefixOfTenant(index: TenantIndex): string {
  return index === 3 ? '2001:db8:a::/64' : `198.51.100.${32 * index}/27`;
}

/** Addresses on the external network; each tenant has three of its own. */
export function addressOf(index: TenantIndex, variant: number): string {
  const host = 10 * (variant + 1) + index;
  return index === 3 ? `2001:db8:100::${host}` : `203.0.113.${host}`;
}

export class Tenants {
  readonly #small: SmallCloud;
  readonly #tenants = new Map<TenantIndex, Tenant>();

  constructor(small: SmallCloud) {
    this.#small = small;
  }

  get size(): number {
    return this.#tenants.size;
  }

  wanted(): Table {
    return new Map(
      [...this.#tenants]
        .filter(([, { isAttached, hasSnat, isOptedOut }]) => isAttached && !hasSnat && !isOptedOut)
        .map(([index, { hop }]) => [prefixOfTenant(index), hop]),
    );
  }

  /** One that is there, to be hidden from the lists. */
  victim(): { readonly router: string; readonly prefix: string } | undefined {
    const [first] = this.#tenants;
    return first && { router: first[1].router.id, prefix: prefixOfTenant(first[0]) };
  }

  /** Makes the tenant, or removes it with its router, interface and subnet. */
  toggle(index: TenantIndex): void {
    const tenant = this.#tenants.get(index);
    if (tenant === undefined) {
      const hop = addressOf(index, 0);
      const made = this.#small.addTenant(`tenant-${index}`, hop, prefixOfTenant(index));
      const plain = { isAttached: true, hasSnat: false, isOptedOut: false, floatingIp: undefined };
      this.#tenants.set(index, { ...made, hop, ...plain });
      return;
    }
    this.#detach(tenant);
    this.#small.cloud.removeRouter(tenant.router);
    this.#tenants.delete(index);
  }

  toggleInterface(index: TenantIndex): void {
    this.#change(index, (tenant) => {
      if (tenant.isAttached) {
        this.#detach(tenant);
      } else {
        this.#small.cloud.addInterface(tenant.router, tenant.subnet);
        tenant.isAttached = true;
      }
    });
  }

  toggleSnat(index: TenantIndex): void {
    this.#change(index, (tenant) => {
      // SNAT is a matter of IPv4.
      tenant.hasSnat = !tenant.hasSnat && index !== 3;
      this.#setGateway(tenant);
    });
  }

  moveGateway(index: TenantIndex, variant: number): void {
    this.#change(index, (tenant) => {
      tenant.hop = addressOf(index, variant);
      this.#setGateway(tenant);
    });
  }

  toggleTag(index: TenantIndex): void {
    this.#change(index, (tenant) => {
      tenant.isOptedOut = !tenant.isOptedOut;
      const tags = tenant.isOptedOut ? ['route-sync:off'] : [];
      this.#small.cloud.setTags('routers', tenant.router, tags);
    });
  }

  /** The upstream is connected to its network, so it never needs a route. */
  toggleFloatingIp(index: TenantIndex): void {
    this.#change(index, (tenant) => {
      const { cloud, externalSubnet } = this.#small;
      if (tenant.floatingIp !== undefined) {
        this.#dropFloatingIp(tenant);
      } else if (tenant.isAttached && index !== 3) {
        const port = cloud.addInstance(tenant.subnet, 'instance');
        tenant.floatingIp = cloud.addFloatingIp({ subnet: externalSubnet, port });
      }
    });
  }

  #change(index: TenantIndex, work: (tenant: Tenant) => void): void {
    const tenant = this.#tenants.get(index);
    if (tenant !== undefined) {
      work(tenant);
    }
  }

  #setGateway({ router, hop, hasSnat }: Tenant): void {
    const { cloud, external } = this.#small;
    cloud.setGateway(router, { network: external, enableSnat: hasSnat, addresses: [hop] });
  }

  #detach(tenant: Tenant): void {
    this.#dropFloatingIp(tenant);
    if (tenant.isAttached) {
      this.#small.cloud.removeInterface(tenant.router, tenant.subnet);
      tenant.isAttached = false;
    }
  }

  #dropFloatingIp(tenant: Tenant): void {
    if (tenant.floatingIp !== undefined) {
      this.#small.cloud.removeFloatingIp(tenant.floatingIp);
      tenant.floatingIp = undefined;
    }
  }
}
