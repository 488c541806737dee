/**
 * Which ranges a first `policy.allow` should have: as tight as what the cloud uses today, and few enough to be reviewed.
 * Private are the blocks of RFC 1918 and RFC 4193; what lies outside them is proposed only where it is cut from a pool.
 */
import {
  comparePrefixes,
  contains,
  firstAt,
  parseAddress,
  parsePrefix,
  prefixAt,
  type Prefix,
} from '../core/prefix.ts';

/** A subnet that would go upstream if everything was allowed. */
export interface SeenSubnet {
  readonly prefix: Prefix;
  /** The name or id of its subnet pool. */
  readonly pool: string | undefined;
}

export interface ProposedRange {
  readonly prefix: Prefix;
  /** The shortest and the longest of the prefixes inside. */
  readonly minLength: number;
  readonly maxLength: number;
  /** How many subnets are inside. */
  readonly subnets: number;
  readonly pool: string | undefined;
}

export interface Proposal {
  readonly allow: readonly ProposedRange[];
  /** Neither private nor from a pool: for a person to decide. */
  readonly outside: readonly ProposedRange[];
}

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'].map(parsePrefix);

/** How long the common part of a range may be, from the tightest on. */
const LEVELS = { 4: [16, 12, 8], 6: [48, 32, 16] } as const;

/** More ranges than this of one kind are drawn together. */
const FEW = 8;

export function proposeRanges(seen: readonly SeenSubnet[]): Proposal {
  const groups = Map.groupBy(seen, kindOf);
  const ranges = [...groups.values()].flatMap(tightRanges).sort(byPool);
  return {
    allow: ranges.filter(isTrusted),
    outside: ranges.filter((range) => !isTrusted(range)),
  };
}

/** Only subnets of one pool and of one block are drawn together. */
function kindOf({ prefix, pool }: SeenSubnet): string {
  return JSON.stringify([pool, blockOf(prefix)?.text ?? prefix.family]);
}

function blockOf(prefix: Prefix): Prefix | undefined {
  return PRIVATE.find((block) => contains(block, prefix));
}

function isTrusted({ prefix, pool }: ProposedRange): boolean {
  return pool !== undefined || blockOf(prefix) !== undefined;
}

function byPool(a: ProposedRange, b: ProposedRange): number {
  const [one = '', other = ''] = [a.pool, b.pool];
  return one === other ? comparePrefixes(a.prefix, b.prefix) : one < other ? -1 : 1;
}

function tightRanges(seen: readonly SeenSubnet[]): readonly ProposedRange[] {
  const levels = LEVELS[seen[0]?.prefix.family ?? 4];
  const drawn = levels.map((level) => [...Map.groupBy(seen, keyAt(level)).values()]);
  const groups = drawn.find(({ length }) => length <= FEW) ?? drawn.at(-1) ?? [];
  return groups.map(rangeAround);
}

function keyAt(level: number): (seen: SeenSubnet) => number | bigint {
  return ({ prefix }) => firstAt(prefix, Math.min(level, prefix.length));
}

/** The longest prefix around all of them. */
function rangeAround(seen: readonly SeenSubnet[]): ProposedRange {
  const lengths = seen.map(({ prefix }) => prefix.length);
  const minLength = Math.min(...lengths);
  let length = minLength;
  while (new Set(seen.map(({ prefix }) => firstAt(prefix, length))).size > 1) {
    length -= 1;
  }
  const [address = ''] = seen[0]?.prefix.text.split('/') ?? [];
  return {
    prefix: prefixAt(parseAddress(address), length),
    minLength,
    maxLength: Math.max(...lengths),
    subnets: seen.length,
    pool: seen[0]?.pool,
  };
}
