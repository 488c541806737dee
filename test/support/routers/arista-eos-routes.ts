/**
 * `ip route` and `ipv6 route` of Arista EOS: their grammar and what they do, as device output kept by batfish/batfish
 * (testconfigs/static_route) shows it. A route is known by VRF, prefix, next hop and distance; the tag is one a prefix and
 * the last line sets it; a line that is typed again sets all of its other attributes.
 */
import { parseAddress } from '../../../src/core/prefix.ts';
import { SILENT, told } from './cisco-cli.ts';
import {
  ADDRESS4,
  ADDRESS6,
  DISTANCE,
  INTERFACE,
  isTag,
  lengthOf,
  NUMBER,
  PREFIX4,
  PREFIX6,
  prefixOf,
  WORD,
  type Configuration,
  type Route,
} from './cisco-config.ts';
import { end, value, type Next, type Node, type Value, type Values } from './cisco-grammar.ts';
import type { Reply } from './router.ts';

/** What stands behind `ip route` or `ipv6 route`, or behind their `no`, which needs no next hop. */
export function routeNode(configuration: Configuration, family: 4 | 6, isNo: boolean): Next<Reply> {
  const rest = optionsThen((values) => applyTo(configuration, values, isNo));
  const hops: Next<Reply> = (values) => ({
    ...hopNode(family, rest),
    ...(isNo ? { run: (known) => rest({ ...values, ...known }).run?.(known) ?? SILENT } : {}),
  });
  const prefix: Value<Reply> = {
    name: 'prefix',
    fits: family === 4 ? PREFIX4 : PREFIX6,
    next: hops,
  };
  const masked: Value<Reply> = {
    name: 'address',
    fits: ADDRESS4,
    next: value('mask', ADDRESS4, hops),
  };
  const route: Next<Reply> = () => ({ values: family === 4 ? [prefix, masked] : [prefix] });
  return (values) => ({ ...route(values), words: { vrf: value('vrfName', WORD, route) } });
}

/** A next hop, an interface, or both; perhaps looked for in another VRF. */
function hopNode(family: 4 | 6, rest: Next<Reply>): Node<Reply> {
  const hop: Value<Reply> = {
    name: 'nextHop',
    fits: family === 4 ? ADDRESS4 : ADDRESS6,
    next: rest,
  };
  const device: Value<Reply> = {
    name: 'device',
    fits: INTERFACE,
    next: (values) => {
      const node = rest(values);
      return { ...node, values: [hop, ...(node.values ?? [])] };
    },
  };
  return {
    words: {
      'nexthop-group': value('group', WORD, rest),
      'egress-vrf': value('egress', WORD, () => ({ values: [hop, device] })),
    },
    values: [hop, device],
  };
}

/** Distance first, then each keyword at most once. */
function optionsThen(run: (values: Values) => Reply): Next<Reply> {
  const options: Next<Reply> = (values) => {
    const all: Readonly<Record<string, Next<Reply>>> = {
      tag: value('tagValue', NUMBER, options),
      name: value('nameValue', WORD, options),
      metric: value('metricValue', NUMBER, options),
      track: () => ({ words: { bfd: options } }),
    };
    const left = Object.entries(all).filter(([word]) => values[word] === undefined);
    const hasNone = left.length === Object.keys(all).length && values['distance'] === undefined;
    return {
      words: Object.fromEntries(left),
      ...(hasNone ? { values: [{ name: 'distance', fits: DISTANCE, next: options }] } : {}),
      ...end(run)(values),
    };
  };
  return options;
}

function applyTo(configuration: Configuration, values: Values, isNo: boolean): Reply {
  const { vrfName: vrf, address, mask = '', tagValue = '0' } = values;
  const { prefix = `${address}/${lengthOf(mask)}` } = values;
  if (vrf !== undefined && !configuration.vrfs.has(vrf)) {
    return told(`% VRF ${vrf} does not exist`);
  }
  if (!isTag(tagValue) || prefix.endsWith('undefined')) {
    return told('% Invalid input');
  }
  const route = routeFrom(values, prefixOf(prefix));
  return isNo ? remove(configuration, route, values) : add(configuration, route);
}

function routeFrom(values: Values, prefix: string): Route {
  const { vrfName: vrf, nextHop, device, distance = '1', tagValue = '0', nameValue } = values;
  return {
    vrf,
    prefix,
    device: /^null0$/i.test(device ?? '') ? 'Null0' : device,
    nextHop: nextHop === undefined ? undefined : parseAddress(nextHop),
    distance: distance === '1' ? undefined : Number(distance),
    tag: tagValue === '0' ? undefined : Number(tagValue),
    name: nameValue,
    others:
      (values['metric'] === undefined ? '' : ` metric ${values['metricValue']}`) +
      (values['track'] === undefined ? '' : ' track bfd'),
  };
}

function add(configuration: Configuration, route: Route): Reply {
  const { routes } = configuration;
  const beside = routes.filter((each) => isBeside(each, route) && !isSame(each, route));
  const nulls = [route, ...beside].filter(({ device }) => device === 'Null0').length;
  if (nulls > 0 && beside.some(({ distance }) => distance === route.distance)) {
    return told('% Cannot ECMP to Null0 interface.');
  }
  const at = routes.findIndex((each) => isSame(each, route));
  const next = at < 0 ? [...routes, route] : routes.with(at, route);
  configuration.routes = next.map((each) =>
    isBeside(each, route) ? { ...each, tag: route.tag } : each,
  );
  return SILENT;
}

/** Without a next hop all of the prefix, without a distance all of the next hop; what is not there is no error. */
function remove(configuration: Configuration, route: Route, values: Values): Reply {
  const { nextHop, device, distance } = values;
  configuration.routes = configuration.routes.filter((each) => {
    const isMeant =
      (nextHop === undefined && device === undefined) ||
      (each.nextHop === route.nextHop && each.device === route.device);
    const isAtDistance = distance === undefined || each.distance === route.distance;
    return !(isBeside(each, route) && isMeant && isAtDistance);
  });
  return SILENT;
}

function isBeside(a: Route, b: Route): boolean {
  return a.vrf === b.vrf && a.prefix === b.prefix;
}

function isSame(a: Route, b: Route): boolean {
  return (
    isBeside(a, b) && a.device === b.device && a.nextHop === b.nextHop && a.distance === b.distance
  );
}

/** The line of the running configuration. */
export function routeLine({ vrf, prefix, device, nextHop, distance, ...rest }: Route): string {
  const { tag, name, others } = rest;
  const line = [
    prefix.includes(':') ? 'ipv6 route' : 'ip route',
    ...(vrf === undefined ? [] : [`vrf ${vrf}`]),
    prefix,
    ...[device, nextHop, distance].filter((word) => word !== undefined),
    ...(tag === undefined ? [] : [`tag ${tag}`]),
    ...(name === undefined ? [] : [`name ${name}`]),
  ].join(' ');
  return line + others;
}
