/** Routes, next hops and changes for tests, written as `10.1.0.0/24` and `192.0.2.2`, `fe80::1%d0` or `192.0.2.2%d0!` (onlink). */
import { compareNextHops } from '../../src/core/next-hops.ts';
import { parseAddress, parsePrefix } from '../../src/core/prefix.ts';
import type { DesiredRoute, InstalledRoute, NextHop, RouteChange } from '../../src/core/route.ts';
import type { KernelScope } from '../../src/drivers/driver.ts';

export const SCOPE: KernelScope = { table: 'main', protocol: 201, metric: 1024 };

export function hop(text: string): NextHop {
  const onlink = text.endsWith('!');
  const [address = '', device] = text.replace('!', '').split('%');
  return {
    address: parseAddress(address),
    ...(device !== undefined && { device }),
    ...(onlink && { onlink }),
  };
}

export function desired(prefix: string, ...hops: readonly string[]): DesiredRoute {
  return { prefix: parsePrefix(prefix), nextHops: hops.map(hop).sort(compareNextHops), origin: [] };
}

export function installed(prefix: string, ...hops: readonly string[]): InstalledRoute {
  const { nextHops } = desired(prefix, ...hops);
  const description = 'proto 201 metric 1024';
  return { prefix: parsePrefix(prefix), nextHops, owned: true, kind: 'static', description };
}

export function add(prefix: string, ...hops: readonly string[]): RouteChange {
  return { action: 'add', after: desired(prefix, ...hops) };
}

export function replace(
  prefix: string,
  before: readonly string[],
  after: readonly string[],
): RouteChange {
  return {
    action: 'replace',
    before: installed(prefix, ...before),
    after: desired(prefix, ...after),
  };
}

export function remove(prefix: string, ...hops: readonly string[]): RouteChange {
  return { action: 'remove', before: installed(prefix, ...hops), origin: [] };
}
