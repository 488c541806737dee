/** Runs one command line: the tree of commands says what there is, this says what becomes of errors and of the log. */
import { CommanderError } from 'commander';

import { RouteSyncError } from '../errors.ts';
import { OpenStackError } from '../openstack-client-lite/index.ts';
import { escapeText } from '../report/escape.ts';
import type { Log, LogFormat, LogLevel } from '../report/log.ts';
import { commandTree } from './command-tree.ts';
import type { CommandContext } from './context.ts';
import { EXIT, exitCodeOfError, type ExitCode } from './exit-code.ts';

/** What the command line says of the log. */
export interface LogChoice {
  readonly level: LogLevel;
  /** Undefined where it says nothing. */
  readonly format: LogFormat | undefined;
}

/**
 * Runs one command line; resolves with the exit code and never rejects. `logFor` makes the log once the options are
 * read; without it the log of the context serves.
 */
export async function runProgram(
  argv: readonly string[],
  given: CommandContext,
  logFor: (choice: LogChoice) => Log = () => given.log,
): Promise<ExitCode> {
  let context = given;
  let running: Promise<ExitCode> = Promise.resolve(EXIT.ok);
  const program = commandTree({
    output: { writeOut: given.print, writeErr: given.complain },
    run: (work) => {
      running = work(context);
    },
  });
  program.hook('preAction', (_, command) => {
    context = { ...given, log: logFor(logChoice(command.opts())) };
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return await running;
  } catch (error) {
    return report(error, context);
  }
}

interface LogOptions {
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  readonly logFormat?: LogFormat;
}

function logChoice({ verbose = false, quiet = false, logFormat }: LogOptions): LogChoice {
  const level = quiet ? 'warn' : 'info';
  return { level: verbose ? 'debug' : level, format: logFormat };
}

function report(error: unknown, context: CommandContext): ExitCode {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  const known = error instanceof RouteSyncError || error instanceof OpenStackError;
  if (!known) {
    context.log.error('a defect of route-sync', { code: 'INTERNAL', error });
    return EXIT.failure;
  }
  const { path, problems } = error.details;
  const lines = Array.isArray(problems)
    ? problems.map((problem) => `${String(path)}: ${String(problem)}`)
    : [error.message];
  lines.forEach((line) => context.complain(`route-sync: ${escapeText(line)} (${error.code})\n`));
  context.log.debug('because', { error });
  return exitCodeOfError(error);
}
