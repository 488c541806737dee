/**
 * A strict model of the classic CLI of SR OS: contexts, and lines that count as soon as they are typed (Nokia classic CLI
 * command reference, static-route-entry; prompts and layout of public configurations).
 */
import {
  emptyRouter,
  inRange,
  interfaceTable,
  isNextHop,
  isPrefix,
  wordsOf,
  type Hop,
  type NumberName,
  type SrosConfig,
  type SrosRouter,
} from './nokia-sros-store.ts';
import type { BootOptions, Cli, Reply } from './router.ts';

export interface ClassicDevice {
  readonly options: BootOptions;
  readonly running: SrosConfig;
  saved: SrosConfig;
}

interface Session {
  context: readonly string[];
  isChanged: boolean;
  length: number;
  width: number;
}

const SILENT: Reply = { text: '' };
const BAD: Reply = { text: 'Error: Bad command.\n' };
const INVALID: Reply = { text: 'Error: Invalid parameter.\n' };
const GONE: Reply = { text: 'MINOR: CLI Static route does not exist.\n' };

export function loginToClassic(device: ClassicDevice): Cli {
  const session: Session = { context: [], isChanged: false, length: 24, width: 80 };
  return {
    prompt: () => {
      const path = session.context.map((word) => `>${word.replace('configure', 'config')}`);
      const where = path.filter((word) => !/^>(?:[\d.:/]+|".*")$/.test(word)).join('');
      return `${session.isChanged ? '*' : ''}A:${device.options.hostname}${where}# `;
    },
    enter: (line) => run(device, session, line.trim()),
    control: () => ({ text: '^C\n' }),
    terminal: () => ({ length: session.length, width: session.width }),
    hangUp: () => undefined,
  };
}

function run(device: ClassicDevice, session: Session, line: string): Reply {
  const words = wordsOf(line);
  const [verb = '', ...rest] = words;
  switch (verb) {
    case '':
      return SILENT;
    case 'exit':
      session.context = rest[0] === 'all' ? [] : session.context.slice(0, -1);
      return SILENT;
    case 'logout':
      return { text: '', closes: true };
    case 'environment':
      return environment(session, rest.join(' '));
    case 'show':
      return show(device, rest);
    case 'admin':
      return admin(device, session, rest.join(' '));
    default:
      return configure(device, session, [...session.context, ...words]);
  }
}

function environment(session: Session, text: string): Reply {
  const [, width] = /^console width (\d{1,3})$/.exec(text) ?? [];
  if (width !== undefined) {
    session.width = Number(width);
    return SILENT;
  }
  session.length = text === 'no more' ? 0 : session.length;
  return text === 'no more' ? SILENT : INVALID;
}

function show({ running }: ClassicDevice, words: readonly string[]): Reply {
  const [branch, ...named] = words;
  const [name = '', list] = named.length === 1 ? ['Base', named[0]] : named;
  const router = running.get(name);
  if (branch !== 'router' || list !== 'interface') {
    return BAD;
  }
  return router === undefined
    ? { text: `MINOR: CLI Invalid router "${name}".\n` }
    : { text: interfaceTable(name, router) };
}

function admin(device: ClassicDevice, session: Session, text: string): Reply {
  if (text === 'save') {
    device.saved = structuredClone(device.running);
    session.isChanged = false;
    return {
      text: 'Writing configuration to cf3:\\config.cfg\nSaving configuration ... OK\nCompleted.\n',
    };
  }
  return text === 'display-config' ? { text: displayed(device.running) } : BAD;
}

function configure(device: ClassicDevice, session: Session, words: readonly string[]): Reply {
  const [root, branch, ...rest] = words;
  const isService = branch === 'service' && rest[0] === 'vprn';
  if (root !== 'configure' || (branch !== undefined && branch !== 'router' && !isService)) {
    return BAD;
  }
  if (device.options.readOnly === true) {
    return { text: 'MINOR: CLI Command not allowed for this user.\n' };
  }
  const reply = isService ? inService(device, rest.slice(1)) : inBase(device, rest);
  session.isChanged = reply.text === '' || session.isChanged;
  session.context = reply === NAVIGATION ? words : session.context;
  return reply;
}

function inBase({ running }: ClassicDevice, path: readonly string[]): Reply {
  const base = running.get('Base');
  return path.length === 0 || base === undefined ? NAVIGATION : inRouter(base, path);
}

function inService({ running }: ClassicDevice, [name = '', ...path]: readonly string[]): Reply {
  const router = running.get(name);
  if (path[0] === 'customer' && path[2] === 'create') {
    running.set(name, router ?? emptyRouter());
    return NAVIGATION;
  }
  if (router === undefined) {
    return { text: `MINOR: CLI Service ${name} does not exist.\n` };
  }
  return path.length === 0 ? NAVIGATION : inRouter(router, path);
}

