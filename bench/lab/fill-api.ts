/** The lab as its administrator: the login that up.sh wrote, and bare requests with a token. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';

/** Where up.sh of test/lab puts everything. */
export const LAB_DIR = process.env['LAB_DIR'] ?? '/run/route-sync-lab';
const KEYSTONE_MS = 30_000;

export interface Lab {
  /** OS_* variables. */
  readonly env: Readonly<Record<string, string>>;
  readonly token: string;
  /** Ends in `/v2.0`. */
  readonly neutron: string;
}

/** Why there is nothing to measure, or undefined. */
export function whyNoLab(): string | undefined {
  try {
    readLogin();
    return undefined;
  } catch {
    return `no lab in ${LAB_DIR}: run test/lab/up.sh and test/lab/datapath.sh up`;
  }
}

/** Logs in. */
export async function openLab(): Promise<Lab> {
  const env = readLogin();
  const domain = { name: 'Default' };
  const user = { name: env['OS_USERNAME'], password: env['OS_PASSWORD'], domain };
  const { statusCode, headers, body } = await request(`${env['OS_AUTH_URL']}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    headersTimeout: KEYSTONE_MS,
    body: JSON.stringify({
      auth: {
        identity: { methods: ['password'], password: { user } },
        scope: { project: { name: env['OS_PROJECT_NAME'], domain } },
      },
    }),
  });
  const text = await body.text();
  const token = headers['x-subject-token'];
  if (typeof token !== 'string') {
    throw new Error(`the lab's Keystone answered ${statusCode}: ${text.slice(0, 200)}`);
  }
  const { catalog } = (JSON.parse(text) as { readonly token: { readonly catalog: Catalog } }).token;
  const url = catalog.find(({ type }) => type === 'network')?.endpoints[0]?.url;
  return { env, token, neutron: `${url}/v2.0` };
}

type Catalog = readonly {
  readonly type: string;
  readonly endpoints: readonly { readonly url: string }[];
}[];

/** What an answer has of the thing that was made. */
export type Made<K extends string> = Readonly<Record<K, { readonly id: string }>>;

/** One request: `GET`, `routers?name=x`; the parsed answer. Throws for any status but 2xx. */
export async function ask<T>(
  { token, neutron }: Lab,
  [method, path]: readonly ['GET' | 'POST' | 'PUT' | 'DELETE', string],
  sent?: object,
): Promise<T> {
  const { statusCode, body } = await request(`${neutron}/${path}`, {
    method,
    headers: { 'x-auth-token': token, 'content-type': 'application/json' },
    body: sent === undefined ? null : JSON.stringify(sent),
  });
  const text = await body.text();
  if (statusCode >= 300) {
    throw new Error(`${method} ${path}: ${statusCode} ${text.slice(0, 300)}`);
  }
  return (text === '' ? {} : JSON.parse(text)) as T;
}

function readLogin(): Readonly<Record<string, string>> {
  const lines = readFileSync(join(LAB_DIR, 'admin-openrc'), 'utf8').matchAll(
    /^export (\w+)=(.*)$/gm,
  );
  return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]));
}
