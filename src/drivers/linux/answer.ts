/** What iproute2 says when it refuses as a whole: its words made fit for one line, and the errors of route-sync for them. */
import { RouteSyncError } from '../../errors.ts';
import { deviceWords } from '../kit/device-words.ts';
import type { CommandOutput, KernelScope } from '../driver.ts';

const TABLE_WRONG = /argument "[^"]*" is wrong: "?table/;
const TABLE_UNUSED = /FIB table does not exist/;
const NOT_PERMITTED = /Operation not permitted/;

/** True if the answer says that nothing was ever written to the table number; then it is an empty table. */
export function isTableUnused(output: CommandOutput): boolean {
  return TABLE_UNUSED.test(output.stderr);
}

/** True if the kernel refused for lack of CAP_NET_ADMIN. */
export function isNotPermitted(text: string): boolean {
  return NOT_PERMITTED.test(text);
}

/** UPSTREAM_NOT_PERMITTED with what to do about it. */
export function notPermitted(): RouteSyncError {
  return new RouteSyncError(
    'UPSTREAM_NOT_PERMITTED',
    'the upstream refuses route changes (Operation not permitted): run as root or grant CAP_NET_ADMIN',
  );
}

/** The error for an answer that failed as a whole; `what` names the question. */
export function commandFailed(
  what: string,
  output: CommandOutput,
  scope?: KernelScope,
): RouteSyncError {
  if (scope !== undefined && TABLE_WRONG.test(output.stderr)) {
    return new RouteSyncError(
      'UPSTREAM_TABLE_UNKNOWN',
      `routing table "${scope.table}" is not known on the upstream: use a number, or name it in /etc/iproute2/rt_tables there`,
      { details: { table: scope.table } },
    );
  }
  const words = deviceWords(output.stderr);
  return new RouteSyncError(
    'UPSTREAM_COMMAND_FAILED',
    `${what} failed with exit status ${output.exitCode}: ${words === '' ? 'no message' : words}`,
    { details: { exitCode: output.exitCode, words } },
  );
}

/** UPSTREAM_OUTPUT_INVALID: an answer that is not what iproute2 is known to say. */
export function invalid(message: string, cause?: unknown): RouteSyncError {
  return new RouteSyncError(
    'UPSTREAM_OUTPUT_INVALID',
    `iproute2 on the upstream answered in an unknown form: ${message}`,
    { cause },
  );
}
