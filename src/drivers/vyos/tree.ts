/**
 * The configuration of VyOS as a tree of words, whichever way it is written: with braces (config.boot and `show
 * configuration`), as `set` commands, or as JSON (VyOS documentation, "Configuration Overview").
 */

/** Each word leads to those that may follow it, in the order of the text. */
export interface ConfigTree extends ReadonlyMap<string, ConfigTree> {}

interface Growing extends Map<string, Growing> {}

/** The words from the root of the configuration to one of its leaves. */
type Statement = readonly string[];

const WORD = /(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+/g;
/** The parts of a word, quoted or not. */
const PART = /"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^"'\\]+/g;
/** Backslashes go, and so do the quotes around. */
const ESCAPED = /\\(.)|"/g;
/** Some tools quote the whole line. */
const SET_LINE = /^(['"]?)set (.+)\1$/;
/** `show` in configuration mode marks what is added, changed and deleted. */
const PENDING = /^[+>]\s*/;
const DELETED = /^-/;

/** Reads what of the lines is configuration, with braces or as commands. */
export function treeOfLines(lines: readonly string[]): ConfigTree {
  const blocks: Statement[] = [];
  return treeOf(
    lines
      .map((line) => line.trim().replace(PENDING, ''))
      .filter((line) => !DELETED.test(line))
      .map((line) => statementIn(line, blocks)),
  );
}

/** `blocks` holds the beginnings of the blocks around the line, the innermost last, and is kept up with it. */
function statementIn(line: string, blocks: Statement[]): Statement {
  const command = SET_LINE.exec(line)?.[2];
  if (command !== undefined) {
    return wordsIn(command);
  }
  const outer = blocks.at(-1);
  if (line.endsWith('{')) {
    const block = [...(outer ?? []), ...wordsIn(line.slice(0, -1))];
    blocks.push(block);
    return block;
  }
  if (line === '}') {
    blocks.pop();
    return [];
  }
  return outer === undefined ? [] : [...outer, ...wordsIn(line)];
}

/** Reads the document of `show configuration json`. */
export function treeOfJson(document: unknown): ConfigTree {
  return treeOf(statementsOf(document));
}

function statementsOf(value: unknown): readonly Statement[] {
  if (typeof value !== 'object' || value === null) {
    return [[String(value)]];
  }
  if (Array.isArray(value)) {
    return value.flatMap(statementsOf);
  }
  return Object.entries(value).flatMap(([word, inner]) => [
    [word],
    ...statementsOf(inner).map((rest) => [word, ...rest]),
  ]);
}

function treeOf(statements: readonly Statement[]): ConfigTree {
  const root: Growing = new Map();
  for (const statement of statements) {
    let at = root;
    for (const word of statement) {
      const next = at.get(word) ?? new Map();
      at.set(word, next);
      at = next;
    }
  }
  return root;
}

function wordsIn(text: string): Statement {
  return [...text.matchAll(WORD)].map(([word]) => word.replaceAll(PART, unquote));
}

function unquote(part: string): string {
  return part.startsWith("'") ? part.slice(1, -1) : part.replaceAll(ESCAPED, '$1');
}
