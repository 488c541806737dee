/** How a program ended on a router, as its output or as the error for the system there that did not run it. */
import type { CommandOutput, Program } from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';
import { describeHost } from './ssh-failure.ts';
import type { SshOptions } from './ssh-options.ts';
import type { RemoteEnd } from './ssh-remote.ts';

/** Throws where the program was not run at all. */
export function outputOf(end: RemoteEnd, program: Program, options: SshOptions): CommandOutput {
  if (end.kind !== 'ended') {
    throw notRun(end, program, options);
  }
  return options.sudo === true ? permitted(end.output, program, options) : end.output;
}

function notRun(
  end: Exclude<RemoteEnd, { readonly kind: 'ended' }>,
  { argv: [program], stdin = '' }: Program,
  options: SshOptions,
): RouteSyncError {
  const host = describeHost(options);
  if (end.kind === 'missing') {
    return new RouteSyncError(
      'UPSTREAM_TOOL_MISSING',
      `cannot run ${options.sudo === true ? `sudo ${program}` : program} on ${host}: it is not in the PATH of this user there; install it, or log in as another user`,
      { details: { program } },
    );
  }
  const reason =
    end.kind === 'torn'
      ? `only ${end.bytes} of the ${Buffer.byteLength(stdin)} bytes of its input came to be stored`
      : 'mktemp makes no file for its input';
  return new RouteSyncError(
    'UPSTREAM_COMMAND_FAILED',
    `${program} was not run on ${host}: ${reason} there; free space in its /tmp or /dev/shm`,
    { details: { program }, retryable: true },
  );
}

/** What sudo(8) says where it does not run a program; its exit status is 1, as of many programs. */
const SUDO_REFUSAL =
  /^(?:sudo: .*(?:a password is required|command not found|no new privileges).*|Sorry, user .*|.* is not (?:in the sudoers file|allowed to run sudo).*)$/m;

function permitted(output: CommandOutput, { argv }: Program, options: SshOptions): CommandOutput {
  const words = SUDO_REFUSAL.exec(output.stderr)?.[0];
  if (output.exitCode !== 1 || words === undefined) {
    return output;
  }
  const [program] = argv;
  const isMissing = words.endsWith('command not found');
  throw new RouteSyncError(
    isMissing ? 'UPSTREAM_TOOL_MISSING' : 'UPSTREAM_NOT_PERMITTED',
    `sudo on ${describeHost(options)} does not run ${program} (${words}); ${isMissing ? 'install it there' : `permit it in sudoers with NOPASSWD, for this user and ${program}`}`,
    { details: { program } },
  );
}
