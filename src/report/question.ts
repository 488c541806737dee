/** What `explain WHAT` is about. */
import {
  contains,
  hostPrefix,
  overlaps,
  parseAddress,
  parsePrefix,
  type Prefix,
} from '../core/prefix.ts';

/** Whether a route with that prefix, from objects with these ids and names, is meant. */
export type Question = (prefix: Prefix, names: readonly (string | undefined)[]) => boolean;

/**
 * What may be meant, best first; the first that fits anything counts. A prefix means itself, else whatever overlaps
 * it; an address every prefix that holds it; anything else ids and names.
 */
export function questionsOf(what: string): readonly Question[] {
  const asked = attempt(() => parsePrefix(what));
  if (asked !== undefined) {
    return [(prefix) => prefix.text === asked.text, (prefix) => overlaps(prefix, asked)];
  }
  const host = attempt(() => hostPrefix(parseAddress(what)));
  return host === undefined
    ? [(_, names) => names.includes(what)]
    : [(prefix) => contains(prefix, host)];
}

function attempt(parse: () => Prefix): Prefix | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
