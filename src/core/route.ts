/** Routes as values: what an upstream holds, what it should hold, and the changes between the two. */
import type { Address, Prefix } from './prefix.ts';

/** Where packets go next. `device` and `onlink` come from configuration or from the upstream, never from the cloud. */
export interface NextHop {
  readonly address: Address;
  readonly device?: string;
  /** Linux `onlink`: use the device although no connected network covers the address. */
  readonly onlink?: boolean;
  /** Administrative distance, where it is not the one that all our routes have on that router. */
  readonly distance?: number;
  /** Of an installed one: it is configured and switched off. */
  readonly disabled?: true;
}

/** The cloud objects that a route comes from; all ids are Neutron UUIDs (project ids are Keystone's). */
export interface Origin {
  readonly router: string;
  /** The subnet whose prefix is announced. */
  readonly subnet: string;
  readonly project: string;
  /** The router's interface port on that subnet. */
  readonly port: string;
  /** The port that is the external leg; empty for a gateway whose port is not known. */
  readonly leg: string;
  /** The external network of the leg; empty in ledgers of older versions. */
  readonly network: string;
  /** The floating IP that is announced; empty for everything else. */
  readonly floatingIp: string;
}

/** One route that the upstream holds. */
export interface InstalledRoute {
  readonly prefix: Prefix;
  /** Sorted by address; empty for blackhole, connected and other routes without a gateway. */
  readonly nextHops: readonly NextHop[];
  /** True if the route carries our mark. */
  readonly owned: boolean;
  /** `connected` is what the upstream derives from its own addresses; `static` is everything else. */
  readonly kind: 'static' | 'connected';
  /** True for a route that discards its packets: blackhole, unreachable, prohibit, throw. */
  readonly discards?: boolean;
  /** True for a route of ours that is not as we would write it although its next hops are: another distance, disabled. */
  readonly differs?: boolean;
  /** The device's own words for the route's attributes, for reports: `proto 4 metric 50 dev eth1`. */
  readonly description: string;
}

/** What one upstream holds in the scope that we write to. */
export interface UpstreamState {
  readonly routes: readonly InstalledRoute[];
  /** The upstream's own addresses with the prefix length of their connected network. */
  readonly addresses: readonly InterfaceAddress[];
}

export interface InterfaceAddress {
  readonly address: Address;
  readonly network: Prefix;
}

/** One route that the upstream should hold. */
export interface DesiredRoute {
  readonly prefix: Prefix;
  /** Sorted by address, at least one. */
  readonly nextHops: readonly NextHop[];
  /** One entry per leg that carries it; more than one only with ECMP. */
  readonly origin: readonly Origin[];
}

export type RouteChange =
  | { readonly action: 'add'; readonly after: DesiredRoute }
  | { readonly action: 'replace'; readonly before: InstalledRoute; readonly after: DesiredRoute }
  | {
      readonly action: 'remove';
      readonly before: InstalledRoute;
      readonly origin: readonly Origin[];
    };

export type ChangeAction = RouteChange['action'];

export function prefixOf(change: RouteChange): Prefix {
  return change.action === 'remove' ? change.before.prefix : change.after.prefix;
}

/** A new router may take over prefix and next hop of an old one: the route stays, its reason changes. */
export function areSameOrigins(a: readonly Origin[], b: readonly Origin[]): boolean {
  return a === b || (a.length === b.length && a.every((origin, index) => isSame(origin, b[index])));
}

function isSame(a: Origin, b: Origin | undefined): boolean {
  return (
    a === b ||
    (a.router === b?.router &&
      a.subnet === b.subnet &&
      a.project === b.project &&
      a.port === b.port &&
      a.leg === b.leg &&
      a.network === b.network &&
      a.floatingIp === b.floatingIp)
  );
}
