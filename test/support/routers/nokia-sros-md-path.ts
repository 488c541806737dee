/** Paths of the MD-CLI below `configure`: how one leaf is set, and how an element is deleted (Nokia MD-CLI User Guide). */
import {
  emptyRouter,
  inRange,
  isNextHop,
  isPrefix,
  keyword,
  RANGES,
  type Hop,
  type NumberName,
  type SrosConfig,
  type SrosRouter,
} from './nokia-sros-store.ts';

type Words = readonly string[];

const NUMBERS = Object.keys(RANGES) as readonly NumberName[];

/** Sets the leaf that the path ends in; the text is the refusal, and empty where there is none. */
export function setPath(config: SrosConfig, words: Words): string {
  const place = routerAt(config, words, true);
  return typeof place === 'string' ? place : setInRouter(place.router, place.rest);
}

/** Deletes an element; that it is not there is no error. */
export function deletePath(config: SrosConfig, words: Words): string {
  const place = routerAt(config, words, false);
  if (typeof place === 'string') {
    return place;
  }
  const [branch, list, prefix = '', type, , ...rest] = place.rest;
  if (branch !== 'static-routes' || list !== 'route') {
    return unknown(branch);
  }
  if (type !== 'route-type') {
    return missing('route-type');
  }
  if (rest.length > 0) {
    return deleteHop(place.router.routes.get(prefix) ?? new Map<string, Hop>(), rest);
  }
  place.router.routes.delete(prefix);
  return '';
}

function deleteHop(hops: Map<string, Hop>, [kind, name = '', leaf]: Words): string {
  if (kind !== 'next-hop') {
    return unknown(kind);
  }
  if (leaf !== undefined) {
    return deleteLeaf(hops.get(name), leaf);
  }
  hops.delete(name);
  return '';
}

function deleteLeaf(hop: Hop | undefined, leaf: string): string {
  const name = keyword(leaf, NUMBERS);
  if (name === undefined) {
    return unknown(leaf);
  }
  if (hop !== undefined) {
    delete hop[name];
  }
  return '';
}

/** `router "NAME"` or `service vprn "NAME"`, made where it is not there. */
function routerAt(
  config: SrosConfig,
  [branch, ...words]: Words,
  isMade: boolean,
): { readonly router: SrosRouter; readonly rest: Words } | string {
  const top = keyword(branch, ['router', 'service']);
  const [kind, ...named] = top === 'service' ? words : ['router', ...words];
  if (top === undefined || (top === 'service' && kind !== 'vprn')) {
    return unknown(top === undefined ? branch : kind);
  }
  const [name, ...rest] = named;
  if (name === undefined) {
    return missing('router-name');
  }
  if (top === 'router' && name !== 'Base') {
    return invalid(name);
  }
  const router = config.get(name) ?? emptyRouter();
  if (isMade) {
    config.set(name, router);
  }
  return { router, rest };
}

function setInRouter(router: SrosRouter, [branch = '', ...rest]: Words): string {
  const name = keyword(branch, ['service-id', 'customer', 'interface', 'static-routes']);
  if (name === 'interface') {
    return setInterface(router, rest);
  }
  if (name === 'static-routes') {
    const [list, ...route] = rest;
    return keyword(list, ['route']) === undefined ? unknown(list) : setRoute(router, route);
  }
  if (name === undefined) {
    return unknown(branch);
  }
  router.leaves.set(name, rest[0] ?? '');
  return rest.length === 1 ? '' : missing(name);
}

/** `"NAME" ipv4 primary address A prefix-length N` and `"NAME" ipv6 address A prefix-length N`. */
function setInterface({ interfaces }: SrosRouter, [name = '', ...rest]: Words): string {
  const [, address, length] =
    /^(?:ipv4 primary|ipv6) address (\S+) prefix-length (\d{1,3})$/.exec(rest.join(' ')) ?? [];
  if (address === undefined || length === undefined) {
    return unknown(rest[0]);
  }
  const addresses = interfaces.get(name) ?? new Map<string, string>();
  interfaces.set(name, addresses.set(address, length));
  return '';
}

