/**
 * A strict model of the MD-CLI of SR OS: operational and exclusive configuration mode with its candidate and lock, commits
 * that are taken back unless they are accepted in the same session (Nokia MD-CLI User Guide; messages of lab transcripts).
 */
import { checked, deletePath, fullContext, setPath, unknown } from './nokia-sros-md-path.ts';
import { interfaceTable, wordsOf, type SrosConfig } from './nokia-sros-store.ts';
import type { BootOptions, Cli, Reply } from './router.ts';

/** A commit that waits, and what comes back without its confirmation. */
interface Pending {
  readonly before: SrosConfig;
  readonly deadline: number;
}

export interface MdDevice {
  readonly options: BootOptions;
  running: SrosConfig;
  saved: SrosConfig;
  pending: Pending | undefined;
  configuredBy: MdSession | undefined;
}

export interface MdSession {
  candidate: SrosConfig | undefined;
  isChanged: boolean;
  length: number;
  width: number;
  asks: ((answer: string) => Reply) | undefined;
}

const SILENT: Reply = { text: '' };

export function loginToMd(device: MdDevice, user: string): Cli {
  const session: MdSession = {
    candidate: undefined,
    isChanged: false,
    length: 24,
    width: 80,
    asks: undefined,
  };
  return {
    prompt: () => {
      const mode = session.candidate === undefined ? '' : '(ex)';
      const name = `A:${user}@${device.options.hostname}# `;
      return `\n${session.isChanged ? '*' : ''}${mode}[/]\n${name}`;
    },
    enter: (line) => {
      expire(device);
      const { asks } = session;
      session.asks = undefined;
      return asks === undefined ? run(device, session, line.trim()) : asks(line.trim());
    },
    control: () => {
      session.asks = undefined;
      return { text: '^C\n' };
    },
    terminal: () => ({ length: session.length, width: session.width }),
    hangUp: () => leave(device, session),
  };
}

/** Takes an unconfirmed commit back once its time is over. */
export function expire(device: MdDevice): void {
  if (device.pending !== undefined && device.options.now() >= device.pending.deadline) {
    takeBack(device);
  }
}

function takeBack(device: MdDevice): void {
  device.running = device.pending?.before ?? device.running;
  device.pending = undefined;
}

function leave(device: MdDevice, session: MdSession): void {
  if (device.configuredBy === session) {
    takeBack(device);
    device.configuredBy = undefined;
  }
  session.candidate = undefined;
  session.isChanged = false;
}

function run(device: MdDevice, session: MdSession, line: string): Reply {
  const [command = '', match, ...more] = line.split(/\s*\|\s*/);
  if (line === '') {
    return SILENT;
  }
  if (match === undefined) {
    return runCommand(device, session, wordsOf(command));
  }
  const [, filter] = /^match (\S+)$/.exec(match) ?? [];
  if (filter === undefined || more.length > 0) {
    return { text: unknown(match) };
  }
  const reply = runCommand(device, session, wordsOf(command));
  const lines = reply.text
    .split('\n')
    .filter((each) => each.startsWith('MINOR:') || each.includes(filter));
  return { ...reply, text: lines.map((each) => `${each}\n`).join('') };
}

function runCommand(device: MdDevice, session: MdSession, words: readonly string[]): Reply {
  const [verb = '', ...rest] = words;
  switch (verb) {
    case 'show':
      return { text: show(device, rest) };
    case 'admin':
      return { text: admin(device, rest) };
    case 'environment':
      return environment(session, rest);
    case 'logout':
      return { text: '', closes: true };
    default:
  }
  if (session.candidate !== undefined) {
    return configure(device, session, words);
  }
  return verb === 'edit-config' ? edit(device, session, rest) : { text: unknown(verb) };
}

function admin(device: MdDevice, words: readonly string[]): string {
  const text = words.join(' ');
  if (text === 'show configuration full-context') {
    return `# TiMOS-B-23.10.R1 both/x86_64 Nokia 7750 SR\n${fullContext(device.running).join('\n')}\n`;
  }
  if (text !== 'save') {
    return unknown(words[0]);
  }
  device.saved = structuredClone(device.running);
  return 'Writing configuration to cf3:\\config.cfg\nSaving configuration OK\nCompleted.\n';
}

function show(device: MdDevice, [branch, ...named]: readonly string[]): string {
  const [name = '', list] = named.length === 1 ? ['Base', named[0]] : named;
  const router = device.running.get(name);
  if (branch !== 'router' || list !== 'interface') {
    return unknown(branch);
  }
  return router === undefined
    ? `MINOR: MGMT_CORE #2301: Invalid element value - '${name}'\n`
    : interfaceTable(name, router);
}

