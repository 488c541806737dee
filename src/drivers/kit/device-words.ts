/** What an upstream says, made fit for one line of ours. */

/** The longest quotation of a device in an error message, in characters. */
const QUOTE_LIMIT = 300;

/** The device's text on one line, without control characters, cut to a readable length. */
export function deviceWords(text: string): string {
  const line = text
    .trim()
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[^\x20-\x7e]/g, '?');
  return line.length > QUOTE_LIMIT ? `${line.slice(0, QUOTE_LIMIT)}...` : line;
}

/** The device's text in quotes, as {@link deviceWords} shows it. */
export function quote(text: string): string {
  return `"${deviceWords(text.slice(0, 1000))}"`;
}
