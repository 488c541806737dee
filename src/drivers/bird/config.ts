/**
 * Reads the static protocols of a BIRD configuration (1.6, 2 and 3), whole or in part, and the bare `route ...;` lines of
 * a file that such a protocol includes. Source: the BIRD User's Guide and BIRD's own grammar (proto/static/config.Y).
 */
import { unquoted, vrfOfTable } from './words.ts';
import type { StaticPath } from '../static-path.ts';
import { readAddress, readLoosePrefix } from '../kit/text.ts';

/** A statement up to its `;`, or with the block that it opens. */
interface Statement {
  readonly words: string[];
  readonly block: Statement[];
}

/** What the protocol around a route says of it. */
type Protocol = Pick<StaticPath, 'vrf' | 'distance' | 'name' | 'disabled'>;

/** `define NAME = VALUE;` */
type Constants = ReadonlyMap<string, string>;

const COMMENT = /"[^"\n]*"|#.*|\/\*[\s\S]*?\*\//g;
const TOKEN = /"[^"\n]*"|'[^'\n]*'|[{};]|[^\s{};"']+/g;
/** Begin a statement wherever they begin a line, whatever stands before it: a prompt, a command, a banner. */
const OPENINGS = new Set(['protocol', 'template', 'define', 'route']);
/** These two stand in no other block: a text that lost a closing brace goes on with them. */
const OUTERMOST = new Set(['protocol', 'template']);
const NO_PROTOCOL: Protocol = { name: null, vrf: null, distance: null };
const DISCARD = /^\S+ (?:mpls \S+ )?(?:blackhole|unreachable|prohibit|drop|reject)\b/;
const HOP = /\b(?:via|recursive) (?:"[^"]*"|\S+)(?:(?! via ).)*/g;
const PREFERENCE = /^preference ?= ?(?<value>\S+)$/;
const YES = /^(?:yes|on|true|1)$/;

/** The paths of all static protocols, each with its protocol's name. */
export function readBirdConfig(text: string): readonly StaticPath[] {
  const statements = statementsIn(text);
  const constants: Constants = new Map(statements.flatMap(constantOf));
  const known = new Map<string, readonly Statement[]>();
  return statements.flatMap((statement) => {
    const [keyword = '', type, name] = statement.words;
    if (keyword === 'route') {
      return pathsOf(statement, NO_PROTOCOL, constants);
    }
    if (!OUTERMOST.has(keyword) || type !== 'static') {
      return [];
    }
    const block = [...inheritedBy(statement, known), ...statement.block];
    const isNamed = name !== undefined && name !== 'from';
    if (isNamed) {
      known.set(name, block);
    }
    return keyword === 'template' ? [] : pathsIn(block, isNamed ? unquoted(name) : null, constants);
  });
}

/** `protocol static NAME from OTHER` has what stands in the other one, too. */
function inheritedBy(
  { words }: Statement,
  known: ReadonlyMap<string, readonly Statement[]>,
): readonly Statement[] {
  const from = words.indexOf('from');
  return from < 0 ? [] : (known.get(words.slice(from + 1).join(' ')) ?? []);
}

function statementsIn(text: string): readonly Statement[] {
  const plain = text.replaceAll(COMMENT, (part) => (part.startsWith('"') ? part : ' '));
  const root: Statement[] = [];
  const open = [root];
  let current: Statement = { words: [], block: [] };
  const end = (): void => {
    if (current.words.length > 0) {
      open.at(-1)?.push(current);
    }
    current = { words: [], block: [] };
  };
  let read = 0;
  for (const { 0: token, index } of plain.matchAll(TOKEN)) {
    const beginsLine = read === 0 || plain.slice(read, index).includes('\n');
    read = index + token.length;
    if (token === '{') {
      const { block } = current;
      end();
      open.push(block);
    } else if (token === '}') {
      end();
      open.splice(Math.max(1, open.length - 1));
    } else if (token === ';') {
      end();
    } else {
      if (OPENINGS.has(token) && beginsLine) {
        open.splice(OUTERMOST.has(token) ? 1 : open.length);
        current = { words: [], block: [] };
      }
      current.words.push(token);
    }
  }
  end();
  return root;
}

function constantOf({ words }: Statement): readonly (readonly [string, string])[] {
  const [, name, value] = /^define (\S+?) ?= ?(\S+)$/.exec(words.join(' ')) ?? [];
  return name === undefined || value === undefined ? [] : [[name, value]];
}

function pathsIn(
  block: readonly Statement[],
  name: string | null,
  constants: Constants,
): readonly StaticPath[] {
  const channels = block.filter(({ words: [type = ''] }) => /^ipv[46]$/.test(type));
  if (channels.some(({ words }) => words.includes('multicast'))) {
    return [];
  }
  const options = [...block, ...channels.flatMap((channel) => channel.block)];
  const last = (keyword: string): readonly string[] | undefined =>
    options.findLast(({ words }) => words[0] === keyword)?.words;
  const vrf = last('vrf')?.[1] ?? 'default';
  const distance = last('preference')?.[1] ?? '';
  const disabled = last('disabled');
  const protocol = {
    name,
    vrf: vrf === 'default' ? vrfOfTable(unquoted(last('table')?.[1] ?? 'master')) : unquoted(vrf),
    distance: numberOf(distance, constants),
    ...(disabled !== undefined && YES.test(disabled[1] ?? 'yes')
      ? { disabled: true as const }
      : {}),
  };
  return block
    .filter(({ words }) => words[0] === 'route')
    .flatMap((route) => pathsOf(route, protocol, constants));
}

function pathsOf(
  { words, block }: Statement,
  protocol: Protocol,
  constants: Constants,
): readonly StaticPath[] {
  const { name, vrf, disabled } = protocol;
  const route = words
    .slice(1)
    .map((word) => constants.get(word) ?? word)
    .join(' ')
    .replaceAll(/\s*%\s*/g, '%')
    .replace(/^(\S+) dev /, '$1 via ');
  const prefix = readLoosePrefix(/^\S*\/\d+(?= |$)/.exec(route)?.[0] ?? '');
  if (prefix === undefined) {
    return [];
  }
  const preference = block
    .map((statement) => PREFERENCE.exec(statement.words.join(' '))?.groups?.['value'])
    .findLast((value) => value !== undefined);
  const path = (hop: Pick<StaticPath, 'nextHop' | 'interface' | 'discard'>): StaticPath => ({
    vrf,
    prefix,
    nextHop: hop.nextHop,
    interface: hop.interface,
    distance: preference === undefined ? protocol.distance : numberOf(preference, constants),
    tag: null,
    name,
    description: null,
    discard: hop.discard,
    ...(disabled === true ? { disabled } : {}),
  });
  return DISCARD.test(route)
    ? [path({ nextHop: null, interface: null, discard: true })]
    : [...route.matchAll(HOP)].map(([hop]) => path({ ...hopOf(hop), discard: false }));
}

/** `via ADDRESS%INTERFACE`, `via ADDRESS dev "INTERFACE"`, `via "INTERFACE"`. */
function hopOf(hop: string): Pick<StaticPath, 'nextHop' | 'interface'> {
  const device = /^via (".*?")/.exec(hop) ?? /(?:%| dev )(\S+)/.exec(hop);
  const address = hop.replace(/^\w+ /, '').replace(/[% ].*/, '');
  return {
    nextHop: readAddress(address) ?? null,
    interface: device === null ? null : unquoted(String(device[1])),
  };
}

function numberOf(word: string, constants: Constants): number | null {
  const value = constants.get(word) ?? word;
  return /^\d+$/.test(value) ? Number(value) : null;
}
