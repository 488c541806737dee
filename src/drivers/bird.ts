/**
 * BIRD 2: two files of ours, each included in a `protocol static` block that carries the mark as its name. A push writes
 * both files anew, has BIRD check them, and runs them under BIRD's own timer until they are confirmed. Facts measured on
 * BIRD 2.0.12; test/kernel/bird-edge.test.ts measures them again.
 */
import { comparePrefixes } from '../core/prefix.ts';
import { prefixOf, type NextHop, type UpstreamState } from '../core/route.ts';
import { readBirdPaths } from './bird/parse.ts';
import { CONFIRM, PROBE, PUSH, REVERT, SHOW_OURS } from './bird/scripts.ts';
import { isInOurs, readBirdAddresses, readBirdState } from './bird/state.ts';
import {
  DEFAULT_PREFERENCE,
  MARK_LENGTH,
  placesOf,
  protocolName,
  routeLine,
} from './bird/words.ts';
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
import type { Edit } from './kit/edits.ts';
import { safeWord } from './kit/word.ts';

/** What the push says of a line that BIRD does not take. */
const REFUSED = /^refused\t(?<line>route (?<prefix>\S+) .*)\t(?<text>.*)$/;

const REFUSALS: readonly KnownRefusal[] = [
  {
    words: /incompatible with channel type/,
    code: 'ROUTE_REJECTED',
    hint: 'the protocol block around the included file is of another address family',
  },
  {
    words: /Invalid|syntax error|maybe you wanted/,
    code: 'ROUTE_REJECTED',
    hint: 'this BIRD does not know that form of the line',
  },
];

const SPEC: DeviceSpec = {
  os: 'bird',
  capabilities: {
    ipv6: true,
    vrf: true,
    ecmp: true,
    mark: 'protocol name',
    transaction: 'confirmed',
    // Each file is written as a whole, so all changes go at once.
    chunk: 10_000_000,
    nextHops: 64,
    nameLength: MARK_LENGTH,
  },
  session: undefined,
  defaultDistance: DEFAULT_PREFERENCE,
  routeQuestions: (scope) => {
    const { file4, file6, socket } = placesOf(scope);
    return [
      shell(SHOW_OURS, socket, `'${protocolName(scope, 4)}'`),
      shell(SHOW_OURS, socket, `'${protocolName(scope, 6)}'`),
      birdc(scope, 'show route all table all where source = RTS_STATIC'),
      { argv: ['cat', file4, file6] },
    ];
  },
  addressQuestions: (scope) => [birdc(scope, 'show interfaces')],
  readPaths: readBirdPaths,
  readAddresses: readBirdAddresses,
  readState: readBirdState,
  isOurs: isInOurs,
  render,
  rejections,
  refusals: REFUSALS,
  notPermitted: /Access (?:denied|restricted)|Permission denied|Operation not permitted/,
  probe: (scope) => {
    const { file4, file6, socket } = placesOf(scope);
    return shell(PROBE, file4, file6, socket);
  },
};

/** The driver for `os: bird`. */
export const bird: RouterDriver<DeviceScope> = deviceDriver(SPEC);

function shell(script: string, ...args: readonly string[]): Program {
  return { argv: ['sh', '-c', script, 'sh', ...args] };
}

function birdc(scope: DeviceScope, command: string): Program {
  return { argv: ['birdc', '-s', placesOf(scope).socket, ...command.split(' ')] };
}

function render(
  scope: DeviceScope,
  edits: readonly Edit[],
  state: UpstreamState,
): readonly RenderedChunk[] {
  const { file4, file6, socket } = placesOf(scope);
  const { confirmSeconds } = scope;
  const seconds = confirmSeconds === undefined ? '' : safeWord('number', String(confirmSeconds));
  const timeout = seconds === '' ? '' : ` timeout ${seconds}`;
  const args = [file4, file6, socket, seconds];
  const lines = linesAfter(scope, edits, state);
  const place = scope.vrf === undefined ? '' : ` in VRF ${safeWord('vrf', scope.vrf)}`;
  const of = (file: string, family: 4 | 6): readonly string[] => [
    `# ${file}, for protocol static '${protocolName(scope, family)}'${place}: written by route-sync, changes are lost`,
    ...lines.filter((line) => line.family === family).map(({ text }) => text),
  ];
  const commands = [
    `# birdc -s ${socket} configure check`,
    `# birdc -s ${socket} configure${timeout}`,
  ];
  const stdin = [...of(file4, 4), ...of(file6, 6), ...commands, ''].join('\n');
  const command = { ...shell(PUSH, ...args), stdin };
  const changes = edits.map(({ change }) => change);
  return confirmSeconds === undefined
    ? [{ command, changes }]
    : [
        {
          command,
          changes,
          confirm: {
            ...shell(CONFIRM, ...args),
            stdin: `# birdc -s ${socket} configure confirm\n`,
          },
          revert: shell(REVERT, ...args),
        },
      ];
}

interface Line {
  readonly family: 4 | 6;
  readonly text: string;
}

/** Every route of ours as it shall stand in the files, in numeric order. */
function linesAfter(
  scope: DeviceScope,
  edits: readonly Edit[],
  { routes }: UpstreamState,
): readonly Line[] {
  const { distance } = scope;
  const preference = distance === DEFAULT_PREFERENCE ? undefined : distance;
  const wanted = new Map(
    routes
      .filter(({ owned }) => owned)
      .map(({ prefix, nextHops }) => [
        prefix.text,
        { prefix, nextHops: nextHops.map((nextHop) => withDistance(nextHop, preference)) },
      ]),
  );
  for (const { prefix, after } of edits) {
    const nextHops = after.map((path) => withDistance(path, path.distance));
    wanted.set(prefix.text, { prefix, nextHops });
  }
  return [...wanted.values()]
    .filter(({ nextHops }) => nextHops.length > 0)
    .sort((a, b) => comparePrefixes(a.prefix, b.prefix))
    .map(({ prefix, nextHops }) => ({
      family: prefix.family,
      text: routeLine(prefix, nextHops),
    }));
}

function withDistance(
  {
    address,
    device,
  }: { readonly address: NextHop['address']; readonly device?: string | undefined },
  distance: number | undefined,
): NextHop {
  return {
    address,
    ...(device === undefined ? {} : { device }),
    ...(distance === undefined ? {} : { distance }),
  };
}

/** The lines that BIRD did not take; everything else of the push stands. */
function rejections(chunk: RenderedChunk, output: CommandOutput): readonly Rejection[] {
  refuseFailure(SPEC, output);
  return output.stdout.split('\n').flatMap((answer) => {
    const { line, prefix, text } = REFUSED.exec(answer)?.groups ?? {};
    const change = chunk.changes.find((each) => prefixOf(each).text === prefix);
    return change === undefined
      ? []
      : [
          {
            change,
            error: refusalOf(SPEC, change, {
              line: String(line),
              text: String(text),
              refused: true,
            }),
          },
        ];
  });
}
