/**
 * A strict model of a Huawei router: VRP 8 with a candidate configuration for each session, commits, locks and trial runs,
 * or VRP 5 where every line counts at once (Huawei "Configuration Management", "Basic Configuration").
 */
import { SILENT, told, type AskingReply } from './cisco-cli.ts';
import { readLine } from './cisco-grammar.ts';
import {
  displayed,
  displayedInterfaces,
  emptyConfiguration,
  pathsOf,
  type Configuration,
} from './huawei-vrp-config.ts';
import type { Change } from './huawei-vrp-routes.ts';
import { grammarOf, type Acts, type View } from './huawei-vrp-views.ts';
import type { BootOptions, Cli, Reply, Router, RouterModel } from './router.ts';

export const huaweiVrpModel: RouterModel = { os: 'huawei-vrp', pager: '  ---- More ----', boot };

const UNCOMMITTED =
  'Warning: Uncommitted configurations found. Are you sure to commit them before exiting? [Y(yes)/N(no)/C(cancel)]:';
const NO_RIGHT =
  'Error: You do not have permission to run the command or the command is incomplete.';

/** The router as all of its sessions share it. */
interface Device {
  readonly options: BootOptions;
  readonly isTwoPhase: boolean;
  running: Configuration;
  startup: Configuration;
  /** A trial run, what comes back at its end, and whose it is. */
  trial:
    | { readonly by: Session; readonly until: number; readonly before: Configuration }
    | undefined;
  lockedBy: Session | undefined;
}

/** One login. */
interface Session {
  readonly readOnly: boolean;
  view: View;
  /** What was entered and not committed, and what that makes of the configuration as it was then. */
  readonly pending: Change[];
  candidate: Configuration | undefined;
  length: number;
}

function boot(options: BootOptions): Router {
  const empty = emptyConfiguration(options.hostname);
  const device: Device = {
    options,
    isTwoPhase: options.dialect !== '5',
    running: empty,
    startup: empty,
    trial: undefined,
    lockedBy: undefined,
  };
  load(device);
  return {
    login: () => cliOf(device, options.readOnly === true),
    running: () => {
      tick(device);
      return pathsOf(device.running);
    },
    startup: () => pathsOf(device.startup),
  };
}

/** Loads the startup configuration; `#` stands between its sections. */
function load(device: Device): void {
  const immediate: Device = { ...device, isTwoPhase: false };
  const session = newSession(false);
  for (const line of device.options.config.split('\n').map((each) => each.trim())) {
    if (line === '#' || line === '') {
      session.view = { name: 'system' };
    } else if (line !== 'return') {
      const { text } = enter(immediate, session, line);
      if (text !== '') {
        throw new Error(`the configuration has "${line}": ${text}`);
      }
    }
  }
  device.running = immediate.running;
  device.startup = structuredClone(device.running);
}

function newSession(readOnly: boolean): Session {
  return { readOnly, view: { name: 'user' }, pending: [], candidate: undefined, length: 24 };
}

function cliOf(device: Device, readOnly: boolean): Cli {
  const session = newSession(readOnly);
  let asked: ((answer: string) => Reply) | undefined;
  return {
    prompt: () => promptOf(device, session),
    enter: (line) => {
      tick(device);
      const answer = asked;
      asked = undefined;
      const reply: AskingReply = answer?.(line) ?? enter(device, session, line.trim());
      asked = reply.answered;
      return reply;
    },
    control: (key) => {
      asked = undefined;
      return key === 'z' && session.view.name !== 'user' ? leave(device, session, true) : SILENT;
    },
    terminal: () => ({ length: session.length, width: 80 }),
    hangUp: () => {
      if (device.trial?.by === session) {
        takeBack(device);
      }
      device.lockedBy = device.lockedBy === session ? undefined : device.lockedBy;
    },
  };
}

function tick(device: Device): void {
  if (device.trial !== undefined && device.options.now() >= device.trial.until) {
    takeBack(device);
  }
}

function takeBack(device: Device): void {
  device.running = device.trial?.before ?? device.running;
  device.trial = undefined;
}

function promptOf(device: Device, session: Session): string {
  const { hostname } = device.running;
  const { view } = session;
  if (view.name === 'user') {
    return `<${hostname}>`;
  }
  const inside = 'item' in view ? `-${view.item}` : '';
  const isDirty = session.pending.length > 0 || device.trial?.by === session;
  const mark = isDirty ? '*' : '~';
  return `[${device.isTwoPhase ? mark : ''}${hostname}${inside}]`;
}

function enter(device: Device, session: Session, line: string): AskingReply {
  const [command = '', filter] = line.split(/ *\| */);
  if (command === '') {
    return SILENT;
  }
  const caret = (what: string, at: number): Reply =>
    told(
      `${' '.repeat(promptOf(device, session).length + at)}^`,
      `Error: ${what} at '^' position.`,
    );
  if (session.readOnly && !/^(?:dis|scr|q)/.test(command)) {
    return device.isTwoPhase ? told(NO_RIGHT) : caret('Unrecognized command found', 0);
  }
  const grammar = grammarOf(session.view, actsOf(device, session), device.isTwoPhase);
  const parsed = readLine(grammar, command);
  if (parsed.kind === 'run') {
    const run = parsed.run();
    return 'act' in run ? filtered(run.act(), filter) : change(device, session, run.change);
  }
  if (parsed.kind === 'invalid') {
    const what = parsed.at === 0 ? 'Unrecognized command found' : 'Wrong parameter found';
    return caret(what, parsed.at);
  }
  return parsed.kind === 'incomplete'
    ? caret('Incomplete command found', command.length)
    : caret('Ambiguous command found', 0);
}

