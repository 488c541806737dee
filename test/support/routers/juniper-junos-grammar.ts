/**
 * The part of the Junos configuration grammar that the model knows (Junos CLI reference, "static (Routing Options)",
 * "routing-instances", "groups", "interfaces"), and how a typed path is read with it: keywords may be abbreviated.
 */

/** What may stand at one place of the tree. */
export interface Level {
  readonly keywords: Readonly<Record<string, Statement>>;
}

export interface Statement {
  /** `flag` has no value, `leaf` one, `list` many; `entry` has a name and what is below it; `block` only the latter. */
  readonly kind: 'flag' | 'leaf' | 'list' | 'entry' | 'block';
  /** Of a value or a name; tells what is wrong with it. */
  readonly check?: (word: string, above: readonly string[]) => string | undefined;
  readonly below?: () => Level;
  /** Of those of one choice only one stands; the last that was set. */
  readonly choice?: true;
}

/** A path that fits the grammar, with its keywords in full. */
export interface Path {
  readonly words: readonly string[];
  readonly statement: Statement | undefined;
  /** The path without the value of a leaf or list. */
  readonly name: readonly string[];
}

const WORD = /^[A-Za-z0-9][\w.:-]*$/;
const INTERFACE = /^[a-z]+(?:-\d+\/\d+\/\d+)?\d*(?:\.\d+)?$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
const IPV6 = /^(?=.*:)[\da-f:.]+$/i;

/** Reads a path; a text is what the CLI says of the first word that does not fit. */
export function readPath(words: readonly string[], isWhole: boolean): Path | string {
  return readBelow(ROOT, { words, isWhole }, { words: [], statement: undefined, name: [] });
}

interface Rest {
  readonly words: readonly string[];
  readonly isWhole: boolean;
}

function readBelow(level: Level, { words, isWhole }: Rest, path: Path): Path | string {
  const [typed, ...rest] = words;
  if (typed === undefined) {
    const isOpen = isWhole && path.statement?.kind === 'block';
    return isOpen ? 'syntax error, expecting <statement>.' : path;
  }
  const found = statementIn(level, typed);
  if (typeof found === 'string') {
    return found;
  }
  const [keyword, statement] = found;
  const { check } = statement;
  const name = [...path.words, keyword];
  const below = statement.below?.() ?? { keywords: {} };
  if (check === undefined) {
    return readBelow(below, { words: rest, isWhole }, { words: name, statement, name });
  }
  const [value, ...after] = rest;
  if (value === undefined) {
    return isWhole ? 'missing argument.' : { words: name, statement, name };
  }
  const next = { words: [...name, value], statement, name };
  return check(value, name) ?? readBelow(below, { words: after, isWhole }, next);
}

/** The statement that the word stands for: an exact keyword, or the only one that begins with it. */
function statementIn({ keywords }: Level, word: string): readonly [string, Statement] | string {
  const all = Object.entries(keywords);
  const exact = all.find(([name]) => name === word);
  const [first, second] =
    exact === undefined ? all.filter(([name]) => name.startsWith(word)) : [exact];
  if (first === undefined) {
    return 'syntax error.';
  }
  return second === undefined ? first : `'${word}' is ambiguous.`;
}

const number =
  (least: number, most: number) =>
  (word: string): string | undefined =>
    /^\d{1,10}$/.test(word) && Number(word) >= least && Number(word) <= most
      ? undefined
      : `error: number: '${word}': Must be a number between ${least} and ${most}`;

const word = (text: string): string | undefined =>
  WORD.test(text) || /^<.*>$/.test(text) ? undefined : `invalid value '${text}'.`;

const device = (text: string): string | undefined =>
  INTERFACE.test(text) ? undefined : `invalid interface type in '${text}'.`;

/** The family that a path is about: that of its table, or of its addresses. */
function familyIn(above: readonly string[]): 4 | 6 {
  return above.some((each) => each.includes('inet6')) ? 6 : 4;
}

