/**
 * MikroTik RouterOS 6 and 7: the attributes of items in the notations of the console and of the REST API. Facts:
 * RouterOS documentation (Command Line Interface, Scripting, REST API) and recorded output.
 */

/** `dst-address`, `gateway` ... of one item, without quotes; a word without value (`blackhole`) is `yes`. */
export type Attributes = ReadonlyMap<string, string>;

/** `name=value` as it is typed: a value ends at the next blank outside of quotes. */
const TYPED = /([\w.!-]+)(?:=((?:"(?:[^"\\]|\\.)*"|[^\s"])*))?/g;
const QUOTED = /"((?:[^"\\]|\\.)*)"/g;
/** `\"`, `\n`, `\_` for a blank, and bytes of UTF-8 such as `\C3\A4`. */
const ESCAPED = /(?:\\[\dA-F]{2})+|\\(.)/g;
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', _: ' ' };
/** `name=value` as it is printed: many values have blanks and no quotes, so they end before the next name. */
const PRINTED = /(?:^|\s)([a-z.][\w.-]*)=(.*?)(?=\s+(?:[a-z.][\w.-]*=|blackhole(?:\s|$))|\s*$)/g;
/** A comment may hold even what looks like the next name. */
const PRINTED_COMMENT = /(?:^|\s)comment=(.*?)\s+(?=(?:afi|dst-address)=)/;
const PRINTED_BLACKHOLE = /(?:^|\s)blackhole(?:\s|$)/;
/** `name=value;name=value`, an item after the other without a break. */
const AS_VALUE = /(?:^|;)([a-z.][\w.-]*)=(.*?)(?=;[a-z.][\w.-]*=|;?$)/g;

/** Reads what follows `add`. */
export function typedAttributes(words: string): Attributes {
  return new Map(
    [...words.matchAll(TYPED)].map(([, name = '', value = 'yes']) => [name, unquoted(value)]),
  );
}

/** Reads what follows the flags in `print detail` and `print terse`. */
export function printedAttributes(words: string): Attributes {
  const [whole = '', comment] = PRINTED_COMMENT.exec(words) ?? [];
  const others = words.replace(whole, ' ');
  return new Map([
    ...(comment === undefined ? [] : [['comment', commentOf(comment)] as const]),
    ...(PRINTED_BLACKHOLE.test(others) ? [['blackhole', 'yes'] as const] : []),
    ...[...others.matchAll(PRINTED)].map(
      ([, name = '', value = '']) => [name, unquoted(value)] as const,
    ),
  ]);
}

/** Reads a line of `print as-value`. */
export function attributesAsValue(line: string): readonly Attributes[] {
  return line
    .split(/;?(?=\.id=)/)
    .map(
      (item) =>
        new Map([...item.matchAll(AS_VALUE)].map(([, name = '', value = '']) => [name, value])),
    );
}

/** Reads the JSON of the REST API and of `:serialize to=json`; undefined if the text holds none. */
export function attributesInJson(text: string): readonly Attributes[] | undefined {
  const start = text.search(/\[\s*\{|\{\s*"/);
  const end = Math.max(text.lastIndexOf(']'), text.lastIndexOf('}'));
  try {
    const items: unknown = JSON.parse(text.slice(start, end + 1));
    return [items].flat().map((item) => new Map(Object.entries(Object(item)).map(textOfEntry)));
  } catch {
    return undefined;
  }
}

function textOfEntry([name, value]: [string, unknown]): readonly [string, string] {
  return [name, String(value)];
}

/** Printed without quotes in `terse`, in quotes by those who copy from an export. */
function commentOf(text: string): string {
  return /^"(?:[^"\\]|\\.)*"$/.test(text) ? unquoted(text) : text;
}

function unquoted(value: string): string {
  return value.replaceAll(QUOTED, withoutQuotes);
}

function withoutQuotes(_: string, inside: string): string {
  return inside.replaceAll(ESCAPED, (escape: string, character: string | undefined) =>
    character === undefined
      ? new TextDecoder().decode(Uint8Array.from(escape.slice(1).split('\\'), byteOf))
      : (CONTROLS[character] ?? character),
  );
}

function byteOf(digits: string): number {
  return Number.parseInt(digits, 16);
}
