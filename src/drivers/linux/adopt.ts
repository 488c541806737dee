/**
 * How a hand-made route of the kernel becomes ours while packets flow: which routes can be taken over without a loss,
 * and the lines that do it. Measured on Linux 6.18; test/kernel/adopt.test.ts measures it again.
 */
import type { Family, Prefix } from '../../core/prefix.ts';
import { prefixOf, type RouteChange } from '../../core/route.ts';
import type { Adoption, CommandOutput, ProgramChunk, KernelScope, Stranger } from '../driver.ts';
import { optionalText, partsOf, readAttributes, readNextHop, readPrefix, typeOf } from './parse.ts';
import { readRows, type Fields } from './rows.ts';
import { markWords, MAX_NEXT_HOPS, routeLine, routeWords } from './words.ts';
import { unsafeWord } from '../kit/word.ts';

/** rtnetlink.h: what `ip route add` writes, without and with `proto static`. A program keeps the routes of all others. */
const HAND_MADE: readonly number[] = [3, 4];
/** What our routes have too, or what says nothing about where packets go; anything else would be lost. */
const KEPT = new Set(
  'type dst protocol metric scope pref gateway dev weight flags nexthops'.split(' '),
);
/** `onlink` is kept; the others tell whether hardware knows the route. */
const KEPT_FLAGS = new Set(['onlink', 'offload', 'trap', 'rt_offload', 'rt_trap']);

/** Every route at the prefixes that is not ours, in the order of the answers. */
export function strangersAt(
  scope: KernelScope,
  outputs: readonly CommandOutput[],
  prefixes: ReadonlySet<string>,
): readonly Stranger[] {
  return ([4, 6] as const).flatMap((family, index) =>
    outputs
      .slice(index, index + 1)
      .flatMap((output) => [...readRows(scope, family, output)].flat())
      .map((fields) => ({ fields, prefix: readPrefix(family, fields['dst']) }))
      .filter(({ prefix }) => prefix.family === family && prefixes.has(prefix.text))
      .flatMap(({ fields, prefix }) => strangerOf(scope, prefix, fields)),
  );
}

/** None for a route of ours and for what the kernel keeps for its own addresses. */
function strangerOf(scope: KernelScope, prefix: Prefix, fields: Fields): readonly Stranger[] {
  const { isHousekeeping, ...attributes } = readAttributes(scope, fields);
  if (attributes.owned || isHousekeeping) {
    return [];
  }
  return [
    {
      route: { prefix, ...attributes },
      nextHops: partsOf(fields).flatMap(readNextHop),
      protocol: Number(optionalText(fields, 'protocol')),
      metric: Number(fields['metric'] ?? 0),
      obstacle: obstacleIn(scope, prefix.family, fields),
    },
  ];
}

/** The first reason that speaks against it, as the end of a sentence about the route. */
function obstacleIn(scope: KernelScope, family: Family, fields: Fields): string | undefined {
  return (
    ownerObstacle(scope, fields) ??
    typeObstacle(fields) ??
    nextHopObstacle(fields) ??
    attributeObstacle(fields) ??
    setObstacle(scope, family, fields) ??
    metricObstacle(scope, fields)
  );
}

function ownerObstacle({ protocol }: KernelScope, fields: Fields): string | undefined {
  const found = optionalText(fields, 'protocol') ?? 'unknown';
  return [...HAND_MADE, protocol].map(String).includes(found)
    ? undefined
    : `is of protocol ${found}, so another program keeps it; only routes made by hand (protocol 3, boot, or 4, static) and those of protocol ${protocol} are taken over`;
}

function typeObstacle(fields: Fields): string | undefined {
  const type = typeOf(fields);
  return type === 'unicast' ? undefined : `is of type ${type}, which ours never are`;
}

