/**
 * A snapshot of the lab's Neutron: ours, the bare requests that it is made of, and the `openstack` command's three lists, one after
 * the other in each round.
 */
import { spawnSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { execa } from 'execa';
import { createOpenStackClient, loadCloudConfig } from '../../src/openstack-client-lite/index.ts';
import { benchSnapshot } from '../compute.ts';
import type { Notes } from '../notes.ts';
import type { Lab } from './fill-api.ts';

export interface SnapshotRequest {
  readonly lab: Lab;
  readonly rounds: number;
  /** What the lab was filled with. */
  readonly routers: number;
  readonly prefixes: number;
  readonly signal: AbortSignal;
}

/** Why the `openstack` command is left out, or undefined. */
export function whyNoCli(): string | undefined {
  return spawnSync('openstack', ['--version'], { env: CLI_ENV }).error === undefined
    ? undefined
    : '`openstack` is missing: install python3-openstackclient';
}

/** Debian's Python, whatever else is installed. */
const CLI_ENV = { PATH: '/usr/bin:/bin' };
const CLI_LISTS = ['router', 'port', 'subnet'] as const;
const REQUEST_MS = 120_000;

/** Throws unless our snapshot has every router and every prefix. About 40 s a round. */
export async function measureSnapshot(request: SnapshotRequest, { note }: Notes): Promise<void> {
  const { lab, rounds } = request;
  for (let round = 0; round < rounds; round += 1) {
    request.signal.throwIfAborted();
    const { ms, urls } = await timeOurs(request);
    note('snapshot', ms);
    note('snapshotRequests', urls.length);
    note('floor', await timeFloor(lab, urls, note));
    note('floorParallel', await timed(async () => Promise.all(urls.map(bareGet(lab)))));
    if (whyNoCli() === undefined) {
      note('cli', await timeCli(lab));
    }
  }
}

/** With a token, as in a running agent; the client is a new one, which remembers no earlier answers. */
async function timeOurs({ lab, routers, prefixes }: SnapshotRequest): Promise<Ours> {
  const { env } = lab;
  const config = await loadCloudConfig({ env, cwd: '/', homeDir: '/' });
  const client = createOpenStackClient(config, { requestTimeoutMs: REQUEST_MS, retries: 0, env });
  const urls: string[] = [];
  const onRequest = (message: unknown): void => {
    const { origin, path } = (message as UndiciMessage).request;
    urls.push(`${String(origin)}${path}`);
  };
  await client.token();
  subscribe('undici:request:create', onRequest);
  try {
    const start = performance.now();
    const snapshot = await benchSnapshot(client);
    const ms = performance.now() - start;
    const found = [snapshot.routers.length, snapshot.interfacePorts.length];
    if ((found[0] ?? 0) < routers || (found[1] ?? 0) < prefixes) {
      throw new Error(`the snapshot has ${found.join(' routers and ')} attached subnets`);
    }
    return { ms, urls };
  } finally {
    unsubscribe('undici:request:create', onRequest);
    await client.close();
  }
}

interface Ours {
  readonly ms: number;
  /** Of its requests. */
  readonly urls: readonly string[];
}

interface UndiciMessage {
  readonly request: { readonly origin: unknown; readonly path: string };
}

/** One after the other, each on a connection of its own; also notes what each kind of list took. */
async function timeFloor(lab: Lab, urls: readonly string[], note: Notes['note']): Promise<number> {
  const byKind = new Map<string, { readonly ms: number; readonly bytes: number }>();
  for (const url of urls) {
    const start = performance.now();
    const bytes = await bareGet(lab)(url);
    const ms = performance.now() - start;
    const kind = kindOf(url);
    const before = byKind.get(kind) ?? { ms: 0, bytes: 0 };
    byKind.set(kind, { ms: before.ms + ms, bytes: before.bytes + bytes });
  }
  for (const [kind, { ms, bytes }] of byKind) {
    note(`floor ${kind}`, ms);
    note(`size ${kind}`, bytes / 1024 ** 2);
  }
  return [...byKind.values()].reduce((sum, { ms }) => sum + ms, 0);
}

/** `ports (router_gateway)`: the collection, and whose ports. */
function kindOf(url: string): string {
  const { pathname, searchParams } = new URL(url);
  const [collection = ''] = pathname.split('/').slice(-1);
  const owner = searchParams.get('device_owner')?.replace('network:', '');
  return owner === undefined ? collection : `${collection} (${owner})`;
}

/** Resolves with the number of bytes; nothing is parsed. */
function bareGet({ token }: Lab): (url: string) => Promise<number> {
  return async (url) => {
    const request = get(url, { agent: false, headers: { 'x-auth-token': token } });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    let bytes = 0;
    for await (const chunk of answer) {
      bytes += (chunk as Buffer).byteLength;
    }
    if (answer.statusCode !== 200) {
      throw new Error(`GET ${url}: ${answer.statusCode}`);
    }
    return bytes;
  };
}

async function timeCli({ env }: Lab): Promise<number> {
  return timed(async () => {
    for (const kind of CLI_LISTS) {
      await execa('openstack', [kind, 'list'], { env: { ...env, ...CLI_ENV }, extendEnv: false });
    }
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
