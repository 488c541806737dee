/**
 * A strict model of the Junos CLI: operational and configuration mode, the shared candidate with its exclusive lock,
 * commits with and without confirmation, rollback (Junos CLI User Guide; answers as in public transcripts).
 */
import {
  change,
  checked,
  displaySet,
  EMPTY,
  staticPaths,
  type JunosConfig,
} from './juniper-junos-config.ts';
import type { BootOptions, Cli, Reply, Router, RouterModel } from './router.ts';

interface Session {
  readonly user: string;
  mode: 'operational' | 'configuration';
  isExclusive: boolean;
  length: number;
  width: number;
  /** The lines that `load set terminal` has read so far. */
  loading: string[] | undefined;
  asks: ((answer: string) => Reply) | undefined;
}

interface Device {
  readonly options: BootOptions;
  /** Committed configurations, the newest first. */
  history: readonly JunosConfig[];
  candidate: JunosConfig;
  lockedBy: Session | undefined;
  /** When an unconfirmed commit is taken back. */
  deadline: number | undefined;
}

const SILENT: Reply = { text: '' };
const UNKNOWN: Reply = { text: '                      ^\nunknown command.\n' };
const COMPLETE = 'commit complete\n';

export const juniperJunosModel: RouterModel = {
  os: 'juniper-junos',
  pager: '---(more)---',
  boot: (options) => {
    const loaded = load(EMPTY, options.config.split('\n'));
    if (loaded.text !== '') {
      throw new Error(`Junos would not load the configuration: ${loaded.text}`);
    }
    const device: Device = {
      options,
      history: [loaded.config],
      candidate: loaded.config,
      lockedBy: undefined,
      deadline: undefined,
    };
    return routerOf(device);
  },
};

function routerOf(device: Device): Router {
  const running = (): JunosConfig => {
    expire(device);
    return device.history[0] ?? EMPTY;
  };
  return {
    login: (user) => loginTo(device, user),
    running: () => staticPaths(running()),
    startup: () => staticPaths(running()),
  };
}

function loginTo(device: Device, user: string): Cli {
  const session: Session = {
    user,
    mode: 'operational',
    isExclusive: false,
    length: 24,
    width: 80,
    loading: undefined,
    asks: undefined,
  };
  return {
    prompt: () => promptOf(device, session),
    enter: (line) => {
      expire(device);
      return enter(device, session, line);
    },
    control: (key) => control(device, session, key),
    terminal: () => ({ length: session.length, width: session.width }),
    hangUp: () => leave(device, session),
  };
}

function promptOf({ options, deadline }: Device, { mode, user }: Session): string {
  const name = `${user}@${options.hostname}`;
  const pending = deadline === undefined ? '' : '# commit confirmed will be rolled back\n';
  return mode === 'operational' ? `${name}> ` : `${pending}[edit]\n${name}# `;
}

function expire(device: Device): void {
  if (device.deadline !== undefined && device.options.now() >= device.deadline) {
    device.deadline = undefined;
    const [, before = EMPTY] = device.history;
    device.history = [before, ...device.history];
    device.candidate = before;
  }
}

function enter(device: Device, session: Session, line: string): Reply {
  const { asks, loading } = session;
  if (asks !== undefined) {
    session.asks = undefined;
    return asks(line.trim());
  }
  if (loading !== undefined) {
    loading.push(line);
    return { text: '', reads: true };
  }
  const words = line.trim().split(/\s+/);
  if (line.trim() === '') {
    return SILENT;
  }
  return session.mode === 'operational'
    ? operate(device, session, words)
    : configure(device, session, words);
}

function control(device: Device, session: Session, key: 'c' | 'z' | 'd'): Reply {
  const { loading } = session;
  session.asks = undefined;
  session.loading = undefined;
  if (key !== 'd' || loading === undefined) {
    return { text: '^C\n' };
  }
  const { config, text } = load(device.candidate, loading);
  const errors = text.split('\n').length - 1;
  device.candidate = config;
  return { text: `${text}load complete${errors === 0 ? '' : ` (${errors} errors)`}\n` };
}

