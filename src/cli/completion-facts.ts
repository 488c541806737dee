/** What every shell's completion asks of the commands. */
import type { CommandFacts, OptionFacts, ValueFacts } from './command-facts.ts';

export interface CompletionInput {
  readonly commands: readonly CommandFacts[];
  /** The words before further commands, with what is said of them. */
  readonly families: ReadonlyMap<string, string>;
}

/** A word and what is said of it. */
export interface Word {
  readonly word: string;
  readonly meaning: string;
}

/** The words that may come first, in the order of the help. */
export function firstWords({ commands, families }: CompletionInput): readonly Word[] {
  const words = new Map(
    commands.map(({ path: [word = '', ...more], summary }) => [
      word,
      more.length === 0 ? summary : (families.get(word) ?? ''),
    ]),
  );
  words.set('help', 'show the help of a command');
  return [...words].map(([word, meaning]) => ({ word, meaning }));
}

/** The words that may come after the first of a family. */
export function secondWords({ commands }: CompletionInput, family: string): readonly Word[] {
  return commands.flatMap(({ path: [first, word], summary }) =>
    first === family && word !== undefined ? [{ word, meaning: summary }] : [],
  );
}

/** Every option once: an option means the same wherever it is. */
export function optionsByFlag({ commands }: CompletionInput): ReadonlyMap<string, OptionFacts> {
  return new Map(
    commands.flatMap(({ options }) => options.map((option) => [option.flag, option] as const)),
  );
}

/** Whether the names of files are what to propose. */
export function isFile({ name }: ValueFacts): boolean {
  return name === 'file';
}