function attributeObstacle(fields: Fields): string | undefined {
  const parts = [fields, ...partsOf(fields)];
  const lost = parts.flatMap((part) => [
    ...Object.keys(part).filter((name) => !KEPT.has(name)),
    ...flagsOf(part).filter((flag) => !KEPT_FLAGS.has(flag)),
    ...(part['weight'] === undefined || part['weight'] === 1 ? [] : ['weight']),
    ...(part['scope'] === undefined || part['scope'] === '0' ? [] : ['scope']),
    ...(part['pref'] === undefined || part['pref'] === 'medium' ? [] : ['pref']),
  ]);
  return lost.length === 0
    ? undefined
    : `has attributes that ours would not have (${[...new Set(lost)].join(', ')})`;
}

function flagsOf({ flags }: Fields): readonly string[] {
  return Array.isArray(flags) ? flags.map(String) : [];
}

function nextHopObstacle(fields: Fields): string | undefined {
  const parts = partsOf(fields);
  const nextHops = parts.flatMap(readNextHop);
  if (nextHops.length === 0 || nextHops.length < parts.length) {
    return 'has a next hop without a gateway of its own family';
  }
  if (nextHops.length > MAX_NEXT_HOPS) {
    return `has more than ${MAX_NEXT_HOPS} next hops`;
  }
  return nextHops.every(({ device = '' }) => unsafeWord('device', device) === undefined)
    ? undefined
    : 'uses a device whose name cannot be part of a command';
}

/**
 * In an IPv6 set each member has a protocol of its own and only the first one's is shown, so the one line that would
 * change the set might take members of others along. With another metric it is released member by member instead.
 */
function setObstacle(scope: KernelScope, family: Family, fields: Fields): string | undefined {
  return family === 6 && partsOf(fields).length > 1 && fields['metric'] === scope.metric
    ? `has several next hops at our metric ${scope.metric}, some of which may be others'; give it another metric first`
    : undefined;
}

/** `del` takes metric 0 for any metric; then only the protocol tells a stranger from ours. */
function metricObstacle({ protocol }: KernelScope, fields: Fields): string | undefined {
  return fields['protocol'] === String(protocol) && (fields['metric'] ?? 0) === 0
    ? `has protocol ${protocol} and no metric, so ours could be removed in its place; give it a metric first`
    : undefined;
}

/**
 * Where the metrics differ ours is added, and where they are equal:
 *
 * - IPv4: ours is appended and stands behind the stranger until that is released.
 * - IPv6: the kernel takes no gateway twice, and `change` turns the stranger into ours in one step; unlike `replace` it
 *   makes no route where the stranger is gone.
 */
export function takeOver(
  scope: KernelScope,
  adoptions: readonly Adoption[],
): readonly ProgramChunk[] {
  const mark = markWords(scope, scope);
  return batchesOf(
    adoptions.map(({ stranger, after }) => {
      const { prefix, nextHops } = after;
      const atOurs = prefix.family === 4 ? ('append' as const) : ('change' as const);
      const verb = stranger.metric === scope.metric ? atOurs : ('add' as const);
      const line = routeLine(verb, prefix, routeWords(nextHops, mark));
      return { change: { action: 'add', after }, line };
    }),
  );
}

/** Removes exactly these routes: all that the kernel compares is named, next hops in its own order. */
export function releaseStrangers(
  scope: KernelScope,
  strangers: readonly Stranger[],
): readonly ProgramChunk[] {
  return batchesOf(
    strangers.map(({ route, nextHops, protocol, metric }) => {
      const words = routeWords(nextHops, markWords(scope, { protocol, metric }));
      const line = routeLine('del', route.prefix, words);
      return { change: { action: 'remove', before: route, origin: [] }, line };
    }),
  );
}

/** One change and its one line. */
interface Rendered {
  readonly change: RouteChange;
  readonly line: string;
}

function batchesOf(rendered: readonly Rendered[]): readonly ProgramChunk[] {
  const byFamily = Map.groupBy(rendered, ({ change }) => prefixOf(change).family);
  return [...byFamily].map(([family, lines]) => ({
    command: {
      argv: ['ip', `-${family}`, '-force', '-batch', '-'],
      stdin: lines.map(({ line }) => line).join(''),
    },
    changes: lines.map(({ change }) => change),
  }));
}
