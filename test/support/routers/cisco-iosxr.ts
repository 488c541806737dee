/**
 * A strict model of a Cisco IOS XR router: a candidate for each session, commits, the exclusive lock, trials that only
 * their own session can confirm (Cisco IOS XR System Management Configuration Guide; texts and behaviour as recorded from
 * IOS XRv 9000 24.3.1).
 */
import {
  commitFailure,
  EMPTY,
  pathsOf,
  shownInterfaces,
  shownStatic,
  shownVrf,
  type XrConfig,
} from './cisco-iosxr-config.ts';
import { configLine, MODE_NAMES, type Mode } from './cisco-iosxr-lines.ts';
import { Refused, takeNumber, Words } from './cisco-nxos-words.ts';
import type { BootOptions, Cli, Reply, Router, RouterModel } from './router.ts';

export const ciscoIosxrModel: RouterModel = { os: 'cisco-iosxr', pager: ' --More-- ', boot };

/** What all logins share. */
interface Box {
  running: XrConfig;
  commits: number;
  lock: Session | undefined;
  trial: Trial | undefined;
  readonly readOnly: boolean;
  readonly now: () => number;
}

/** A commit that waits for its confirmation. */
interface Trial {
  readonly of: Session;
  readonly before: XrConfig;
  readonly until: number;
}

interface Session {
  mode: Mode | undefined;
  /** The lines that were taken since the last commit. */
  target: { readonly mode: Mode; readonly line: string }[];
  /** What the running configuration becomes with them, as far as this session knows. */
  candidate: XrConfig;
  /** How many commits there were when this session last saw the configuration. */
  seen: number;
  question: ((answer: string) => Reply) | undefined;
  length: number;
  width: number;
  hasTimestamps: boolean;
}

const LEAVING_TRIAL =
  "You are exiting after a 'commit confirm' with an active rollback session.  If you exit the configuration awaiting confirmation will not be confirmed and the router will immediately rollback to the previous configuration.\n";
const OTHER_COMMITS =
  "One or more commits have occurred from other configuration sessions since this session started or since the last commit was made from this session. You can use the 'show configuration commit changes' command to browse the changes.\n";
const NOTHING = '% No such configuration item(s)\n';

function boot({ hostname, config, readOnly = false, now }: BootOptions): Router {
  const box: Box = {
    running: { ...EMPTY, hostname },
    commits: 0,
    lock: undefined,
    trial: undefined,
    readOnly,
    now,
  };
  let mode: Mode = { kind: 'global' };
  for (const line of config.split('\n').filter((each) => !/^\s*(?:!.*)?$/.test(each))) {
    mode = /^\S/.test(line) ? { kind: 'global' } : mode;
    const step = configLine(box.running, mode, line.trim());
    box.running = step.config;
    ({ mode } = step);
  }
  return {
    login: () => login(box),
    running: () => pathsOf(settled(box).running),
    startup: () => pathsOf(settled(box).running),
  };
}

/** Takes a trial back whose time is over. */
function settled(box: Box): Box {
  if (box.trial !== undefined && box.now() >= box.trial.until) {
    rollBack(box, box.trial);
  }
  return box;
}

function rollBack(box: Box, { before }: Trial): void {
  box.running = before;
  box.commits += 1;
  box.trial = undefined;
}

function login(box: Box): Cli {
  const session: Session = {
    mode: undefined,
    target: [],
    candidate: box.running,
    seen: 0,
    question: undefined,
    length: 24,
    width: 80,
    hasTimestamps: true,
  };
  return {
    prompt: () => {
      const at = session.mode === undefined ? '' : `(config${MODE_NAMES[session.mode.kind]})`;
      return `RP/0/RP0/CPU0:${box.running.hostname}${at}#`;
    },
    enter: (line) => enter(settled(box), session, line.trim()),
    control: () => {
      session.question = undefined;
      return { text: '' };
    },
    terminal: () => ({ length: session.length, width: session.width }),
    // A trial outlives its session until its time is over.
    hangUp: () => leaveConfiguration(box, session),
  };
}

