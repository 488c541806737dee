/**
 * JSON and XML among the lines of a transcript (Junos XML and JSON output, RFC 7951 for Nokia) as one kind of tree: its
 * elements are those of XML; in JSON the key is the element's name and a list repeats it.
 */
import { RouteSyncError } from '../../errors.ts';
import { quote } from './device-words.ts';

/** One element of a document; the prefix of its namespace or module is gone. */
export interface Element {
  readonly name: string;
  /** Empty for an element that holds others, or nothing. */
  readonly text: string;
  /** Marked as deactivated. */
  readonly inactive: boolean;
  readonly children: readonly Element[];
}

/** The documents of a text, and what stands around them. */
export interface Documents {
  readonly elements: readonly Element[];
  readonly rest: string;
}

type Fields = Readonly<Record<string, unknown>>;

const JSON_START = /^[^\S\n]*\{\s*"[\w:@.-]+"\s*:/m;
const JSON_TOKEN = /"(?:\\.|[^"\\])*"|[{}]/g;
const XML_START = /^.*?<(?:\?xml|rpc-reply|configuration|configure|route-information|data)\b/m;
const XML_TOKEN =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<(?<close>\/?)(?:[\w.-]+:)?(?<name>[\w.-]+)(?<attributes>[^>]*?)(?<empty>\/?)>|(?<text>[^<]+)/g;
const ENTITY = /&(lt|gt|quot|apos|amp);/g;
const CHARACTERS = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' } as const;

/** Takes the documents out of a text; throws UPSTREAM_OUTPUT_INVALID for JSON that is cut off or broken. */
export function documentsIn(text: string): Documents {
  const json = jsonIn(text);
  const start = json.rest.search(XML_START);
  return start < 0
    ? json
    : {
        elements: [...json.elements, ...xmlElements(json.rest.slice(start))],
        rest: json.rest.slice(0, start),
      };
}

/** All elements of that name, at any depth, in document order. */
export function elementsNamed(elements: readonly Element[], name: string): readonly Element[] {
  return elements.flatMap((element) =>
    element.name === name ? [element] : elementsNamed(element.children, name),
  );
}

/** The children of that name. */
export function childrenOf(element: Element, name: string): readonly Element[] {
  return element.children.filter((child) => child.name === name);
}

/** The text of the first child of that name; undefined without one. */
export function textOf(element: Element, name: string): string | undefined {
  return childrenOf(element, name)[0]?.text;
}

function jsonIn(text: string): Documents {
  const elements: Element[] = [];
  let rest = text;
  for (;;) {
    const start = rest.search(JSON_START);
    if (start < 0) {
      return { elements, rest };
    }
    const end = start + jsonLength(rest.slice(start));
    elements.push(...elementsOf('', parseJson(rest.slice(start, end))));
    rest = rest.slice(0, start) + rest.slice(end);
  }
}

/** Up to the brace that closes the first one; all of the text without it. */
function jsonLength(text: string): number {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(JSON_TOKEN)) {
    depth += token === '{' ? 1 : token === '}' ? -1 : 0;
    if (depth === 0) {
      return index + 1;
    }
  }
  return text.length;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RouteSyncError(
      'UPSTREAM_OUTPUT_INVALID',
      `the upstream answered with broken or incomplete JSON: ${quote(text)}`,
      { cause },
    );
  }
}

function elementsOf(name: string, value: unknown): readonly Element[] {
  if (Array.isArray(value)) {
    return value.flatMap((entry) => elementsOf(name, entry));
  }
  if (!isFields(value)) {
    return [{ name, text: leafText(value), inactive: false, children: [] }];
  }
  const { data } = value;
  const children = Object.entries(value).filter(([key]) => !/^(?:@.*|attributes|data)$/.test(key));
  return [
    {
      name,
      text: leafText(Array.isArray(data) ? data[0] : data),
      inactive: isInactive(value['@']) || isInactive(value['attributes']),
      children: children.flatMap(([key, child]) => elementsOf(key.replace(/^.*:/, ''), child)),
    },
  ];
}

function leafText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}

function isInactive(attributes: unknown): boolean {
  return isFields(attributes) && Boolean(attributes['inactive']);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

type Body = Pick<Element, 'text' | 'children'>;

/** Reads what is there: an element that is not closed ends with the text. */
function xmlElements(text: string): readonly Element[] {
  return readBody(text.matchAll(XML_TOKEN)).children;
}

/** What stands up to the closing tag of the element around it. */
function readBody(tokens: IterableIterator<RegExpExecArray>): Body {
  const children: Element[] = [];
  let text = '';
  for (const { groups = {} } of tokens) {
    const { name, attributes = '' } = groups;
    if (groups['close'] === '/') {
      break;
    }
    if (name === undefined) {
      text += groups['text'] ?? '';
    } else {
      const body = groups['empty'] === '/' ? { text: '', children: [] } : readBody(tokens);
      children.push({ name, inactive: /\binactive="/.test(attributes), ...body });
    }
  }
  return { text: plainText(text.trim()), children };
}

function plainText(xml: string): string {
  return xml.replaceAll(ENTITY, (_, name: keyof typeof CHARACTERS) => CHARACTERS[name]);
}
