/**
 * OpenBSD: `route` in a shell, one process a line; a route is ours if its label is. Source: route(8), rtlabel in
 * net/route.h (32 characters with the end), and the words that route(8) fails with (sbin/route/route.c).
 */
import { prefixOf } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';
import { deviceDriver } from './kit/device-driver.ts';
import { refusalOf, refuseFailure } from './kit/device-errors.ts';
import type { DeviceSpec, KnownRefusal } from './kit/device-spec.ts';
import type {
  CommandOutput,
  DeviceScope,
  Program,
  Rejection,
  RenderedChunk,
  RouterDriver,
} from './driver.ts';
import type { DevicePath, Edit } from './kit/edits.ts';
import { readOpenbsdAddresses } from './openbsd/addresses.ts';
import { readOpenbsdPaths } from './openbsd/parse.ts';
import { safeWord } from './kit/word.ts';

/** RTP_STATIC. */
const DEFAULT_PRIORITY = 8;
const LABEL_LENGTH = 31;

/** Tells first what it asks: the table's number shows nowhere else. */
const SHOW = 'echo "# route -T $1 -nv show"; exec route -T "$1" -nv show';

/**
 * Each line is a command; no word of it is looked at twice. Changes are groups of lines with an empty line behind each: a
 * group ends with its first failure, so that nothing is removed before what takes its place stands.
 */
const PUSH = `set -f
n=0 ok=1
while read -r line; do
  n=$((n + 1))
  [ -n "$line" ] || { ok=1; continue; }
  [ $ok = 1 ] || continue
  words=$($line 2>&1) && continue
  case "$line,$words" in
    *' add '*'File exists'*|*' delete '*'not in table'*|*' delete '*'No such process'*) continue ;;
  esac
  ok=0
  printf '%s\\t%s\\n' "$n" "$(printf '%s' "$words" | tr '\\n' ' ')"
done
exit 0
`;

const REFUSED = /^(?<number>\d+)\t(?<text>.*)$/;

const REFUSALS: readonly KnownRefusal[] = [
  {
    words: /Network is unreachable|No route to host/,
    code: 'ROUTE_REJECTED',
    hint: 'connect the router to the network of the next hop (is its link up?), or set dev under devices of the upstream',
  },
  {
    words: /routing table overflow|Cannot allocate memory|No buffer space/,
    code: 'ROUTE_REJECTED',
    hint: 'the router has no memory left for it',
  },
  {
    words: /File exists/,
    code: 'ROUTE_EXISTS',
    hint: 'a route of another owner is there with the same next hop and priority',
  },
  {
    words: /not in table|No such process/,
    code: 'ROUTE_NOT_FOUND',
    hint: 'somebody else removed it',
  },
  {
    words: /routing table \d+|invalid table id/,
    code: 'UPSTREAM_TABLE_UNKNOWN',
    hint: 'create the routing domain on the router, or correct vrf of the upstream',
  },
  {
    words: /bad value|bad address|botched keyword|Invalid argument|no such interface/i,
    code: 'ROUTE_REJECTED',
    hint: 'this OpenBSD does not know that form of the line',
  },
];

const SPEC: DeviceSpec = {
  os: 'openbsd',
  capabilities: {
    ipv6: true,
    vrf: true,
    ecmp: true,
    mark: 'label',
    transaction: 'none',
    chunk: 1000,
    nextHops: 32,
    nameLength: LABEL_LENGTH,
  },
  session: undefined,
  defaultDistance: DEFAULT_PRIORITY,
  routeQuestions: (scope) => [{ argv: ['sh', '-c', SHOW, 'sh', tableOf(scope)] }],
  addressQuestions: () => [{ argv: ['ifconfig', '-a'] }],
  readPaths: readOpenbsdPaths,
  readAddresses: readOpenbsdAddresses,
  isOurs: ({ name }, mark) => name === mark.name,
  render: (scope, edits) => [
    {
      command: {
        argv: ['sh', '-c', PUSH],
        stdin: edits.map((edit) => `${linesOf(scope, edit).join('\n')}\n\n`).join(''),
      },
      changes: edits.map(({ change }) => change),
    },
  ],
  rejections,
  refusals: REFUSALS,
  notPermitted: /must be root|Operation not permitted|Permission denied/,
  // -d: everything but the change itself.
  probe: (scope) => ({
    argv: ['route', '-T', tableOf(scope), '-dn', 'add', '-inet', '192.0.2.1/32', '127.0.0.1'],
  }),
};

