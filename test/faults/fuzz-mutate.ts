/** Breaks texts and JSON values, as clouds, routers, disks and tenants do: by their structure and by their characters. */
import type { Random } from './fuzz-random.ts';

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** What a tenant may type, and what breaks a terminal, a shell, a CLI or a careless parser. */
export const HOSTILE_TEXTS: readonly string[] = [
  '',
  ' ',
  '.',
  '..',
  '../../etc/passwd',
  '\0',
  'a\0b',
  'line\nbreak',
  'carriage\rreturn',
  '\u001b[2J\u001b[31mred',
  '\u009b31m',
  '\u001b]0;title\u0007',
  '\u202egnp.exe\u202c',
  '\u2066isolate\u2069',
  '\u200f\u200e\u061c',
  '\u2028\u2029',
  '\ud800',
  '\udfff\ud800',
  'z\u0351\u036b\u0343\u036a',
  '\u{e0041}\u{e007f}',
  '\ufeff\u200b',
  '; reboot',
  '$(reboot)',
  '`reboot`',
  "' || true #",
  '" ; ip route flush all',
  'x\nroute del default',
  'del default',
  '| no ip route 0.0.0.0 0.0.0.0',
  '!\nend\nreload',
  '%s%n%x',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '| cell | cell |',
  '__proto__',
  'constructor',
  'toString',
  'route-sync:off',
  'é'.repeat(127),
  '\u{1f4a9}'.repeat(63),
  'a'.repeat(255),
];

/** Texts that look like addresses and prefixes, to one parser or another. */
export const PREFIX_TRICKS: readonly string[] = [
  '010.0.0.0/8',
  '10/8',
  '10.0.0.0/08',
  '10.0.0.0/8 ',
  ' 10.0.0.0/8',
  '10.0.0.0/8\n',
  '10.0.0.1/8',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/1e1',
  '10.0.0.0/0x8',
  '1e1',
  '0x0a.0.0.0/8',
  '167772160/8',
  '0.0.0.0/0',
  'default',
  '::/0',
  '::/64',
  '::1/128',
  '::ffff:1.2.3.4/96',
  '::ffff:198.51.100.0/123',
  '::ffff:0:0/96',
  'fe80::1%eth0',
  'fe80::%1/64',
  '2001:DB8::/32',
  '2001:db8:0:0:0:0:0:0/32',
  '2001:db8:::/32',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '255.255.255.255/32',
  '198.51.100.0/24',
  '198.51.100.0/255.255.255.0',
  '198.51.100.32/27',
  '203.0.113.0/24',
  '203.0.113.1',
  '203.0.113.10',
  '203.0.113.010',
  '2001:db8:100::1',
  '2001:db8:a::/64',
  '１０.0.0.0/8',
  '10.0.0.0／8',
];

const NUMBERS: readonly number[] = [
  0,
  -0,
  -1,
  1,
  1.5,
  1e1,
  255,
  256,
  65_536,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 63),
  1e21,
  1e308,
  5e-324,
];

const KEYS: readonly string[] = ['id', 'name', 'type', 'version', '__proto__', 'constructor', ''];
/** Stands for lists in lists, deeper than the stack of any recursive reader; {@link jsonText} writes them. */
const DEEP = '<deep>';
const DEPTH = 20_000;

/** Some small damage, one to four times. */
export function mutateJson(random: Random, value: Json): Json {
  let mutated = value;
  for (let left = 1 + random.int(4); left > 0; left -= 1) {
    mutated = mutateOnce(random, mutated);
  }
  return mutated;
}

/** Damage at one place of the value; everything else stays the same object. */
export function mutateOnce(random: Random, value: Json): Json {
  if (isList(value)) {
    return random.percent(25) || value.length === 0
      ? mutateList(random, value)
      : value.with(...childOf(random, value));
  }
  if (isObject(value)) {
    const keys = Object.keys(value);
    if (keys.length === 0 || random.percent(15)) {
      return mutateKeys(random, value, keys);
    }
    const key = random.pick(keys);
    return withKey(value, key, mutateOnce(random, value[key] ?? null));
  }
  return mutateLeaf(random, value);
}

