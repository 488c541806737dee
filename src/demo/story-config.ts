/** The demo's configuration and the upstream router that it writes to, before the first cycle. */

/** One upstream as it was before route-sync came. */
export interface UpstreamFacts {
  /** Interfaces with their addresses, `address/length`. */
  readonly interfaces: readonly {
    readonly device: string;
    readonly addresses: readonly string[];
  }[];
  /** IPv4 routes of somebody else, in the words of `ip route add`. */
  readonly routes: readonly string[];
}

/**
 * `ext0` is on the external network `public`, whose gateway_ip is this router; `core0` leads to the rest of the world.
 * Routes: the way out, an aggregate to nowhere, one at a prefix and one inside a prefix that the cloud wants. Their
 * protocol is 4, static: the administrator's own.
 */
export const DEMO_UPSTREAM: UpstreamFacts = {
  interfaces: [
    { device: 'ext0', addresses: ['203.0.113.1/24', '203.0.113.2/24', '2001:db8:100::1/64'] },
    { device: 'core0', addresses: ['10.10.0.2/30'] },
  ],
  routes: [
    '0.0.0.0/0 via 10.10.0.1 proto 4',
    'blackhole 10.10.0.0/16 proto 4',
    '10.10.12.0/24 via 10.10.0.1 proto 4',
    '10.10.13.128/25 via 10.10.0.1 proto 4',
  ],
};

/**
 * The demo's configuration as a user would write it. Removals follow at once. `via` names a namespace that nobody has:
 * should the demo's own transport ever not be used, the machine's routes stay untouched.
 */
export function demoConfig(stateDir: string): string {
  return `owner: demo
stateDir: ${JSON.stringify(stateDir)}
policy:
  mode: sync
  allow:
    - { prefix: 10.10.0.0/16, minLength: 20, maxLength: 28 }
    - { prefix: "2001:db8:1000::/36", maxLength: 64 }
    - { prefix: 192.0.2.0/24, minLength: 32 }
    - { prefix: 203.0.113.0/24, minLength: 32 }
  deny:
    - { prefix: 10.10.66.0/24 }
  extraRoutes: true
  floatingIps: true
removal: { snapshots: 1, graceSeconds: 0 }
upstreams:
  - name: edge1
    os: linux
    externalNetworks: [public]
    via: { netns: route-sync-demo-edge1 }
`;
}
