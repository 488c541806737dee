/**
 * FRR through vtysh: all lines of a chunk are one northbound transaction. Facts in the comments were measured on FRR
 * 8.4.4; test/kernel/frr-edge.test.ts measures them again.
 */
import { prefixOf, type RouteChange } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';
import { deviceDriver } from './kit/device-driver.ts';
import type { DeviceScope, Program, RouterDriver } from './driver.ts';
import type { DevicePath, Edit } from './kit/edits.ts';
import { readFrrAddresses } from './frr/addresses.ts';
import { FRR_NOT_PERMITTED, FRR_REFUSALS, frrRejections, refuseFrrFailure } from './frr/answer.ts';
import { readFrrPaths } from './frr/parse.ts';
import { safeWord } from './kit/word.ts';

/** Each transaction costs by the routes that are there, not by those it changes; and the kill switch gets a say. */
const CHUNK = 20_000;
/** What FRR is built for unless --enable-multipath says otherwise. */
const MAX_NEXT_HOPS = 16;
/**
 * Without staticd, vtysh drops its lines in silence. The input is as in a session, and there `vtysh -f` is already; it
 * makes one transaction of it by itself.
 */
const LOAD = [
  'vtysh -c "show daemons" | grep -qw staticd || { echo "staticd is not running" >&2; exit 1; }',
  "sed '/^configure terminal$/d' | vtysh -f /dev/stdin",
].join('\n');
/** Where a configuration for all daemons exists, FRR starts with that one. */
const STARTUP = 'cat /etc/frr/frr.conf 2>/dev/null || cat /etc/frr/staticd.conf';
/** FRR takes a beginning of such a word for the word itself, wherever an interface could stand. */
const KEYWORDS = [
  'tag',
  'vrf',
  'table',
  'label',
  'metric',
  'weight',
  'onlink',
  'color',
  'bfd',
  'segments',
  'nexthop-vrf',
  'null0',
  'reject',
  'blackhole',
];

const base: RouterDriver<DeviceScope> = deviceDriver({
  os: 'frr',
  capabilities: {
    ipv6: true,
    vrf: true,
    ecmp: true,
    mark: 'tag',
    transaction: 'candidate',
    chunk: CHUNK,
    nextHops: MAX_NEXT_HOPS,
    dialects: ['shell', 'vtysh'],
  },
  session: undefined,
  defaultDistance: 1,
  // The configuration, because the routing table holds only what can be resolved.
  routeQuestions: (scope) => [command(scope, 'show running-config')],
  addressQuestions: (scope) => [
    session(scope, ['show daemons', `show interface vrf ${vrfOf(scope) ?? 'default'}`]),
  ],
  readPaths: readFrrPaths,
  readAddresses: readFrrAddresses,
  isOurs: (path, mark) => path.tag === mark.tag,
  render: (scope, edits) => [
    { command: load(scope, linesOf(scope, edits)), changes: edits.map(({ change }) => change) },
  ],
  rejections: frrRejections,
  refusals: FRR_REFUSALS,
  notPermitted: FRR_NOT_PERMITTED,
  probe: (scope) => session(scope, ['configure terminal', 'end']),
  save: (scope) => command(scope, 'write memory'),
});

/** The driver for `os: frr`. */
export const frr: RouterDriver<DeviceScope> = {
  ...base,
  parse: (scope, outputs) => {
    outputs.forEach(refuseFrrFailure);
    return base.parse(scope, outputs);
  },
  probed: (_, output) => refuseFrrFailure(output),
  unsupported: (change) => base.unsupported(change) ?? keywordIn(change),
  // A login shell that is vtysh cannot read files.
  gatherSaved: (scope) =>
    isVtysh(scope) ? undefined : [{ argv: ['sh', '-c', STARTUP] }, ...base.gather(scope).slice(1)],
};

function isVtysh({ dialect }: DeviceScope): boolean {
  return dialect === 'vtysh';
}

/** One command; as login shell, vtysh gets its words. */
function command(scope: DeviceScope, line: string): Program {
  const [first = '', ...rest] = line.split(' ');
  return isVtysh(scope) ? { argv: [first, ...rest] } : { argv: ['vtysh', '-c', line] };
}

/** Some commands in one session. */
function session(scope: DeviceScope, lines: readonly string[]): Program {
  return isVtysh(scope)
    ? { argv: [''], stdin: textOf(lines) }
    : { argv: ['vtysh', ...lines.flatMap((line) => ['-c', line])] };
}

/** The marks of a transaction are what `vtysh -f` sends too; without them each line would be one of its own. */
function load(scope: DeviceScope, lines: readonly string[]): Program {
  return isVtysh(scope)
    ? {
        argv: [''],
        stdin: textOf([
          'configure terminal',
          'XFRR_start_configuration',
          ...lines,
          'XFRR_end_configuration',
          'end',
        ]),
      }
    : { argv: ['sh', '-c', LOAD], stdin: textOf(['configure terminal', ...lines, 'end']) };
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

function vrfOf({ vrf }: DeviceScope): string | undefined {
  return vrf === undefined ? undefined : safeWord('vrf', vrf);
}

/**
 * All makes before all breaks. The VRF is on each line, never a block around them: should FRR refuse the line that opens
 * it, the others would go to the global table. A line that is typed again with another distance or tag takes the place
 * of the one before it; a removal finds its path whatever its distance and tag.
 */
function linesOf(scope: DeviceScope, edits: readonly Edit[]): readonly string[] {
  const vrf = vrfOf(scope);
  const tag = safeWord('number', String(scope.mark.tag));
  const table = vrf === undefined ? [] : ['vrf', vrf];
  const made = ({ prefix, make, move }: Edit): readonly string[] =>
    [...make, ...move.map(({ path, from }) => ({ ...path, device: path.device ?? from.device }))]
      .map((path) => [
        routeWords(prefix, path),
        'tag',
        tag,
        ...(path.distance === undefined ? [] : [safeWord('number', String(path.distance))]),
        ...table,
      ])
      .map((words) => words.join(' '));
  const broken = ({ prefix, drop }: Edit): readonly string[] =>
    drop.map((path) => ['no', routeWords(prefix, path), ...table].join(' '));
  return [...edits.flatMap(made), ...edits.flatMap(broken)];
}

function routeWords({ family, text }: Edit['prefix'], { address, device }: DevicePath): string {
  return [
    family === 4 ? 'ip route' : 'ipv6 route',
    safeWord('prefix', text),
    safeWord('address', address),
    ...(device === undefined ? [] : [safeWord('interface', device)]),
  ].join(' ');
}

function keywordIn(change: RouteChange): RouteSyncError | undefined {
  const nextHops = change.action === 'remove' ? [] : change.after.nextHops;
  const bad = nextHops.find(
    ({ device }) =>
      device !== undefined && KEYWORDS.some((word) => word.startsWith(device.toLowerCase())),
  );
  return bad === undefined
    ? undefined
    : new RouteSyncError(
        'UNSAFE_WORD',
        `${prefixOf(change).text}: FRR takes "${bad.device}" for one of its keywords, not for an interface: correct dev under devices of the upstream`,
        { details: { device: bad.device } },
      );
}
