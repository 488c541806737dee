/**
 * `ip route-static` and `ipv6 route-static` of Huawei VRP: their grammar and what they do (Huawei NetEngine 8000 and
 * CloudEngine command references).
 */
import { parseAddress } from '../../../src/core/prefix.ts';
import {
  ADDRESS4,
  ADDRESS6,
  DISTANCE,
  hasHostBits,
  lengthOf,
  prefixOf,
  WORD,
} from './cisco-config.ts';
import { value, words, type Next, type Node, type Values } from './cisco-grammar.ts';
import { DEFAULT_PREFERENCE, type Configuration, type Route } from './huawei-vrp-config.ts';

/** Does what a line says to a configuration, and returns what the router says of it. */
export type Change = (configuration: Configuration) => string;

/** What a line is: a change of the configuration, or something else that the router does. */
export type Command<A> = { readonly change: Change } | { readonly act: A };

const INTERFACE = /^(?:\d{0,3}[A-Za-z][A-Za-z-]*\d[\d/.:]*)$/;
const LENGTH4 = /^(?:\d|[12]\d|3[0-2])$/;
const LENGTH6 = /^(?:\d|[1-9]\d|1[01]\d|12[0-8])$/;
const TAG =
  /^(?:[1-9]\d{0,8}|[1-3]\d{9}|4[01]\d{8}|42[0-8]\d{7}|429[0-3]\d{6}|4294[0-8]\d{5}|42949[0-5]\d{4}|429496[0-6]\d{3}|4294967[01]\d{2}|42949672[0-8]\d|429496729[0-5])$/;
const WRONG = "Error: Wrong parameter found at '^' position.";

/** What stands behind `ip route-static` or `ipv6 route-static`, with or without `undo` before them. */
export function routeStatic<A>(family: 4 | 6, isUndo: boolean): Next<Command<A>> {
  const address = family === 4 ? ADDRESS4 : ADDRESS6;
  const run = (values: Values): Command<A> => ({ change: changeOf(family, values, isUndo) });
  const hops = hopsThen(address, optionsThen(run), isUndo ? run : undefined);
  const destination: Next<Command<A>> = () => ({
    values: [
      {
        name: 'network',
        fits: address,
        next: () => ({
          values: [
            { name: 'length', fits: family === 4 ? LENGTH4 : LENGTH6, next: hops },
            ...(family === 4 ? [{ name: 'mask', fits: ADDRESS4, next: hops }] : []),
          ],
        }),
      },
    ],
  });
  return (values) => ({
    ...destination(values),
    words: { 'vpn-instance': value('vrf', WORD, destination) },
  });
}

type Then<A> = (values: Values) => Node<Command<A>>;

/** A next hop, an interface or both, or a next hop in another VPN instance. */
function hopsThen<A>(
  address: RegExp,
  options: Then<A>,
  alone: ((values: Values) => Command<A>) | undefined,
): Then<A> {
  const hop = { name: 'nextHop', fits: address, next: options };
  return () => ({
    values: [
      hop,
      {
        name: 'device',
        fits: INTERFACE,
        next: (known) => ({ ...options(known), values: [hop] }),
      },
    ],
    words: {
      'vpn-instance': value('hopVrf', WORD, () => ({ values: [hop] })),
    },
    ...(alone === undefined ? {} : { run: alone }),
  });
}

/** Each at most once, the description last. */
function optionsThen<A>(run: (values: Values) => Command<A>): Then<A> {
  const options: Then<A> = (values) => ({
    words: {
      ...(values['preference'] === undefined
        ? words('preference', value('distance', DISTANCE, options))
        : {}),
      ...(values['tag'] === undefined ? words('tag', value('number', TAG, options)) : {}),
      permanent: options,
      description: () => ({
        values: [{ name: 'text', fits: /^\S/, isLine: true, next: () => ({ run }) }],
      }),
    },
    run,
  });
  return options;
}

function changeOf(family: 4 | 6, values: Values, isUndo: boolean): Change {
  const mask = values['mask'];
  const length = mask === undefined ? values['length'] : lengthOf(mask);
  if (length === undefined) {
    return () => WRONG;
  }
  const written = `${values['network']}/${length}`;
  const route = routeOf(values, prefixOf(written));
  const note = family === 4 && hasHostBits(written) && !isUndo ? mismatched(route) : '';
  return (configuration) =>
    refusalOf(configuration, route) ??
    (isUndo ? undo(configuration, route) : put(configuration, route) || note);
}

function routeOf(values: Values, prefix: string): Route {
  const { vrf, hopVrf, device, nextHop, distance, number, text } = values;
  return {
    vrf,
    prefix,
    hopVrf,
    device: device === undefined ? undefined : device.replace(/^null0$/i, 'NULL0'),
    nextHop: nextHop === undefined ? undefined : parseAddress(nextHop),
    preference: distance === undefined ? DEFAULT_PREFERENCE : Number(distance),
    tag: number === undefined ? 0 : Number(number),
    description: text,
  };
}

function mismatched({ prefix }: Route): string {
  return `Info: The destination address and mask of the configured static route mismatched, and the static route ${prefix} was generated.`;
}

function refusalOf(configuration: Configuration, route: Route): string | undefined {
  const { vrfs, interfaces } = configuration;
  const { vrf, hopVrf, device, nextHop } = route;
  if ([vrf, hopVrf].some((name) => name !== undefined && !vrfs.includes(name))) {
    return 'Error: The VPN instance does not exist.';
  }
  if (device !== undefined && device !== 'NULL0' && !interfaces.has(device)) {
    return WRONG;
  }
  return nextHop === '0.0.0.0' || nextHop === '::' || (/^fe8/i.test(nextHop ?? '') && !device)
    ? 'Error: The next hop address is invalid.'
    : undefined;
}

function isSamePath(a: Route, b: Route): boolean {
  return (['vrf', 'prefix', 'hopVrf', 'device', 'nextHop'] as const).every(
    (key) => a[key] === b[key],
  );
}

/** A line for a path that is there sets all of its attributes anew. */
function put(configuration: Configuration, route: Route): string {
  const at = configuration.routes.findIndex((each) => isSamePath(each, route));
  const old = configuration.routes[at];
  configuration.routes =
    old === undefined ? [...configuration.routes, route] : configuration.routes.with(at, route);
  return old === undefined ? '' : 'Info: Succeeded in modifying route.';
}

/** Without a next hop all paths of the destination go; attributes do not count. */
function undo(configuration: Configuration, route: Route): string {
  const isMeant = (each: Route): boolean =>
    route.nextHop === undefined && route.device === undefined
      ? each.vrf === route.vrf && each.prefix === route.prefix
      : isSamePath(each, route);
  const left = configuration.routes.filter((each) => !isMeant(each));
  if (left.length === configuration.routes.length) {
    return 'Error: The static route does not exist.';
  }
  configuration.routes = left;
  return '';
}
