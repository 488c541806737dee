/** The words of one `ip route` line; every one of them passes the gate of word.ts. */
import type { Prefix } from '../../core/prefix.ts';
import type { NextHop } from '../../core/route.ts';
import type { KernelScope } from '../driver.ts';
import { safeWord } from '../kit/word.ts';

/** `ip -batch` takes 512 words a line; one with this many next hops has about 260. */
export const MAX_NEXT_HOPS = 32;

/** What tells one owner's routes from another's. */
export interface Mark {
  readonly protocol: number;
  readonly metric: number;
}

/** One line of a batch. */
export function routeLine(
  verb: 'add' | 'append' | 'change' | 'del',
  { text }: Prefix,
  words: string,
): string {
  return `route ${verb} ${safeWord('prefix', text)} ${words}\n`;
}

/** `ip` takes nothing but next hops after the first word `nexthop`. */
export function routeWords(nextHops: readonly NextHop[], mark: string): string {
  const [first, ...others] = nextHops;
  return first !== undefined && others.length === 0
    ? `${hopWords(first)} ${mark}`
    : [mark, ...nextHops.map((hop) => `nexthop ${hopWords(hop)} weight 1`)].join(' ');
}

function hopWords({ address, device, onlink }: NextHop): string {
  const via = `via ${safeWord('address', address)}`;
  return device === undefined
    ? via
    : `${via} dev ${safeWord('device', device)}${onlink === true ? ' onlink' : ''}`;
}

/** Our mark, or that of another route in our table. */
export function markWords({ table }: KernelScope, mark: Mark): string {
  const protocol = safeWord('number', String(mark.protocol));
  const metric = safeWord('number', String(mark.metric));
  return `proto ${protocol} metric ${metric} table ${safeWord('table', table)}`;
}
