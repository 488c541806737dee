/** Options that several commands share, and how the values of options are read. */
import { InvalidArgumentError, Option, type Command } from 'commander';

import { ROUTER_OSES } from '../drivers/index.ts';
import type { CommonOptions } from './context.ts';

/** The heading under which a command's help has the options that are not its own. */
const COMMON_HEADING = 'Common options:';

/** Adds what all commands with a configuration have; it goes last, behind the command's own options. */
export function common(command: Command): Command {
  const output: CommonOptions['output'] = 'text';
  return logging(
    command
      .optionsGroup(COMMON_HEADING)
      .addOption(
        new Option('--config <file>', 'the configuration').default(
          undefined,
          './route-sync.yaml, then /etc/route-sync/route-sync.yaml',
        ),
      )
      .option('--upstream <name>', 'only this upstream (repeatable)', collect, [])
      .addOption(
        new Option('--output <format>', 'how to print the result')
          .choices(['text', 'json', 'markdown'])
          .default(output),
      ),
  );
}

/** Adds what concerns the log on stderr alone; src/cli/program.ts reads it. */
export function logging(command: Command): Command {
  return command
    .optionsGroup(COMMON_HEADING)
    .option('--verbose', 'more in the report and in the log', false)
    .addOption(
      new Option('--log-format <format>', 'the form of the log on stderr')
        .choices(['text', 'json'])
        .default(undefined, '$ROUTE_SYNC_LOG, else text'),
    );
}

/** Adds the options of what a person does by hand, and the common ones. */
export function asking(command: Command): Command {
  return common(command.option('--yes', 'do not ask', false).addOption(waitOption()));
}

/** How long to wait for the lock. */
export function waitOption(): Option {
  return new Option('--wait <seconds>', 'how long to wait for another route-sync on the upstream')
    .argParser(parseSeconds)
    .default(0);
}

/** Says nothing where there is nothing to say. */
export function quietOption(what: string): Option {
  return new Option('--quiet', `print nothing when ${what} and nothing failed or was refused`)
    .conflicts('verbose')
    .default(false);
}

/** The router OS, of those that there are. */
export function osOption(): Option {
  return new Option('--os <os>', 'the router OS').choices(ROUTER_OSES);
}

/** For an option that is a number. */
export function parseNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) {
    throw new InvalidArgumentError('A whole number.');
  }
  return Number(text);
}

function parseSeconds(text: string): number {
  if (!/^\d{1,5}$/.test(text)) {
    throw new InvalidArgumentError('A whole number of seconds, at most 99999.');
  }
  return Number(text);
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}