/** The driver for `os: openbsd`. */
export const openbsd: RouterDriver<DeviceScope> = deviceDriver(SPEC);

/** A routing table has a number and no name. */
function tableOf({ vrf }: DeviceScope): string {
  if (vrf === undefined) {
    return '0';
  }
  if (!/^[1-9]\d{0,2}$/.test(vrf)) {
    throw new RouteSyncError(
      'UNSAFE_WORD',
      `${JSON.stringify(vrf)} cannot be used as a routing table of OpenBSD: set vrf of the upstream to its number, 1 to 255, or leave it out`,
      { details: { vrf } },
    );
  }
  return vrf;
}

/** `-mpath` on all: the new path stands beside the old one until that goes. */
function linesOf(scope: DeviceScope, { prefix, make, move, drop }: Edit): readonly string[] {
  const route = `route -T ${tableOf(scope)} -n`;
  const family = prefix.family === 4 ? '-inet' : '-inet6';
  const to = (path: DevicePath): string => `${safeWord('prefix', prefix.text)} ${gatewayOf(path)}`;
  const add = (path: DevicePath): string =>
    `${route} add ${family} -mpath -label ${labelOf(scope)}${priority(path.distance)} ${to(path)}`;
  const remove = (path: DevicePath, distance: number | undefined): string =>
    `${route} delete ${family}${priority(distance)} ${to(path)}`;
  return [
    ...make.map(add),
    ...move.flatMap(({ path, from }) => {
      const { distance = DEFAULT_PRIORITY } = from;
      // Two routes with one next hop need two priorities; at the same one there is nothing to remove.
      return distance === (path.distance ?? DEFAULT_PRIORITY)
        ? [add(path)]
        : [add(path), remove(path, distance)];
    }),
    ...drop.map((path) => remove(path, path.distance)),
  ];
}

function priority(distance: number | undefined): string {
  return distance === undefined ? '' : ` -priority ${safeWord('number', String(distance))}`;
}

/** Only a link-local address needs its interface. */
function gatewayOf({ address, device }: DevicePath): string {
  const gateway = safeWord('address', address);
  return device !== undefined && /^fe[89ab]/.test(address)
    ? `${gateway}%${safeWord('interface', device)}`
    : gateway;
}

function labelOf({ mark: { name } }: DeviceScope): string {
  if (name.length > LABEL_LENGTH) {
    throw new RouteSyncError(
      'UNSAFE_WORD',
      `the mark ${JSON.stringify(name)} has ${name.length} characters, and a route label takes ${LABEL_LENGTH}: set markName of the upstream`,
      { details: { name } },
    );
  }
  return safeWord('mark', name);
}

/** Refused lines by their number among those that were sent. */
function rejections(chunk: RenderedChunk, output: CommandOutput): readonly Rejection[] {
  refuseFailure(SPEC, output);
  const { stdin } = chunk.command as Program;
  const sent = String(stdin).split('\n');
  return output.stdout.split('\n').flatMap((answer) => {
    const { number, text = '' } = REFUSED.exec(answer)?.groups ?? {};
    const line = sent[Number(number) - 1];
    if (line === undefined) {
      return [];
    }
    if (SPEC.notPermitted.test(text)) {
      refuseFailure(SPEC, { ...output, stdout: text, exitCode: 1 });
    }
    const change = chunk.changes.find((each) => line.includes(` ${prefixOf(each).text} `));
    return change === undefined
      ? []
      : [{ change, error: refusalOf(SPEC, change, { line, text, refused: true }) }];
  });
}
