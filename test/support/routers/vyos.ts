/**
 * A strict model of a VyOS router: operational and configuration mode, one working configuration for each session, the
 * saved configuration (functions of vyos/vyatta-cfg; operational commands of vyos-1x; VyOS documentation).
 */
import type { BootOptions, Cli, Reply, Router, RouterModel } from './router.ts';
import {
  bracesOf,
  commandsOf,
  deletePath,
  partOf,
  refuseCommit,
  type Said,
  setPath,
  staticPathsOf,
  type VyosTree,
} from './vyos-config.ts';
import { type Place, schemaOf } from './vyos-schema.ts';

interface Device {
  readonly options: BootOptions;
  readonly release: string;
  readonly schema: Place;
  running: VyosTree;
  saved: VyosTree;
}

/** What a session has changed and not committed; others' commits show through. */
type Change = (tree: VyosTree) => Said;

interface Session {
  readonly user: string;
  mode: 'operational' | 'configuration';
  changes: Change[];
  length: number;
  width: number;
  asks: ((answer: string) => Reply) | undefined;
}

const SILENT: Reply = { text: '' };
const SAVED_TO = "Saving configuration to '/config/config.boot'...\nDone\n";
const CANNOT_EXIT =
  "Cannot exit: configuration modified.\nUse 'exit discard' to discard the changes and exit.\n";

export const vyosModel: RouterModel = { os: 'vyos', pager: ':', boot };

function boot(options: BootOptions): Router {
  const { dialect: release = '1.4' } = options;
  const schema = schemaOf(release);
  const running: VyosTree = new Map();
  for (const line of options.config.split('\n').filter((each) => each.trim() !== '')) {
    const said = setPath(running, schema, wordsOf(line).slice(1));
    if (said.text !== '') {
      throw new Error(`the configuration has "${line}": ${said.text}`);
    }
  }
  const refusal = refuseCommit(running, release);
  if (refusal !== undefined) {
    throw new Error(`the configuration cannot be loaded: ${refusal}`);
  }
  const device: Device = { options, release, schema, running, saved: structuredClone(running) };
  return {
    login: (user) => loginTo(device, user),
    running: () => staticPathsOf(device.running),
    startup: () => staticPathsOf(device.saved),
  };
}

