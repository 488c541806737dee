/** How the console of RouterOS reads a line: menus, commands, `name=value`, `[find ...]` (RouterOS documentation: CLI). */

export interface Word {
  readonly text: string;
  /** In the line, from 1, as the console counts its columns. */
  readonly column: number;
}

/** What the console says of a line that it does not understand. */
export class ConsoleError extends Error {}

/** Blanks outside of quotes and brackets separate words. */
export function wordsOf(line: string): readonly Word[] {
  const words = [...line.matchAll(/(?:"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^\s"[])+/g)].map(
    ({ 0: text, index }) => ({ text, column: index + 1 }),
  );
  const torn = line.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').search(/["]/);
  if (torn >= 0) {
    throw new ConsoleError(`syntax error (line 1 column ${line.length})`);
  }
  return words;
}

/** `name=value`, or a name alone. */
export function pairOf({ text }: Word): readonly [name: string, value: string | undefined] {
  const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
  return [name, value === undefined ? undefined : unquoted(value)];
}

function unquoted(value: string): string {
  return value.replaceAll(/"((?:[^"\\]|\\.)*)"/g, (_, inside: string) =>
    inside.replaceAll(/\\(.)/g, '$1'),
  );
}

/** The full name of what is written by any unique beginning of it. */
export function completed(names: readonly string[], written: string): string | undefined {
  const fitting = names.filter((name) => name.startsWith(written));
  return names.includes(written) ? written : fitting.length === 1 ? fitting[0] : undefined;
}

/** The conditions of `[find a=b c="d" && e!=f]` as a test of one item; all have to hold. */
export function conditionOf(
  text: string,
  names: readonly string[],
): (item: ReadonlyMap<string, string>) => boolean {
  const inside = /^\[\s*find\b\s*(?:where\b)?(.*)\]$/s.exec(text)?.[1];
  if (inside === undefined) {
    throw new ConsoleError('syntax error (line 1 column 1)');
  }
  const tests = wordsOf(inside.trim())
    .filter((word) => word.text !== '&&')
    .map((word) => testOf(word, names));
  return (item) => tests.every((test) => test(item));
}

function testOf(
  { text, column }: Word,
  names: readonly string[],
): (item: ReadonlyMap<string, string>) => boolean {
  const [, written = '', operator, value = ''] = /^([\w-]+)(!?=|~)(.*)$/s.exec(text) ?? [];
  const name = completed(names, written);
  if (name === undefined || operator === undefined) {
    throw new ConsoleError(`expected end of command (line 1 column ${column})`);
  }
  const wanted = unquoted(value);
  return (item) => {
    const have = item.get(name) ?? '';
    const isSame = operator === '~' ? new RegExp(wanted).test(have) : have === wanted;
    return operator === '!=' ? !isSame : isSame;
  };
}
