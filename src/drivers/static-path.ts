/** What every router OS's text says of one static path: the fixed contract of `route-sync parse`. */

/** One next hop of one static route. The order of the keys is that of the printed JSON. */
export interface StaticPath {
  /** The VRF, routing instance or routing table of the route itself; null for the global one, by whatever name. */
  readonly vrf: string | null;
  /** Canonical: host bits cleared, IPv6 compressed and in lower case, always with its length. */
  readonly prefix: string;
  /** Canonical address without zone; null where the path has none. */
  readonly nextHop: string | null;
  /** As written, also beside an address; null where the path has none, and for a discard. */
  readonly interface: string | null;
  /** As written, else null. On Linux the metric. */
  readonly distance: number | null;
  /** As written; null without one and for 0. */
  readonly tag: number | null;
  readonly name: string | null;
  readonly description: string | null;
  /** True for Null0, blackhole, reject, unreachable and prohibit. */
  readonly discard: boolean;
  /** Present where the path is administratively disabled. */
  readonly disabled?: true;
}
