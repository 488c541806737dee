/**
 * One Junos configuration as the statements that were set (Junos CLI User Guide): how commands change it, what its groups
 * add to it, and what a commit refuses.
 */
import { readAddress, readLoosePrefix } from '../../../src/drivers/kit/text.ts';
import type { StaticPath } from '../../../src/drivers/static-path.ts';
import { readPath, type Path } from './juniper-junos-grammar.ts';

type Words = readonly string[];

export interface JunosConfig {
  readonly statements: readonly Words[];
  /** Keys of what is deactivated. */
  readonly inactive: ReadonlySet<string>;
}

export const EMPTY: JunosConfig = { statements: [], inactive: new Set() };

const GONE = 'warning: statement not found\n';

/** A change of the candidate, and what the CLI says to it. */
export interface Changed {
  readonly config: JunosConfig;
  readonly text: string;
}

/** `set`, `delete`, `activate` or `deactivate` with its path. */
export function change(config: JunosConfig, verb: string, typed: Words): Changed {
  const path = readPath(typed, verb === 'set');
  if (typeof path === 'string' || typed.length === 0) {
    const at = ' '.repeat(22);
    const text = typeof path === 'string' ? path : 'missing argument.';
    return { config, text: text.startsWith('error') ? `${text}\n` : `${at}^\n${text}\n` };
  }
  const isThere = config.statements.some((words) => starts(words, path.words));
  if (verb === 'set') {
    const statements = withPath(config, path);
    return {
      config: statements === config.statements ? config : { ...config, statements },
      text: '',
    };
  }
  if (!isThere) {
    return { config, text: GONE };
  }
  const inactive = new Set(config.inactive);
  const key = keyOf(path.words);
  switch (verb) {
    case 'deactivate':
      inactive.add(key);
      return { config: { ...config, inactive }, text: '' };
    case 'activate':
      inactive.delete(key);
      return { config: { ...config, inactive }, text: '' };
    default:
      [...inactive]
        .filter((other) => other === key || other.startsWith(`${key} `))
        .forEach((other) => inactive.delete(other));
      return {
        config: {
          statements: config.statements.filter((words) => !starts(words, path.words)),
          inactive,
        },
        text: '',
      };
  }
}

/** A leaf has one value, and of a choice only the last one that was set stands. */
function withPath({ statements }: JunosConfig, path: Path): readonly Words[] {
  const { words, name, statement } = path;
  if (statements.some((other) => keyOf(other) === keyOf(words))) {
    return statements;
  }
  const parent = name.slice(0, -1);
  const isReplaced = (other: Words): boolean => {
    if (statement?.kind === 'leaf' && starts(other, name)) {
      return true;
    }
    const sibling = other.slice(0, name.length);
    const rival = readPath(sibling, false);
    return (
      statement?.choice === true &&
      other.length >= name.length &&
      starts(other, parent) &&
      keyOf(sibling) !== keyOf(name) &&
      typeof rival !== 'string' &&
      rival.statement?.choice === true
    );
  };
  const kept = statements.filter((other) => !isReplaced(other));
  // An entry of its own is shown only as long as nothing stands below it.
  return [...kept.filter((other) => !starts(words, other)), words];
}

/** `display set` of what stands at and below a path. */
export function displaySet({ statements, inactive }: JunosConfig, path: Words): readonly string[] {
  const lines = statements
    .filter((words) => starts(words, path))
    .map((words) => `set ${words.join(' ')}`);
  const off = [...inactive].filter((key) => starts(key.split(' '), path));
  return [...lines, ...off.map((key) => `deactivate ${key}`)];
}

