/**
 * The text of `show ip route` and `show ipv6 route` in FRR, as a list and for one prefix (measured on FRR 8.4.4; what
 * zebra prints up to FRR 10), and in SONiC, which leaves out some of the blanks.
 */
import { frrPath, type FrrHop, type FrrRoute } from './path.ts';
import type { StaticPath } from '../static-path.ts';
import { readAddress, readLoosePrefix } from '../kit/text.ts';

/** The question, where it is echoed, and what tells the table of the routes that follow. */
const ASKED = /\bshow ip(?:v6)? (?:route|fib)\b(?:.* vrf (?!all\b)(\S+))?/;
const LEGEND = /^Codes:/;
const HEADER = /^(?:IPv[46] (unicast|multicast) )?(?:VRF (\S+)|table (\d+))(?: table (\d+))?:$/;
/** `S>* 10.0.0.0/8 [1/0] (12)`: origin, selected, installed, prefix, distance and metric, next hop group. */
const ROUTE =
  /^\s*([A-Za-z])(?:\[\d+\])?[ >]?[ *qrto]? *([\da-f:][\da-f.:]*\/\d+)(?: from \S+)?(?: \[(\d+)\/\d+\])?(?: \(\d+\))?/;
/** The display of one prefix names it before it tells where each of its routes is from. */
const ENTRY = /^Routing entry for (\S+)(?:.* using (Multicast) RIB)?/;
const KNOWN = /^\s+Known via "([^"]+)", distance (\d+), metric \d+(?:, tag (\d+))?/;
const KNOWN_VRF = /, vrf ([^\s,]+)/;
/** A next hop behind its route, or on a line of its own. */
const HOP =
  /^\s*[*qrot]?\s+((?:via )?(?:\d+\.|[\da-f]*:)[\da-f.:]+.*|(?:is )?directly connected.*|unreachable.*)$/;
const DISCARD = /^unreachable|, Null0\b/;
/** What may follow where an interface can stand: attributes, and the age of the route. */
const NO_INTERFACE =
  /^(?:$|(?:weight|label|src|rmapsrc|mtu|seg6|seg6local|encap|SR-TE|backup|inactive)(?: |$)|\d\d:\d\d:\d\d|(?:\d+[ywdhm]){2}|XX:XX:XX)/;

/** A display as far as it has been read. */
interface Display {
  /** The VRF that was asked for, and the table that the answer has told since. */
  readonly asked?: string | undefined;
  readonly vrf?: string | undefined;
  readonly table?: number | undefined;
  readonly isMulticast?: boolean;
  /** Of the display of one prefix. */
  readonly entry?: string | undefined;
  /** The static route whose next hops follow. */
  readonly route?: FrrRoute | undefined;
  /** Where the last recursive next hop stands; what is to the right of it tells how that one is reached. */
  readonly recursiveAt?: number | undefined;
}

/** Reads a display line by line. */
export function frrRibReader(): (line: string) => StaticPath | undefined {
  let display: Display = {};
  return (line) => {
    display = openedBy(line, display) ?? display;
    const { route, recursiveAt = line.length } = display;
    const [, hop] = HOP.exec(line.replace(ROUTE, '')) ?? [];
    if (route === undefined || hop === undefined || line.length - hop.length > recursiveAt) {
      return undefined;
    }
    const isRecursive = hop.includes('(recursive)');
    display = { ...display, recursiveAt: isRecursive ? line.length - hop.length : undefined };
    return frrPath(route, readHop(hop));
  };
}

/** The display with what the line opens: a table, or a route; undefined for every other line. */
function openedBy(line: string, display: Display): Display | undefined {
  return openedTable(line, display) ?? openedRoute(line, display) ?? openedEntry(line, display);
}

function openedTable(line: string, { asked }: Display): Display | undefined {
  const question = ASKED.exec(line);
  if (question !== null) {
    return { asked: question[1], vrf: question[1] };
  }
  if (LEGEND.test(line)) {
    return { asked, vrf: asked };
  }
  const header = HEADER.exec(line);
  if (header === null) {
    return undefined;
  }
  const [, kind, vrf, table, tableOfVrf] = header;
  return { asked, vrf, table: Number(table ?? tableOfVrf ?? 0), isMulticast: kind === 'multicast' };
}

function openedRoute(line: string, display: Display): Display | undefined {
  const match = ROUTE.exec(line);
  if (match === null) {
    return undefined;
  }
  const { vrf, table, isMulticast } = display;
  const [, origin, head = '', distance] = match;
  const prefix = readLoosePrefix(head);
  const isOther = origin !== 'S' || isMulticast === true;
  return {
    ...display,
    recursiveAt: undefined,
    route:
      isOther || prefix === undefined || distance === undefined
        ? undefined
        : { prefix, vrf, table, distance: Number(distance) },
  };
}

function openedEntry(line: string, display: Display): Display | undefined {
  const entry = ENTRY.exec(line);
  if (entry !== null) {
    const [, prefix = '', multicast] = entry;
    return { ...display, entry: multicast === undefined ? prefix : undefined, route: undefined };
  }
  const known = KNOWN.exec(line);
  if (known === null) {
    return undefined;
  }
  const [, origin, distance, tag] = known;
  const prefix = readLoosePrefix(display.entry ?? '');
  const vrf = KNOWN_VRF.exec(line)?.[1];
  return {
    ...display,
    recursiveAt: undefined,
    route:
      origin !== 'static' || prefix === undefined
        ? undefined
        : { prefix, vrf, distance: Number(distance), tag: Number(tag ?? 0) },
  };
}

/** `via 192.0.2.2, eth0 inactive, weight 1`, or of one prefix `192.0.2.2, via eth0, weight 1`. */
function readHop(text: string): FrrHop {
  if (DISCARD.test(text)) {
    return { discard: true };
  }
  const [where = '', next = ''] = text.replace(/^(?:via|is) /, '').split(', ');
  const [address = ''] = where.split(' ');
  const [device] = NO_INTERFACE.test(next) ? [] : next.replace(/^via /, '').split(' ');
  return { nextHop: readAddress(address), interface: device };
}
