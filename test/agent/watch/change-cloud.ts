/** Changes of a small cloud at random, each with what Neutron's notification of it names. */
import fc from 'fast-check';

import { NOTHING_TOUCHED, type Touched } from '../../../src/agent/events/touched.ts';
import { NeutronError, type NeutronRouter } from '../../../src/demo/neutron-objects.ts';
import type { smallCloud } from '../../cli/small-cloud.ts';

type Small = ReturnType<typeof smallCloud>;

/** One step; the numbers choose among what there is. */
export interface Step {
  readonly what: keyof typeof STEPS;
  readonly which: number;
}

export const steps = fc.array(
  fc.record({
    what: fc.constantFrom(...(Object.keys(stepsOf()) as (keyof typeof STEPS)[])),
    which: fc.nat({ max: 1000 }),
  }),
  { minLength: 1, maxLength: 12 },
);

/** Does it, unless the cloud refuses; a refused request touches nothing. */
export function takeStep(small: Small, { what, which }: Step): Touched {
  try {
    return STEPS[what](small, which);
  } catch (error) {
    if (error instanceof NeutronError) {
      return NOTHING_TOUCHED;
    }
    throw error;
  }
}

function touchedRouter(id: string): Touched {
  return { ...NOTHING_TOUCHED, routers: new Set([id]) };
}

function routerOf({ cloud }: Small, which: number): NeutronRouter | undefined {
  const routers = cloud.list('routers');
  return routers[which % Math.max(1, routers.length)];
}

type Take = (small: Small, which: number) => Touched;

/** A step on some router. */
function onRouter(take: (small: Small, router: NeutronRouter, which: number) => void): Take {
  return (small, which) => {
    const router = routerOf(small, which);
    if (router === undefined) {
      return NOTHING_TOUCHED;
    }
    take(small, router, which);
    return touchedRouter(router.id);
  };
}

const STEPS = stepsOf();

function stepsOf() {
  return {
    routerMade: (small: Small, which: number): Touched => {
      const { cloud, project, external } = small;
      const router = cloud.addRouter({ name: `r${which}`, project });
      cloud.setGateway(router, { network: external, enableSnat: which % 3 === 0 });
      return touchedRouter(router.id);
    },
    routerGone: onRouter(({ cloud }, router) => cloud.removeRouter(router)),
    interfaceMade: (small: Small, which: number): Touched => {
      const router = routerOf(small, which);
      if (router === undefined) {
        return NOTHING_TOUCHED;
      }
      const { cloud, project } = small;
      const network = cloud.addNetwork({ name: 'net', project });
      const cidr = `198.51.100.${(which % 16) * 16}/28`;
      const subnet = cloud.addSubnet({ network, cidr });
      const port = cloud.addInterface(router, subnet);
      return {
        ...touchedRouter(router.id),
        ports: new Set([port.id]),
        subnets: new Set([subnet.id]),
        networks: new Set([network.id]),
      };
    },
    interfaceGone: (small: Small, which: number): Touched => {
      const { cloud, external } = small;
      const ports = cloud
        .list('ports')
        .filter(
          ({ device_owner: owner, network_id: network }) =>
            owner === 'network:router_interface' && network !== external.id,
        );
      const port = ports[which % Math.max(1, ports.length)];
      const [ip] = port?.fixed_ips ?? [];
      if (port === undefined || ip === undefined) {
        return NOTHING_TOUCHED;
      }
      cloud.removeInterface({ id: port.device_id }, { id: ip.subnet_id });
      return { ...touchedRouter(port.device_id), ports: new Set([port.id]) };
    },
    legMade: onRouter(({ cloud, externalSubnet }, router) => cloud.addLeg(router, externalSubnet)),
    gatewaySet: onRouter(({ cloud, external }, router, which) =>
      cloud.setGateway(router, { network: external, enableSnat: which % 2 === 0 }),
    ),
    gatewayCleared: onRouter(({ cloud }, router) => cloud.clearGateway(router)),
    adminState: onRouter(({ cloud }, router, which) =>
      cloud.updateRouter(router, { admin_state_up: which % 2 === 0 }),
    ),
    routerTagged: onRouter(({ cloud }, router, which) =>
      cloud.setTags('routers', router, which % 2 === 0 ? ['route-sync:off'] : []),
    ),
    subnetTagged: ({ cloud, external }: Small, which: number): Touched => {
      const subnets = cloud.list('subnets').filter(({ network_id: id }) => id !== external.id);
      const subnet = subnets[which % Math.max(1, subnets.length)];
      if (subnet === undefined) {
        return NOTHING_TOUCHED;
      }
      cloud.setTags('subnets', subnet, which % 2 === 0 ? ['route-sync:off'] : []);
      return { ...NOTHING_TOUCHED, subnets: new Set([subnet.id]) };
    },
    extraRoutes: onRouter(({ cloud }, router) => {
      const port = cloud
        .list('ports')
        .find(({ device_id: id, device_owner: owner }) => id === router.id && owner.endsWith('ce'));
      const hop = port?.fixed_ips[0]?.ip_address.replace(/\d+$/, (last) => `${Number(last) + 2}`);
      cloud.setRoutes(
        router,
        hop === undefined ? [] : [{ destination: '198.51.100.240/28', nexthop: hop }],
      );
    }),
    instanceMade: ({ cloud, external }: Small, which: number): Touched => {
      const subnets = cloud.list('subnets').filter(({ network_id: id }) => id !== external.id);
      const subnet = subnets[which % Math.max(1, subnets.length)];
      const port = subnet && cloud.addInstance(subnet, 'vm');
      return { ...NOTHING_TOUCHED, ports: new Set(port === undefined ? [] : [port.id]) };
    },
  };
}
