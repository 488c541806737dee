/** The types of routes, as rtnetlink.h numbers them (RTN_*) and iproute2 names them. */

const TYPES = [
  'unspec',
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
  'nat',
];

/** Routes that lead nowhere on purpose. */
export const DISCARDS: ReadonlySet<string> = new Set([
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
]);

/** The name of a type by its number, or by its name; undefined for anything else. */
export function typeNamed(text: string): string | undefined {
  // Strictly: what is no number in the kernel's own spelling must not pass for one.
  const type = /^\d{1,2}$/.test(text) ? TYPES[Number(text)] : text;
  return type !== undefined && TYPES.includes(type) ? type : undefined;
}