function enter(box: Box, session: Session, line: string): Reply {
  const { question } = session;
  if (question !== undefined) {
    session.question = undefined;
    return question(line);
  }
  if (line === '' || line.startsWith('!')) {
    return { text: '' };
  }
  const reply =
    session.mode === undefined ? execute(box, session, line) : inConfiguration(box, session, line);
  const stamp = /^(?:do )?(?:show|commit|configure)/.test(line) && session.hasTimestamps;
  return stamp ? { ...reply, text: `Tue Mar  3 10:11:12.345 UTC\n${reply.text}` } : reply;
}

function execute(box: Box, session: Session, line: string): Reply {
  const words = new Words(line);
  switch (words.keyword('terminal', 'show', 'configure', 'exit')) {
    case 'terminal':
      return setTerminal(session, words, line);
    case 'show':
      return show(box, words, line);
    case 'configure':
      return enterConfiguration(box, session, words);
    case 'exit':
      return { text: '', closes: true };
    case undefined:
    default:
      return refused(line, new Refused('% Invalid input detected', 0));
  }
}

function setTerminal(session: Session, words: Words, line: string): Reply {
  const what = words.keyword('length', 'width', 'exec');
  const value = what === 'exec' ? undefined : takeNumber(words, 0, 512);
  if (what === 'exec' && words.rest() === 'prompt no-timestamp') {
    session.hasTimestamps = false;
  } else if ((what === 'length' || what === 'width') && value !== undefined) {
    session[what] = value;
  } else {
    return refused(line, new Refused('% Invalid input detected', words.at));
  }
  return { text: '' };
}

function show({ running }: Box, words: Words, line: string): Reply {
  const isRunning = words.keyword('running-config') !== undefined;
  const part = words.keyword('router', 'interface', 'vrf');
  const name = words.take();
  const isWhole = part === undefined && name === undefined;
  if (!isRunning || !words.isDone || (part === 'router' && name !== 'static')) {
    return refused(line, new Refused('% Invalid input detected', words.at));
  }
  const parts = {
    router: shownStatic(running),
    interface: shownInterfaces(running),
    vrf:
      part === 'vrf'
        ? shownVrf(running, name ?? '')
        : running.vrfs.flatMap((vrf) => shownVrf(running, vrf)),
  };
  const lines = isWhole
    ? [
        '!! IOS XR Configuration 7.5.2',
        `hostname ${running.hostname}`,
        ...parts.vrf,
        ...parts.interface,
        ...parts.router,
        'end',
      ]
    : parts[part ?? 'router'];
  return { text: lines.length === 0 ? NOTHING : lines.map((each) => `${each}\n`).join('') };
}

function enterConfiguration(box: Box, session: Session, words: Words): Reply {
  if (box.readOnly) {
    return { text: '% This command is not authorized\n' };
  }
  const isExclusive = words.keyword('terminal', 'exclusive') === 'exclusive';
  if (isExclusive && box.trial !== undefined) {
    return {
      text: 'Cannot enter exclusive mode. A trial commit is underway in another configuration session.\n',
    };
  }
  if (isExclusive && box.lock !== undefined) {
    return {
      text: 'Cannot enter exclusive mode. The Configuration Namespace is locked by another agent.\n',
    };
  }
  box.lock = isExclusive ? session : box.lock;
  session.mode = { kind: 'global' };
  renew(box, session);
  return { text: '' };
}

/** An empty candidate over what runs now. */
function renew(box: Box, session: Session): void {
  session.target = [];
  session.candidate = box.running;
  session.seen = box.commits;
}

function inConfiguration(box: Box, session: Session, line: string): Reply {
  const words = new Words(line);
  switch (words.keyword('do', 'commit', 'abort', 'end', 'exit', 'root')) {
    case 'do':
      return execute(box, session, words.rest());
    case 'commit':
      return commit(box, session, words);
    case 'abort':
      return leave(box, session, false);
    case 'end':
      return leave(box, session, true);
    case 'exit':
      return exit(box, session);
    case 'root':
      session.mode = { kind: 'global' };
      return { text: '' };
    case undefined:
    default:
      return configure(session, line);
  }
}

/** A line is taken into the candidate; it is judged against the candidate that it meets. */
function configure(session: Session, line: string): Reply {
  const mode = session.mode ?? { kind: 'global' };
  try {
    const step = configLine(session.candidate, mode, line);
    session.mode = step.mode;
    if (step.config !== session.candidate) {
      session.target.push({ mode, line });
    }
    session.candidate = step.config;
    return { text: '' };
  } catch (error) {
    if (error instanceof Refused) {
      return refused(line, error);
    }
    throw error;
  }
}