function wordsOf(line: string): readonly string[] {
  return (line.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) =>
    word.replace(/^(['"])(.*)\1$/, '$2'),
  );
}

function loginTo(device: Device, user: string): Cli {
  const session: Session = {
    user,
    mode: 'operational',
    changes: [],
    length: 24,
    width: 80,
    asks: undefined,
  };
  return {
    prompt: () => promptOf(device, session),
    enter: (line) => {
      const { asks } = session;
      session.asks = undefined;
      return asks?.(line) ?? obey(device, session, line);
    },
    control: (key) => {
      session.asks = undefined;
      return key === 'd' && session.mode === 'operational'
        ? { text: 'logout\n', closes: true }
        : { text: '^C\n' };
    },
    terminal: () => ({ length: session.length, width: session.width }),
    hangUp: () => {
      session.changes = [];
    },
  };
}

function promptOf({ options }: Device, { mode, user }: Session): string {
  const name = `${user}@${options.hostname}`;
  if (mode === 'configuration') {
    return `[edit]\n${name}# `;
  }
  return options.readOnly === true ? `${name}> ` : `${name}:~$ `;
}

function obey(device: Device, session: Session, line: string): Reply {
  const words = wordsOf(line);
  if (words.length === 0) {
    return SILENT;
  }
  return session.mode === 'configuration'
    ? configure(device, session, words)
    : operate(device, session, line);
}

function invalid(word: string): Reply {
  return { text: `\n  Invalid command: [${word}]\n\n` };
}

/** Each word of an operational command may be cut short. */
function isCommand(line: string, command: string): boolean {
  const typed = line.trim().split(/\s+/);
  const full = command.split(' ');
  return typed.length === full.length && full.every((word, i) => word.startsWith(typed[i] ?? word));
}

function operate(device: Device, session: Session, line: string): Reply {
  const [command = '', ...filters] = line.split('|').map((part) => part.trim());
  const [, what, size] = /^set terminal (length|width) (\d+)$/.exec(command) ?? [];
  if (what === 'length' || what === 'width') {
    session[what] = Number(size);
    return SILENT;
  }
  if (isCommand(command, 'configure') && device.options.readOnly !== true) {
    session.mode = 'configuration';
    return SILENT;
  }
  if (isCommand(command, 'exit')) {
    return { text: 'logout\n', closes: true };
  }
  const shown = showIn(device, command);
  return shown === undefined ? invalid(command.split(' ')[0] ?? '') : filtered(shown, filters);
}

function showIn(device: Device, command: string): string | undefined {
  const { running, saved, schema } = device;
  if (isCommand(command, 'show configuration commands')) {
    return commandsOf(running, schema)
      .map((line) => `${line}\n`)
      .join('');
  }
  if (isCommand(command, 'show configuration')) {
    return bracesOf(running, schema);
  }
  if (command === 'cat /config/config.boot') {
    return `${bracesOf(saved, schema)}\n\n// vyos-config-version: "vrf@3"\n// Release version: ${device.release}.0\n`;
  }
  return isCommand(command, 'show interfaces') ? interfacesOf(device) : undefined;
}

function filtered(text: string, filters: readonly string[]): Reply {
  let lines = text.split('\n');
  for (const filter of filters) {
    const [, not, pattern] = /^(no-)?match (\S+)$/.exec(filter) ?? [];
    if (pattern !== undefined) {
      lines = lines.filter((line) => new RegExp(pattern).test(line) === (not === undefined));
    } else if (filter !== 'no-more') {
      return invalid(filter);
    }
  }
  return { text: lines.filter((line) => line !== '' || filters.length < 2).join('\n') };
}

/** Since 1.4 with more columns. */
function interfacesOf({ running, release }: Device): string {
  const rows = ['loopback', 'ethernet'].flatMap((type) =>
    [...partOf(running, 'interfaces', type)].flatMap(([name, settings]) => [
      rowOf(name, settings),
      ...[...partOf(settings, 'vif')].map(([vlan, inner]) => rowOf(`${name}.${vlan}`, inner)),
    ]),
  );
  const codes = 'Codes: S - State, L - Link, u - Up, D - Down, A - Admin Down\n';
  const columns = (row: Row, address: string, isFirst: boolean): readonly string[] => {
    const own = isFirst ? [row.name, address] : ['', address];
    const state = isFirst ? ['u/u', row.description] : [];
    const more = isFirst ? ['52:54:00:00:00:01', row.vrf, '1500'] : [];
    return release === '1.3' ? [...own, ...state] : [...own, ...more, ...state];
  };
  const head =
    release === '1.3'
      ? ['Interface', 'IP Address', 'S/L', 'Description']
      : ['Interface', 'IP Address', 'MAC', 'VRF', 'MTU', 'S/L', 'Description'];
  const table = rows.flatMap((row) =>
    row.addresses.map((address, index) => columns(row, address, index === 0)),
  );
  return (
    codes +
    [head, head.map((word) => word.replaceAll(/./g, '-')), ...table]
      .map(
        (cells) =>
          `${cells
            .map((cell) => cell.padEnd(18))
            .join(' ')
            .trimEnd()}\n`,
      )
      .join('')
  );
}

interface Row {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly vrf: string;
  readonly description: string;
}

function rowOf(name: string, settings: VyosTree): Row {
  const addresses = [...partOf(settings, 'address').keys()];
  const [vrf = 'default'] = partOf(settings, 'vrf').keys();
  const [description = ''] = partOf(settings, 'description').keys();
  return { name, addresses: addresses.length === 0 ? ['-'] : addresses, vrf, description };
}

function configure(device: Device, session: Session, words: readonly string[]): Reply {
  const [command = '', ...path] = words;
  switch (command) {
    case 'set':
      return edit(device, session, (tree) => setPath(tree, device.schema, path));
    case 'delete':
      return edit(device, session, (tree) => deletePath(tree, device.schema, path));
    case 'commit':
      return path.length === 0 ? commit(device, session) : invalid(path.join(' '));
    case 'commit-confirm':
      session.asks = () => commit(device, session);
      return {
        text: 'commit confirm will cause an automatic reboot in 10 minutes unless confirmed\n',
        question: 'Proceed? [confirm][y] ',
      };
    case 'discard':
      session.changes = [];
      return { text: 'Changes have been discarded\n' };
    case 'save':
      device.saved = structuredClone(device.running);
      return { text: SAVED_TO };
    case 'exit':
      return leave(device, session, path);
    case 'run':
      return operate(device, session, path.join(' '));
    default:
      return invalid(command);
  }
}

function workingOf(device: Device, session: Session): VyosTree {
  const tree = structuredClone(device.running);
  session.changes.forEach((change) => change(tree));
  return tree;
}

function edit(device: Device, session: Session, change: Change): Reply {
  const { text, refused } = change(workingOf(device, session));
  if (!refused) {
    session.changes.push(change);
  }
  return { text };
}

function isChanged(device: Device, session: Session): boolean {
  const written = (tree: VyosTree): string => bracesOf(tree, device.schema);
  return written(workingOf(device, session)) !== written(device.running);
}

function commit(device: Device, session: Session): Reply {
  if (!isChanged(device, session)) {
    return { text: 'No configuration changes to commit\n' };
  }
  const working = workingOf(device, session);
  const refusal = refuseCommit(working, device.release);
  if (refusal !== undefined) {
    return { text: `${refusal}Commit failed\n` };
  }
  device.running = working;
  session.changes = [];
  return SILENT;
}

function leave(device: Device, session: Session, words: readonly string[]): Reply {
  const discard = words.join(' ') === 'discard';
  if (words.length > 0 && !discard) {
    return { text: `Invalid argument "${words.join(' ')}" for 'exit'\n` };
  }
  if (!discard && isChanged(device, session)) {
    return { text: CANNOT_EXIT };
  }
  session.changes = [];
  session.mode = 'operational';
  const isUnsaved =
    bracesOf(device.running, device.schema) !== bracesOf(device.saved, device.schema);
  return {
    text: isUnsaved ? 'Warning: configuration changes have not been saved.\nexit\n' : 'exit\n',
  };
}
