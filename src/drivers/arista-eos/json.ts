/**
 * The JSON that Arista EOS writes for `| json`, alone or among other output (EOS command API; recorded answers of
 * napalm-automation/napalm).
 */
import { RouteSyncError } from '../../errors.ts';
import { quote } from '../kit/device-words.ts';
import { linesIn } from '../kit/text.ts';

/** The members of an object. */
export type Fields = Readonly<Record<string, unknown>>;

const BEGIN = /^[[{]/;
const END = /^[\]}]|^[[{].*[\]}]$/;
/** Such keys, as VRFs may be called, would come first in an object whatever their place in the text. */
const NUMERIC_KEY = /([{,]\s*")(\d+"\s*:)/g;

/** The documents in the text, and what stands between them; a document begins and ends at the margin. */
export function partsOf(text: string): readonly string[] {
  const parts: string[][] = [[]];
  let isDocument = false;
  for (const line of linesIn(text)) {
    if (!isDocument && BEGIN.test(line)) {
      isDocument = true;
      parts.push([]);
    }
    parts.at(-1)?.push(line);
    if (isDocument && END.test(line)) {
      isDocument = false;
      parts.push([]);
    }
  }
  return parts.map((part) => part.join('\n'));
}

/** True for a part that is a document. */
export function isDocument(part: string): boolean {
  return BEGIN.test(part);
}

/** The answers in a document; throws UPSTREAM_OUTPUT_INVALID for one that is cut off. Numeric keys have a space in front. */
export function readAnswers(document: string): readonly Fields[] {
  try {
    const answer: unknown = JSON.parse(document.replaceAll(NUMERIC_KEY, '$1 $2'));
    return (Array.isArray(answer) ? answer : [answer]).map(fieldsOf);
  } catch (cause) {
    throw new RouteSyncError(
      'UPSTREAM_OUTPUT_INVALID',
      `the JSON of the router cannot be read, so it may be incomplete: ${quote(document)}`,
      { cause },
    );
  }
}

/** The members of what should be an object; none of anything else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/** The objects of what should be a list. */
export function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}