/** What a commit says against the configuration; nothing if it would be taken. */
export function checked(config: JunosConfig): string {
  const { statements } = config;
  const named = statements.filter(([top]) => top === 'apply-groups');
  const lost = named.find(
    ([, group]) => !statements.some((words) => words[0] === 'groups' && words[1] === group),
  );
  if (lost !== undefined) {
    return `[edit]\n  'apply-groups ${lost[1]}'\n    group '${lost[1]}' is not defined\n`;
  }
  const routes = Map.groupBy(
    inForce(config).filter((words) => words.includes('route')),
    (words) => keyOf(words.slice(0, words.indexOf('route') + 2)),
  );
  const bare = [...routes].find(([route, all]) => !all.some((words) => isTarget(words, route)));
  return bare === undefined
    ? ''
    : `[edit ${bare[0].replace(/ route .*$/, '')}]\n  '${bare[0].replace(/^.* route /, 'route ')}'\n    a next hop or next table must be specified\n`;
}

function isTarget(words: Words, route: string): boolean {
  return /^(?:(?:qualified-)?next-hop|next-table|discard|reject|receive)$/.test(
    words[route.split(' ').length] ?? '',
  );
}

/** The statements that hold: those of applied groups at their places, without what is inactive. */
function inForce({ statements, inactive }: JunosConfig): readonly Words[] {
  const active = statements.filter(
    (words) => !words.some((_, i) => inactive.has(keyOf(words.slice(0, i + 1)))),
  );
  const own = active.filter(([top]) => top !== 'groups' && top !== 'apply-groups');
  const applied = active.filter(([top]) => top === 'apply-groups').map(([, group]) => group);
  const inherited = applied.flatMap((group) =>
    active
      .filter(([top, name]) => top === 'groups' && name === group)
      .map((words) => words.slice(2))
      .filter((words) => !own.some((other) => isLeafOf(other, words))),
  );
  return [...own, ...inherited];
}

/** True if the statement sets the same leaf. */
function isLeafOf(other: Words, words: Words): boolean {
  const path = readPath(words, false);
  return typeof path !== 'string' && path.statement?.kind === 'leaf' && starts(other, path.name);
}

/** The static paths that the router has. */
export function staticPaths(config: JunosConfig): readonly StaticPath[] {
  const routes = Map.groupBy(
    inForce(config).filter((words) => words.includes('route')),
    (words) => keyOf(words.slice(0, words.indexOf('route') + 2)),
  );
  return [...routes].flatMap(([route, all]) => {
    const length = route.split(' ').length;
    const hops = Map.groupBy(
      all.filter((words) => isTarget(words, route)),
      (words) => keyOf(words.slice(length, length + 2)),
    );
    const below = all.map((words) => words.slice(length));
    return [...hops].map(([hop, same]) =>
      pathOf(route, hop, [...same.map((words) => words.slice(length + 2)), ...below]),
    );
  });
}

/** Attributes of a next hop come before those of its route. */
function pathOf(route: string, hop: string, attributes: readonly Words[]): StaticPath {
  const [kind = '', target = ''] = hop.split(' ');
  const isHop = kind.endsWith('next-hop');
  const valueOf = (name: string): string | undefined =>
    attributes.find(([attribute]) => attribute === name)?.[1];
  const [top, instance = null] = route.split(' ');
  return {
    vrf: top === 'routing-instances' ? instance : null,
    prefix: readLoosePrefix(route.replace(/^.* /, '')) ?? route,
    ...(isHop ? hopOf(target, valueOf('interface')) : { nextHop: null, interface: null }),
    distance: Number(valueOf('preference')) || null,
    tag: Number(valueOf('tag')) || null,
    name: null,
    description: null,
    discard: kind === 'discard' || kind === 'reject',
  };
}

function hopOf(
  target: string,
  device: string | null = null,
): Pick<StaticPath, 'nextHop' | 'interface'> {
  const nextHop = readAddress(target);
  return nextHop === undefined
    ? { nextHop: null, interface: target }
    : { nextHop, interface: device };
}

function starts(words: Words, head: Words): boolean {
  return head.every((word, i) => words[i] === word);
}

function keyOf(words: Words): string {
  return words.join(' ');
}
