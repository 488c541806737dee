/**
 * The lines of an SR OS transcript as statements: configuration in braces, in one line each with the whole path, and in
 * indentation, below the place that the prompt names (Nokia MD-CLI User Guide; prompts as in recorded sessions).
 */
import { readStatements, wordsOf, type Statement } from '../kit/statements.ts';

/** The line above the prompt of the MD-CLI: `(ex)[/configure router "Base"]` or `[ex:/configure]`. */
const PLACE = /^[*!]*(?:\((?:ex|pr|gl|ro)\))?\[(?:(?:ex|pr|gl|ro):)?\/?([^\]:]*)\]$/;
const PROMPT = /^[*!]*[A-D]:[^\s#$>]+((?:>[^\s#$>]+)*)[#$]\s*(.*)$/;
const PAGER = /^\s*Press any key to continue \(Q to quit\)\s*/;
/** What is no line of a tree although it stands at its edge. */
const FILLING = /^\s*(?:echo ".*|[=-]{5,}|exit all)$/;
/** The boot options: their static routes are those of the management port. */
const BOOT_OPTIONS = /^BOF \(/;
const SERVICE = /\bvprn\s+(?:"([^"]*)"|(\S+))/;

interface Reading {
  readonly statements: Statement[];
  place: readonly string[];
  /** The service that was last entered by a command. */
  service: string | undefined;
  context: readonly string[];
  lines: string[];
}

/** All statements of a transcript, in the order of the text. */
export function statementsIn(lines: readonly string[]): readonly Statement[] {
  const reading: Reading = {
    statements: [],
    place: [],
    service: undefined,
    context: [],
    lines: [],
  };
  for (const line of lines) {
    readLine(reading, line.replace(PAGER, ''));
  }
  endSection(reading, []);
  return reading.statements;
}

function readLine(reading: Reading, line: string): void {
  const [, place] = PLACE.exec(line) ?? [];
  const [, path, command = ''] = PROMPT.exec(line) ?? [];
  if (place !== undefined) {
    reading.place = wordsOf(place);
    endSection(reading, reading.place);
  } else if (path !== undefined) {
    readPrompt(reading, path, command);
  } else if (BOOT_OPTIONS.test(line)) {
    endSection(reading, ['bof', 'router', 'management']);
  } else if (!FILLING.test(line)) {
    reading.lines.push(line);
  }
}

function readPrompt(reading: Reading, path: string, command: string): void {
  const [, quoted, plain] = SERVICE.exec(command) ?? [];
  reading.service = quoted ?? plain ?? reading.service;
  const { place, service } = reading;
  const inService = path.includes('>vprn') && service !== undefined;
  const [, shown = ''] = /^info\b([^|]*)/.exec(command) ?? [];
  const below = wordsOf(shown).filter(
    (word) => !/^(?:flat|json|xml|detail|full-context)$/.test(word),
  );
  endSection(reading, inService ? ['vprn', service] : [...place, ...below]);
  if (/^\/?configure\s/.test(command)) {
    reading.lines.push(command);
  }
}

/** Reads the lines that were gathered, and starts anew below another place. */
function endSection(reading: Reading, context: readonly string[]): void {
  const { context: before, lines } = reading;
  const found = readStatements(lines);
  reading.statements.push(
    ...found.map(({ words, off }) => ({ words: [...before, ...words], off })),
  );
  reading.context = context;
  reading.lines = [];
}
