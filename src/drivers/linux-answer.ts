/** What iproute2 says when it refuses as a whole: its words made fit for one line, and the errors of route-sync for them. */
import { RouteSyncError } from '../errors.ts';
import type { CommandOutput, RouteScope } from './driver.ts';

const TABLE_WRONG = /argument "[^"]*" is wrong: "?table/;
const TABLE_UNUSED = /FIB table does not exist/;
const NOT_PERMITTED = /Operation not permitted/;
/** The longest quotation of a device in an error message, in characters. */
const QUOTE_LIMIT = 300;

/** The device's text on one line, without control characters, cut to a readable length. */
export function deviceWords(text: string): string {
  const line = text
    .trim()
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[^\x20-\x7e]/g, '?');
  return line.length > QUOTE_LIMIT ? `${line.slice(0, QUOTE_LIMIT)}...` : line;
}

/** The device's text in quotes, as {@link deviceWords} shows it. */
export function quote(text: string): string {
  return `"${deviceWords(text.slice(0, 1000))}"`;
}

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
  scope?: RouteScope,
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
