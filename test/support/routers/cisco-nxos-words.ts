/** How the CLIs of Cisco NX-OS and IOS XR take words: abbreviated keywords, addresses, prefixes, filters behind a pipe. */
import { familyOf, parseAddress, prefixAt, type Family } from '../../../src/core/prefix.ts';
import { maskLength, readAddress, readLoosePrefix } from '../../../src/drivers/kit/text.ts';

/** A word that the CLI does not take, with the text it answers; `at` is the number of that word. */
export class Refused extends Error {
  readonly at: number;

  constructor(text: string, at: number) {
    super(text);
    this.at = at;
  }
}

/** Reads the words of one line from left to right. */
export class Words {
  readonly words: readonly string[];
  private next = 0;

  constructor(line: string) {
    this.words = line.match(/"[^"]*"|\S+/g) ?? [];
  }

  /** How many words were read. */
  get at(): number {
    return this.next;
  }

  get isDone(): boolean {
    return this.next >= this.words.length;
  }

  peek(): string | undefined {
    return this.words[this.next];
  }

  take(): string | undefined {
    const word = this.peek();
    this.next += 1;
    return word;
  }

  /** The keyword that the next word abbreviates, if it fits exactly one or is one; it is read then. */
  keyword<K extends string>(...known: readonly K[]): K | undefined {
    const word = this.peek()?.toLowerCase();
    const fits = word === undefined ? [] : known.filter((each) => each.startsWith(word));
    const fit = known.find((each) => each === word) ?? (fits.length === 1 ? fits[0] : undefined);
    if (fit !== undefined) {
      this.next += 1;
    }
    return fit;
  }

  /** All the words that are left. */
  rest(): string {
    const text = this.words.slice(this.next).join(' ');
    this.next = this.words.length;
    return text;
  }
}

/** The canonical prefix of `A/L` or, in IPv4, of `A MASK`; host bits are cleared, as the routers do. */
export function takePrefix(words: Words, family: Family): string | undefined {
  const [first = '', second = ''] = words.words.slice(words.at);
  const address = readAddress(first);
  if (address !== undefined && family === 4 && familyOf(address) === 4) {
    const length = maskLength(second);
    words.take();
    words.take();
    return length === undefined ? undefined : prefixAt(parseAddress(first), length).text;
  }
  const prefix = first.includes('/') ? readLoosePrefix(first) : undefined;
  if (prefix === undefined || familyOf(prefix) !== family) {
    return undefined;
  }
  words.take();
  return prefix;
}

/** A canonical address of that family, if the next word is one. */
export function takeAddress(words: Words, family: Family): string | undefined {
  const address = readAddress(words.peek() ?? '');
  if (address === undefined || familyOf(address) !== family) {
    return undefined;
  }
  words.take();
  return address;
}

/** A number in a range, if the next word is one. */
export function takeNumber(words: Words, least: number, most: number): number | undefined {
  const word = words.peek() ?? '';
  const value = /^\d{1,10}$/.test(word) ? Number(word) : Number.NaN;
  if (!(value >= least && value <= most)) {
    return undefined;
  }
  words.take();
  return value;
}

/** What `| include RE` and `| section RE` leave of an answer; undefined for any other filter. */
export function filtered(lines: readonly string[], filter: string): readonly string[] | undefined {
  const [, kind = '', pattern = ''] = /^(\w+)\s+(.+?)\s*$/.exec(filter) ?? [];
  const regex = new RegExp(pattern.replace(/^(["'])(.*)\1$/, '$2'));
  if ('include'.startsWith(kind) && kind !== '') {
    return lines.filter((line) => regex.test(line));
  }
  return 'section'.startsWith(kind) && kind.length > 1 ? sectionsOf(lines, regex) : undefined;
}

/** Lines that fit, each with what is indented deeper below it. */
function sectionsOf(lines: readonly string[], regex: RegExp): readonly string[] {
  let depth = Number.POSITIVE_INFINITY;
  return lines.filter((line) => {
    const indent = line.search(/\S|$/);
    if (indent > depth) {
      return true;
    }
    depth = regex.test(line) ? indent : Number.POSITIVE_INFINITY;
    return regex.test(line);
  });
}
