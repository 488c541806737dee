/** Words for the command line of a shell on the other side (POSIX.1-2017, 2.2 Quoting; fish, "Quotes"). */

/**
 * One word that sh, csh and fish read as exactly this text. A quote ends in all of them with the next quote, but fish
 * takes a backslash inside of it for an escape: backslashes and quotes stand outside, where all three agree.
 */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll(/['\\]/g, String.raw`'\$&'`)}'`;
}
