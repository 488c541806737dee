/**
 * Configuration groups: what `apply-groups` makes of statements that stand below `groups` (Junos CLI User Guide,
 * "Configuration Groups"; Nokia MD-CLI User Guide, "Using configuration groups").
 */
import type { Statement } from './statements.ts';

/** A statement in force at some place of the tree, and where it came from. */
export interface Inherited extends Statement {
  /** 0 for a statement of its own; the groups that are applied count up, and what is lower wins. */
  readonly rank: number;
}

/** True if a name is one of those that a group means by `<...>`. */
export type Wildcard = (pattern: string, name: string) => boolean;

interface Placed extends Inherited {
  /** The place in the text, which decides about the order. */
  readonly at: number;
}

/** One `apply-groups NAME` or `apply-groups-except NAME`, and where in the tree it stands. */
interface Application {
  readonly scope: readonly string[];
  readonly group: string;
  readonly own: Placed;
}

interface Tree {
  readonly own: readonly Placed[];
  readonly excepted: readonly Application[];
  readonly matches: Wildcard;
}

/**
 * The statements with those of the applied groups, without the groups themselves, in the order of the text. A text of
 * nothing but groups is the answer to a question for them: they count as applied.
 */
export function inherit(statements: readonly Statement[], matches: Wildcard): readonly Inherited[] {
  const placed = statements.map((statement, at) => ({ ...statement, at, rank: 0 }));
  const own = placed.filter(({ words }) => words[0] !== 'groups');
  const members = placed.filter(({ words }) => words[0] === 'groups');
  if (own.length === 0) {
    return members.map(withoutGroup);
  }
  const groups = Map.groupBy(members, ({ words }) => words[1]);
  const tree = { own, excepted: applicationsIn(own, 'apply-groups-except'), matches };
  const taken = applicationsIn(own, 'apply-groups').flatMap((application, index) =>
    (groups.get(application.group) ?? [])
      .flatMap((member) => inheritedFrom(tree, application, withoutGroup(member)))
      .map((statement) => ({ ...statement, rank: index + 1 })),
  );
  return [...own, ...taken].sort((a, b) => a.at - b.at);
}

function applicationsIn(own: readonly Placed[], keyword: string): readonly Application[] {
  return own.flatMap((statement) => {
    const { words } = statement;
    const group = words.at(-1);
    return words.at(-2) === keyword && group !== undefined
      ? [{ scope: words.slice(0, -2), group, own: statement }]
      : [];
  });
}

function withoutGroup(member: Placed): Placed {
  const { words, off } = member;
  return { ...member, words: words.slice(2), off: off && Math.max(1, off - 2) };
}

function inheritedFrom(
  tree: Tree,
  { scope, group, own }: Application,
  member: Placed,
): readonly Placed[] {
  const { words } = member;
  const fits = scope.every((name, i) => fitsName(tree, words[i], name));
  if (!fits) {
    return [];
  }
  const pattern = [...scope, ...words.slice(scope.length)];
  const at = words.some(isWildcard) ? own.at : member.at;
  const off = own.off === undefined ? member.off : 1;
  const excepted = tree.excepted.filter(
    (except) => except.group === group && except.scope.length > scope.length,
  );
  return expand(tree, { ...member, words: pattern, at, off }).filter(
    (statement) => !excepted.some((except) => startsWith(statement.words, except.scope)),
  );
}

/** A wildcard stands for each of the names that the tree itself has at that place. */
function expand(tree: Tree, member: Placed): readonly Placed[] {
  const { words } = member;
  const wild = words.findIndex(isWildcard);
  if (wild < 0) {
    return [member];
  }
  const named = tree.own.flatMap(({ words: own, at }): readonly [string, number][] => {
    const name = own[wild];
    const isOne =
      name !== undefined &&
      !name.startsWith('apply-groups') &&
      startsWith(own, words.slice(0, wild)) &&
      fitsName(tree, words[wild], name);
    return isOne ? [[name, at]] : [];
  });
  // The first of several entries with one name is to stay.
  return [...new Map(named.toReversed())].flatMap(([name, at]) =>
    expand(tree, { ...member, words: words.with(wild, name), at }),
  );
}

function fitsName({ matches }: Tree, pattern = '', name: string): boolean {
  return isWildcard(pattern) ? matches(pattern.slice(1, -1), name) : pattern === name;
}

function isWildcard(word: string): boolean {
  return /^<.*>$/.test(word);
}

function startsWith(words: readonly string[], head: readonly string[]): boolean {
  return head.every((word, i) => words[i] === word);
}
