/** The tables of docs/cli.md, made of the commands. */
import {
  commandFacts,
  commonOptions,
  meaningOf,
  optionText,
  ownOptions,
  placeholder,
  sharedNote,
  usageOf,
} from './command-facts.ts';
import { commandTree } from './command-tree.ts';
import { EXIT, EXIT_MEANINGS } from './exit-code.ts';

/** Each command with what it does and its own options. */
export function commandTable(): string {
  const commands = commandFacts(commandTree());
  const common = commonOptions(commands);
  const rows = commands.map((command) => {
    const details = [
      ...command.arguments.map((value) => `\`${placeholder(value)}\`: ${value.description}`),
      ...ownOptions(command).map((option) => `\`${optionText(option)}\`: ${meaningOf(option)}`),
      sharedNote(command, common) ?? [],
    ].flat();
    return [`\`${usageOf(command)}\``, command.description, details.join('<br>')];
  });
  return table(['Command', 'What it does', 'Its own arguments and options'], rows);
}

/** The options that most commands have. */
export function commonOptionTable(): string {
  const rows = commonOptions(commandFacts(commandTree())).map((option) => [
    `\`${optionText(option)}\``,
    meaningOf(option),
  ]);
  return table(['Option', 'Meaning'], rows);
}

/** Every exit code. */
export function exitTable(): string {
  const rows = Object.entries(EXIT).map(([name, code]) => [
    String(code),
    EXIT_MEANINGS[name as keyof typeof EXIT],
  ]);
  return table(['Code', 'Meaning'], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