function commit(box: Box, session: Session, words: Words): Reply {
  const isTrial = words.keyword('confirmed') !== undefined;
  const seconds = isTrial ? takeNumber(words, 30, 65_535) : undefined;
  if (!words.isDone || (isTrial && seconds === undefined)) {
    return refused(words.words.join(' '), new Refused('% Invalid input detected', words.at));
  }
  if (box.trial !== undefined && box.trial.of !== session) {
    return {
      text: "% Cannot commit because there is an unexpired trial/rollback session '00001000-00005b40-00000000'.\n",
    };
  }
  if (box.lock !== undefined && box.lock !== session) {
    return { text: '% Failed to commit: the configuration is locked by another session\n' };
  }
  if (session.target.length === 0 && box.trial === undefined) {
    return { text: 'No configuration changes to commit.\n' };
  }
  if (session.seen !== box.commits) {
    session.question = (answer) =>
      answer === 'yes' ? commitNow(box, session, seconds) : { text: '' };
    return {
      text: OTHER_COMMITS,
      question: 'Do you wish to proceed with this commit anyway? [no]: ',
    };
  }
  return commitNow(box, session, seconds);
}

function commitNow(box: Box, session: Session, seconds: number | undefined): Reply {
  const { running: before, trial } = box;
  const after =
    session.seen === box.commits
      ? session.candidate
      : session.target.reduce(
          (config, { mode, line }) => configLine(config, mode, line).config,
          before,
        );
  const failure = commitFailure(after);
  if (failure !== undefined) {
    return { text: failure };
  }
  const isConfirming = trial !== undefined && seconds === undefined;
  box.running = after;
  box.commits += 1;
  box.trial =
    seconds === undefined
      ? undefined
      : { of: session, before: trial?.before ?? before, until: box.now() + seconds * 1000 };
  box.lock = seconds === undefined ? box.lock : undefined;
  renew(box, session);
  return { text: isConfirming ? '\n% Confirming commit for trial session.\n' : '' };
}

/** `abort` throws the candidate away; `end` asks what to do with it. */
function leave(box: Box, session: Session, isAsking: boolean): Reply {
  const { trial } = box;
  if (trial?.of === session) {
    session.question = (answer) => {
      if (answer === 'yes') {
        rollBack(box, trial);
        leaveConfiguration(box, session);
      }
      return { text: '' };
    };
    return { text: LEAVING_TRIAL, question: 'Do you wish to exit? [no]: ' };
  }
  if (isAsking && session.target.length > 0) {
    session.question = (answer) => {
      if (answer === 'yes') {
        commitNow(box, session, undefined);
      }
      if (answer === 'yes' || answer === 'no') {
        leaveConfiguration(box, session);
      }
      return { text: '' };
    };
    return {
      text: '',
      question: 'Uncommitted changes found, commit them before exiting(yes/no/cancel)? [cancel]:',
    };
  }
  leaveConfiguration(box, session);
  return { text: '' };
}

function exit(box: Box, session: Session): Reply {
  if (session.mode?.kind === 'global') {
    return leave(box, session, true);
  }
  session.mode = outerOf(session.mode);
  return { text: '' };
}

function outerOf(mode: Mode | undefined): Mode {
  if (mode?.kind !== 'static' || (mode.vrf === undefined && mode.family === undefined)) {
    return { kind: 'global' };
  }
  return mode.family === undefined || mode.vrf === undefined
    ? { kind: 'static' }
    : { kind: 'static', vrf: mode.vrf };
}

function leaveConfiguration(box: Box, session: Session): void {
  session.mode = undefined;
  renew(box, session);
  box.lock = box.lock === session ? undefined : box.lock;
}

/** The marker stands below the word that was not taken. */
function refused(line: string, { message, at }: Refused): Reply {
  if (at < 0) {
    return { text: `${message}\n` };
  }
  const column = line.split(/\s+/).slice(0, at).join(' ').length + (at > 0 ? 1 : 0);
  return { text: `${' '.repeat(column)}^\n${message} at '^' marker.\n` };
}
