/** What every command is given: the process's edges, so that a command can be called without a process. */
import type { SinceBoot } from '../agent/boot-clock.ts';
import type { Observer } from '../agent/observer.ts';
import type { Log } from '../report/log.ts';
import { painter, type Paint } from '../report/text.ts';

export interface CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly homeDir: string;
  /** Effective user id. */
  readonly uid: number;
  /** Writes to stdout: the result. */
  readonly print: (text: string) => void;
  /** Writes to stderr: what ended the command. */
  readonly complain: (text: string) => void;
  readonly log: Log;
  /** Shows on a terminal how far long pushes are. */
  readonly progress?: Partial<Observer> | undefined;
  readonly paint: Paint;
  /** The standard input to its end. */
  readonly readInput: () => Promise<string>;
  /** Asks a person; undefined without a terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Time that really passed, whatever somebody does to the wall clock. */
  readonly sinceBoot: () => SinceBoot;
  /** The name of this machine, for journal and kill switch. */
  readonly host: string;
  /** Calls back on these signals until the returned function is called. */
  readonly onSignal: (signals: readonly NodeJS.Signals[], callback: () => void) => () => void;
}

/** The options that most commands share. */
export interface CommonOptions {
  readonly config?: string | undefined;
  readonly upstream: readonly string[];
  readonly output: OutputFormat;
  readonly verbose: boolean;
}

export type OutputFormat = 'text' | 'json' | 'markdown';

/** Colour only on a terminal, and never with NO_COLOR (no-color.org) or on a dumb terminal. */
export function paintFor(isTerminal: boolean, env: CommandContext['env']): Paint {
  return painter(isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb');
}

/** Who calls, as far as the environment tells; for journal and kill switch. */
export function userOf({ env, uid }: Pick<CommandContext, 'env' | 'uid'>): string {
  return env['SUDO_USER'] ?? env['USER'] ?? env['LOGNAME'] ?? `uid ${uid}`;
}
