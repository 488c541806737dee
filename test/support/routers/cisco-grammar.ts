/**
 * How CLIs of Cisco's kind read a line: word by word down a tree of what may follow, keywords by any unique beginning,
 * with the place of the first word that does not fit (Cisco IOS Configuration Fundamentals, "Using the CLI").
 */

/** The words that stood where the grammar has a value, by the value's name. */
export type Values = Readonly<Record<string, string>>;

/** What may follow at one point of a line; with `run` the line may end there. */
export interface Node<T> {
  readonly words?: Readonly<Record<string, Next<T>>>;
  /** Tried in order where no keyword fits. */
  readonly values?: readonly Value<T>[];
  readonly run?: (values: Values) => T;
}

export type Next<T> = (values: Values) => Node<T>;

export interface Value<T> {
  readonly name: string;
  readonly fits: RegExp;
  readonly next: Next<T>;
  /** Takes all that is left of the line. */
  readonly isLine?: true;
}

export type Parsed<T> =
  | { readonly kind: 'run'; readonly run: () => T }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'ambiguous' }
  | { readonly kind: 'invalid'; readonly at: number };

/** Reads a line by the grammar that begins at the node. */
export function readLine<T>(start: Node<T>, line: string): Parsed<T> {
  let place: Place<T> = { node: start, values: {} };
  for (const word of wordsOf(line)) {
    const next = step(place, word, line);
    if ('kind' in next) {
      return next;
    }
    place = next;
    if (next.isDone === true) {
      break;
    }
  }
  const { node, values } = place;
  const { run } = node;
  return run === undefined ? { kind: 'incomplete' } : { kind: 'run', run: () => run(values) };
}

interface Place<T> {
  readonly node: Node<T>;
  readonly values: Values;
  /** The rest of the line is read. */
  readonly isDone?: true;
}

interface Word {
  readonly text: string;
  readonly at: number;
}

function step<T>(
  { node, values }: Place<T>,
  { text, at }: Word,
  line: string,
): Place<T> | Extract<Parsed<T>, { kind: 'ambiguous' | 'invalid' }> {
  const written = text.toLowerCase();
  const choice = Object.entries(node.words ?? {}).filter(([word]) => word.startsWith(written));
  const [keyword, next] = choice.find(([word]) => word === written) ?? choice[0] ?? [];
  if (keyword !== undefined && next !== undefined) {
    const known = { ...values, [keyword]: keyword };
    return choice.length > 1 && keyword !== written
      ? { kind: 'ambiguous' }
      : { node: next(known), values: known };
  }
  const value = node.values?.find(({ fits }) => fits.test(text));
  if (value === undefined) {
    return { kind: 'invalid', at };
  }
  const isLine = value.isLine === true;
  const known = { ...values, [value.name]: isLine ? line.slice(at) : text };
  return { node: value.next(known), values: known, ...(isLine ? { isDone: true } : {}) };
}

/** A node that is reached by one path of keywords. */
export function words<T>(path: string, node: Next<T>): Readonly<Record<string, Next<T>>> {
  const [first = '', ...rest] = path.split(' ');
  return { [first]: rest.length === 0 ? node : () => ({ words: words(rest.join(' '), node) }) };
}

/** A node at which the line ends. */
export function end<T>(run: (values: Values) => T): Next<T> {
  return () => ({ run });
}

/** A value, and what comes after it. */
export function value<T>(name: string, fits: RegExp, next: Next<T>): Next<T> {
  return () => ({ values: [{ name, fits, next }] });
}

function wordsOf(line: string): readonly Word[] {
  return [...line.matchAll(/\S+/g)].map(({ 0: text, index }) => ({ text, at: index }));
}
