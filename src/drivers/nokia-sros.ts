/**
 * Nokia SR OS. The MD-CLI takes an exclusive candidate a chunk, and its confirmation only in the session that committed
 * it, before that is left; the classic CLI has neither, each line counts (Nokia MD-CLI User Guide, "Committing a
 * configuration"; Nokia Router Configuration Guide, static-route-entry).
 */
import type { UpstreamState } from '../core/route.ts';
import { deviceDriver } from './kit/device-driver.ts';
import type { KnownRefusal } from './kit/device-spec.ts';
import type { DeviceScope, Dialogue, RenderedChunk, RouterDriver, Script } from './driver.ts';
import type { Edit } from './kit/edits.ts';
import { readNokiaSrosAddresses } from './nokia-sros/addresses.ts';
import { classicLinesOf, mdLinesOf } from './nokia-sros/lines.ts';
import { readNokiaSrosPaths } from './nokia-sros/parse.ts';
import { LEAVE, QUIT, SROS_SESSION } from './nokia-sros/session.ts';
import { lines, say, scriptOf, type ScriptFrame } from './kit/script.ts';
import { safeWord } from './kit/word.ts';

/** What was to go is gone. */
const GONE = /does not exist|not (?:found|exist|configured)/i;
/** In minutes. */
const LONGEST_TIMER = 168;

const REFUSALS: readonly KnownRefusal[] = [
  {
    words: /vprn|service|router(?:-| )(?:instance|name)/i,
    code: 'UPSTREAM_TABLE_UNKNOWN',
    hint: 'create the VPRN service on the router, or correct vrf of the upstream',
  },
  { words: GONE, code: 'ROUTE_NOT_FOUND', hint: 'somebody else removed it' },
  {
    words: /next-?hop/i,
    code: 'ROUTE_REJECTED',
    hint: 'the next hop must be an address of the same family, a link-local one with its interface',
  },
  {
    words: /prefix|host bits/i,
    code: 'ROUTE_REJECTED',
    hint: 'the prefix has bits beyond its length',
  },
  {
    words: /maximum|limit|exceed/i,
    code: 'ROUTE_REJECTED',
    hint: 'the router holds no more static routes: announce less',
  },
];

export const nokiaSros: RouterDriver<DeviceScope> = deviceDriver({
  os: 'nokia-sros',
  capabilities: {
    ipv6: true,
    vrf: true,
    ecmp: true,
    mark: 'tag',
    transaction: 'confirmed',
    chunk: 2000,
    nextHops: 16,
    dialects: ['md', 'classic'],
  },
  session: SROS_SESSION,
  defaultDistance: 5,
  routeQuestions: ({ dialect }) => [
    say(
      dialect === 'classic'
        ? 'admin display-config'
        : 'admin show configuration full-context | match static-routes',
    ),
  ],
  addressQuestions: ({ vrf, dialect }) => [say(`show router ${routerWord(vrf, dialect)}interface`)],
  readPaths: readNokiaSrosPaths,
  readAddresses: readNokiaSrosAddresses,
  isOurs: (path, mark) => path.tag === mark.tag,
  render: (scope, edits, state) => [chunkOf(scope, edits, state)],
  refusals: REFUSALS,
  notPermitted:
    /permission denied|not authorized|insufficient (?:privilege|permission)|command not allowed/i,
  probe: ({ dialect }) =>
    dialect === 'classic'
      ? say('configure router', 'exit all')
      : { lines: [...lines('edit-config exclusive'), ...LEAVE] },
  save: () => say('admin save'),
});

/** The service is named in quotes where it has a name, and is a number in the classic CLI. */
function routerWord(vrf: string | undefined, dialect: string | undefined): string {
  if (vrf === undefined) {
    return '';
  }
  const name = safeWord('vrf', vrf);
  return dialect === 'classic' ? `${name} ` : `"${name}" `;
}

function chunkOf(
  scope: DeviceScope,
  edits: readonly Edit[],
  { routes }: UpstreamState,
): RenderedChunk {
  const foreign = new Set(routes.filter(({ owned }) => !owned).map(({ prefix }) => prefix.text));
  const isClassic = scope.dialect === 'classic';
  const write = isClassic ? classicLinesOf : mdLinesOf;
  const changes = edits.map(({ change }) => change);
  const script = (frame: ScriptFrame): Script =>
    scriptOf({ ...frame, gone: GONE }, edits, (edit) =>
      write(scope, edit, foreign.has(edit.prefix.text)),
    );
  const root = lines('exit all');
  return isClassic
    ? { command: script({ enter: root, commit: root, abort: root, atomic: false }), changes }
    : { ...transaction(scope, script), changes };
}

/** The session stays where it committed: to leave before the confirmation is to take the commit back. */
function transaction(
  { confirmSeconds }: DeviceScope,
  script: (frame: ScriptFrame) => Script,
): Omit<RenderedChunk, 'changes'> {
  const frame = { enter: lines('edit-config exclusive'), abort: LEAVE, atomic: true };
  if (confirmSeconds === undefined) {
    return { command: script({ ...frame, commit: lines('commit', 'quit-config') }) };
  }
  const minutes = Math.min(Math.max(Math.ceil(confirmSeconds / 60), 1), LONGEST_TIMER);
  // Left in any case; otherwise nobody could configure the router any more.
  const end = (...texts: readonly string[]): Dialogue => ({
    lines: [...lines(...texts), QUIT],
    continues: true,
    goesOn: true,
  });
  return {
    command: script({ ...frame, commit: lines(`commit confirmed ${minutes}`) }),
    confirm: end('commit confirmed accept'),
    revert: end('commit confirmed cancel', 'discard'),
    asks: (question) => ({ ...question, continues: true }),
  };
}
