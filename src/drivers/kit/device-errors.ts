/** What a router's refusals mean: the errors of route-sync with the offending line and the device's words. */
import { prefixOf, type RouteChange } from '../../core/route.ts';
import { RouteSyncError } from '../../errors.ts';
import type { DeviceSpec } from './device-spec.ts';
import { deviceWords } from './device-words.ts';
import type { CommandOutput, LineAnswer } from '../driver.ts';

const HELD = 'its configuration is held by another session; the next cycle tries again';
const BUSY = { code: 'UPSTREAM_BUSY', hint: HELD } as const;

type Judge = Pick<DeviceSpec, 'os' | 'session' | 'notPermitted' | 'refusals'>;

/** Throws where an answer failed as a whole: for lack of rights, for a lock that another session holds, or otherwise. */
export function refuseFailure(judge: Judge, output: CommandOutput): void {
  const refused = output.answers?.find((answer) => answer.refused);
  if (output.exitCode === 0 && refused === undefined) {
    return;
  }
  const text = refused?.text ?? `${output.stdout}\n${output.stderr}`;
  const where = refused === undefined ? '' : ` to "${deviceWords(refused.line)}"`;
  const words = deviceWords(text);
  throw failureOf(judge, text, `says "${words === '' ? 'nothing' : words}"${where}`);
}

function failureOf(judge: Judge, text: string, what: string): RouteSyncError {
  if (judge.notPermitted.test(text)) {
    return new RouteSyncError(
      'UPSTREAM_NOT_PERMITTED',
      `the upstream ${what}: give the user of route-sync the right to configure static routes`,
    );
  }
  if (isBusy(judge, text)) {
    return new RouteSyncError('UPSTREAM_BUSY', `the upstream ${what}: ${HELD}`, {
      retryable: true,
    });
  }
  return new RouteSyncError('UPSTREAM_COMMAND_FAILED', `the upstream ${what}`);
}

/** The error for one change whose line was refused. */
export function refusalOf(
  judge: Judge,
  change: RouteChange,
  { line, text }: LineAnswer,
): RouteSyncError {
  const { action } = change;
  const prefix = prefixOf(change).text;
  const words = deviceWords(text);
  const retryable = isBusy(judge, text);
  const known = retryable ? BUSY : judge.refusals.find((refusal) => refusal.words.test(text));
  return new RouteSyncError(
    known?.code ?? 'ROUTE_REJECTED',
    `${action} ${prefix}: the upstream says "${words}" to "${deviceWords(line)}"${known === undefined ? '' : `; ${known.hint}`}`,
    { details: { prefix, action, line, words }, retryable },
  );
}

/** Told when the configuration is entered or committed, or at each line of it (VRP). */
function isBusy({ session }: Judge, text: string): boolean {
  return session?.busy?.some((busy) => busy.test(text)) === true;
}
