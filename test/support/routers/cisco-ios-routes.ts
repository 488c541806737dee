/**
 * `ip route` and `ipv6 route` of Cisco IOS: their grammar and what they do (Cisco IOS IP Routing command reference). A
 * route is known by VRF, prefix, interface and next hop; a line that is typed again sets all of its other attributes.
 */
import { parseAddress } from '../../../src/core/prefix.ts';
import { SILENT, told } from './cisco-cli.ts';
import {
  ADDRESS4,
  ADDRESS6,
  DISTANCE,
  hasHostBits,
  INTERFACE,
  isOwn,
  isTag,
  lengthOf,
  maskOf,
  NUMBER,
  PREFIX6,
  prefixOf,
  WORD,
  type Configuration,
  type Route,
} from './cisco-config.ts';
import { end, value, type Next, type Node, type Value, type Values } from './cisco-grammar.ts';
import type { Reply } from './router.ts';

type Apply = (configuration: Configuration, route: Route, distance: string | undefined) => string;

/** What stands behind `ip route`, or behind `no ip route`, which needs no next hop. */
export function ipRoute(configuration: Configuration, isNo: boolean): Next<Reply> {
  const hop = (next: Next<Reply>): Value<Reply> => ({ name: 'nextHop', fits: ADDRESS4, next });
  const rest = optionsThen((values) => {
    const length = lengthOf(values['mask'] ?? '');
    const prefix = `${values['address']}/${length}`;
    return length === undefined || hasHostBits(prefix)
      ? told('%Inconsistent address and mask')
      : applyTo(configuration, { values, prefix, family: 4, isNo });
  });
  const route: Next<Reply> = () =>
    value('address', ADDRESS4, value('mask', ADDRESS4, hopThen(hop, rest, isNo)))({});
  return withVrf(route);
}

/** What stands behind `ipv6 route`, or behind `no ipv6 route`. */
export function ipv6Route(configuration: Configuration, isNo: boolean): Next<Reply> {
  const hop = (next: Next<Reply>): Value<Reply> => ({ name: 'nextHop', fits: ADDRESS6, next });
  const rest = optionsThen((values) =>
    applyTo(configuration, { values, prefix: values['prefix'] ?? '', family: 6, isNo }),
  );
  return withVrf(() => value('prefix', PREFIX6, hopThen(hop, rest, isNo))({}));
}

function withVrf(route: Next<Reply>): Next<Reply> {
  return (values) => ({ ...route(values), words: { vrf: value('vrfName', WORD, route) } });
}

/** A next hop, an interface, or both. */
function hopThen(
  hop: (next: Next<Reply>) => Value<Reply>,
  rest: (values: Values) => Node<Reply>,
  isNo: boolean,
): Next<Reply> {
  return (values) => {
    const whole = isNo ? rest(values).run : undefined;
    const device: Value<Reply> = {
      name: 'device',
      fits: INTERFACE,
      next: (known) => {
        const node = rest(known);
        return { ...node, values: [hop(rest), ...(node.values ?? [])] };
      },
    };
    return { values: [hop(rest), device], ...(whole === undefined ? {} : { run: whole }) };
  };
}

/** Distance first, then each keyword at most once. */
function optionsThen(run: (values: Values) => Reply): (values: Values) => Node<Reply> {
  const options: Next<Reply> = (values) => {
    const numbered = ['tag', 'track'].map(
      (word) => [word, value(`${word}Value`, NUMBER, options)] as const,
    );
    const all = {
      ...Object.fromEntries(numbered),
      name: value('nameValue', WORD, options),
      permanent: options,
      multicast: options,
    };
    const left = Object.entries(all).filter(([word]) => values[word] === undefined);
    const isFirst = left.length === Object.keys(all).length && values['distance'] === undefined;
    return {
      words: Object.fromEntries(left),
      ...(isFirst ? { values: [{ name: 'distance', fits: DISTANCE, next: options }] } : {}),
      ...end(run)(values),
    };
  };
  return options;
}

interface Given {
  readonly values: Values;
  readonly prefix: string;
  readonly family: 4 | 6;
  readonly isNo: boolean;
}

function applyTo(configuration: Configuration, { values, prefix, family, isNo }: Given): Reply {
  const { vrfName: vrf, tagValue } = values;
  if (vrf !== undefined && configuration.vrfs.get(vrf)?.has(family) !== true) {
    return told(`% ${family === 4 ? 'IP' : 'IPv6'} routing table ${vrf} does not exist`);
  }
  if (tagValue !== undefined && !isTag(tagValue)) {
    return told("% Invalid input detected at '^' marker.");
  }
  const route = routeFrom(values, prefix);
  const answer = (isNo ? remove : add)(configuration, route, values['distance']);
  return answer === '' ? SILENT : told(answer);
}

function routeFrom(values: Values, prefix: string): Route {
  const { vrfName: vrf, nextHop, device, distance = '1', tagValue, nameValue } = values;
  return {
    vrf,
    prefix: prefixOf(prefix),
    device,
    nextHop: nextHop === undefined ? undefined : parseAddress(nextHop),
    distance: distance === '1' ? undefined : Number(distance),
    tag: tagValue === undefined ? undefined : Number(tagValue),
    name: nameValue,
    others: ['permanent', 'track', 'multicast']
      .filter((word) => values[word] !== undefined)
      .map((word) => (word === 'track' ? ` track ${values['trackValue']}` : ` ${word}`))
      .join(''),
  };
}

const add: Apply = (configuration, route) => {
  const { vrf, nextHop, device } = route;
  if (nextHop !== undefined && isOwn(configuration, vrf, nextHop)) {
    return "%Invalid next hop address (it's this router)";
  }
  if (device === undefined && /^fe[89ab]/.test(nextHop ?? '')) {
    return '% Interface has to be specified for a link-local nexthop';
  }
  const at = configuration.routes.findIndex((each) => isSame(each, route));
  configuration.routes =
    at < 0 ? [...configuration.routes, route] : configuration.routes.with(at, route);
  return '';
};

/** Without a next hop all routes of the prefix; a distance that is typed must be that of the route. */
const remove: Apply = (configuration, route, distance) => {
  const isMeant = (each: Route): boolean =>
    route.nextHop === undefined && route.device === undefined
      ? each.vrf === route.vrf && each.prefix === route.prefix
      : isSame(each, route) &&
        (distance === undefined || Number(distance) === (each.distance ?? 1));
  const kept = configuration.routes.filter((each) => !isMeant(each));
  if (kept.length === configuration.routes.length) {
    return '%No matching route to delete';
  }
  configuration.routes = kept;
  return '';
};

function isSame(a: Route, b: Route): boolean {
  return (
    a.vrf === b.vrf && a.prefix === b.prefix && a.device === b.device && a.nextHop === b.nextHop
  );
}

/** The line of the running configuration; IPv6 addresses are in upper case there. */
export function routeLine(route: Route): string {
  const { vrf, prefix, device, nextHop, distance, tag, name, others } = route;
  const [address = '', length = ''] = prefix.split('/');
  const isIpv6 = prefix.includes(':');
  return (
    [
      isIpv6 ? 'ipv6 route' : 'ip route',
      ...(vrf === undefined ? [] : [`vrf ${vrf}`]),
      isIpv6 ? prefix.toUpperCase() : `${address} ${maskOf(Number(length))}`,
      ...[device, nextHop?.toUpperCase(), distance].filter((word) => word !== undefined),
      ...(tag === undefined ? [] : [`tag ${tag}`]),
      ...(name === undefined ? [] : [`name ${name}`]),
    ].join(' ') + others
  );
}
