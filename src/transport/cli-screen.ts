/**
 * What a terminal would show: lines without escape sequences (ECMA-48), backspaces and what was written over. It has no
 * right margin; a line that an editor of lines broke at its own margin is put together again (measured: GNU readline).
 */

export interface Screen {
  /** Takes text in pieces of any size. */
  write(text: string): void;
  /** The lines that were completed since the last call, without space at their end. */
  take(): readonly string[];
  /** The line that the cursor stands in, as it is. */
  open(): string;
}

const ESCAPE = '\u001B';
/** What follows the escape character: with parameters, a string for the operator, a character set, a single one. */
const SEQUENCES = [
  /^\[(?<parameters>[0-?]*)[ -/]*(?<final>[@-~])/,
  /^\][^\p{Cc}]*\p{Cc}\\?/u,
  /^[()*+#%][ -~]/,
  /^[^[\]()*+#%]/,
] as const;
/** A longer one is none: it must not swallow an answer. */
const MAX_SEQUENCE = 1000;
/** The margin of terminals that nobody told another one. */
const MARGIN = 80;

export function screen(): Screen {
  let row: Row = { text: '', column: 0 };
  let lines: string[] = [];
  /** A sequence whose end has not come yet. */
  let rest = '';

  /** How many characters it took; undefined where more have to come. */
  function takeControl(text: string): number | undefined {
    const [first = ''] = text;
    if (first === ESCAPE) {
      const { length, ...moved } = escape(row, text.slice(1));
      row = moved;
      return length;
    }
    if (first === '\n') {
      lines.push(row.text.trimEnd());
      row = { text: '', column: 0 };
    } else {
      row = control(row, first);
    }
    return 1;
  }

  return {
    write: (text) => {
      const all = rest + text;
      rest = '';
      const controls = /\p{Cc}/gu;
      for (let at = 0; at < all.length;) {
        controls.lastIndex = at;
        const end = controls.exec(all)?.index ?? all.length;
        row = put(row, all.slice(at, end));
        const length = takeControl(all.slice(end, end + MAX_SEQUENCE));
        if (length === undefined) {
          rest = all.slice(end);
          return;
        }
        at = end + length;
      }
    },
    take: () => {
      const taken = lines;
      lines = [];
      return taken;
    },
    open: () => row.text,
  };
}

interface Row {
  readonly text: string;
  readonly column: number;
}

/** Writes over what stands there. */
function put({ text, column }: Row, added: string): Row {
  const end = column + added.length;
  const before = text.length < column ? text.padEnd(column) : text.slice(0, column);
  return { text: before + added + text.slice(end), column: end };
}

function control(row: Row, character: string): Row {
  const { text, column } = row;
  switch (character) {
    case '\b':
      return { text, column: Math.max(column - 1, 0) };
    case '\t':
      return put(row, character);
    case '\r':
      // A space beyond the margin, taken back: the line goes on below, which is here.
      return column > MARGIN &&
        column % MARGIN === 1 &&
        text.endsWith(' ') &&
        text.length === column
        ? { text: text.slice(0, -1), column: column - 1 }
        : { text, column: 0 };
    default:
      return row;
  }
}

/** With the number of characters that it takes, the escape character included. */
function escape(row: Row, text: string): Row & { readonly length: number | undefined } {
  for (const pattern of SEQUENCES) {
    const found = pattern.exec(text);
    if (found !== null) {
      const { parameters = '', final = '' } = found.groups ?? {};
      return { ...moved(row, final, parameters), length: 1 + found[0].length };
    }
  }
  return { ...row, length: text.length < MAX_SEQUENCE - 1 ? undefined : 1 };
}

function moved(row: Row, final: string, parameters: string): Row {
  const { text, column } = row;
  const count = Math.max(Number(parameters) || 0, 1);
  switch (final) {
    case 'C':
      return { text, column: column + count };
    case 'D':
      return { text, column: Math.max(column - count, 0) };
    case 'G':
      return { text, column: count - 1 };
    case 'J':
    case 'K':
      return { text: parameters === '2' ? '' : text.slice(0, column), column };
    case 'P':
      return { text: text.slice(0, column) + text.slice(column + count), column };
    default:
      return row;
  }
}
