/** Reads the words of one `ip route` command as iproute2 does, for the simulated router; refuses with iproute2's texts. */
import { hostPrefix, parseAddress, parsePrefix, PrefixError } from '../core/prefix.ts';
import type { Address, Prefix } from '../core/prefix.ts';

/** A next hop as the command names it. */
export interface Hop {
  gateway?: Address;
  device?: string;
  onlink?: boolean;
}

/** One change of one route. */
export interface RouteRequest {
  readonly verb: RouteVerb;
  /** rtnetlink.h RTN_*, in decimal as `-N` shows it. */
  readonly type: string;
  readonly prefix: Prefix;
  /** The number of the routing table. */
  readonly table: string;
  readonly metric: number | undefined;
  readonly protocol: string | undefined;
  /** At least one; it is empty where the command names neither gateway nor device. */
  readonly hops: readonly Hop[];
}

export type RouteVerb = 'add' | 'append' | 'change' | 'replace' | 'del';

/** What `ip` prints on stderr and its exit status: 2 for a refusal of the kernel, 1 and 255 for its own. */
export class Refused extends Error {
  readonly exitCode: 1 | 2 | 255;

  constructor(message: string, exitCode: 1 | 2 | 255 = 2) {
    super(message);
    this.exitCode = exitCode;
  }
}

const VERBS: readonly string[] = [
  'add',
  'append',
  'change',
  'replace',
  'del',
] satisfies RouteVerb[];
const TYPES: ReadonlyMap<string, string> = new Map([
  ['unicast', '1'],
  ['blackhole', '6'],
  ['unreachable', '7'],
  ['prohibit', '8'],
]);
const TABLES: ReadonlyMap<string, string> = new Map([
  ['default', '253'],
  ['main', '254'],
  ['local', '255'],
]);
/** The words before a value that are of no next hop in particular; weights are all equal here. */
const ATTRIBUTES = new Set(['proto', 'metric', 'table', 'weight']);

/** Reads `add P via A ...`, the words after `ip route`; throws {@link Refused}. */
export function readRequest(verb: string, words: readonly string[]): RouteRequest {
  if (!isVerb(verb)) {
    throw new Refused(`Command "${verb}" is unknown, try "ip route help".`, 255);
  }
  const type = TYPES.get(words[0] ?? '');
  const [target = '', ...rest] = type === undefined ? words : words.slice(1);
  const { hops, attributes } = readWords(rest);
  const metric = attributes.get('metric');
  return {
    verb,
    type: type ?? '1',
    prefix: readTarget(target),
    table: tableNumber(attributes.get('table') ?? 'main', '"table"'),
    metric: metric === undefined ? undefined : Number(metric),
    protocol: attributes.get('proto'),
    hops,
  };
}

/** The number of a table; `what` is what iproute2 calls it in the refusal, which differs between its commands. */
export function tableNumber(text: string, what: '"table"' | 'table id'): string {
  const number = TABLES.get(text) ?? text;
  if (!/^[1-9]\d{0,9}$/.test(number)) {
    throw new Refused(`Error: argument "${text}" is wrong: ${what} value is invalid\n`, 255);
  }
  return number;
}

function isVerb(verb: string): verb is RouteVerb {
  return VERBS.includes(verb);
}

type Attributes = Map<string, string>;

function readWords(words: readonly string[]): Pick<RouteRequest, 'hops'> & {
  readonly attributes: Attributes;
} {
  const attributes: Attributes = new Map();
  const first = words.indexOf('nexthop');
  if (first < 0) {
    return { hops: [readHop(words, attributes)], attributes };
  }
  readHop(words.slice(0, first), attributes);
  const members = words
    .slice(first + 1)
    .join(' ')
    .split(' nexthop ');
  return { hops: members.map((member) => readHop(member.split(' '), new Map())), attributes };
}

function readHop(words: readonly string[], attributes: Attributes): Hop {
  const hop: Hop = {};
  const left = words.values();
  for (const word of left) {
    if (word === 'onlink') {
      hop.onlink = true;
    } else {
      readPair(hop, attributes, [word, left.next().value ?? '']);
    }
  }
  return hop;
}

function readPair(hop: Hop, attributes: Attributes, [word, value]: [string, string]): void {
  if (word === 'via') {
    hop.gateway = readGateway(value);
  } else if (word === 'dev') {
    hop.device = value;
  } else if (ATTRIBUTES.has(word)) {
    attributes.set(word, value);
  } else {
    throw new Refused(`Error: either "to" is duplicate, or "${word}" is a garbage.`, 255);
  }
}

function readGateway(text: string): Address {
  try {
    return parseAddress(text);
  } catch {
    throw new Refused(`Error: inet address is expected rather than "${text}".`, 255);
  }
}

function readTarget(text: string): Prefix {
  try {
    return text.includes('/') ? parsePrefix(text) : hostPrefix(parseAddress(text));
  } catch (error) {
    if (error instanceof PrefixError) {
      throw new Refused(`Error: any valid prefix is expected rather than "${text}".`, 255);
    }
    throw error;
  }
}
