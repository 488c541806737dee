/** Turns any value into JSON-safe data without secrets: by key, by type and by what a text looks like. */

const MASK = '[redacted]';

/** Deeper structures are cut: a log line is no dump. */
const MAX_DEPTH = 8;

const SECRET_KEY =
  /passw(?:or)?d|passphrase|secret|token|authorization|credential|cookie|private[_-]?key/i;

/** What looks like a secret inside a text, with what takes its place. */
const SECRET_TEXTS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // Fernet tokens of Keystone begin with the version byte 0x80 and a timestamp: gAAAA in base64.
  [/gAAAA[\w-]{16,}={0,2}/g, MASK],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, MASK],
  [/(\/\/[^\s/:@]*:)[^\s/@]+@/g, `$1${MASK}@`],
  [/((?:authorization)["']?\s*[:=]\s*["']?(?:(?:basic|bearer)\s+)?)[^\s"',}]+/gi, `$1${MASK}`],
  [
    /((?:passw(?:or)?d|passphrase|secret|token)["']?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"',}&]+)/gi,
    `$1${MASK}`,
  ],
];

/** The text with everything masked that looks like a token, a password or a credential in a URL. */
export function redactText(text: string): string {
  return SECRET_TEXTS.reduce((kept, [pattern, mask]) => kept.replace(pattern, mask), text);
}

/** A JSON-safe copy without secrets; errors become their fields, with their stack if wanted. */
export function redact(value: unknown, withStacks: boolean): unknown {
  return copy(value, { withStacks, above: [] });
}

interface Place {
  readonly withStacks: boolean;
  /** The objects that the value lies in, outermost first. */
  readonly above: readonly object[];
}

function copy(value: unknown, place: Place): unknown {
  if (typeof value === 'string') {
    return redactText(value);
  }
  if (typeof value === 'object' && value !== null) {
    return copyObject(value, place);
  }
  // The rest is harmless, but JSON has no bigints, and functions and symbols would show their source or their name.
  if (typeof value === 'bigint') {
    return String(value);
  }
  return typeof value === 'function' || typeof value === 'symbol' ? undefined : value;
}

function copyObject(value: object, { withStacks, above }: Place): unknown {
  if (above.includes(value) || above.length >= MAX_DEPTH) {
    return '[...]';
  }
  const inside = { withStacks, above: [...above, value] };
  if (Array.isArray(value) || value instanceof Set) {
    return Array.from(value, (item) => copy(item, inside));
  }
  if (ArrayBuffer.isView(value)) {
    return `[${value.byteLength} bytes]`;
  }
  if (value instanceof Error) {
    return copyEntries(errorEntries(value, withStacks), inside);
  }
  if (value instanceof Map) {
    return copyEntries(
      Array.from(value, ([key, item]) => [String(key), item]),
      inside,
    );
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return copyEntries(Object.entries(value), inside);
  }
  // Other classes know best what may be shown of them; their fields are not ours to walk.
  return 'toJSON' in value && typeof value.toJSON === 'function'
    ? copy(value.toJSON(), inside)
    : `[${value.constructor.name}]`;
}

function copyEntries(entries: readonly (readonly [string, unknown])[], place: Place): unknown {
  return Object.fromEntries(
    entries.map(([key, item]) => [key, SECRET_KEY.test(key) ? MASK : copy(item, place)]),
  );
}

function errorEntries(error: Error, withStacks: boolean): readonly (readonly [string, unknown])[] {
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? error.code : undefined;
  const details = 'details' in error ? error.details : undefined;
  const errors: unknown = error instanceof AggregateError ? error.errors : undefined;
  const shown = withStacks ? stack : undefined;
  const all = { name, code, message, details, errors, cause, stack: shown };
  return Object.entries(all).filter(([, item]) => item !== undefined);
}
