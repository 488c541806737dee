/** The secret of the cloud from where the configuration keeps it: a file, or a command that prints it. */
import {
  expandPath,
  MAX_SECRET_BYTES,
  OpenStackError,
  secretInFile,
  type SecretSource,
  toSecret,
} from '../openstack-client-lite/index.ts';
import type { CommandContext } from './context.ts';

export interface SecretSettings {
  /** A path; `~` is the home folder. */
  readonly secretFile?: string | undefined;
  /** Program and arguments; no shell. */
  readonly secretCommand?: readonly string[] | undefined;
}

type Surroundings = Pick<CommandContext, 'env' | 'cwd' | 'homeDir'>;

/** The commands of password stores answer at once, or wait for somebody who is not there. */
const DEADLINE_MS = 10_000;

/** Undefined where the credentials of the cloud hold the secret themselves; a bad file is CLOUD_CONFIG_UNREADABLE. */
export async function findSecret(
  { secretFile, secretCommand }: SecretSettings,
  surroundings: Surroundings,
): Promise<SecretSource | undefined> {
  if (secretFile !== undefined) {
    return secretInFile(expandPath(secretFile, surroundings), 'cloud.secretFile');
  }
  const [program, ...args] = secretCommand ?? [];
  return program === undefined ? undefined : secretOfCommand({ program, args }, surroundings);
}

interface SecretCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** Runs the command anew for each login; its arguments and its output are never shown. */
export function secretOfCommand(
  { program, args }: SecretCommand,
  { env, cwd, homeDir }: Surroundings,
  deadlineMs = DEADLINE_MS,
): SecretSource {
  const description = `cloud.secretCommand ${program}`;
  return {
    description,
    warnings: [],
    read: async () => {
      const { execa } = await import('execa'); // most clouds need none
      const child = execa(program, args, {
        cwd,
        // Nothing else is inherited: the environment may hold other credentials.
        extendEnv: false,
        env: { PATH: env['PATH'] ?? '', HOME: homeDir, LANG: env['LANG'] ?? 'C' },
        stdin: 'ignore',
        stderr: 'ignore',
        maxBuffer: MAX_SECRET_BYTES,
        stripFinalNewline: false,
        reject: false,
        // A group of its own, which is ended as a whole.
        detached: true,
      });
      const late = new AbortController();
      const timer = setTimeout(() => {
        late.abort();
        endGroup(child.pid);
        child.stdout.destroy(); // somebody outside the group may hold it open
      }, deadlineMs);
      const result = await child;
      clearTimeout(timer);
      endGroup(child.pid);
      if (late.signal.aborted) {
        const limit = `within ${deadlineMs / 1000} s`;
        throw failed(description, `gave no secret ${limit} and was ended; did it ask somebody?`);
      }
      if (result.failed) {
        throw failed(description, reasonOf(result));
      }
      return toSecret(result.stdout, description);
    },
  };
}

function endGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) {
      process.kill(-leader, 'SIGKILL');
    }
  } catch {
    // Nobody of the group is left.
  }
}

interface Outcome {
  readonly exitCode?: number | undefined;
  readonly code?: string | undefined;
  readonly signal?: string | undefined;
  readonly isMaxBuffer: boolean;
}

function reasonOf({ exitCode, code, signal, isMaxBuffer }: Outcome): string {
  if (isMaxBuffer) {
    return `printed more than ${MAX_SECRET_BYTES} bytes`;
  }
  if (exitCode !== undefined) {
    return `ended with exit code ${exitCode}`;
  }
  return signal === undefined
    ? `cannot be run (${code ?? 'unknown error'})`
    : `was ended by ${signal}`;
}

function failed(description: string, reason: string): OpenStackError {
  return new OpenStackError(
    'CLOUD_CONFIG_UNREADABLE',
    `${description} ${reason}; run it by hand as this user, with PATH and HOME alone, to see why`,
    { details: { reason }, retryable: true },
  );
}
