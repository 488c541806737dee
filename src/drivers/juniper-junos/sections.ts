/**
 * The lines of a Junos transcript as statements: `set` commands, and braces below the place that the echoed command or
 * the `[edit ...]` line names (Junos CLI User Guide; prompts as in the sessions that Oxidized records).
 */
import { readStatements, wordsOf, type Statement } from '../kit/statements.ts';

const EDIT = /^\s*(?:\{[\w:.-]+\}\s*)?\[edit\s*([^\]]*)\]$/;
const PROMPT = /^(?:\{[\w:.-]+\}\s*)?[\w.-]+(?:@[\w.:()/-]+)?([>#%])(?:\s+(.*))?$/;
const PAGER = /^---\(more[^)]*\)---\s*/;
const COMMAND = /^\s*(set|delete|deactivate|activate)\s+(.*)$/;
const SHOWN = /^(?:run )?show configuration\b([^|]*)/;
const SHOWN_IN_EDIT = /^show\b([^|]*)/;
/** How a whole path starts. */
const TOP =
  /^(?:groups|apply-groups|apply-groups-except|logical-systems|tenants|interfaces|routing-(?:instances|options))$/;

/** What has been read so far of one transcript. */
interface Reading {
  statements: Statement[];
  /** The paths that are deactivated. */
  readonly off: Set<string>;
  /** The place of the last `[edit ...]` line. */
  edit: readonly string[];
  /** Where the lines that follow stand in the tree. */
  context: readonly string[];
  /** The commands that follow start there too. */
  relative: boolean;
  lines: string[];
}

/** All statements of a transcript, in the order of the text. */
export function statementsIn(lines: readonly string[]): readonly Statement[] {
  const reading: Reading = {
    statements: [],
    off: new Set(),
    edit: [],
    context: [],
    relative: false,
    lines: [],
  };
  for (const line of lines) {
    readLine(reading, line.replace(PAGER, ''));
  }
  endSection(reading, []);
  const { statements, off } = reading;
  return off.size === 0 ? statements : statements.map((statement) => deactivated(statement, off));
}

function readLine(reading: Reading, line: string): void {
  const [, edit] = EDIT.exec(line) ?? [];
  const [, mode, typed = ''] = PROMPT.exec(line) ?? [];
  if (edit !== undefined) {
    reading.edit = wordsOf(edit);
    endSection(reading, reading.edit);
  } else if (mode !== undefined) {
    endSection(reading, shownBy(reading, mode, typed));
    reading.relative = /\bdisplay set relative\b/.test(typed);
    readCommand(reading, typed, (words) => [...reading.edit, ...words]);
  } else if (!readCommand(reading, line, (words) => wholePath(reading, words))) {
    reading.lines.push(line);
  }
}

/** False if the line is no command. */
function readCommand(
  reading: Reading,
  line: string,
  place: (words: readonly string[]) => readonly string[],
): boolean {
  const [, verb, path = ''] = COMMAND.exec(line) ?? [];
  if (verb === undefined) {
    return false;
  }
  endSection(reading, reading.context);
  for (const { words } of readStatements([path])) {
    runCommand(reading, verb, place(words));
  }
  return true;
}

/** What `display set` shows starts at the top. */
function wholePath({ context, relative }: Reading, words: readonly string[]): readonly string[] {
  const [first = ''] = words;
  return TOP.test(first) && !relative ? words : [...context, ...words];
}

function shownBy({ edit }: Reading, mode: string, command: string): readonly string[] {
  const [, path] = SHOWN.exec(command) ?? [];
  const [, below] = SHOWN_IN_EDIT.exec(command) ?? [];
  if (path !== undefined) {
    return wordsOf(path);
  }
  return mode === '#' && below !== undefined ? [...edit, ...wordsOf(below)] : [];
}

/** Reads the lines that were gathered, and starts anew below another place. */
function endSection(reading: Reading, context: readonly string[]): void {
  const { context: before, lines } = reading;
  for (const { words, off } of readStatements(lines)) {
    reading.statements.push({
      words: [...before, ...words],
      off: off === undefined ? undefined : off + before.length,
    });
  }
  reading.context = context;
  reading.lines = [];
}

function runCommand(reading: Reading, verb: string, words: readonly string[]): void {
  const key = keyOf(words);
  switch (verb) {
    case 'set':
      reading.statements.push({ words, off: undefined });
      break;
    case 'delete':
      reading.statements = reading.statements.filter(
        (statement) => keyOf(statement.words.slice(0, words.length)) !== key,
      );
      break;
    case 'deactivate':
      reading.off.add(key);
      break;
    default:
      reading.off.delete(key);
  }
}

function deactivated({ words, off }: Statement, paths: ReadonlySet<string>): Statement {
  const length = words.findIndex((_, i) => paths.has(keyOf(words.slice(0, i + 1)))) + 1;
  return { words, off: length === 0 ? off : Math.min(length, off ?? length) };
}

function keyOf(words: readonly string[]): string {
  return words.join('\0');
}
