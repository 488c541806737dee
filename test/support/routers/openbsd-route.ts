/**
 * A strict model of `route` and `ifconfig` of OpenBSD over a table in a file, run as a program. Source: route(8), the
 * printing and the errors of sbin/route (show.c, route.c), and rtable_insert of the kernel for what may stand side by side.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import {
  contains,
  familyOf,
  hostPrefix,
  parseAddress,
  prefixAt,
} from '../../../src/core/prefix.ts';
import type { Prefix } from '../../../src/core/prefix.ts';

export interface OpenbsdRoute {
  readonly table: string;
  readonly destination: string;
  readonly gateway: string;
  readonly flags: string;
  readonly priority: number;
  readonly device: string;
  readonly label: string;
}

/** What the kernel holds. */
export interface OpenbsdKernel {
  readonly root: boolean;
  readonly tables: readonly string[];
  /** Connected networks: the interface, its table, and its address with the length. */
  readonly links: readonly {
    readonly device: string;
    readonly table: string;
    readonly address: string;
  }[];
  readonly routes: readonly OpenbsdRoute[];
}

interface Answer {
  readonly text: string;
  readonly exitCode: number;
  readonly kernel: OpenbsdKernel;
}

class Refusal extends Error {}

const FLAGS = new Set([
  'inet',
  'inet6',
  'net',
  'host',
  'mpath',
  'blackhole',
  'reject',
  'iface',
  'static',
  'nostatic',
]);
const VALUED = new Set([
  'label',
  'priority',
  'ifp',
  'ifa',
  'netmask',
  'prefixlen',
  'gateway',
  'mtu',
]);
const STATIC_PRIORITY = 8;

/** Runs one command line; never changes what it was given. */
export function run(kernel: OpenbsdKernel, argv: readonly string[]): Answer {
  const [program = '', ...args] = argv;
  try {
    const answer = program === 'ifconfig' ? { text: ifconfig(kernel) } : route(kernel, args);
    return { kernel, exitCode: 0, ...answer };
  } catch (error) {
    if (error instanceof Refusal) {
      return { kernel, exitCode: 1, text: `${error.message}\n` };
    }
    throw error;
  }
}

interface Options {
  readonly table: string;
  readonly letters: string;
  readonly rest: readonly string[];
}

const USAGE = 'usage: route [-dnqtv] [-T rtable] command [[modifier ...] arg ...]';

function route(
  kernel: OpenbsdKernel,
  args: readonly string[],
): Partial<Answer> & { readonly text: string } {
  const { table, letters, rest } = optionsOf(args);
  if (!/^\d{1,3}$/.test(table)) {
    throw new Refusal('route: invalid table id: invalid');
  }
  if (!kernel.tables.includes(table)) {
    throw new Refusal(`route: routing table ${table}: No such file or directory`);
  }
  const [command = '', ...words] = rest;
  if (command === 'show') {
    return { text: show(kernel, { table, isVerbose: letters.includes('v') }) };
  }
  if (command !== 'add' && command !== 'delete') {
    throw new Refusal(`route: botched keyword: ${command}\n${USAGE}`);
  }
  if (!kernel.root) {
    throw new Refusal('route: must be root to alter routing table: Permission denied');
  }
  const wanted = wordsOf(words, table);
  const text = `${command} ${wanted.kind} ${wanted.destination}: gateway ${wanted.gateway}\n`;
  if (letters.includes('d')) {
    return { text };
  }
  const routes = command === 'add' ? added(kernel, wanted) : deleted(kernel, wanted);
  return { text, kernel: { ...kernel, routes } };
}

/** As getopt reads them: letters may stand together, and the value of -T stands apart. */
function optionsOf(args: readonly string[]): Options {
  let table = '0';
  let letters = '';
  let rest = args;
  while (rest[0]?.startsWith('-') === true) {
    const word = rest[0].slice(1);
    if (word.endsWith('T')) {
      table = rest[1] ?? '';
    }
    const strange = /[^dnqtvT]/.exec(word);
    if (strange !== null) {
      throw new Refusal(`route: unknown option -- ${strange[0]}\n${USAGE}`);
    }
    letters += word;
    rest = rest.slice(word.endsWith('T') ? 2 : 1);
  }
  return { table, letters, rest };
}

