/**
 * What vtysh says where it did not do as it was told (measured on FRR 8.4.4; lib/vty.c and vtysh of FRR 10 for locks).
 * Its exit status is no judge: a refused transaction has 0, and so has an unknown command in a session.
 */
import { prefixOf } from '../../core/route.ts';
import { RouteSyncError } from '../../errors.ts';
import { refusalOf } from '../kit/device-errors.ts';
import type { KnownRefusal } from '../kit/device-spec.ts';
import { deviceWords } from '../kit/device-words.ts';
import type { CommandOutput, Rejection, RenderedChunk } from '../driver.ts';
import { linesIn } from '../kit/text.ts';

/** What any command is answered with for lack of rights. */
export const FRR_NOT_PERMITTED = /try running me as a privileged user|Permission denied/;
const VRF_MISSING = /^% VRF (\S+) not found/m;
const LOCKED = /\blocked\b/;
/** Nothing was done, or nobody knows what. */
const ALL_LOST =
  /^% Configuration failed|Failure to communicate|^\w+ is not running|failed to connect to any daemons|^Can't |^Error renaming/m;
/** The removal of what is gone is done. */
const COMPLAINT =
  /^(?:line \d+: (?=%|Warning)|(?=% ))(?!% Refusing to remove a non-existent route)/;
/** Of vtysh itself; it goes on without. */
const NO_SETTINGS = /^% Can't open configuration file .*$/gm;
/** `line 4: % Unknown command[4]: ip route ...` of a file; without number and code in a session. */
const REFUSED_LINE = /^.*?[:\]]\s*((?:no )?ip(?:v6)? route (\S+).*)$/;

/** What FRR says of one line. */
export const FRR_REFUSALS: readonly KnownRefusal[] = [
  {
    words: /Unknown command|Ambiguous command|Command incomplete/,
    code: 'ROUTE_REJECTED',
    hint: 'this FRR does not know that form of the line',
  },
];

/** Throws for an answer that is not what was asked for. */
export function refuseFrrFailure(output: CommandOutput): void {
  if (output.exitCode !== 0 || ALL_LOST.test(textOf(output)) || complaintsIn(output).length > 0) {
    throw failureOf(output);
  }
}

/** The changes whose lines were refused; throws where that may be all of them. */
export function frrRejections(
  { changes }: RenderedChunk,
  output: CommandOutput,
): readonly Rejection[] {
  const complaints = complaintsIn(output);
  if (ALL_LOST.test(textOf(output)) || (output.exitCode !== 0 && complaints.length === 0)) {
    throw failureOf(output);
  }
  const byPrefix = new Map(changes.map((change) => [prefixOf(change).text, change]));
  const judge = { os: 'frr', session: undefined, notPermitted: FRR_NOT_PERMITTED };
  return complaints.map((text) => {
    const [, line = '', prefix = ''] = REFUSED_LINE.exec(text) ?? [];
    const change = byPrefix.get(prefix);
    if (change === undefined) {
      throw failureOf(output);
    }
    const answer = { line, text, refused: true };
    return { change, error: refusalOf({ ...judge, refusals: FRR_REFUSALS }, change, answer) };
  });
}

function complaintsIn(output: CommandOutput): readonly string[] {
  return linesIn(textOf(output)).filter((line) => COMPLAINT.test(line));
}

function textOf({ stdout, stderr }: CommandOutput): string {
  return `${stdout}\n${stderr}`.replaceAll(NO_SETTINGS, '');
}

function failureOf(output: CommandOutput): RouteSyncError {
  const text = textOf(output);
  const words = deviceWords(complaintsIn(output).at(0) ?? text);
  if (FRR_NOT_PERMITTED.test(text)) {
    return new RouteSyncError(
      'UPSTREAM_NOT_PERMITTED',
      `vtysh may not speak with FRR on the upstream ("${words}"): put the user of route-sync into the group frrvty there`,
    );
  }
  const missing = VRF_MISSING.exec(text)?.[1];
  if (missing !== undefined) {
    return new RouteSyncError(
      'UPSTREAM_TABLE_UNKNOWN',
      `VRF ${deviceWords(missing)} does not exist on the upstream: create it there, or correct vrf of the upstream`,
      { details: { vrf: missing } },
    );
  }
  if (LOCKED.test(text)) {
    return new RouteSyncError(
      'UPSTREAM_BUSY',
      `another session holds the configuration of FRR on the upstream ("${words}"); the next cycle tries again`,
      { retryable: true },
    );
  }
  return new RouteSyncError(
    'UPSTREAM_COMMAND_FAILED',
    `vtysh on the upstream failed with exit status ${output.exitCode}: ${words === '' ? 'no message' : words}`,
    { details: { exitCode: output.exitCode, words } },
  );
}