function prefix(text: string, above: readonly string[]): string | undefined {
  const [head = '', length = ''] = text.split('/');
  const family = familyIn(above);
  const isAddress = (family === 6 ? IPV6 : IPV4).test(head);
  if (!isAddress || !/^\d{0,3}$/.test(length) || Number(length) > (family === 6 ? 128 : 32)) {
    return `invalid ip address or hostname: ${text}`;
  }
  return family === 4 && hostBits(head, Number(length === '' ? 32 : length))
    ? `error: prefix '${text}' has host bits set`
    : undefined;
}

function hostBits(address: string, length: number): boolean {
  const value = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  return value % 2 ** (32 - length) !== 0;
}

function address(text: string): string | undefined {
  const [head = '', length = ''] = text.split('/');
  return (IPV4.test(head) || IPV6.test(head)) && /^\d{1,3}$/.test(length)
    ? undefined
    : `invalid ip address or hostname: ${text}`;
}

function nextHop(text: string, above: readonly string[]): string | undefined {
  const fits = (familyIn(above) === 6 ? IPV6 : IPV4).test(text) || INTERFACE.test(text);
  return fits ? undefined : `invalid next-hop '${text}'.`;
}

const ATTRIBUTES: Level['keywords'] = {
  preference: { kind: 'leaf', check: number(0, 4_294_967_295) },
  tag: { kind: 'leaf', check: number(0, 4_294_967_295) },
  metric: { kind: 'leaf', check: number(0, 4_294_967_295) },
};

const ROUTE: Level = {
  keywords: {
    ...ATTRIBUTES,
    'next-hop': { kind: 'list', check: nextHop, choice: true },
    'next-table': { kind: 'leaf', check: word, choice: true },
    discard: { kind: 'flag', choice: true },
    reject: { kind: 'flag', choice: true },
    receive: { kind: 'flag', choice: true },
    'no-install': { kind: 'flag' },
    'no-readvertise': { kind: 'flag' },
    'qualified-next-hop': {
      kind: 'entry',
      check: nextHop,
      below: () => ({
        keywords: { ...ATTRIBUTES, interface: { kind: 'leaf', check: device } },
      }),
    },
  },
};

const STATIC: Level = {
  keywords: {
    defaults: { kind: 'block', below: () => ({ keywords: ATTRIBUTES }) },
    route: { kind: 'entry', check: prefix, below: () => ROUTE },
  },
};

const OPTIONS: Level = {
  keywords: {
    'autonomous-system': { kind: 'leaf', check: number(1, 4_294_967_295) },
    'router-id': { kind: 'leaf', check: nextHop },
    static: { kind: 'block', below: () => STATIC },
    rib: {
      kind: 'entry',
      check: (text) => (/inet6?\.\d$/.test(text) ? undefined : `invalid rib name '${text}'.`),
      below: () => ({ keywords: { static: { kind: 'block', below: () => STATIC } } }),
    },
  },
};

const INTERFACES: Statement = {
  kind: 'entry',
  check: device,
  below: () => ({
    keywords: {
      unit: {
        kind: 'entry',
        check: number(0, 1_073_741_823),
        below: () => ({
          keywords: {
            family: {
              kind: 'block',
              below: () => ({
                keywords: {
                  inet: {
                    kind: 'block',
                    below: () => ({ keywords: { address: { kind: 'entry', check: address } } }),
                  },
                  inet6: {
                    kind: 'block',
                    below: () => ({ keywords: { address: { kind: 'entry', check: address } } }),
                  },
                },
              }),
            },
          },
        }),
      },
    },
  }),
};

const TOP: Level['keywords'] = {
  interfaces: INTERFACES,
  'routing-options': { kind: 'block', below: () => OPTIONS },
  'routing-instances': {
    kind: 'entry',
    check: word,
    below: () => ({
      keywords: {
        'instance-type': { kind: 'leaf', check: word },
        interface: { kind: 'list', check: device },
        'routing-options': { kind: 'block', below: () => OPTIONS },
      },
    }),
  },
  system: {
    kind: 'block',
    below: () => ({ keywords: { 'host-name': { kind: 'leaf', check: word } } }),
  },
};

const ROOT: Level = {
  keywords: {
    ...TOP,
    'apply-groups': { kind: 'list', check: word },
    groups: { kind: 'entry', check: word, below: () => ({ keywords: TOP }) },
  },
};
