/**
 * A small Keystone and Neutron client of the tests' own, so that what they expect is read without the code under test.
 * It takes the credentials that OS_* or OS_CLOUD name.
 */
import { readFileSync } from 'node:fs';

import { Agent, request } from 'undici';
import { parse } from 'yaml';

/** The kinds of Neutron objects that the tests touch: the last part of the URL, and the key of one object. */
const KINDS = {
  routers: 'router',
  ports: 'port',
  networks: 'network',
  subnets: 'subnet',
  subnetpools: 'subnetpool',
  'address-scopes': 'address_scope',
  floatingips: 'floatingip',
  extensions: 'extension',
} as const;

export type Kind = keyof typeof KINDS;

/** What Neutron tells of an object of any kind, as far as the tests look at it. */
export interface CloudObject {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
}

export interface FixedIp {
  readonly subnet_id: string;
  readonly ip_address: string;
}

export interface Router extends CloudObject {
  readonly admin_state_up: boolean;
  readonly external_gateway_info: {
    readonly network_id: string;
    readonly enable_snat: boolean;
    readonly external_fixed_ips: readonly FixedIp[];
  } | null;
  readonly routes: readonly { readonly destination: string; readonly nexthop: string }[];
}

export interface Port extends CloudObject {
  readonly device_id: string;
  readonly device_owner: string;
  readonly network_id: string;
  readonly mac_address: string;
  readonly created_at: string;
  readonly fixed_ips: readonly FixedIp[];
}

export interface Subnet extends CloudObject {
  readonly cidr: string;
  readonly ip_version: 4 | 6;
  readonly network_id: string;
  readonly gateway_ip: string | null;
  readonly subnetpool_id: string | null;
}

export interface SubnetPool extends CloudObject {
  readonly address_scope_id: string | null;
}

export interface FloatingIp extends CloudObject {
  readonly floating_ip_address: string;
  readonly floating_network_id: string;
  readonly router_id: string | null;
}

/** Neutron, logged in to; every call rejects with the whole answer where Neutron refuses. */
export interface CloudApi {
  list<T extends CloudObject>(kind: Kind, query?: string): Promise<readonly T[]>;
  create<T extends CloudObject>(kind: Kind, body: object): Promise<T>;
  update(kind: Kind, id: string, body: object): Promise<void>;
  /** PUT on a path below the object, such as `add_router_interface` or `tags/...`. */
  put(path: readonly [kind: Kind, id: string, below: string], body?: object): Promise<void>;
  remove(kind: Kind, id: string): Promise<void>;
}

type Settings = Readonly<Record<string, string | undefined>>;

/** True where the environment names a cloud. */
export function isCloudNamed(): boolean {
  return [process.env['OS_CLOUD'], process.env['OS_AUTH_URL']].some((name) => name);
}

/** Logs in to the cloud of the environment. */
export async function connectCloud(env = process.env): Promise<CloudApi> {
  const settings = readSettings(env);
  const ca = settings['cacert'];
  const dispatcher = new Agent(ca ? { connect: { ca: readFileSync(ca) } } : {});
  const send = async (
    method: string,
    url: string,
    { body, token }: { readonly body?: object | undefined; readonly token?: string } = {},
  ) => {
    const answer = await request(url, {
      method,
      dispatcher,
      headers: { 'content-type': 'application/json', ...(token && { 'x-auth-token': token }) },
      body: body ? JSON.stringify(body) : null,
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) {
      throw new Error(`${method} ${url}: ${answer.statusCode} ${text}`);
    }
    return { headers: answer.headers, json: text === '' ? {} : (JSON.parse(text) as unknown) };
  };

  const authUrl = (settings['auth_url'] ?? '').replace(/(\/v3)?\/?$/, '/v3');
  const login = await send('POST', `${authUrl}/auth/tokens`, {
    body: { auth: authentication(settings) },
  });
  const token = String(login.headers['x-subject-token']);
  const neutron = `${networkEndpoint(login.json as Login, settings)}/v2.0`;
  const call = async (method: string, path: string, body?: object) =>
    (await send(method, `${neutron}/${path}`, { body, token })).json as Record<string, unknown>;

  return {
    list: async <T>(kind: Kind, query = '') =>
      (await call('GET', `${kind}?${query}`))[kind.replace('-', '_')] as readonly T[],
    create: async <T>(kind: Kind, body: object) =>
      (await call('POST', kind, { [KINDS[kind]]: body }))[KINDS[kind]] as T,
    update: async (kind, id, body) => {
      await call('PUT', `${kind}/${id}`, { [KINDS[kind]]: body });
    },
    put: async (path, body) => {
      await call('PUT', path.join('/'), body);
    },
    remove: async (kind, id) => {
      await call('DELETE', `${kind}/${id}`);
    },
  };
}

/** clouds.yaml and OS_* under the same names: `auth_url`, `username`, `region_name` ... */
function readSettings(env: NodeJS.ProcessEnv): Settings {
  const { OS_CLOUD: cloud, OS_CLIENT_CONFIG_FILE: file = 'clouds.yaml' } = env;
  if (!cloud) {
    const own = Object.entries(env).filter(([key]) => key.startsWith('OS_'));
    return Object.fromEntries(own.map(([key, value]) => [key.slice(3).toLowerCase(), value]));
  }
  const { clouds } = parse(readFileSync(file, 'utf8')) as {
    clouds: Record<string, { auth: Settings }>;
  };
  const entry = clouds[cloud];
  if (entry === undefined) {
    throw new Error(`${file} has no cloud ${cloud}`);
  }
  const { auth, ...others } = entry;
  return { ...others, ...auth };
}

function authentication(settings: Settings): object {
  const credential = settings['application_credential_id'];
  if (credential) {
    const secret = settings['application_credential_secret'];
    const identity = {
      methods: ['application_credential'],
      application_credential: { id: credential, secret },
    };
    return { identity };
  }
  const domain = (whose: 'user' | 'project') => {
    const id = settings[`${whose}_domain_id`];
    return id ? { id } : { name: settings[`${whose}_domain_name`] ?? 'Default' };
  };
  const { username: name, password, project_name: project, project_id: projectId } = settings;
  return {
    identity: {
      methods: ['password'],
      password: { user: { name, domain: domain('user'), password } },
    },
    scope: {
      project: projectId ? { id: projectId } : { name: project, domain: domain('project') },
    },
  };
}

interface Login {
  readonly token: {
    readonly catalog: readonly {
      readonly type: string;
      readonly endpoints: readonly {
        readonly interface: string;
        readonly region: string;
        readonly url: string;
      }[];
    }[];
  };
}

function networkEndpoint(login: Login, settings: Settings): string {
  const { interface: wanted = 'public', region_name: region } = settings;
  const endpoint = login.token.catalog
    .filter(({ type }) => type === 'network')
    .flatMap(({ endpoints }) => endpoints)
    .find((one) => one.interface === wanted && (!region || one.region === region));
  if (endpoint === undefined) {
    throw new Error(`the catalog has no ${wanted} network endpoint`);
  }
  return endpoint.url.replace(/(\/v2\.0)?\/?$/, '');
}
