/** Two small clouds whose answers can be damaged one by one, read through the real client without a network. */
import { hash } from 'node:crypto';
import { createNetworkClient } from '../../src/openstack-client-lite/neutron.ts';
import { type Answer, parseAnswer } from '../../src/openstack-client-lite/answer.ts';
import {
  type OpenStackClient,
  type TokenInfo,
  Secret,
} from '../../src/openstack-client-lite/index.ts';
import { type Cloud, createCloud } from '../../src/demo/model.ts';
import { answerNeutron } from '../../src/demo/neutron.ts';
import type { Json } from './fuzz-mutate.ts';

/** A cloud with the answers that it gives. */
export interface World {
  readonly natModel: 'ovn' | 'ovs';
  readonly answers: (path: string) => Answer;
}

/** `GET /v2.0/ports?...` with its true body -> what the client is to get instead; undefined leaves it true. */
export type Damage = (path: string, body: Json) => { status: number; text: string } | undefined;

const ORIGIN = 'http://192.0.2.200';
const CONFIG = {
  source: 'test',
  authUrl: `${ORIGIN}/v3`,
  credentials: {
    kind: 'password',
    user: { id: 'user' },
    password: new Secret('password'),
  },
  readSecret: async () => new Secret('password'),
  warnings: [],
  scope: undefined,
  region: undefined,
  interface: 'public',
  networkEndpoint: ORIGIN,
  tls: { ca: undefined, cert: undefined, key: undefined, isVerified: true },
} as const;
const ADMIN: TokenInfo = {
  userId: 'user',
  userName: 'user',
  roles: ['admin'],
  project: { id: 'admin', name: 'admin' },
  domain: undefined,
  isSystem: false,
  expiresAt: '2030-01-01T00:00:00Z',
};

/** ML2/OVN: gateways without SNAT, a leg of the recipe, one router with SNAT, floating IP, extra route, IPv6. */
export function ovnWorld(): World {
  const cloud = createCloud({ natModel: 'ovn' });
  const external = cloud.addExternalNetwork('public');
  const externalSubnet = cloud.addSubnet({ network: external, cidr: '203.0.113.0/24' });
  cloud.addSubnet({ network: external, cidr: '2001:db8:100::/64' });
  const project = cloud.addProject('blue');
  const tenant = (name: string, cidrs: readonly string[]): { readonly id: string } => {
    const router = cloud.addRouter({ name, project });
    for (const cidr of cidrs) {
      const network = cloud.addNetwork({ name: `net-${cidr}`, project });
      cloud.addInterface(router, cloud.addSubnet({ network, cidr }));
    }
    return router;
  };
  const web = tenant('web', ['10.1.0.0/24', '2001:db8:a::/64']);
  const addresses = ['203.0.113.10', '2001:db8:100::10'];
  cloud.setGateway(web, { network: external, enableSnat: false, addresses });
  cloud.setRoutes(web, [{ destination: '10.50.0.0/24', nexthop: '10.1.0.7' }]);
  cloud.addLeg(tenant('recipe', ['10.2.0.0/24']), externalSubnet, '203.0.113.20');
  const classic = tenant('classic', ['10.3.0.0/24']);
  cloud.setGateway(classic, { network: external, enableSnat: true, addresses: ['203.0.113.30'] });
  return worldOf('ovn', cloud);
}

/** ML2/OVS, where address scopes and so subnet pools decide. */
export function ovsWorld(): World {
  const cloud = createCloud({ natModel: 'ovs' });
  const scope = cloud.addAddressScope('routed', 4);
  const outer = cloud.addSubnetPool({ name: 'outer', prefixes: ['203.0.113.0/24'], scope });
  const pool = cloud.addSubnetPool({ name: 'tenants', prefixes: ['10.0.0.0/8'], scope });
  const external = cloud.addExternalNetwork('public');
  cloud.addSubnet({ network: external, cidr: '203.0.113.0/24', pool: outer });
  const project = cloud.addProject('blue');
  for (const n of [1, 2]) {
    const router = cloud.addRouter({ name: `router-${n}`, project });
    const network = cloud.addNetwork({ name: `net-${n}`, project });
    cloud.addInterface(router, cloud.addSubnet({ network, cidr: `10.${n}.0.0/24`, pool }));
    const addresses = [`203.0.113.${n}0`];
    cloud.setGateway(router, { network: external, enableSnat: false, addresses });
  }
  return worldOf('ovs', cloud);
}

function worldOf(natModel: World['natModel'], cloud: Cloud): World {
  const known = new Map<string, Answer>();
  const viewer = { isAdmin: true, projectId: undefined };
  return {
    natModel,
    answers: (path) => {
      const before = known.get(path);
      if (before !== undefined) {
        return before;
      }
      const url = new URL(path, ORIGIN);
      const { status, body } = answerNeutron(cloud, {
        method: 'GET',
        viewer,
        url,
        maxPageSize: undefined,
      });
      const answer = answerOf(path, status, body);
      known.set(path, answer);
      return answer;
    },
  };
}

/** Throws as the client does where the status is an error. */
function answerOf(path: string, status: number, text: string): Answer {
  const what = `GET ${path.split('?')[0] ?? path}`;
  const digest = hash('sha256', text);
  const raw = { what, method: 'GET', path, status, headers: {}, text, digest, secrets: [] };
  return parseAnswer(raw, 0);
}

/** A client that sees the world through the damage; nothing is remembered from one client to the next. */
export function clientOf(world: World, damage: Damage, roles: readonly string[]): OpenStackClient {
  const info = { ...ADMIN, roles };
  const session = { token: new Secret('token'), info, catalog: [], renewAtMs: Infinity };
  const http = {
    request: async ({ url }: { readonly url: URL }): Promise<Answer> => {
      const path = `${url.pathname}${url.search}`;
      const truth = world.answers(path);
      const instead = damage(path, truth.json() as Json);
      return instead === undefined ? truth : answerOf(path, instead.status, instead.text);
    },
    close: async () => undefined,
  };
  const keystone = { session: async () => session, forget: () => undefined };
  return {
    network: createNetworkClient({ config: CONFIG, http, keystone }),
    token: async () => info,
    endpoints: async () => ({
      identity: CONFIG.authUrl,
      network: ORIGIN,
      all: [CONFIG.authUrl, ORIGIN],
    }),
    warnings: [],
    close: async () => undefined,
  };
}
