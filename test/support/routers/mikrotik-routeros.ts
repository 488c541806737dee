/**
 * A strict model of a MikroTik router with RouterOS 7 or 6: its console with menus and abbreviations, `add`, `set`,
 * `remove`, `export` and `print terse`; a second item like another is taken (RouterOS documentation: CLI, IP Routing).
 */
import { SILENT, told } from './cisco-cli.ts';
import { prefixOf } from './cisco-config.ts';
import {
  checked,
  exported,
  pathsOf,
  propertiesOf,
  type Device,
  type Item,
  type Menu,
} from './mikrotik-routeros-items.ts';
import {
  completed,
  conditionOf,
  ConsoleError,
  pairOf,
  wordsOf,
  type Word,
} from './mikrotik-routeros-words.ts';
import type { BootOptions, Cli, Reply, Router, RouterModel } from './router.ts';

export const mikrotikRouterosModel: RouterModel = {
  os: 'mikrotik-routeros',
  pager: '-- [Q quit|D dump|down]',
  boot,
};

/** What is in each menu beside commands. */
const MENUS: Readonly<Record<string, readonly string[]>> = {
  '': ['ip', 'ipv6', 'routing'],
  ip: ['route', 'address', 'vrf'],
  'ip route': ['vrf'],
  ipv6: ['route', 'address'],
  routing: ['table'],
};
const COMMANDS = ['add', 'set', 'remove', 'export', 'print'];
const FLAGS = new Set(['blackhole', 'fib']);
const NO_RIGHT = 'not enough permissions (9)';

/** One login. */
interface Session {
  readonly readOnly: boolean;
  menu: string;
}

