/** An interactive session with the CLI of a router: logs in when the first dialogue comes, and stays there. */
import type { CommandOutput, Dialogue } from '../drivers/driver.ts';
import type { SessionDefinition } from '../drivers/session.ts';
import { RouteSyncError } from '../errors.ts';
import { type CliSessionOptions, type Console, consoleOf } from './cli-console.ts';
import { talk } from './cli-dialogue.ts';
import { lost, quote } from './cli-errors.ts';
import { findPrompt, goHome, INTERRUPT, logIn } from './cli-login.ts';
import type { CliWire } from './cli-wire.ts';

export interface CliSession {
  /**
   * Resolves when each line that was sent has its answer. Rejects with UPSTREAM_UNREACHABLE, UPSTREAM_LOGIN or
   * UPSTREAM_SESSION; the session is closed then, unless it could be brought back to a prompt. One at a time.
   */
  run(dialogue: Dialogue, signal: AbortSignal): Promise<CommandOutput>;
  /** False once it was closed or lost. */
  isOpen(): boolean;
  close(): Promise<void>;
}

export function cliSession(
  wire: CliWire,
  definition: SessionDefinition,
  options: CliSessionOptions,
): CliSession {
  const console = consoleOf(wire, definition, options);
  let state: 'new' | 'open' | 'closed' = 'new';

  async function close(): Promise<void> {
    state = 'closed';
    await wire.close();
  }

  async function begin({ continues = false }: Dialogue, signal: AbortSignal): Promise<void> {
    if (state === 'new') {
      await logIn(console, signal);
      state = 'open';
    }
    await (continues ? findPrompt(console, signal) : goHome(console, signal));
  }

  return {
    isOpen: () => state !== 'closed' && !console.reader.hasEnded(),
    close,
    run: async (dialogue, signal) => {
      refuseControls(dialogue);
      if (state === 'closed' || (state === 'new' && dialogue.continues === true)) {
        throw lost({ description: console.description, reason: 'is not the one that was begun' });
      }
      wire.rest(false);
      try {
        await begin(dialogue, signal);
        const answers = await talk(console, dialogue, signal);
        const isRefused = answers.some(({ refused }) => refused);
        const stdout = answers.map(({ text }) => text).join('\n');
        return { stdout, stderr: '', exitCode: isRefused ? 1 : 0, answers };
      } catch (error) {
        if (!(await isBroughtBack(console, error, signal))) {
          await close();
        }
        throw error;
      } finally {
        wire.rest(true);
      }
    },
  };
}

/** A question that nobody expects is left unanswered; the configuration mode around it can still be left in order. */
async function isBroughtBack(
  console: Console,
  error: unknown,
  signal: AbortSignal,
): Promise<boolean> {
  if (!(error instanceof RouteSyncError) || error.details['question'] === undefined) {
    return false;
  }
  try {
    console.wire.write(INTERRUPT);
    await console.next(console.quietMs, signal);
    await findPrompt(console, signal);
    return true;
  } catch {
    return false;
  }
}

/** A control character would be a key of the line editor. */
function refuseControls({ lines }: Dialogue): void {
  const line = lines.find(({ text }) => /\p{Cc}/u.test(text));
  if (line !== undefined) {
    throw new RouteSyncError(
      'UNSAFE_WORD',
      `the line ${quote(line.text)} has a control character and cannot be typed`,
    );
  }
}
