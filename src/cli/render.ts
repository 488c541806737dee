/** `route-sync render`: the exact lines that given changes would be sent as, without any router. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { deviceScope } from '../agent/scope.ts';
import { prefixOf, type RouteChange, type UpstreamState } from '../core/route.ts';
import type {
  CliLine,
  Command,
  RenderedChunk,
  RouterDriver,
  RouteScope,
} from '../drivers/driver.ts';
import { driverFor, type RouterOs } from '../drivers/index.ts';
import { RouteSyncError } from '../errors.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { readChanges, refuseWith, wordsOf, type GivenChanges } from './render-changes.ts';
import { kernelBatches, type Batch } from './render-kernel.ts';

export interface RenderOptions {
  readonly os: RouterOs;
  readonly routes: string;
  readonly protocol?: number | undefined;
  readonly dialect?: string | undefined;
  readonly tag?: number | undefined;
  readonly markName?: string | undefined;
  readonly confirmSeconds?: number | undefined;
}

/** Prints nothing but the lines; throws ROUTES_INVALID with one problem for each change that must be refused. */
export async function renderCommand(
  context: CommandContext,
  options: RenderOptions,
): Promise<ExitCode> {
  const { os, routes: path } = options;
  const text = await readInput(context, path);
  try {
    const given = readChanges(text);
    const driver = await driverFor(os);
    const batches = batchesOf(options, given, driver);
    const lines = batches.flatMap((batch) => linesOf(driver, batch));
    context.print(lines.map((line) => `${line}\n`).join(''));
    return EXIT.ok;
  } catch (error) {
    throw error instanceof RouteSyncError && Array.isArray(error.details['problems'])
      ? new RouteSyncError(error.code, error.message, { details: { ...error.details, path } })
      : error;
  }
}

/** The text of a file, or of the standard input for `-`; throws ROUTES_INVALID. */
export async function readInput(context: CommandContext, path: string): Promise<string> {
  try {
    return path === '-'
      ? await context.readInput()
      : await readFile(resolve(context.cwd, path), 'utf8');
  } catch (cause) {
    throw new RouteSyncError(
      'ROUTES_INVALID',
      `${path} cannot be read (${cause instanceof Error ? cause.message : String(cause)})`,
      { cause },
    );
  }
}

function batchesOf(
  options: RenderOptions,
  given: GivenChanges,
  { capabilities }: RouterDriver,
): readonly Batch[] {
  if (options.os === 'linux') {
    return kernelBatches(given, options.protocol);
  }
  const scope = deviceScope({ ...options, vrf: given.vrf }, given.owner, capabilities);
  return [{ scope, changes: given.changes.map(({ change }) => change) }];
}

function linesOf(driver: RouterDriver, { scope, changes }: Batch): readonly string[] {
  refuseWith(changes.flatMap((change) => problemsOf(driver, scope, change)));
  return driver.render(scope, changes, stateBefore(changes)).flatMap(chunkLines);
}

/** Each change on its own: what would refuse it. */
function problemsOf(
  driver: RouterDriver,
  scope: RouteScope,
  change: RouteChange,
): readonly string[] {
  const named = (words: string): readonly string[] => [
    `${change.action} ${prefixOf(change).text}: ${words}`,
  ];
  try {
    const error = driver.unsupported(change);
    if (error === undefined) {
      driver.render(scope, [change], stateBefore([change]));
    }
    return error === undefined ? [] : named(error.message);
  } catch (error) {
    return named(wordsOf(error));
  }
}

function stateBefore(changes: readonly RouteChange[]): UpstreamState {
  return {
    routes: changes.flatMap((change) => (change.action === 'add' ? [] : [change.before])),
    addresses: [],
  };
}

function chunkLines({ command, confirm }: RenderedChunk): readonly string[] {
  const lines =
    'argv' in command
      ? commandLines(command)
      : [
          ...command.enter,
          ...[...command.makes, ...command.breaks].flatMap((step) => step.lines),
          ...command.commit,
        ].flatMap(typed);
  return confirm === undefined ? lines : [...lines, ...commandLines(confirm)];
}

function commandLines(command: Command): readonly string[] {
  if ('lines' in command) {
    return command.lines.flatMap(typed);
  }
  const { argv, stdin } = command;
  return stdin === undefined ? [argv.join(' ')] : stdin.replace(/\n$/, '').split('\n');
}

function typed({ text, paste }: CliLine): readonly string[] {
  return paste === undefined ? [text] : [text, ...paste.replace(/\n$/, '').split('\n')];
}
