/** The registry of router OSes: a new one is its file plus one line here. A driver is loaded when it is needed. */
import type { RouterDriver } from './driver.ts';

const DRIVERS = {
  linux: async () => (await import('./linux.ts')).linux,
  frr: async () => (await import('./frr.ts')).frr,
  bird: async () => (await import('./bird.ts')).bird,
  'cisco-ios': async () => (await import('./cisco-ios.ts')).ciscoIos,
  'cisco-nxos': async () => (await import('./cisco-nxos.ts')).ciscoNxos,
  'cisco-iosxr': async () => (await import('./cisco-iosxr.ts')).ciscoIosxr,
  'arista-eos': async () => (await import('./arista-eos.ts')).aristaEos,
  'juniper-junos': async () => (await import('./juniper-junos.ts')).juniperJunos,
  vyos: async () => (await import('./vyos.ts')).vyos,
  'mikrotik-routeros': async () => (await import('./mikrotik-routeros.ts')).mikrotikRouteros,
  'nokia-sros': async () => (await import('./nokia-sros.ts')).nokiaSros,
  'huawei-vrp': async () => (await import('./huawei-vrp.ts')).huaweiVrp,
  openbsd: async () => (await import('./openbsd.ts')).openbsd,
} as const satisfies Readonly<Record<string, () => Promise<RouterDriver>>>;

/** Config name = file name in this folder. */
export type RouterOs = keyof typeof DRIVERS;

/** Every router OS, in the order of the documentation. */
export const ROUTER_OSES = Object.keys(DRIVERS) as readonly RouterOs[];

/** The driver for a configured `os`. */
export async function driverFor(os: RouterOs): Promise<RouterDriver> {
  return DRIVERS[os]();
}
