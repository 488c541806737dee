/** The addresses that no announced prefix may cover: those of the OpenStack API and of this host. */
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import type { ProtectedAddress } from '../core/eligibility.ts';
import { parseAddress } from '../core/prefix.ts';

/** Every address of a host name, of both families; rejects where it has none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/**
 * What each host was last found at, for as long as the process lives: a name server that fails must not take the
 * protection away from the API. There are as many hosts as endpoints, which are few.
 */
const lastKnown = new Map<string, readonly ProtectedAddress[]>();

/** Resolves the hosts of the URLs; one that never had an address (behind a proxy) protects nothing. */
export async function protectedAddresses(
  endpoints: readonly URL[],
  resolve: Resolve = resolveBySystem,
): Promise<readonly ProtectedAddress[]> {
  const hosts = [...new Set(endpoints.map(({ hostname }) => hostname.replace(/^\[|\]$/g, '')))];
  const resolved = await Promise.all(hosts.map(async (host) => addressesOf(host, resolve)));
  return [...resolved.flat(), ...ownAddresses()];
}

async function addressesOf(host: string, resolve: Resolve): Promise<readonly ProtectedAddress[]> {
  const addresses: readonly string[] = await resolve(host).catch(() => []);
  if (addresses.length > 0) {
    const what = `the OpenStack API at ${host}`;
    // Name servers like to turn the order round.
    lastKnown.set(
      host,
      addresses.toSorted().map((address) => protect(address, what)),
    );
  }
  return lastKnown.get(host) ?? [];
}

async function resolveBySystem(host: string): Promise<readonly string[]> {
  const entries = await lookup(host, { all: true });
  return entries.map(({ address }) => address);
}

function ownAddresses(): readonly ProtectedAddress[] {
  return Object.values(networkInterfaces()).flatMap((entries) =>
    (entries ?? []).map(({ address }) => protect(address, 'this host')),
  );
}

/** Link-local addresses carry a zone, which is no part of the address. */
function protect(address: string, what: string): ProtectedAddress {
  return { address: parseAddress(address.replace(/%.*$/, '')), what };
}