function filtered(reply: AskingReply, filter: string | undefined): AskingReply {
  if (filter === undefined) {
    return reply;
  }
  const [, verb = '', pattern = ''] = /^(\w+) (.*)$/.exec(filter) ?? [];
  if (verb !== 'include' && verb !== 'exclude') {
    return told("Error: Wrong parameter found at '^' position.");
  }
  const fits = (line: string): boolean => new RegExp(pattern).test(line) === (verb === 'include');
  return told(...reply.text.split('\n').filter((line) => line !== '' && fits(line)));
}

function change(device: Device, session: Session, apply: Change): Reply {
  if (isTaken(device, session)) {
    return told('Error: The configuration is locked by another user.');
  }
  if (device.trial !== undefined) {
    return told('Error: The configuration cannot be changed during the trial run.');
  }
  if (device.isTwoPhase) {
    session.candidate ??= structuredClone(device.running);
  }
  const said = apply(session.candidate ?? device.running);
  if (device.isTwoPhase && !isError(said)) {
    session.pending.push(apply);
  }
  return said === '' ? SILENT : told(said);
}

function isError(said: string): boolean {
  return said.startsWith('Error:');
}

function isTaken({ lockedBy }: Device, session: Session): boolean {
  return lockedBy !== undefined && lockedBy !== session;
}

function actsOf(device: Device, session: Session): Acts {
  return {
    enter: (view) => {
      session.view = view;
      return view.name === 'system'
        ? told('Enter system view, return user view with return command.')
        : SILENT;
    },
    leave: (isToUserView) => leave(device, session, isToUserView),
    display: (what, isInterfaces) => {
      const configuration = what === 'saved' ? device.startup : device.running;
      return told(...(isInterfaces ? displayedInterfaces : displayed)(configuration));
    },
    screenLength: (lines) => {
      session.length = lines;
      return told(
        'Info: The configuration takes effect on the current user terminal interface only.',
      );
    },
    save: () => ({
      text: 'Warning: The current configuration will be written to the device.\n',
      question: 'Are you sure to continue? [Y/N]:',
      answered: (answer) => (/^y/i.test(answer) ? save(device) : SILENT),
    }),
    lock: (isLocked) => {
      if (isTaken(device, session)) {
        return told('Error: The configuration is locked by another user.');
      }
      device.lockedBy = isLocked ? session : undefined;
      return SILENT;
    },
    commit: (trialSeconds) => commit(device, session, trialSeconds),
    abortTrial: () =>
      device.trial === undefined
        ? told('Error: No trial run is in progress.')
        : {
            text: '',
            question: 'Warning: The trial configuration will be rolled back. Continue? [Y/N]:',
            answered: (answer) => {
              if (/^y/i.test(answer)) {
                takeBack(device);
              }
              return SILENT;
            },
          },
    clearCandidate: () => {
      forget(session);
      return SILENT;
    },
  };
}

function save(device: Device): Reply {
  device.startup = structuredClone(device.running);
  return told(
    'Now saving the current configuration to the slot 1.',
    'Save the configuration successfully.',
  );
}

function commit(device: Device, session: Session, trialSeconds: number | undefined): Reply {
  if (isTaken(device, session)) {
    return told('Error: The configuration is locked by another user.');
  }
  if (device.trial !== undefined) {
    const isOwn = device.trial.by === session && trialSeconds === undefined;
    device.trial = isOwn ? undefined : device.trial;
    return isOwn ? SILENT : told('Error: A trial run is in progress.');
  }
  const before = device.running;
  const merged = structuredClone(before);
  const refusal = session.pending.map((apply) => apply(merged)).find(isError);
  if (refusal !== undefined) {
    return told(refusal);
  }
  device.running = merged;
  forget(session);
  if (trialSeconds === undefined) {
    return SILENT;
  }
  device.trial = { by: session, until: device.options.now() + trialSeconds * 1000, before };
  return told(
    'Committing..done.',
    `Info: The system enters the trial configuration mode. The system will revert to previous configuration if the trial configuration is not confirmed in ${trialSeconds} seconds.`,
  );
}

/** `quit` goes one view up, and from the user view out; `return` goes to the user view. */
function leave(device: Device, session: Session, isToUserView: boolean): AskingReply {
  const { view } = session;
  if (view.name === 'user') {
    return { text: '', closes: true };
  }
  if (view.name !== 'system' && !isToUserView) {
    session.view = { name: 'system' };
    return SILENT;
  }
  if (session.pending.length === 0 && device.trial?.by !== session) {
    session.view = { name: 'user' };
    return SILENT;
  }
  return {
    text: '',
    question: UNCOMMITTED,
    answered: (answer) => {
      if (/^c/i.test(answer)) {
        return SILENT;
      }
      const reply = /^y/i.test(answer)
        ? commit(device, session, undefined)
        : discard(device, session);
      session.view = { name: 'user' };
      return reply;
    },
  };
}

function forget(session: Session): void {
  session.pending.length = 0;
  session.candidate = undefined;
}

function discard(device: Device, session: Session): Reply {
  forget(session);
  if (device.trial?.by === session) {
    takeBack(device);
  }
  return SILENT;
}
