/** How the Linux kernel keeps the routes of one prefix in one table: what each verb of `ip route` does there. */
import type { Address, Prefix } from '../core/prefix.ts';
import { type Hop, Refused, type RouteRequest } from './ip-request.ts';

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
    refuseChange(request, entries);
    entries.push(entry);
    return;
  }
  const target =
    verb === 'replace' || verb === 'change' ? (twinOf(entry, rivals) ?? first) : undefined;
  if (verb === 'add' || rivals.some((other) => other !== target && isRepeated(other, entry))) {
    throw new Refused('RTNETLINK answers: File exists');
  }
  if (target === undefined) {
    append(entry, entries, rivals);
  } else {
    entries.splice(entries.indexOf(target), 1, entry);
  }
}

/** `change` is a `replace` that makes no new route; IPv6 has words of its own where nothing at all is at the prefix. */
function refuseChange({ verb, prefix }: RouteRequest, entries: readonly Entry[]): void {
  if (verb === 'change') {
    throw new Refused(
      prefix.family === 6 && entries.length === 0
        ? 'Error: Can not replace route - no match found.'
        : 'RTNETLINK answers: No such file or directory',
    );
  }
}

/**
 * Removes the first route that fits. Of an IPv6 set it removes the members that are named and have the protocol; where
 * no gateway is named it removes the whole set. Throws {@link Refused} if something named was not there.
 */
export function removeRoute(request: RouteRequest, entries: Entry[]): void {
  const isComplete =
    request.prefix.family === 4
      ? removeWhole(request, entries)
      : request.hops.map((hop) => removeMember(request, entries, hop)).every(Boolean);
  if (!isComplete) {
    throw new Refused('RTNETLINK answers: No such process');
  }
}

/** IPv4 compares the route's next hops one by one with those named, but a single one with the first next hop only. */
function removeWhole(request: RouteRequest, entries: Entry[]): boolean {
  const { hops } = request;
  const at = entries.findIndex(
    ({ metric, members }) =>
      (request.metric ?? metric) === metric &&
      (hops.length === 1 ? members.slice(0, 1) : members).every((member, index) =>
        fits(request, hops[index], member),
      ),
  );
  return at >= 0 && entries.splice(at, 1).length > 0;
}

function removeMember(request: RouteRequest, entries: Entry[], hop: Hop): boolean {
  const at = entries.findIndex(
    ({ metric, members }) =>
      (request.metric ?? metric) === metric && members.some((member) => fits(request, hop, member)),
  );
  const entry = entries[at];
  if (entry === undefined) {
    return false;
  }
  const left =
    hop.gateway === undefined ? [] : entry.members.filter((member) => !fits(request, hop, member));
  entries.splice(at, 1, ...(left.length > 0 ? [{ ...entry, members: left }] : []));
  return true;
}

function fits({ protocol }: RouteRequest, hop: Hop | undefined, member: Member): boolean {
  return (
    hop !== undefined &&
    (protocol ?? member.protocol) === member.protocol &&
    (hop.gateway ?? member.gateway) === member.gateway &&
    (hop.device ?? member.device) === member.device
  );
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

/** IPv4 takes no route twice, and IPv6 no next hop of a route. */
function isRepeated(one: Entry, other: Entry): boolean {
  return one.prefix.family === 4
    ? one.type === other.type && JSON.stringify(one.members) === JSON.stringify(other.members)
    : one.members.some((a) =>
        other.members.some((b) => a.gateway === b.gateway && a.device === b.device),
      );
}
