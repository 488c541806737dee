/** `route-sync completion SHELL`: the script that completes our command line there. */
import { bashCompletion } from './completion-bash.ts';
import { fishCompletion } from './completion-fish.ts';
import { zshCompletion } from './completion-zsh.ts';
import { commandFacts, commandFamilies } from './command-facts.ts';
import { commandTree } from './command-tree.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Shell } from './shells.ts';

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

export async function completionCommand(
  { print }: Pick<CommandContext, 'print'>,
  shell: Shell,
): Promise<ExitCode> {
  print(completionScript(shell));
  return Promise.resolve(EXIT.ok);
}

/** The script as the shell reads it; it is the same on every machine. */
export function completionScript(shell: Shell): string {
  const tree = commandTree();
  return SCRIPTS[shell]({ commands: commandFacts(tree), families: commandFamilies(tree) });
}