function environment(session: MdSession, words: readonly string[]): Reply {
  const text = words.join(' ');
  const [, width] = /^console width (\d{1,3})$/.exec(text) ?? [];
  if (width !== undefined) {
    session.width = Number(width);
    return SILENT;
  }
  if (text === 'more false') {
    session.length = 0;
    return SILENT;
  }
  return /^(?:command-completion space (?:true|false)|progress-indicator admin-state (?:enable|disable))$/.test(
    text,
  )
    ? SILENT
    : { text: unknown(words[0]) };
}

function edit(device: MdDevice, session: MdSession, words: readonly string[]): Reply {
  if (device.options.readOnly === true) {
    return {
      text: "MINOR: MGMT_CORE #2020: Permission denied - unauthorized use of 'edit-config'\n",
    };
  }
  if (words.join(' ') !== 'exclusive') {
    return { text: unknown(words[0]) };
  }
  if (device.configuredBy !== undefined) {
    return {
      text: 'MINOR: MGMT_CORE #2052: Exclusive datastore access unavailable - model-driven interface editing global candidate\n',
    };
  }
  device.configuredBy = session;
  session.candidate = structuredClone(device.running);
  return {
    text: 'INFO: CLI #2060: Entering exclusive configuration mode\nINFO: CLI #2061: Uncommitted changes are discarded on configuration mode exit\n',
  };
}

function configure(device: MdDevice, session: MdSession, words: readonly string[]): Reply {
  const [verb = '', ...rest] = words;
  switch (verb) {
    case 'commit':
      return commit(device, session, rest);
    case 'discard':
      session.candidate = structuredClone(device.running);
      session.isChanged = false;
      return SILENT;
    case 'quit-config':
      return quit(device, session);
    case 'validate':
      return { text: checked(session.candidate ?? device.running) };
    default:
      return change(device, session, words);
  }
}

function change(device: MdDevice, session: MdSession, words: readonly string[]): Reply {
  const isDelete = words[0] === 'delete';
  const [root = '', ...path] = isDelete ? words.slice(1) : words;
  if (!/^\/?configure$/.test(root)) {
    return { text: unknown(root) };
  }
  const candidate = structuredClone(session.candidate ?? device.running);
  const text = isDelete ? deletePath(candidate, path) : setPath(candidate, path);
  if (text === '') {
    session.candidate = candidate;
    session.isChanged = true;
  }
  return { text };
}

function commit(device: MdDevice, session: MdSession, words: readonly string[]): Reply {
  const [how, what = '10'] = words;
  if (how === undefined) {
    return activate(device, session, undefined);
  }
  if (how !== 'confirmed') {
    return { text: unknown(how) };
  }
  if (what === 'accept' || what === 'cancel') {
    return settle(device, session, what);
  }
  return /^\d{1,3}$/.test(what) && Number(what) >= 1 && Number(what) <= 168
    ? activate(device, session, Number(what))
    : { text: unknown(what) };
}

function activate(device: MdDevice, session: MdSession, minutes: number | undefined): Reply {
  const { candidate = device.running } = session;
  const { running, options } = device;
  const refusal = checked(candidate);
  if (refusal !== '') {
    return { text: refusal };
  }
  device.running = structuredClone(candidate);
  session.isChanged = false;
  device.pending =
    minutes === undefined
      ? undefined
      : { before: running, deadline: options.now() + minutes * 60_000 };
  return SILENT;
}

function settle(device: MdDevice, session: MdSession, what: 'accept' | 'cancel'): Reply {
  if (device.pending === undefined) {
    return { text: 'MINOR: MGMT_CORE #2066: No commit confirmed in progress\n' };
  }
  if (what === 'accept') {
    device.pending = undefined;
    return SILENT;
  }
  takeBack(device);
  // The changes are in the candidate again.
  session.isChanged = true;
  return SILENT;
}

function quit(device: MdDevice, session: MdSession): Reply {
  const done = (): Reply => {
    leave(device, session);
    return { text: 'INFO: CLI #2064: Exiting exclusive configuration mode\n' };
  };
  if (!session.isChanged) {
    return done();
  }
  session.asks = (answer) => (/^y/i.test(answer) ? done() : SILENT);
  return {
    text: 'INFO: CLI #2071: Uncommitted changes are present in the candidate configuration. Exiting exclusive configuration mode will discard those changes.\n',
    question: 'Discard uncommitted changes? [y,n] ',
  };
}