interface Wanted {
  readonly table: string;
  readonly kind: 'net' | 'host';
  readonly prefix: Prefix;
  readonly destination: string;
  readonly gateway: string;
  readonly priority: number | undefined;
  readonly label: string;
  readonly modifiers: ReadonlyMap<string, string>;
}

function wordsOf(words: readonly string[], table: string): Wanted {
  const { plain, modifiers } = sorted(words);
  const [destination = '', gateway = '', ...more] = plain;
  if (gateway === '' || more.length > 0) {
    throw new Refusal('route: botched keyword: ');
  }
  const family = modifiers.has('inet6') ? 6 : 4;
  const prefix = prefixOf(destination, family);
  if (familyOf(gateway) !== family || !isAddress(gateway.replace(/%.*/, ''))) {
    throw new Refusal(`route: ${gateway}: bad address`);
  }
  const label = modifiers.get('label') ?? '';
  if (label.length > 31) {
    throw new Refusal('route: route label too long');
  }
  return {
    table,
    kind: prefix.text === hostPrefixOf(prefix) ? 'host' : 'net',
    prefix,
    destination,
    gateway,
    priority: priorityOf(modifiers.get('priority')),
    label,
    modifiers,
  };
}

function sorted(words: readonly string[]): {
  readonly plain: readonly string[];
  readonly modifiers: ReadonlyMap<string, string>;
} {
  const plain: string[] = [];
  const modifiers = new Map<string, string>();
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    const name = word.slice(1);
    if (!word.startsWith('-')) {
      plain.push(word);
    } else if (VALUED.has(name)) {
      i += 1;
      modifiers.set(name, words[i] ?? '');
    } else if (FLAGS.has(name)) {
      modifiers.set(name, '');
    } else {
      throw new Refusal(`route: botched keyword: ${name}`);
    }
  }
  return { plain, modifiers };
}

function priorityOf(text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const priority = /^\d+$/.test(text) ? Number(text) : 0;
  if (priority < 1 || priority > 63) {
    throw new Refusal('route: priority out of range');
  }
  return priority;
}

function prefixOf(text: string, family: 4 | 6): Prefix {
  const [head = '', length, ...more] = text.split('/');
  if (!isAddress(head) || familyOf(head) !== family || more.length > 0) {
    throw new Refusal(`route: ${text}: bad address`);
  }
  const address = parseAddress(head);
  if (length === undefined) {
    return hostPrefix(address);
  }
  if (!/^\d{1,3}$/.test(length) || Number(length) > (family === 4 ? 32 : 128)) {
    throw new Refusal(`route: prefixlen ${length}: bad value`);
  }
  return prefixAt(address, Number(length));
}

function hostPrefixOf({ text }: Prefix): string {
  return hostPrefix(parseAddress(text.replace(/\/.*/, ''))).text;
}

function isAddress(text: string): boolean {
  try {
    parseAddress(text);
    return true;
  } catch {
    return false;
  }
}

function fail(command: string, { kind, destination, gateway }: Wanted, words: string): never {
  throw new Refusal(`${command} ${kind} ${destination}: gateway ${gateway}: ${words}`);
}

function added(kernel: OpenbsdKernel, wanted: Wanted): readonly OpenbsdRoute[] {
  const { table, prefix, gateway, label, modifiers, priority = STATIC_PRIORITY } = wanted;
  const device = deviceFor(kernel, wanted);
  if (device === undefined) {
    return fail('add', wanted, 'Network is unreachable');
  }
  const twins = kernel.routes.filter(
    (each) =>
      each.table === table && each.destination === prefix.text && each.priority === priority,
  );
  if (
    twins.some((each) => each.gateway === gateway) ||
    (twins.length > 0 && !modifiers.has('mpath'))
  ) {
    return fail('add', wanted, 'File exists');
  }
  const made = { table, destination: prefix.text, gateway, flags: 'UGS', priority, device, label };
  const mpath = (each: OpenbsdRoute): OpenbsdRoute => ({ ...each, flags: 'UGSP' });
  return [
    ...kernel.routes.map((each) => (twins.includes(each) ? mpath(each) : each)),
    modifiers.has('mpath') ? mpath(made) : made,
  ];
}

