/**
 * Configuration trees as lists of statements. Junos in braces, Nokia's MD-CLI in braces and its classic CLI in
 * indentation share one form (Junos CLI User Guide, Nokia MD-CLI User Guide): a line nests below the open brace, or
 * below the line that is indented less.
 */

/** One line of a configuration as all its words from the root of the tree. */
export interface Statement {
  readonly words: readonly string[];
  /** How many of the words name what is switched off; undefined for what is in force. */
  readonly off: number | undefined;
}

interface Frame {
  readonly path: readonly string[];
  readonly indent: number;
  readonly braced: boolean;
}

/** A line while it is read: one list of words, or one for each value of a list in brackets. */
interface Reader {
  readonly stack: Frame[];
  readonly found: Statement[];
  pending: readonly string[][];
  values: string[] | undefined;
}

const TOKEN = /"(?:\\.|[^"\\])*"|[{}[\];]|[^\s"{}[\];]+/g;
const COMMENT = /"(?:\\.|[^"\\\n])*"|\/\*[\s\S]*?\*\//g;
/** Junos writes it before what is deactivated. */
const INACTIVE = 'inactive:';
const MARKS: ReadonlySet<string> = new Set([INACTIVE, 'protect:', 'replace:']);

/** The text without its comments between slashes and stars; what stands in quotes stays. */
export function withoutComments(text: string): string {
  return text.replace(COMMENT, (found) => (found.startsWith('"') ? found : ''));
}

/** Every line of a tree, and every block on its own, in the order of the text. */
export function readStatements(lines: readonly string[]): readonly Statement[] {
  const reader: Reader = { stack: [], found: [], pending: [[]], values: undefined };
  for (const line of lines) {
    readLine(reader, line);
  }
  return reader.found;
}

/** The words of one line, without quotes, braces and comment. */
export function wordsOf(line: string): readonly string[] {
  return tokensOf(line)
    .filter((token) => !/^[{}[\];]$/.test(token))
    .map(plainWord);
}

function readLine(reader: Reader, line: string): void {
  const tokens = tokensOf(line);
  if (tokens.length === 0) {
    return;
  }
  const indent = line.search(/\S/);
  leave(reader, indent);
  for (const token of tokens) {
    readToken(reader, token, indent);
  }
  const paths = endStatement(reader);
  // Inside of braces only braces nest.
  if (!reader.stack.some(({ braced }) => braced)) {
    reader.stack.push(...paths.map((path) => ({ path, indent, braced: false })));
  }
}

function readToken(reader: Reader, token: string, indent: number): void {
  switch (token) {
    case '{':
      reader.stack.push({ path: endStatement(reader)[0] ?? pathOf(reader), indent, braced: true });
      break;
    case '}':
      endStatement(reader);
      reader.stack.length = Math.max(
        0,
        reader.stack.findLastIndex(({ braced }) => braced),
      );
      break;
    case ';':
      endStatement(reader);
      break;
    case '[':
      reader.values = [];
      break;
    case ']':
      endList(reader);
      break;
    default:
      readWord(reader, plainWord(token));
  }
}

function readWord(reader: Reader, word: string): void {
  if (reader.values === undefined) {
    reader.pending.forEach((words) => words.push(word));
  } else {
    reader.values.push(word);
  }
}

function endList(reader: Reader): void {
  const { values = [] } = reader;
  reader.pending = reader.pending.flatMap((words) => values.map((value) => [...words, value]));
  reader.values = undefined;
}

/** Leaves the blocks without braces that lie beside or inside of the line to come. */
function leave({ stack }: Reader, indent: number): void {
  const kept = stack.findLastIndex((frame) => frame.braced || frame.indent < indent);
  stack.length = kept + 1;
}

function endStatement(reader: Reader): readonly (readonly string[])[] {
  const parent = pathOf(reader);
  const paths = reader.pending
    .filter((words) => words.length > 0)
    .map((words) => [...parent, ...words]);
  reader.pending = [[]];
  reader.values = undefined;
  reader.found.push(...paths.map(statementOf));
  return paths;
}

function pathOf({ stack }: Reader): readonly string[] {
  return stack.at(-1)?.path ?? [];
}

function statementOf(path: readonly string[]): Statement {
  const words = path.filter((word) => !MARKS.has(word));
  const mark = path.indexOf(INACTIVE);
  return { words, off: mark < 0 ? undefined : mark + 1 };
}

function tokensOf(line: string): readonly string[] {
  const tokens = line.match(TOKEN) ?? [];
  const comment = tokens.findIndex((token) => token.startsWith('#'));
  return comment < 0 ? tokens : tokens.slice(0, comment);
}

function plainWord(token: string): string {
  return token.startsWith('"') ? token.slice(1, -1).replaceAll(/\\(.)/g, '$1') : token;
}