function setRoute({ routes }: SrosRouter, [prefix = '', type, kind, ...rest]: Words): string {
  if (!isPrefix(prefix)) {
    return invalid(prefix);
  }
  if (keyword(type, ['route-type']) === undefined) {
    return missing('route-type');
  }
  const hops = routes.get(prefix) ?? new Map<string, Hop>();
  const refusal = kind === 'unicast' ? setHop(hops, prefix, rest) : invalid(kind);
  if (refusal === '') {
    routes.set(prefix, hops);
  }
  return refusal;
}

function setHop(hops: Map<string, Hop>, prefix: string, [way, ...words]: Words): string {
  const branch = keyword(way, ['next-hop', 'blackhole']);
  const [hop = '', ...leaf] = branch === 'blackhole' ? ['black-hole', ...words] : words;
  if (branch === undefined) {
    return unknown(way);
  }
  if (branch === 'next-hop' && !isNextHop(hop, prefix)) {
    return invalid(hop);
  }
  const found = hops.get(hop) ?? { admin: undefined };
  const refusal = setLeaf(found, leaf);
  if (refusal === '') {
    hops.set(hop, found);
  }
  return refusal;
}

function setLeaf(hop: Hop, [leaf, value = '']: Words): string {
  const name = keyword(leaf, ['admin-state', 'description', ...NUMBERS]);
  if (name === undefined) {
    return leaf === undefined ? '' : unknown(leaf);
  }
  if (name === 'admin-state') {
    hop.admin = value === 'enable';
    return /^(?:enable|disable)$/.test(value) ? '' : invalid(value);
  }
  if (name === 'description') {
    hop.description = value;
    return value.length >= 1 && value.length <= 80 ? '' : invalid(value);
  }
  hop[name] = Number(value);
  return inRange(name, value) ? '' : invalid(value);
}

export function unknown(word = ''): string {
  return `MINOR: MGMT_CORE #2201: Unknown element - '${word}'\n`;
}

function invalid(word = ''): string {
  return `MINOR: MGMT_CORE #2301: Invalid element value - '${word}'\n`;
}

function missing(name: string): string {
  return `MINOR: CLI #2001: Missing element value - '${name}'\n`;
}

/** The lines of `full-context`. */
export function fullContext(config: SrosConfig): readonly string[] {
  return [...config].flatMap(([name, { leaves, interfaces, routes }]) => {
    const router = name === 'Base' ? 'router "Base"' : `service vprn "${name}"`;
    const start = `    /configure ${router}`;
    return [
      ...[...leaves].map(([leaf, value]) => `${start} ${leaf} "${value}"`),
      ...[...interfaces].flatMap(([device, addresses]) =>
        [...addresses].map(([address, length]) => {
          const family = address.includes(':') ? 'ipv6' : 'ipv4 primary';
          return `${start} interface "${device}" ${family} address ${address} prefix-length ${length}`;
        }),
      ),
      ...[...routes].flatMap(([prefix, hops]) =>
        [...hops].flatMap(([hop, leavesOf]) => {
          const way = hop === 'black-hole' ? 'blackhole' : `next-hop "${hop}"`;
          return hopLines(
            `${start} static-routes route ${prefix} route-type unicast ${way}`,
            leavesOf,
          );
        }),
      ),
    ];
  });
}

function hopLines(start: string, { admin, description, ...numbers }: Hop): readonly string[] {
  const leaves = [
    ...(admin === undefined ? [] : [`admin-state ${admin ? 'enable' : 'disable'}`]),
    ...(description === undefined ? [] : [`description "${description}"`]),
    ...Object.entries(numbers).map(([name, value]) => `${name} ${value}`),
  ];
  return leaves.length === 0 ? [start] : leaves.map((leaf) => `${start} ${leaf}`);
}

/** What a commit says against it: a service that was made by its name alone is none. */
export function checked(config: SrosConfig): string {
  const bare = [...config].find(
    ([name, { leaves }]) =>
      name !== 'Base' && !(leaves.has('customer') && leaves.has('service-id')),
  );
  return bare === undefined
    ? ''
    : `MINOR: MGMT_CORE #236: configure service vprn "${bare[0]}" - Missing mandatory fields: service-id, customer\n`;
}