function boot(options: BootOptions): Router {
  const device: Device = {
    version: options.dialect === '6' ? 6 : 7,
    hostname: options.hostname,
    items: new Map(),
    ids: 0,
  };
  const loader: Session = { readOnly: false, menu: '' };
  for (const line of options.config.split('\n').filter((each) => !/^(?:#|\s*$)/.test(each))) {
    const { text } = enter(device, loader, line);
    if (text !== '') {
      throw new Error(`the configuration has "${line}": ${text}`);
    }
  }
  return {
    login: (user) => cliOf(device, options.readOnly === true, user),
    running: () => pathsOf(device),
    startup: () => pathsOf(device),
  };
}

function cliOf(device: Device, readOnly: boolean, user: string): Cli {
  const session: Session = { readOnly, menu: '' };
  const [name = '', console = ''] = user.split('+');
  const separator = device.version === 7 ? '/' : ' ';
  return {
    prompt: () => {
      const place = session.menu === '' ? '' : `/${session.menu.replaceAll(' ', separator)}`;
      return `[${name}@${device.hostname}] ${place}> `;
    },
    enter: (line) => enter(device, session, line.trim()),
    control: (key) => (key === 'd' ? { text: '', closes: true } : SILENT),
    terminal: () => ({
      length: Number(/(\d+)h/.exec(console)?.[1] ?? 24),
      width: Number(/(\d+)w/.exec(console)?.[1] ?? 80),
    }),
    hangUp: () => undefined,
  };
}

function enter(device: Device, session: Session, line: string): Reply {
  try {
    return run(device, session, line);
  } catch (error) {
    if (error instanceof ConsoleError) {
      return told(error.message);
    }
    throw error;
  }
}

function run(device: Device, session: Session, line: string): Reply {
  const isAbsolute = line.startsWith('/');
  const path = wordsOf(line).flatMap((word) => segmentsOf(device, word));
  let menu = isAbsolute ? '' : session.menu;
  for (const [index, { text, column }] of path.entries()) {
    const next = completed([...(MENUS[menu] ?? []), ...COMMANDS, 'quit'], text);
    if (next === undefined || (next === 'quit' && menu !== '')) {
      throw new ConsoleError(`bad command name ${text} (line 1 column ${column})`);
    }
    if (next === 'quit') {
      return { text: '', closes: true };
    }
    if (COMMANDS.includes(next)) {
      return execute(device, session, {
        menu,
        command: next,
        words: path.slice(index + 1),
        column,
      });
    }
    menu = menu === '' ? next : `${menu} ${next}`;
  }
  session.menu = menu;
  return SILENT;
}

/** Version 7 takes `/` between the names of menus too; a word with a value is no name. */
function segmentsOf({ version }: Device, { text, column }: Word): readonly Word[] {
  if (/[="[]/.test(text) || (version === 6 && text.lastIndexOf('/') > 0)) {
    return [{ text, column }];
  }
  return [...text.matchAll(/[^/]+/g)].map(({ 0: name, index }) => ({
    text: name,
    column: column + index,
  }));
}

interface Execution {
  readonly menu: string;
  readonly command: string;
  readonly words: readonly Word[];
  readonly column: number;
}

function execute(device: Device, session: Session, execution: Execution): Reply {
  const { command, words, column } = execution;
  const menu = execution.menu as Menu;
  const names = propertiesOf(device, menu);
  if (names === undefined) {
    throw new ConsoleError(`bad command name ${command} (line 1 column ${column})`);
  }
  if (command === 'export' || command === 'print') {
    return show(device, menu, execution);
  }
  if (session.readOnly) {
    return told(NO_RIGHT);
  }
  const items = device.items.get(menu) ?? [];
  device.items.set(menu, items);
  const [target, ...others] = words;
  const settings = command === 'add' ? words : others;
  const pairs = settings.map((word) => propertyOf(device, menu, word));
  if (command === 'add') {
    items.push(newItem(device, menu, new Map(pairs)));
    return SILENT;
  }
  const chosen = itemsAt(items, target, names);
  device.items.set(
    menu,
    command === 'remove'
      ? items.filter((item) => !chosen.includes(item))
      : items.map((item) => (chosen.includes(item) ? new Map([...item, ...pairs]) : item)),
  );
  return SILENT;
}

function propertyOf(device: Device, menu: Menu, word: Word): readonly [string, string] {
  const [written, value] = pairOf(word);
  const name = completed(propertiesOf(device, menu) ?? [], written);
  if (name === undefined || (value === undefined && !FLAGS.has(name))) {
    throw new ConsoleError(`expected end of command (line 1 column ${word.column})`);
  }
  return [name, checked(device, menu, [name, value ?? 'yes'])];
}

function newItem(device: Device, menu: Menu, given: Item): Item {
  device.ids += 1;
  const id = ['.id', `*${device.ids.toString(16).toUpperCase()}`] as const;
  if (!menu.endsWith('route')) {
    return new Map([id, ...given]);
  }
  if (!given.has('gateway') && !given.has('blackhole') && given.get('type') === undefined) {
    throw new ConsoleError('missing value(s) of argument(s) gateway');
  }
  const everything = menu === 'ip route' ? '0.0.0.0/0' : '::/0';
  return new Map([
    id,
    ['disabled', 'no'],
    ['distance', '1'],
    ['dst-address', everything],
    ...(device.version === 7 ? [['routing-table', 'main'] as const] : []),
    ...given,
  ]);
}

/** Items by their id, or by `[find ...]`, which may find none. */
function itemsAt(
  items: readonly Item[],
  target: Word | undefined,
  names: readonly string[],
): readonly Item[] {
  if (target?.text.startsWith('[') === true) {
    return items.filter(conditionOf(target.text, names));
  }
  const found = items.filter((item) => item.get('.id') === target?.text);
  if (found.length === 0) {
    throw new ConsoleError('no such item');
  }
  return found;
}

function show(device: Device, menu: Menu, { command, words }: Execution): Reply {
  const options = words.map(({ text }) => text);
  const items = device.items.get(menu) ?? [];
  const unknown = words.find(({ text }) => !['terse', 'without-paging'].includes(text));
  if (unknown !== undefined || !options.includes('terse')) {
    const column = unknown?.column ?? 1;
    throw new ConsoleError(`expected end of command (line 1 column ${column})`);
  }
  if (command === 'export') {
    return told(
      `# 2026-11-22 09:15:02 by RouterOS ${device.version === 7 ? '7.16.1' : '6.49.10'}`,
      '# software id = ABCD-1234',
      '#',
      ...items.map((item) => exported(device, menu, item)),
    );
  }
  return told(...items.map(printedAddress));
}

function printedAddress(item: Item, index: number): string {
  const [address = '', name = ''] = ['address', 'interface'].map((key) => item.get(key));
  const network = prefixOf(address).replace(/\/.*$/, '');
  return `${String(index).padStart(2)}   address=${address} network=${network} interface=${name} actual-interface=${name}`;
}
