/** The addresses that no announced prefix may cover: those of the OpenStack API and of this host. */
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import type { ProtectedAddress } from '../core/eligibility.ts';
import { parseAddress } from '../core/prefix.ts';

/** Resolves the hosts of the URLs; one that has no address (behind a proxy) protects nothing. */
export async function protectedAddresses(
  endpoints: readonly URL[],
): Promise<readonly ProtectedAddress[]> {
  const hosts = [...new Set(endpoints.map(({ hostname }) => hostname.replace(/^\[|\]$/g, '')))];
  const resolved = await Promise.all(hosts.map(resolve));
  return [...resolved.flat(), ...ownAddresses()];
}

async function resolve(host: string): Promise<readonly ProtectedAddress[]> {
  try {
    const entries = await lookup(host, { all: true });
    return entries.map((entry) => protect(entry.address, `the OpenStack API at ${host}`));
  } catch {
    return [];
  }
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
