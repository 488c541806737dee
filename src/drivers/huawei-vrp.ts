/**
 * Huawei VRP: 8 with a candidate configuration for each session and trial runs, 5 line by line (Huawei's "Configuration
 * Management" and command references: `ip route-static`, `commit`, `abort trial`; the commands that
 * ansible-collections/community.network makes of a static route).
 */
import { Netmask } from 'netmask';

import { deviceDriver } from './kit/device-driver.ts';
import type { KnownRefusal } from './kit/device-spec.ts';
import type { CliLine, DeviceScope, RenderedChunk, RouterDriver, Script } from './driver.ts';
import type { DevicePath, Edit } from './kit/edits.ts';
import { readHuaweiVrpAddresses } from './huawei-vrp/addresses.ts';
import { readHuaweiVrpPaths } from './huawei-vrp/parse.ts';
import { HUAWEI_VRP_SESSION, RETURN } from './huawei-vrp/session.ts';
import { lines, say, scriptOf, type EditLines, type ScriptFrame } from './kit/script.ts';
import { safeWord } from './kit/word.ts';

const DEFAULT_PREFERENCE = 60;
/** What a trial run may last, in seconds. */
const TRIAL = { shortest: 60, longest: 65_535 } as const;
const YES_OR_NO = /\[Y(?:\(yes\))?\/N(?:\(no\))?[^\]]*\]/i;

/** Said of an `undo`. */
const GONE = /not exist|not found/i;

const REFUSALS: readonly KnownRefusal[] = [
  {
    words: /vpn[- ]instance.*(?:not exist|not (?:been )?(?:created|configured)|invalid)/i,
    code: 'UPSTREAM_TABLE_UNKNOWN',
    hint: 'create the VPN instance with its address family on the router, or correct vrf of the upstream',
  },
  {
    words: /already exist|has existed/i,
    code: 'ROUTE_EXISTS',
    hint: 'the next cycle reads the router again and decides anew',
  },
  {
    words: /not exist|not found/i,
    code: 'ROUTE_NOT_FOUND',
    hint: 'the next cycle reads the router again and decides anew',
  },
  {
    words: /enable IPv6|IPv6 is (?:not enabled|disabled)/i,
    code: 'ROUTE_REJECTED',
    hint: 'switch IPv6 on with "ipv6" in the system view of the router',
  },
  {
    words: /upper limit|maximum|exceed|reached the limit/i,
    code: 'ROUTE_REJECTED',
    hint: 'the router holds no more static routes: raise its limit, or announce fewer routes',
  },
  {
    words: /next[- ]?hop/i,
    code: 'ROUTE_REJECTED',
    hint: "the next hop must be another router's address, a link-local one with its interface",
  },
  {
    words: /Unrecognized command|Wrong parameter|Incomplete command|Too many parameters|Ambiguous/i,
    code: 'ROUTE_REJECTED',
    hint: 'this VRP does not know that form of the line: set dialect of the upstream to "5" or "8"',
  },
];

export const huaweiVrp: RouterDriver<DeviceScope> = deviceDriver({
  os: 'huawei-vrp',
  capabilities: {
    ipv6: true,
    vrf: true,
    ecmp: true,
    mark: 'tag',
    transaction: 'confirmed',
    chunk: 1000,
    nextHops: 32,
    dialects: ['8', '5'],
  },
  session: HUAWEI_VRP_SESSION,
  defaultDistance: DEFAULT_PREFERENCE,
  routeQuestions: () => [say('display current-configuration | include route-static')],
  addressQuestions: () => [say('display current-configuration interface')],
  readPaths: readHuaweiVrpPaths,
  readAddresses: readHuaweiVrpAddresses,
  isOurs: (path, mark) => path.tag === mark.tag,
  render: (scope, edits) => [chunkOf(scope, edits)],
  refusals: REFUSALS,
  // Who may not use a command is told that it does not exist.
  notPermitted: /permission|Unrecognized command|authoriz/i,
  // A view that was left open by a session that went wrong is closed first.
  probe: () => ({ lines: [RETURN, ...lines('system-view'), RETURN] }),
  save: () => ({
    lines: [
      {
        text: 'save',
        answers: [
          { question: YES_OR_NO, answer: 'y' },
          { question: /file name/i, answer: '' },
        ],
      },
    ],
  }),
  savedQuestions: () => [say('display saved-configuration | include route-static')],
});

function chunkOf(scope: DeviceScope, edits: readonly Edit[]): RenderedChunk {
  const isTwoPhase = scope.dialect !== '5';
  const seconds = isTwoPhase ? scope.confirmSeconds : undefined;
  const command = scriptFor(scope, edits, {
    enter: lines('system-view'),
    commit: seconds === undefined ? endOf(isTwoPhase) : lines(`commit trial ${trialOf(seconds)}`),
    abort: [RETURN],
    atomic: isTwoPhase,
  });
  const changes = edits.map(({ change }) => change);
  return seconds === undefined
    ? { command, changes }
    : {
        command,
        changes,
        confirm: { lines: endOf(true) },
        revert: {
          lines: [{ text: 'abort trial', answers: [{ question: YES_OR_NO, answer: 'y' }] }, RETURN],
        },
      };
}

function endOf(isTwoPhase: boolean): readonly CliLine[] {
  return isTwoPhase ? lines('commit', 'return') : lines('return');
}

function trialOf(seconds: number): number {
  return Math.min(Math.max(Math.ceil(seconds), TRIAL.shortest), TRIAL.longest);
}

function scriptFor(scope: DeviceScope, edits: readonly Edit[], frame: ScriptFrame): Script {
  return scriptOf({ ...frame, gone: GONE }, edits, (edit) => linesOf(scope, edit));
}

/** A line for a path that stands already takes the place of that one: what it does not say is lost. */
function linesOf(scope: DeviceScope, edit: Edit): EditLines {
  const add = (path: DevicePath, preference: number | undefined): string =>
    [
      routeOf(scope, edit, path),
      ...(preference === undefined ? [] : [`preference ${safeWord('distance', `${preference}`)}`]),
      `tag ${safeWord('number', `${scope.mark.tag}`)}`,
    ].join(' ');
  return {
    makes: [
      ...edit.make.map((path) => add(path, path.distance)),
      ...edit.move.map(({ path }) => add(path, path.distance ?? DEFAULT_PREFERENCE)),
    ],
    breaks: edit.drop.map((path) => `undo ${routeOf(scope, edit, path)}`),
  };
}

/** What names one path: VPN instance, destination, interface and next hop. */
function routeOf({ vrf }: DeviceScope, { prefix }: Edit, { address, device }: DevicePath): string {
  const [network = '', length = ''] = safeWord('prefix', prefix.text).split('/');
  return [
    prefix.family === 4 ? 'ip route-static' : 'ipv6 route-static',
    ...(vrf === undefined ? [] : [`vpn-instance ${safeWord('vrf', vrf)}`]),
    network,
    prefix.family === 4 ? new Netmask(prefix.text).mask : length,
    ...(device === undefined ? [] : [safeWord('interface', device)]),
    safeWord('address', address),
  ].join(' ');
}
