/** How the Linux kernel keeps the routes of one prefix in one table: what `add`, `append`, `replace` and `del` do there. */
import type { Address, Prefix } from '../core/prefix.ts';
import { Refused, type RouteRequest } from './ip-request.ts';

/** A next hop; in an IPv6 set each has the protocol of the one who added it. */
export interface Member {
  readonly gateway: Address | undefined;
  readonly device: string;
  readonly onlink: boolean;
  readonly protocol: string;
}

/** One route as `ip route show` lists it. */
export interface Entry {
  readonly prefix: Prefix;
  readonly type: string;
  readonly metric: number;
  /** At least one. */
  readonly members: readonly Member[];
}

/** linux/ipv6_route.h IP6_RT_PRIO_USER. */
const IPV6_METRIC = 1024;

/** Puts a route among those of its prefix; throws {@link Refused}. */
export function insertRoute(
  request: RouteRequest,
  entries: Entry[],
  members: readonly Member[],
): void {
  const { verb, prefix, type } = request;
  const entry: Entry = { prefix, type, metric: metricOf(request), members };
  const rivals = entries.filter((other) => other.metric === entry.metric);
  const [first] = rivals;
  if (first === undefined) {
    entries.push(entry);
  } else if (verb === 'replace') {
    entries.splice(entries.indexOf(twinOf(entry, rivals) ?? first), 1, entry);
  } else if (verb === 'add' || rivals.some((other) => sharesNextHop(other, entry))) {
    throw new Refused('RTNETLINK answers: File exists');
  } else {
    append(entry, entries, rivals);
  }
}

/**
 * Removes the first route that fits. Of an IPv6 set it removes the members that are named and have the protocol; where
 * no gateway is named it removes the whole set. Throws {@link Refused} if something named was not there.
 */
export function removeRoute(request: RouteRequest, entries: Entry[]): void {
  const isIpv6 = request.prefix.family === 6;
  const named = isIpv6 ? request.hops : request.hops.slice(0, 1);
  const found = named.filter(({ gateway, device }) => {
    const isWanted = (member: Member): boolean =>
      (request.protocol ?? member.protocol) === member.protocol &&
      (gateway ?? member.gateway) === member.gateway &&
      (device ?? member.device) === member.device;
    const entry = entries.find(
      ({ metric, members }) =>
        (request.metric ?? metric) === metric &&
        (isIpv6 ? members : members.slice(0, 1)).some(isWanted),
    );
    if (entry === undefined) {
      return false;
    }
    const isPartial = isIpv6 && gateway !== undefined;
    const left = isPartial ? entry.members.filter((member) => !isWanted(member)) : [];
    const rest = left.length > 0 ? [{ ...entry, members: left }] : [];
    entries.splice(entries.indexOf(entry), 1, ...rest);
    return true;
  });
  if (found.length < named.length) {
    throw new Refused('RTNETLINK answers: No such process');
  }
}

function metricOf({ prefix, metric = 0 }: RouteRequest): number {
  return prefix.family === 6 && metric === 0 ? IPV6_METRIC : metric;
}

/** IPv6 routes with a gateway and equal metrics are one set; `append` joins it and `replace` replaces it. */
function twinOf(entry: Entry, rivals: readonly Entry[]): Entry | undefined {
  return entry.prefix.family === 6
    ? rivals.find((other) => isSet(other) === isSet(entry))
    : undefined;
}

function append(entry: Entry, entries: Entry[], rivals: readonly Entry[]): void {
  const twin = isSet(entry) ? twinOf(entry, rivals) : undefined;
  if (twin === undefined) {
    entries.push(entry);
  } else {
    const members = [...twin.members, ...entry.members];
    entries.splice(entries.indexOf(twin), 1, { ...twin, members });
  }
}

function isSet({ members }: Entry): boolean {
  return members.some(({ gateway }) => gateway !== undefined);
}

function sharesNextHop(one: Entry, other: Entry): boolean {
  return one.members.some((a) =>
    other.members.some((b) => a.gateway === b.gateway && a.device === b.device),
  );
}
