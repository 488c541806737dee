/**
 * A generated cloud behind HTTP, as a process of its own: Keystone and the lists of Neutron that the agent reads, page by
 * page, each made when it is asked for. Prints its OS_* variables as JSON, then serves until its standard input ends.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Identity } from '../src/demo/identity.ts';
import { type Answer, json, Keystone, unauthorized } from '../src/demo/keystone.ts';
import { answerList, pickFields, type Row } from '../src/demo/neutron-lists.ts';
import {
  externalNetwork,
  externalSubnets,
  gatewayPortOf,
  interfacePortOf,
  routerOf,
  routersOf,
  slotsOf,
  subnetOf,
  uuid,
} from './cloud-objects.ts';
import type { CloudServerRequest } from './cloud-process.ts';

/** A list whose objects are made one by one. */
interface LazyList {
  readonly length: number;
  readonly at: (place: number) => Row;
  /** Where the object with that id is. */
  readonly placeOf: (id: string) => number;
}

const CONTROLS = new Set(['fields', 'limit', 'marker', 'page_reverse', 'sort_key', 'sort_dir']);
/** Filters that choose a list as a whole. */
const CHOOSERS = new Set(['device_owner', 'router:external']);
const GATEWAYS = 'network:router_gateway';

const { size, delayMs, pageSize } = JSON.parse(process.argv[2] ?? '') as CloudServerRequest;
const slots = slotsOf(size, 'before');
const placeOfIndex = new Map(slots.map(({ index }, place) => [index, place]));
const routers = routersOf(size);
const outside = externalSubnets();

const routerList: LazyList = {
  length: routers,
  at: (place) => ({ ...routerOf(place) }),
  placeOf: numberOf,
};
const gatewayList: LazyList = { ...routerList, at: (place) => ({ ...gatewayPortOf(place) }) };
const interfaceList: LazyList = {
  length: slots.length,
  at: (place) => ({ ...interfacePortOf(slotAt(place)) }),
  placeOf: (id) => placeOfIndex.get(numberOf(id)) ?? -1,
};
const subnetList: LazyList = {
  length: outside.length + slots.length,
  at: (place) => ({ ...(outside[place] ?? subnetOf(slotAt(place - outside.length))) }),
  placeOf: (id) => {
    const place = outside.findIndex((subnet) => subnet.id === id);
    return place < 0 ? outside.length + (placeOfIndex.get(numberOf(id)) ?? Number.NaN) : place;
  },
};

const server = createServer({ maxHeaderSize: 256 * 1024 });
await new Promise<void>((resolve) => {
  server.listen(0, '127.0.0.1', resolve);
});
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const identity = new Identity(drawIds());
const keystone = new Keystone(identity, { origin, tokenSeconds: 86_400, now: () => new Date() });
server.on('request', (request, response) => {
  const answered = async (): Promise<void> => {
    const url = new URL(request.url ?? '/', origin);
    const token = request.headers['x-auth-token'];
    const answer = url.pathname.startsWith('/identity')
      ? answerIdentity(url, await text(request))
      : answerNetworking(url, typeof token === 'string' ? token : undefined);
    if (!url.pathname.startsWith('/identity')) {
      await sleep(delayMs);
    }
    response.writeHead(answer.status, answer.headers).end(answer.body);
  };
  answered().catch((error: unknown) => {
    response.writeHead(500, { 'Content-Type': 'text/plain' }).end(String(error));
  });
});
const { admin } = identity;
process.stdout.write(
  `${JSON.stringify({
    OS_AUTH_URL: `${origin}/identity/v3`,
    OS_USERNAME: admin.name,
    OS_PASSWORD: admin.password,
    OS_PROJECT_NAME: admin.project.name,
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
  })}\n`,
);
process.stdin.resume().on('end', () => process.exit(0));

function answerIdentity({ pathname }: URL, body: string): Answer {
  return pathname.endsWith('/auth/tokens')
    ? keystone.issue(body)
    : json(200, { version: { id: 'v3.14', status: 'stable', links: [] } });
}

function answerNetworking(url: URL, token: string | undefined): Answer {
  if (keystone.bearer(token) === undefined) {
    return unauthorized(origin);
  }
  const [collection = '', id] = url.pathname.replace(/^.*\/v2\.0\//, '').split('/');
  const lists = listsOf(collection, url.searchParams);
  const key = collection.replaceAll('-', '_');
  if (id === undefined) {
    return json(200, answerOf(lists, { key, url }));
  }
  const row = lists
    .map((list) => ({ list, place: list.placeOf(id) }))
    .filter(({ list, place }) => place >= 0 && place < list.length)
    .map(({ list, place }) => list.at(place))
    .find((found) => found['id'] === id);
  const missing = { NeutronError: { type: 'NotFound', message: `${id} not found`, detail: '' } };
  return row === undefined
    ? json(404, missing)
    : json(200, { [key.replace(/s$/, '')]: pickFields(row, url.searchParams.getAll('fields')) });
}

function listsOf(collection: string, query: URLSearchParams): readonly LazyList[] {
  const owners = query.getAll('device_owner');
  const wants = (isGateway: boolean): boolean =>
    owners.length === 0 || owners.some((owner) => (owner === GATEWAYS) === isGateway);
  switch (collection) {
    case 'routers':
      return [routerList];
    case 'ports':
      return [...(wants(true) ? [gatewayList] : []), ...(wants(false) ? [interfaceList] : [])];
    case 'subnets':
      return [subnetList];
    case 'networks':
      return [{ length: 1, at: () => ({ ...externalNetwork() }), placeOf: () => 0 }];
    default:
      return [];
  }
}

/** With a filter that looks into the objects all of them are looked at, and come on one page. */
function answerOf(
  lists: readonly LazyList[],
  { key, url }: { readonly key: string; readonly url: URL },
): Row {
  const query = new URLSearchParams(url.searchParams);
  const marker = query.get('marker');
  query.delete('marker');
  const address = `${url.origin}${url.pathname}`;
  const filters = [...query.keys()].filter((name) => !CONTROLS.has(name) && !CHOOSERS.has(name));
  const [first] = lists;
  if (filters.length > 0 || lists.length !== 1 || first === undefined) {
    const rows = lists.flatMap((list) => rowsOf(list, 0, list.length));
    return answerList(rows, { query, url: address, key, maxPageSize: undefined });
  }
  const from = marker === null ? 0 : first.placeOf(marker) + 1;
  const rows = rowsOf(first, from, Math.min(from + pageSize, first.length));
  return answerList(rows, { query, url: address, key, maxPageSize: pageSize });
}

function rowsOf({ at }: LazyList, from: number, to: number): readonly Row[] {
  return Array.from({ length: Math.max(to - from, 0) }, (_, i) => at(from + i));
}

function slotAt(place: number): (typeof slots)[number] {
  const slot = slots[place];
  if (slot === undefined) {
    throw new RangeError(`the cloud has no prefix ${place}`);
  }
  return slot;
}

/** The number in an id of the generated cloud. */
function numberOf(id: string): number {
  return Number.parseInt(id.slice(-11), 16);
}

function drawIds(): () => string {
  let drawn = 0;
  return () => uuid('net', (drawn += 1));
}
