/**
 * Makes text that others typed harmless on a terminal and in a log: nothing in it can move the cursor, hide or reorder
 * what is beside it, or start a new line.
 */

/** Controls, format characters (bidi, zero-width, tags), line separators, lone surrogates and the invisible rest. */
const HOSTILE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** The text with every such character written visibly: `\u{1b}`. */
export function escapeText(text: string): string {
  return text.replace(HOSTILE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/** JSON text with every such character as a JSON escape: the same value, harmless to print. Line breaks of the layout stay. */
export function escapeJson(json: string): string {
  return json.replace(HOSTILE, (char) => (char === '\n' ? char : jsonEscape(char)));
}

function jsonEscape(char: string): string {
  const units = Array.from({ length: char.length }, (_, index) => char.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
