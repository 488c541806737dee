/**
 * The Linux kernel through iproute2. A route is ours if table, protocol and metric are. Facts in the comments were
 * measured on Linux 6.18 with iproute2 6.1; test/kernel/linux.test.ts measures them again.
 */
import { isSameNextHop } from '../core/next-hops.ts';
import { prefixOf } from '../core/route.ts';
import type { ChangeAction, NextHop, RouteChange } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { deviceWords } from './kit/device-words.ts';
import type {
  Program,
  CommandOutput,
  Rejection,
  ProgramChunk,
  RenderedChunk,
  RouterDriver,
  KernelScope,
  LineAnswer,
} from './driver.ts';
import { commandFailed, isNotPermitted, isTableUnused, notPermitted } from './linux/answer.ts';
import { releaseStrangers, strangersAt, takeOver } from './linux/adopt.ts';
import { parseState } from './linux/parse.ts';
import { markWords, MAX_NEXT_HOPS, routeWords } from './linux/words.ts';
import { readLinuxPaths } from './linux/paths.ts';
import { unsupportedIn } from './kit/unsupported.ts';
import { safeWord } from './kit/word.ts';

/** One process for up to this many changes: starting `ip` costs little against them, and the kill switch gets a say. */
const CHUNK = 20_000;
/** Make before break. */
const ORDER = ['add', 'replace', 'remove'] as const satisfies readonly ChangeAction[];
const FAILED_LINE = /^Command failed -:(?<line>\d+)$/;
const CONNECT_HINT =
  'connect the upstream to the network of the next hop (is its link up?), or set dev (and onlink) under devices of the upstream in the configuration';

/** What the kernel says of one line, and what route-sync makes of it. */
const REFUSALS: readonly { words: RegExp; code: ErrorCode; hint: string }[] = [
  {
    words: /File exists/,
    code: 'ROUTE_EXISTS',
    hint: 'a route of another owner is there with the same metric; remove it, or configure another metric',
  },
  {
    words: /invalid gateway|No route to host|Network is unreachable|Egress device not specified/,
    code: 'ROUTE_REJECTED',
    hint: CONNECT_HINT,
  },
  {
    words: /Cannot find device/,
    code: 'ROUTE_REJECTED',
    hint: 'the configured device does not exist on the upstream',
  },
  { words: /device is not up/, code: 'ROUTE_REJECTED', hint: 'bring the link of the device up' },
];

/** One line of a batch before the mark is added to it. */
interface Step {
  readonly verb: 'add' | 'append' | 'del';
  readonly nextHops: readonly NextHop[];
}

/** The driver for `os: linux`. */
export const linux = {
  os: 'linux',
  capabilities: {
    ipv6: true,
    ecmp: true,
    transaction: 'none',
    chunk: CHUNK,
    vrf: false,
    mark: 'protocol number',
    nextHops: MAX_NEXT_HOPS,
  },
  session: undefined,
  gather,
  parse: parseState,
  unsupported: (change) => unsupportedIn(change, { nextHops: MAX_NEXT_HOPS, device: 'device' }),
  render,
  rejections,
  probe,
  probed,
  refusal: (change: RouteChange, { text }: LineAnswer) => refusal(change, text),
  save: () => undefined,
  gatherSaved: () => undefined,
  readPaths: readLinuxPaths,
  strangersAt,
  takeOver,
  release: releaseStrangers,
} satisfies RouterDriver<KernelScope>;

/** `-N`: names of protocols lie (FRR calls 196 `static`); `-details`: else a route of protocol boot shows none. */
function gather(scope: KernelScope): readonly Program[] {
  const table = safeWord('table', scope.table);
  return [
    { argv: ['ip', '-N', '-details', '-json', '-4', 'route', 'show', 'table', table] },
    { argv: ['ip', '-N', '-details', '-json', '-6', 'route', 'show', 'table', table] },
    { argv: ['ip', '-N', '-json', 'address', 'show'] },
  ];
}

