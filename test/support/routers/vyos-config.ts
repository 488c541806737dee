/**
 * The configuration of the VyOS model: how `set` and `delete` change it, how it is written, and which static paths are
 * in it (cstore of vyos/vyatta-cfg; VyOS documentation, "Static").
 */
import type { StaticPath } from '../../../src/drivers/static-path.ts';
import { type Place, resolvePath } from './vyos-schema.ts';

/** Each word leads to those below it; a leaf leads to its value. */
export interface VyosTree extends Map<string, VyosTree> {}

/** What VyOS says, and whether it refuses. */
export interface Said {
  readonly text: string;
  readonly refused: boolean;
}

const DONE: Said = { text: '', refused: false };

/** What is there already is no failure. */
export function setPath(tree: VyosTree, schema: Place, path: readonly string[]): Said {
  const resolved = resolvePath(schema, path, true);
  if ('refusal' in resolved) {
    return { text: `\n${resolved.refusal}  Set failed\n\n`, refused: true };
  }
  let at = tree;
  let isNew = false;
  for (const { word, place, isValue } of resolved.steps) {
    let next = at.get(word);
    if (next === undefined) {
      isNew = true;
      next = new Map();
      if (isValue && place.kind === 'leaf') {
        at.clear();
      }
      at.set(word, next);
    }
    at = next;
  }
  return isNew
    ? DONE
    : { text: `\n  Configuration path: [${path.join(' ')}] already exists\n\n`, refused: false };
}

/** What is not there is no failure. With its last value a name goes too; what is around it stays, though empty. */
export function deletePath(tree: VyosTree, schema: Place, path: readonly string[]): Said {
  const resolved = resolvePath(schema, path, false);
  if ('refusal' in resolved) {
    return { text: `\n${resolved.refusal}  Delete failed\n\n`, refused: true };
  }
  const [name = '', ...rest] = path.toReversed();
  const parent = nodeAt(tree, rest.toReversed());
  if (parent?.delete(name) !== true) {
    return {
      text: '\n  Nothing to delete (the specified node does not exist)\n\n',
      refused: false,
    };
  }
  const [tag = '', ...outer] = rest;
  if (resolved.steps.at(-1)?.isValue === true && parent.size === 0) {
    nodeAt(tree, outer.toReversed())?.delete(tag);
  }
  return DONE;
}

function nodeAt(tree: VyosTree | undefined, path: readonly string[]): VyosTree | undefined {
  return path.reduce((at, word) => at?.get(word), tree);
}

/** The paths to everything that has nothing below it, as `show configuration commands` writes them. */
export function commandsOf(tree: VyosTree, place: Place, before = 'set'): readonly string[] {
  return [...tree].flatMap(([name, below]) => {
    const next = place.below[name];
    const path = `${before} ${name}`;
    if (next === undefined || below.size === 0) {
      return [path];
    }
    if (next.kind === 'leaf' || next.kind === 'multi') {
      return [...below.keys()].map((value) => `${path} '${value}'`);
    }
    return next.kind === 'tag'
      ? [...below].flatMap(([value, inner]) =>
          inner.size === 0 ? [`${path} ${value}`] : commandsOf(inner, next, `${path} ${value}`),
        )
      : commandsOf(below, next, path);
  });
}

/** As config.boot has it. */
export function bracesOf(tree: VyosTree, place: Place, margin = ''): string {
  const block = (head: string, inner: VyosTree, at: Place): string =>
    `${margin}${head} {\n${bracesOf(inner, at, `${margin}    `)}${margin}}\n`;
  return [...tree]
    .map(([name, below]) => {
      const next = place.below[name] ?? place;
      if (next.kind === 'flag') {
        return `${margin}${name}\n`;
      }
      if (next.kind === 'leaf' || next.kind === 'multi') {
        return [...below.keys()].map((value) => `${margin}${name} "${value}"\n`).join('');
      }
      return next.kind === 'tag'
        ? [...below].map(([value, inner]) => block(`${name} ${value}`, inner, next)).join('')
        : block(name, below, next);
    })
    .join('');
}

/** A part of the tree; empty where there is none. */
export function partOf(tree: VyosTree | undefined, ...path: readonly string[]): VyosTree {
  return nodeAt(tree, path) ?? new Map();
}

/** Why a commit fails; undefined if it does not. */
export function refuseCommit(tree: VyosTree, release: string): string | undefined {
  for (const [name, vrf] of partOf(tree, 'vrf', 'name')) {
    if (!vrf.has('table')) {
      return `VRF "${name}" table id is mandatory!\n\n[[vrf]] failed\n`;
    }
  }
  for (const [prefix, route] of staticNodesOf(tree).flatMap(([, node]) => routesOf(node))) {
    const ways = ['next-hop', 'blackhole', 'dhcp-interface'].filter((word) => route.has(word));
    if (release === '1.3' && ways.length === 0) {
      return `Must add either a next-hop or blackhole or dhcp-interface for route ${prefix}\n\n[[protocols static route ${prefix}]] failed\n`;
    }
    if (route.has('blackhole') && route.has('reject')) {
      return `Can not use both blackhole and reject for prefix "${prefix}"!\n\n[[protocols static]] failed\n`;
    }
  }
  return undefined;
}

/** The static paths, those of the global table first. */
export function staticPathsOf(tree: VyosTree): readonly StaticPath[] {
  return staticNodesOf(tree).flatMap(([vrf, node]) =>
    routesOf(node).flatMap(([prefix, route]) => pathsAt(vrf, prefix, route)),
  );
}

function staticNodesOf(tree: VyosTree): readonly (readonly [vrf: string | null, node: VyosTree])[] {
  return [
    [null, partOf(tree, 'protocols', 'static')],
    ...[...partOf(tree, 'protocols', 'vrf')].map(
      ([vrf, node]) => [vrf, partOf(node, 'static')] as const,
    ),
    ...[...partOf(tree, 'vrf', 'name')].map(
      ([vrf, node]) => [vrf, partOf(node, 'protocols', 'static')] as const,
    ),
  ];
}

function routesOf(node: VyosTree): readonly (readonly [prefix: string, route: VyosTree])[] {
  return [...partOf(node, 'route'), ...partOf(node, 'route6')];
}

function pathsAt(vrf: string | null, prefix: string, route: VyosTree): readonly StaticPath[] {
  const valueOf = (settings: VyosTree, name: string): string | undefined =>
    settings.get(name)?.keys().next().value;
  const path = (settings: VyosTree, hop: Partial<StaticPath>): StaticPath => {
    const distance = valueOf(settings, 'distance');
    return {
      vrf,
      prefix,
      nextHop: null,
      interface: valueOf(settings, 'interface') ?? valueOf(settings, 'next-hop-interface') ?? null,
      distance: distance === undefined ? null : Number(distance),
      tag: null,
      name: null,
      description: valueOf(route, 'description') ?? null,
      discard: false,
      ...(settings.has('disable') ? { disabled: true as const } : {}),
      ...hop,
    };
  };
  const blackhole = route.get('blackhole');
  return [
    ...[...partOf(route, 'next-hop')].map(([nextHop, hop]) => path(hop, { nextHop })),
    ...[...partOf(route, 'interface')].map(([name, hop]) => path(hop, { interface: name })),
    ...(blackhole === undefined ? [] : [path(blackhole, { discard: true })]),
  ];
}
