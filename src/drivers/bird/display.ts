/**
 * Reads what `birdc` shows: `show route` in all its forms and `show static`, of BIRD 1.6, 2 and 3. Source: recordings of
 * BIRD 2.0.12, and BIRD's own printing (nest/rt-show.c, proto/static/static.c and the get_route_info of each protocol).
 */
import { vrfOfTable } from './words.ts';
import type { StaticPath } from '../static-path.ts';
import { readAddress, readLoosePrefix } from '../kit/text.ts';

type Hop = Pick<StaticPath, 'nextHop' | 'interface'>;

/** A route while its lines are read. */
interface Shown {
  readonly prefix: string;
  readonly vrf: string | null;
  /** Of `show route`: the protocol's name; null in `show static`. */
  readonly protocol: string | null;
  readonly discard: boolean;
  /** What stands behind the brackets: ` * (200)`. */
  readonly info: string;
  readonly hops: Hop[];
  /** `Type: static univ` (2), `source: static` (3); only with `all`. */
  source: string | undefined;
}

/** With -v: `1007-Table master4:`. */
const CODE = /^\d{4}[- ]/;
const TABLE = /^Table (?<table>\S+):$/;
/** Everything that begins another answer. */
const ANSWER = /^BIRD \S+ ready\.|\bshow (?:route|static)\b/;
const PROTOCOL =
  /^(?<name>\S+)\s+(?<type>[A-Z][A-Za-z0-9]+)\s+\S+\s+(?:up|down|start|stop|flush|feed)\s/;
const ROUTE =
  /^(?:(?<net>\S+\/\d+(?: from \S+)?)\s+)?(?<what>[a-z][^[]*?)\s+\[(?<protocol>\S+) [^\]]*\](?<info>.*)$/;
/** `show static`: a network, and what it leads to on the same line or on those that follow. */
const STATIC =
  /^(?<net>\S+\/\d+)(?:\s+(?<what>(?:via|recursive|dev) \S+|multipath|blackhole|unreachable|prohibited)(?: \(\w+\))*)?$/;
const HOP =
  /^(?:(?:via|recursive)\s+(?<address>[^\s%]+)(?:%(?<zone>\S+))?(?:\s+on\s+(?<on>\S+))?|dev\s+(?<dev>\S+))/;
const DISCARD = /^(?:blackhole|unreachable|prohibit(?:ed)?)\b/;
const SOURCE = /^(?:Type|source):\s+(?<source>\S+)/;
/** Of a static route there is nothing but its preference, and the metric of what it recurses to. */
const STATIC_INFO = /^(?: [*!])? \(\d+(?:\/[\d?]+)?\)$/;
/** Kernel, direct, RIP and Babel routes show as static ones do; these are their preferences. */
const OTHER_INFO = /\((?:10|240|(?:120|130)\/\d+)\)$/;
/** How BIRD names the protocols that have no name of their own. */
const OTHERS =
  /^(?:direct|device|kernel|rip|babel|ospf|bgp|pipe|l3vpn|rpki|radv|perf|mrt|aggregator|evpn|bridge)\d+$/;
/** The paths of all static routes shown, each with its protocol's name. */
export function readBirdDisplay(lines: readonly string[]): readonly StaticPath[] {
  const types = new Map<string, string>();
  const routes: Shown[] = [];
  let vrf: string | null = null;
  let last: Shown | undefined;
  for (const line of lines.map((raw) => raw.replace(CODE, '').trim())) {
    const table = TABLE.exec(line)?.groups?.['table'];
    const known = PROTOCOL.exec(line)?.groups;
    if (table !== undefined || ANSWER.test(line)) {
      vrf = table === undefined ? null : vrfOfTable(table);
      last = undefined;
    } else if (known !== undefined) {
      types.set(String(known['name']), String(known['type']));
    } else if (!continues(last, line)) {
      last = shownIn(line, { vrf, before: last });
      routes.push(...(last === undefined ? [] : [last]));
    }
  }
  return routes.filter((route) => isStatic(route, types)).flatMap(pathsOf);
}

/** A next hop or an attribute of the route above. */
function continues(route: Shown | undefined, line: string): boolean {
  const { source } = SOURCE.exec(line)?.groups ?? {};
  const isHop = HOP.test(line) && !line.includes('[');
  if (route !== undefined) {
    route.hops.push(...(isHop ? hopsIn(line) : []));
    route.source ??= source;
  }
  return isHop || /^[\w. ]+: /.test(line);
}

function shownIn(
  line: string,
  { vrf, before }: { readonly vrf: string | null; readonly before: Shown | undefined },
): Shown | undefined {
  const groups = (ROUTE.exec(line) ?? STATIC.exec(line))?.groups;
  if (groups === undefined) {
    return undefined;
  }
  const { net, what = '', protocol = null, info = '' } = groups;
  // A further route to the same network is shown without it.
  const prefix = net === undefined ? before?.prefix : readLoosePrefix(net.replace(/ .*/, ''));
  const discard = DISCARD.test(what);
  return prefix === undefined
    ? undefined
    : { prefix, vrf, protocol, info, discard, hops: [...hopsIn(what)], source: undefined };
}

function hopsIn(text: string): readonly Hop[] {
  const { address, zone, on, dev } = HOP.exec(text)?.groups ?? {};
  const device = zone ?? on ?? dev;
  return address === undefined && device === undefined
    ? []
    : [{ nextHop: readAddress(address ?? '') ?? null, interface: device ?? null }];
}

function isStatic(route: Shown, types: ReadonlyMap<string, string>): boolean {
  const { protocol, source, info } = route;
  if (protocol === null || source !== undefined) {
    return (source ?? 'static') === 'static';
  }
  const type = types.get(protocol);
  if (type !== undefined) {
    return type === 'Static';
  }
  return (
    STATIC_INFO.test(info) &&
    !OTHERS.test(protocol) &&
    (/^static\d+$/.test(protocol) || !OTHER_INFO.test(info))
  );
}

function pathsOf({ prefix, vrf, protocol, discard, info, hops }: Shown): readonly StaticPath[] {
  const distance = /\((\d+)/.exec(info)?.[1];
  const nowhere: Hop = { nextHop: null, interface: null };
  return (discard ? [nowhere] : hops).map((hop) => ({
    vrf,
    prefix,
    nextHop: hop.nextHop,
    interface: hop.interface,
    distance: distance === undefined ? null : Number(distance),
    tag: null,
    name: protocol,
    description: null,
    discard,
  }));
}