function render(scope: KernelScope, changes: readonly RouteChange[]): readonly ProgramChunk[] {
  const linesOf = lineWriter(markWords(scope, scope));
  const byFamily = Map.groupBy(changes, (change) => prefixOf(change).family);
  return ([4, 6] as const).flatMap((family) => {
    return groupsOf(inOrder(byFamily.get(family) ?? []))
      .flatMap(chunksOf)
      .map((chunk) => {
        let stdin = '';
        for (const change of chunk) {
          stdin += linesOf(change);
        }
        return {
          command: { argv: ['ip', `-${family}`, '-force', '-batch', '-'], stdin },
          changes: chunk,
        };
      });
  });
}

function inOrder(changes: readonly RouteChange[]): readonly RouteChange[] {
  const [first] = changes;
  // A push nearly always has changes of one kind.
  return changes.every(({ action }) => action === first?.action)
    ? changes
    : ORDER.flatMap((action) => changes.filter((change) => change.action === action));
}

/** Those that can share a batch. */
function groupsOf(changes: readonly RouteChange[]): readonly (readonly RouteChange[])[] {
  return changes.some(hasSeveralNextHops)
    ? [...Map.groupBy(changes, devicesAtRisk).values()]
    : [changes];
}

/**
 * The devices that the change names after the word `nexthop`. If one does not exist, `ip` ends the whole batch there
 * instead of going on; so such changes get a batch of their own, in which every line has the same need.
 */
function devicesAtRisk(change: RouteChange): string {
  // Nearly every route has one next hop: no set is made for it.
  if (!hasSeveralNextHops(change)) {
    return '';
  }
  const groups = stepsOf(change).filter(({ nextHops }) => nextHops.length > 1);
  const hops = groups.flatMap(({ nextHops }) => nextHops);
  return [...new Set(hops.map(({ device }) => device))].join(' ').trim();
}

function hasSeveralNextHops(change: RouteChange): boolean {
  return (
    (change.action !== 'remove' && change.after.nextHops.length > 1) ||
    (change.action !== 'add' && change.before.nextHops.length > 1)
  );
}

function chunksOf(changes: readonly RouteChange[]): readonly (readonly RouteChange[])[] {
  const count = Math.ceil(changes.length / CHUNK);
  return Array.from({ length: count }, (_, i) => changes.slice(i * CHUNK, (i + 1) * CHUNK));
}

/** What follows the prefix of a line is made once for all routes that share a list of next hops. */
function lineWriter(mark: string): (change: RouteChange) => string {
  const known = new Map<readonly NextHop[], string>();
  const endOf = (nextHops: readonly NextHop[]): string => {
    const before = known.get(nextHops);
    if (before !== undefined) {
      return before;
    }
    const end = ` ${routeWords(nextHops, mark)}\n`;
    known.set(nextHops, end);
    return end;
  };
  return (change) => {
    const prefix = safeWord('prefix', prefixOf(change).text);
    if (change.action === 'add') {
      // Most changes are adds, and no list of steps is made for them.
      return `route add ${prefix}${endOf(change.after.nextHops)}`;
    }
    return stepsOf(change)
      .map(({ verb, nextHops }) => `route ${verb} ${prefix}${endOf(nextHops)}`)
      .join('');
  };
}

/**
 * The steps of one change; each names exactly what is ours. `ip route replace` is none of them: it knows no protocol
 * and takes the first route of that prefix and metric, which may be a stranger's. As a refused line does not stop the
 * next one, what is new is appended first; the read-back finds what is old beside it, and then that goes.
 *
 * - IPv4: a route is one object. `del` names a single next hop but never one of several: with the first of several it
 *   would remove the whole route, with another one nothing.
 * - IPv6: a route with several next hops is a set, each member with its own protocol, and only the first one's is
 *   shown. `del` without a next hop takes the members of strangers along; so a set is changed and removed member by
 *   member, where the protocol protects theirs.
 */