function childOf(random: Random, list: readonly Json[]): [number, Json] {
  const at = random.int(list.length);
  return [at, mutateOnce(random, list[at] ?? null)];
}

function mutateList(random: Random, list: readonly Json[]): Json {
  const at = random.int(list.length + 1);
  const item = list[at] ?? null;
  switch (random.int(7)) {
    case 0:
      return list.toSpliced(at, 1);
    case 1:
      return [...list, item];
    case 2:
      return list.toReversed();
    case 3:
      return [];
    case 4:
      return list.toSpliced(at, 0, strange(random));
    case 5:
      return list.slice(0, at);
    default:
      return strange(random);
  }
}

function mutateKeys(random: Random, object: JsonObject, keys: readonly string[]): Json {
  const key = keys.length === 0 ? 'key' : random.pick(keys);
  switch (random.int(5)) {
    case 0:
      return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
    case 1:
      return withKey(object, random.pick([...KEYS, ...HOSTILE_TEXTS]), strange(random));
    case 2: {
      const other = keys.length === 0 ? 'key' : random.pick(keys);
      const swapped = withKey(object, key, object[other] ?? null);
      return withKey(swapped, other, object[key] ?? null);
    }
    case 3:
      return Object.fromEntries(
        Object.entries(object).map(([name, value]) => [name === key ? `${name}s` : name, value]),
      );
    default:
      return strange(random);
  }
}

function mutateLeaf(random: Random, value: Json): Json {
  if (random.percent(15)) {
    return strange(random);
  }
  if (typeof value === 'string') {
    return random.percent(60) ? textFor(random) : mutateText(random, value);
  }
  if (typeof value === 'number') {
    return random.percent(50) ? value + random.int(5) - 2 : random.pick(NUMBERS);
  }
  return typeof value === 'boolean' ? !value : strange(random);
}

function textFor(random: Random): string {
  return random.percent(50) ? random.pick(PREFIX_TRICKS) : random.pick(HOSTILE_TEXTS);
}

/** A value of some other type; now and then one that is far too deep or far too long. */
function strange(random: Random): Json {
  const chosen = random.int(2000);
  if (chosen === 0) {
    return 'x'.repeat(100_000);
  }
  if (chosen === 1) {
    return DEEP;
  }
  const values: readonly Json[] = [
    null,
    true,
    random.pick(NUMBERS),
    textFor(random),
    [],
    {},
    [null],
    { id: textFor(random) },
    [textFor(random), [textFor(random)]],
  ];
  return random.pick(values);
}

/** The value as JSON text, with lists in lists where the value says so. */
export function jsonText(value: Json): string {
  const text = JSON.stringify(value);
  return text.includes(DEEP)
    ? text.replaceAll(`"${DEEP}"`, '['.repeat(DEPTH) + ']'.repeat(DEPTH))
    : text;
}

/** Damage to single characters: flipped, cut, inserted, repeated, swapped. */
export function mutateText(random: Random, text: string): string {
  const at = random.int(text.length + 1);
  const end = Math.min(text.length, at + random.int(12));
  switch (random.int(8)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(end);
    case 3:
      return text.slice(0, at) + textFor(random) + text.slice(at);
    case 4:
      return text.slice(0, end) + text.slice(at, end).repeat(1 + random.int(20)) + text.slice(end);
    case 5:
      return text.slice(0, at) + String.fromCharCode(random.int(256)) + text.slice(at + 1);
    case 6:
      return text.slice(0, at) + String.fromCharCode(random.int(65_536)) + text.slice(at);
    default:
      return flip(random, text, at);
  }
}

/** One bit of one character. */
function flip(random: Random, text: string, at: number): string {
  const code = text.charCodeAt(at) || 0;
  return text.slice(0, at) + String.fromCharCode(code ^ (1 << random.int(8))) + text.slice(at + 1);
}

function withKey(object: JsonObject, key: string, value: Json): JsonObject {
  return Object.fromEntries([...Object.entries(object), [key, value]]);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null;
}
