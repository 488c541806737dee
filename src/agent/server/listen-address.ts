/** The text of `server.listen` as host and port. */
import { isIP } from 'node:net';

export interface ListenAddress {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Undefined for `off`. The text has passed the configuration's own check. */
export function parseListen(text: string): ListenAddress | undefined {
  const found = /^(?:\[(?<v6>.+)\]|(?<name>[^:]+)):(?<port>\d+)$/.exec(text)?.groups;
  const host = found?.['v6'] ?? found?.['name'];
  return host === undefined ? undefined : { host, port: Number(found?.['port']) };
}

/** `127.0.0.1:9717`, or `[::1]:9717`. */
export function formatAddress({ host, port }: ListenAddress): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Where to ask an agent that listens there: one that listens everywhere is asked on loopback. */
export function addressToAsk({ host, port }: ListenAddress): ListenAddress {
  const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  return { host: everywhere[host] ?? host, port };
}
