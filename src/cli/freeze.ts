/** `route-sync freeze` and `unfreeze`: the kill switch. While it is on nothing is written to any upstream. */
import { readFreeze, removeFreeze, writeFreeze } from '../agent/freeze.ts';
import { escapeText } from '../report/escape.ts';
import { describeFreeze } from '../report/lines.ts';
import { userOf, type CommandContext, type CommonOptions } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { printJson } from './print-json.ts';
import { loadSelected } from './wiring.ts';

export interface FreezeOptions extends CommonOptions {
  readonly reason: string;
}

/** A freeze that is on already stays as it is. */
export async function freezeCommand(
  context: CommandContext,
  options: FreezeOptions,
): Promise<ExitCode> {
  const { stateDir } = await loadSelected(context, options);
  const before = await readFreeze(stateDir);
  const at = new Date(context.now()).toISOString();
  const freeze = before ?? { by: `${userOf(context)}@${context.host}`, at, reason: options.reason };
  if (before === undefined) {
    await writeFreeze(stateDir, freeze);
  }
  if (options.output === 'json') {
    printJson(context, { version: 1, frozen: freeze });
  } else {
    context.print(`${describeFreeze(freeze)}\n`);
  }
  return EXIT.ok;
}

/** Exit 0 also where nothing was frozen. */
export async function unfreezeCommand(
  context: CommandContext,
  options: CommonOptions,
): Promise<ExitCode> {
  const { stateDir } = await loadSelected(context, options);
  const before = await readFreeze(stateDir);
  await removeFreeze(stateDir);
  if (options.output === 'json') {
    printJson(context, { version: 1, frozen: null });
  } else {
    context.print(
      before === undefined
        ? 'Nothing was frozen.\n'
        : `Unfrozen: it was frozen since ${escapeText(before.at)} by ${escapeText(before.by)}.\n`,
    );
  }
  return EXIT.ok;
}
