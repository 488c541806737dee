/** What `explain WHAT` is about. */
import { contains, hostPrefix, parseAddress, parsePrefix, type Prefix } from '../core/prefix.ts';

/** Whether a route with that prefix, from objects with these ids and names, is meant. */
export type Question = (prefix: Prefix, names: readonly (string | undefined)[]) => boolean;

/** A prefix means itself, an address every prefix that holds it, anything else ids and names. */
export function questionOf(what: string): Question {
  const asked = attempt(() => parsePrefix(what));
  if (asked !== undefined) {
    return (prefix) => prefix.text === asked.text;
  }
  const host = attempt(() => hostPrefix(parseAddress(what)));
  if (host !== undefined) {
    return (prefix) => contains(prefix, host);
  }
  return (_, names) => names.includes(what);
}

function attempt(parse: () => Prefix): Prefix | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