function stepsOf(change: RouteChange): readonly Step[] {
  const { family } = prefixOf(change);
  if (change.action === 'add') {
    return [{ verb: 'add', nextHops: change.after.nextHops }];
  }
  const before = change.before.nextHops;
  if (change.action === 'remove') {
    return [{ verb: 'del', nextHops: family === 4 && before.length > 1 ? [] : before }];
  }
  const after = change.after.nextHops;
  if (family === 4) {
    return [{ verb: 'append', nextHops: after }];
  }
  const missing = after.filter((want) => !before.some((have) => isSameNextHop(want, have)));
  const surplus = before.filter((have) => !after.some((want) => isSameNextHop(want, have)));
  return missing.length > 0
    ? missing.map((nextHop) => ({ verb: 'append', nextHops: [nextHop] }))
    : surplus.map((nextHop) => ({ verb: 'del', nextHops: [nextHop] }));
}

function rejections(chunk: RenderedChunk, output: CommandOutput): readonly Rejection[] {
  if (output.exitCode === 0) {
    return [];
  }
  if (isNotPermitted(output.stderr)) {
    throw notPermitted();
  }
  const changes = chunk.changes.flatMap((change) => stepsOf(change).map(() => change));
  const rejected = new Map<RouteChange, Rejection>();
  let words: string[] = [];
  for (const line of output.stderr.split('\n')) {
    const failed = FAILED_LINE.exec(line);
    if (failed === null) {
      words.push(line);
      continue;
    }
    const change = changes[Number(failed.groups?.['line']) - 1];
    if (change === undefined) {
      throw commandFailed('ip -batch', output);
    }
    const text = deviceWords(words.join(' '));
    words = [];
    if (!isAlreadySo(change, text) && !rejected.has(change)) {
      rejected.set(change, { change, error: refusal(change, text) });
    }
  }
  // A line that `ip` cannot read ends the batch at once, without `Command failed`: what follows it was not done.
  const rest = words.join('\n').trim();
  if (rest !== '' || !output.stderr.includes('Command failed')) {
    throw commandFailed('ip -batch', { ...output, stderr: rest });
  }
  return [...rejected.values()];
}

/** What is already gone, or already stands beside the route that it replaces, is no failure. */
function isAlreadySo({ action }: RouteChange, words: string): boolean {
  return (
    words.includes('No such process') || (action === 'replace' && words.includes('File exists'))
  );
}

function refusal(change: RouteChange, words: string): RouteSyncError {
  const prefix = prefixOf(change).text;
  const nextHops = change.action === 'remove' ? change.before.nextHops : change.after.nextHops;
  const via = nextHops.map(({ address }) => ` via ${address}`).join('');
  const known = REFUSALS.find((refusal) => refusal.words.test(words));
  return new RouteSyncError(
    known?.code ?? 'ROUTE_REJECTED',
    `${change.action} ${prefix}${via}: the upstream says "${words}"${known === undefined ? '' : `; ${known.hint}`}`,
    { details: { prefix, action: change.action, words } },
  );
}

/**
 * The kernel asks for CAP_NET_ADMIN before it looks for the route. The address 0.0.0.0/32 is no destination, and the
 * mark keeps it from everyone else's routes.
 */
function probe(scope: KernelScope): Program {
  return {
    argv: ['ip', '-4', 'route', 'del', '0.0.0.0/32', ...markWords(scope, scope).split(' ')],
  };
}

function probed(scope: KernelScope, output: CommandOutput): void {
  if (isNotPermitted(output.stderr)) {
    throw notPermitted();
  }
  const isHarmless = output.stderr.includes('No such process') || isTableUnused(output);
  if (output.exitCode !== 0 && !isHarmless) {
    throw commandFailed('ip route del', output, scope);
  }
}
