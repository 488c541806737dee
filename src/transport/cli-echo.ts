/** Finds what was typed in what a terminal shows of it: whole, broken at a margin, scrolled, or cut in two by a message. */

/** How the text after a prompt relates to a line that was typed there. */
export type EchoState = 'whole' | 'part' | 'other';

/** An editor that scrolls shows such a mark, and then only the end of the line (IOS, EOS, Junos). */
const SCROLLED = /^(?:\$|<|\.\.\.)(?<end>.{8,})$/;

/** `before` is what stood in the rows above. */
export function echoState(typed: string, shown: string, before = ''): EchoState {
  const whole = typed.trim();
  const joined = joinsOf(before, shown);
  const end = SCROLLED.exec(shown)?.groups?.['end'];
  if (joined.includes(whole) || (end !== undefined && whole.endsWith(end))) {
    return 'whole';
  }
  return shown !== '' && joined.some((text) => whole.startsWith(text)) ? 'part' : 'other';
}

/** The rows in one: a space at the margin does not show. */
export function joinRows(typed: string, before: string, shown: string): string {
  return joinsOf(before, shown).find((text) => typed.trim().startsWith(text)) ?? shown;
}

function joinsOf(before: string, shown: string): readonly string[] {
  return before === '' ? [shown] : [before + shown, `${before} ${shown}`, shown];
}