/** `set`, `delete` and the like, a line each. */
function load(
  config: JunosConfig,
  lines: readonly string[],
): { config: JunosConfig; text: string } {
  let now = config;
  let text = '';
  for (const [at, line] of lines.entries()) {
    const [verb = '', ...path] = line.trim().split(/\s+/);
    const isCommand = /^(?:set|delete|activate|deactivate)$/.test(verb);
    const changed = isCommand
      ? change(now, verb, path)
      : { config: now, text: 'unknown command.\n' };
    now = changed.config;
    const wrong = changed.text.trim().split('\n').at(-1) ?? '';
    if (line.trim() !== '' && wrong !== '' && !wrong.startsWith('warning')) {
      text += `terminal:${at + 1}: ${wrong}\n`;
    }
  }
  return { config: now, text };
}

function operate(device: Device, session: Session, words: readonly string[]): Reply {
  const [verb = '', ...rest] = words;
  if (fits(verb, 'set', 3) && fits(rest[0], 'cli', 3)) {
    return setCli(session, rest.slice(1));
  }
  if (fits(verb, 'show', 2) && fits(rest[0], 'configuration', 4)) {
    return show(device, rest.slice(1));
  }
  if (fits(verb, 'configure', 4) && device.options.readOnly !== true) {
    return startConfiguring(device, session, rest);
  }
  return fits(verb, 'exit', 2) || fits(verb, 'quit', 1) ? exitShell(rest) : UNKNOWN;
}

function exitShell(rest: readonly string[]): Reply {
  return rest.length === 0 ? { text: '', closes: true } : UNKNOWN;
}

function setCli(session: Session, [name = '', value = '']: readonly string[]): Reply {
  const number = /^\d{1,4}$/.test(value) ? Number(value) : undefined;
  if (fits(name, 'screen-length', 8) && number !== undefined) {
    session.length = number;
    return { text: `Screen length set to ${number}\n` };
  }
  if (fits(name, 'screen-width', 8) && number !== undefined && number <= 1024) {
    session.width = number;
    return { text: `Screen width set to ${number}\n` };
  }
  return fits(name, 'complete-on-space', 2) && /^(?:on|off)$/.test(value)
    ? { text: `${value === 'on' ? 'Enabling' : 'Disabling'} complete-on-space\n` }
    : UNKNOWN;
}

