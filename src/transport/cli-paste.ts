/** Text that a command reads from the terminal (Junos: `load set terminal`), in pieces that small input buffers hold. */

/** What ends the text. */
export const END_OF_TEXT = '\u0004';
/** How such a command says that it reads now. */
export const READS = /\^D|\bctrl[- +]?d\b/i;
/** The smallest buffers known hold 256 characters. */
const SMALLEST_PIECE = 240;

/** The piece that begins at `from`: whole lines as far as they fit; empty at the end. */
export function nextPiece(text: string, from: number, characters: number): string {
  const piece = text.slice(from, from + Math.max(characters, SMALLEST_PIECE));
  const end = piece.lastIndexOf('\n');
  return end === -1 ? piece : piece.slice(0, end + 1);
}

export interface Pasted {
  /** The rows that do not only show what was pasted. */
  readonly rows: readonly string[];
  /** How much of the text was shown where that is not all of it; undefined where it was, or where nothing was. */
  readonly tornAt: number | undefined;
}

/** Takes the echo of a pasted text out of the rows of an answer. */
export function withoutPasted(answer: readonly string[], text: string): Pasted {
  const shown = text.replace(/[^\S\n]+$/gm, '').trim();
  let at = 0;
  const rows = answer.filter((row) => {
    if (row === '' || !shown.startsWith(row, at)) {
      return true;
    }
    at += row.length;
    while (at < shown.length && /\s/.test(shown.charAt(at))) {
      at += 1;
    }
    return false;
  });
  return { rows, tornAt: at === 0 || at === shown.length ? undefined : at };
}
