/** Rules across the keys of one upstream. */
import type { RouterOs } from '../drivers/index.ts';
import { deviceKeys } from './device-schema.ts';
import { show } from './fields.ts';

export interface Problem {
  readonly path: readonly string[];
  /** Completes the path to a sentence. */
  readonly message: string;
}

interface Entry {
  readonly os: RouterOs;
}

/** IFNAMSIZ. */
const LINUX_DEVICE = /^[A-Za-z0-9_][\w.-]{0,14}$/;
const LINUX_KEYS = ['table', 'protocol', 'metric'];

/** Keys that mean nothing to the router OS. */
export function problemsOfKeys(entry: Entry): readonly Problem[] {
  const { os } = entry;
  const foreign = os === 'linux' ? Object.keys(deviceKeys) : LINUX_KEYS;
  return Object.entries(entry)
    .filter(([key, value]) => value !== undefined && isForeign(key))
    .map(([key]) => ({ path: [key], message: `is not for os: ${os}` }));

  function isForeign(key: string): boolean {
    return foreign.includes(key) || (key === 'bird' && os !== 'bird');
  }
}

interface WithDevices extends Entry {
  readonly devices?: Readonly<Record<string, { readonly dev: string }>> | undefined;
  readonly externalNetworks: readonly string[];
}

/** Devices for networks that the upstream is not connected to, and names that Linux cannot give a device. */
export function problemsOfDevices({
  os,
  devices = {},
  externalNetworks,
}: WithDevices): readonly Problem[] {
  return Object.entries(devices).flatMap(([network, { dev }]) => [
    ...(externalNetworks.includes(network)
      ? []
      : [
          {
            path: ['devices', network],
            message: `is not among this upstream's externalNetworks (${externalNetworks.join(', ')})`,
          },
        ]),
    ...(os === 'linux' && !LINUX_DEVICE.test(dev)
      ? [
          {
            path: ['devices', network, 'dev'],
            message: `must be the name of a network interface such as eth1 (at most 15 characters), not ${show(dev)}`,
          },
        ]
      : []),
  ]);
}