/** `show configuration [PATH] | display set [| match PATTERN]`; other displays are not modelled. */
function show({ history: [running = EMPTY] }: Device, words: readonly string[]): Reply {
  const [path = '', ...pipes] = words.join(' ').split(/\s*\|\s*(?=(?:[^"]*"[^"]*")*[^"]*$)/);
  const [display, match, ...others] = pipes;
  const [, quoted, plain] = /^match (?:"(.*)"|(\S+))$/.exec(match ?? '') ?? [];
  const pattern = quoted ?? plain;
  if (
    display !== 'display set' ||
    others.length > 0 ||
    (match !== undefined && pattern === undefined)
  ) {
    return { text: '                      ^\nsyntax error, expecting <command>.\n' };
  }
  const lines = displaySet(running, path === '' ? [] : path.split(' '));
  const filter = new RegExp(pattern ?? '', 'i');
  return {
    text: lines
      .filter((line) => filter.test(line))
      .map((line) => `${line}\n`)
      .join(''),
  };
}

function startConfiguring(device: Device, session: Session, [how]: readonly string[]): Reply {
  const { lockedBy, candidate, history } = device;
  if (lockedBy !== undefined) {
    return {
      text: `error: configuration database locked by:\n  ${lockedBy.user} terminal p0 (pid 4681) on since 2026-03-02 09:31:02 UTC\n      exclusive [edit]\n`,
    };
  }
  const isExclusive = fits(how, 'exclusive', 2);
  if (how !== undefined && !isExclusive) {
    return UNKNOWN;
  }
  if (isExclusive && candidate !== history[0]) {
    return { text: 'error: configuration database modified\n' };
  }
  session.mode = 'configuration';
  session.isExclusive = isExclusive;
  device.lockedBy = isExclusive ? session : undefined;
  const warning = isExclusive ? 'warning: uncommitted changes will be discarded on exit\n' : '';
  return { text: `${warning}Entering configuration mode\n` };
}

function configure(device: Device, session: Session, words: readonly string[]): Reply {
  const [verb = '', ...rest] = words;
  const edit = ['set', 'delete', 'activate', 'deactivate'].find((name) => fits(verb, name, 3));
  if (edit !== undefined) {
    const { config, text } = change(device.candidate, edit, rest);
    device.candidate = config;
    return { text };
  }
  if (fits(verb, 'commit', 3)) {
    return commit(device, rest);
  }
  if (fits(verb, 'rollback', 2)) {
    return rollback(device, rest);
  }
  if (verb === 'load' && rest.join(' ') === 'set terminal') {
    session.loading = [];
    return { text: '[Type ^D at a new line to end input]\n', reads: true };
  }
  const isExit =
    fits(verb, 'exit', 2) && (rest.length === 0 || fits(rest[0], 'configuration-mode', 4));
  return isExit ? exitConfiguration(device, session) : UNKNOWN;
}

function rollback(device: Device, [number = '0']: readonly string[]): Reply {
  const config = /^\d{1,2}$/.test(number) ? device.history[Number(number)] : undefined;
  if (config === undefined) {
    return { text: `error: could not open configuration file rollback ${number}\n` };
  }
  device.candidate = config;
  return { text: 'load complete\n' };
}

function commit(device: Device, [how = '', minutes = '10']: readonly string[]): Reply {
  const wrong = checked(device.candidate);
  const isCheck = fits(how, 'check', 2);
  const isConfirmed = fits(how, 'confirmed', 4);
  if (how !== '' && !isCheck && !isConfirmed) {
    return UNKNOWN;
  }
  if (isConfirmed && !/^[1-9]\d{0,4}$/.test(minutes)) {
    return { text: `                      ^\ninvalid numeric value: '${minutes}'.\n` };
  }
  if (wrong !== '') {
    return { text: `${wrong}error: configuration check-out failed\n` };
  }
  device.deadline = undefined;
  if (isCheck) {
    return { text: 'configuration check succeeds\n' };
  }
  activate(device);
  if (!isConfirmed) {
    return { text: COMPLETE };
  }
  device.deadline = device.options.now() + Number(minutes) * 60_000;
  const notice = `commit confirmed will be automatically rolled back in ${minutes} minutes unless confirmed`;
  return { text: `${notice}\n${COMPLETE}` };
}

function activate(device: Device): void {
  const { candidate, history } = device;
  device.history = candidate === history[0] ? history : [candidate, ...history];
}

function exitConfiguration(device: Device, session: Session): Reply {
  const done = (): Reply => {
    leave(device, session);
    return { text: 'Exiting configuration mode\n' };
  };
  if (device.candidate === device.history[0]) {
    return done();
  }
  session.asks = (answer) => (/^y/i.test(answer) || answer === '' ? done() : SILENT);
  return {
    text: 'The configuration has been changed but not committed\n',
    question: 'Exit without committing changes? [yes,no] (yes) ',
  };
}

/** An exclusive candidate is gone with its session; a shared one stays. */
function leave(device: Device, session: Session): void {
  if (session.isExclusive) {
    device.candidate = device.history[0] ?? EMPTY;
    device.lockedBy = undefined;
  }
  session.mode = 'operational';
  session.isExclusive = false;
}

/** Commands may be shortened, down to as many letters as make them clear. */
function fits(word: string | undefined, command: string, least: number): boolean {
  return (
    word !== undefined && word.length >= Math.min(least, command.length) && command.startsWith(word)
  );
}