function deviceFor({ links }: OpenbsdKernel, { table, gateway }: Wanted): string | undefined {
  const [address = '', zone] = gateway.split('%');
  const near = links.find(({ table: home, address: own }) => {
    const [base = '', length] = own.split('/');
    return (
      home === table &&
      contains(prefixAt(parseAddress(base), Number(length)), hostPrefix(parseAddress(address)))
    );
  });
  if (zone !== undefined) {
    return links.find(({ device, table: home }) => device === zone && home === table)?.device;
  }
  return near?.device;
}

/** The kernel takes the first one of the lowest priority that fits what was named. */
function deleted(kernel: OpenbsdKernel, wanted: Wanted): readonly OpenbsdRoute[] {
  const { table, prefix, gateway, priority } = wanted;
  const [victim] = kernel.routes
    .filter(
      (each) =>
        each.table === table &&
        each.destination === prefix.text &&
        each.gateway === gateway &&
        (priority === undefined || each.priority === priority),
    )
    .sort((a, b) => a.priority - b.priority);
  return victim === undefined
    ? fail('delete', wanted, 'not in table')
    : kernel.routes.filter((each) => each !== victim);
}

function show(
  { routes }: OpenbsdKernel,
  { table, isVerbose }: { readonly table: string; readonly isVerbose: boolean },
): string {
  const section = (family: 4 | 6): string => {
    const [to, via] = family === 4 ? [18, 18] : [34, 30];
    const rows = routes.filter(
      (each) => each.table === table && familyOf(each.destination) === family,
    );
    const header = `${'Destination'.padEnd(to)} ${'Gateway'.padEnd(via)} Flags   Refs      Use   Mtu  Prio Iface${isVerbose ? ' Label' : ''}`;
    const lines = rows.map((each) => {
      const columns = `${shortened(each.destination).padEnd(to)} ${each.gateway.padEnd(via)} ${each.flags.padEnd(6)} ${'0'.padStart(5)} ${'0'.padStart(8)} ${'-'.padStart(5)}  ${String(each.priority).padStart(4)} ${each.device.padEnd(5)}`;
      return isVerbose ? `${columns} ${each.label}` : columns;
    });
    return rows.length === 0
      ? ''
      : `\nInternet${family === 6 ? '6' : ''}:\n${[header, ...lines].join('\n')}\n`;
  };
  return `Routing tables\n${section(4)}${section(6)}`;
}

/** `10.1.0.0/16` shows as `10.1/16`, a host without its length, everything as `default`. */
function shortened(destination: string): string {
  const [address = '', length = ''] = destination.split('/');
  if (length === '0') {
    return 'default';
  }
  if (familyOf(destination) === 6) {
    return length === '128' ? address : destination;
  }
  const octets = Math.max(1, Math.ceil(Number(length) / 8));
  return length === '32' ? address : `${address.split('.').slice(0, octets).join('.')}/${length}`;
}

function ifconfig({ links }: OpenbsdKernel): string {
  return links
    .map(({ device, table, address }) => {
      const [own = '', length = ''] = address.split('/');
      const domain = table === '0' ? '' : ` rdomain ${table}`;
      const mask = (2 ** 32 - 2 ** (32 - Number(length))).toString(16).padStart(8, '0');
      const line =
        familyOf(own) === 4 ? `inet ${own} netmask 0x${mask}` : `inet6 ${own} prefixlen ${length}`;
      return `${device}: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST>${domain} mtu 1500\n\tlladdr 00:00:5e:00:53:01\n\t${line}\n`;
    })
    .join('');
}

/** As a program: the file of the kernel, then the command line. */
export function main([file = '', ...argv]: readonly string[]): void {
  const kernel = JSON.parse(readFileSync(file, 'utf8')) as OpenbsdKernel;
  const answer = run(kernel, argv);
  writeFileSync(file, JSON.stringify(answer.kernel));
  (answer.exitCode === 0 ? process.stdout : process.stderr).write(answer.text);
  process.exitCode = answer.exitCode;
}