/** The line names a place and nothing to do there. */
const NAVIGATION: Reply = { text: '' };

function inRouter(router: SrosRouter, words: readonly string[]): Reply {
  const isNo = words[0] === 'no';
  const [keyword, name = '', ...rest] = isNo ? words.slice(1) : words;
  if (keyword === 'interface') {
    const [, address, length] = /^(?:ipv6 )?address ([^/]+)\/(\d{1,3})$/.exec(rest.join(' ')) ?? [];
    if (address === undefined || length === undefined) {
      return BAD;
    }
    const addresses = router.interfaces.get(name) ?? new Map<string, string>();
    router.interfaces.set(name, addresses.set(address, length));
    return SILENT;
  }
  if (keyword !== 'static-route-entry') {
    return BAD;
  }
  if (!isPrefix(name)) {
    return INVALID;
  }
  return isNo ? withoutEntry(router, name) : inEntry(router, name, rest);
}

function withoutEntry({ routes }: SrosRouter, prefix: string): Reply {
  const hops = routes.get(prefix);
  if (hops === undefined) {
    return GONE;
  }
  if (hops.size > 0) {
    return { text: 'MINOR: CLI Static route entry still has next hops.\n' };
  }
  routes.delete(prefix);
  return SILENT;
}

function inEntry({ routes }: SrosRouter, prefix: string, words: readonly string[]): Reply {
  const isNo = words[0] === 'no';
  const [kind, ...named] = isNo ? words.slice(1) : words;
  const hops = routes.get(prefix) ?? new Map<string, Hop>();
  if (kind === undefined) {
    routes.set(prefix, hops);
    return NAVIGATION;
  }
  if (kind !== 'black-hole' && kind !== 'next-hop') {
    return BAD;
  }
  const [hop = '', ...rest] = kind === 'black-hole' ? [kind, ...named] : named;
  if (kind === 'next-hop' && !isNextHop(hop, prefix)) {
    return INVALID;
  }
  if (isNo) {
    return withoutHop(hops, hop);
  }
  const found = hops.get(hop) ?? { admin: false };
  routes.set(prefix, hops.set(hop, found));
  return inHop(found, rest);
}

function withoutHop(hops: Map<string, Hop>, hop: string): Reply {
  if (hops.get(hop)?.admin === true) {
    return { text: 'MINOR: CLI The next hop must be shutdown before it is removed.\n' };
  }
  return hops.delete(hop) ? SILENT : GONE;
}

function inHop(hop: Hop, words: readonly string[]): Reply {
  const text = words.join(' ');
  if (text === '') {
    return NAVIGATION;
  }
  if (/^(?:no )?shutdown$/.test(text)) {
    hop.admin = text === 'no shutdown';
    return SILENT;
  }
  const [, no, name, value = ''] = /^(no )?(preference|tag|metric)(?: (\S+))?$/.exec(text) ?? [];
  if (name === undefined) {
    return BAD;
  }
  const key = name as NumberName;
  if (no !== undefined) {
    delete hop[key];
    return SILENT;
  }
  if (!inRange(key, value)) {
    return INVALID;
  }
  hop[key] = Number(value);
  return SILENT;
}

/** `admin display-config`, of what the model has. */
function displayed(config: SrosConfig): string {
  const [base, ...services] = [...config].map(([name, router]) => {
    const indent = name === 'Base' ? '    ' : '        ';
    const head = name === 'Base' ? 'router Base' : `vprn ${name} name "${name}" customer 1 create`;
    return [`${indent}${head}`, ...routerLines(router, `${indent}    `), `${indent}exit`];
  });
  return [
    '# TiMOS-B-16.0.R7 both/hops Nokia 7750 SR',
    'exit all',
    'configure',
    '#--------------------------------------------------',
    'echo "Router (Network Side) Configuration"',
    '#--------------------------------------------------',
    ...(base ?? []),
    '    service',
    ...services.flat(),
    '    exit',
    'exit all',
    '',
  ].join('\n');
}

function routerLines({ interfaces, routes }: SrosRouter, indent: string): readonly string[] {
  return [
    ...[...interfaces].flatMap(([name, addresses]) => [
      `${indent}interface "${name}"`,
      ...[...addresses].map(([address, length]) => `${indent}    address ${address}/${length}`),
      `${indent}exit`,
    ]),
    ...[...routes].flatMap(([prefix, hops]) => [
      `${indent}static-route-entry ${prefix}`,
      ...[...hops].flatMap(([hop, { admin, ...numbers }]) => [
        `${indent}    ${hop === 'black-hole' ? hop : `next-hop ${hop}`}`,
        ...Object.entries(numbers).map(([name, value]) => `${indent}        ${name} ${value}`),
        `${indent}        ${admin === true ? 'no shutdown' : 'shutdown'}`,
        `${indent}    exit`,
      ]),
      `${indent}exit`,
    ]),
  ];
}
