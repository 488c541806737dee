/** Words for the command line of a shell on the other side (POSIX.1-2017, 2.2 Quoting). */

/** One word that a POSIX shell reads as exactly this text. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
