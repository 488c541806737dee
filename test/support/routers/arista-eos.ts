/**
 * A strict model of an Arista EOS switch: exec mode, configuration mode, configuration sessions with commit timers, startup
 * configuration (EOS User Manual, "Configure Session"). A commit puts the whole session in place of the running
 * configuration, whatever changed there since the session began.
 */
import { configureNode } from './arista-eos-config.ts';
import { showWords, type Shown } from './arista-eos-show.ts';
import {
  cliOf,
  leaveTo,
  SILENT,
  terminalWords,
  told,
  type AskingReply,
  type Family,
  type Login,
  type Mode,
} from './cisco-cli.ts';
import { emptyConfiguration, pathsOf, WORD, type Configuration } from './cisco-config.ts';
import { end, value, words, type Next, type Node } from './cisco-grammar.ts';
import type { BootOptions, Cli, Reply, Router, RouterModel } from './router.ts';

const PENDING_SESSIONS = 5;

interface Device extends Shown {
  /** Sessions that are neither committed nor aborted, by name. */
  readonly pending: Map<string, Configuration>;
  /** The session whose commit timer runs, and what comes back at its end. */
  timed: { readonly name: string; readonly to: Configuration; readonly at: number } | undefined;
  readonly options: BootOptions;
}

export const aristaEosModel: RouterModel = { os: 'arista-eos', pager: ' --More-- ', boot };

function boot(options: BootOptions): Router {
  const running = emptyConfiguration(options.hostname);
  const device: Device = {
    running,
    startup: running,
    pending: new Map(),
    timed: undefined,
    options,
  };
  const console = loginTo(device, 'console', false);
  console.login.modes = [privileged(device, console.login), configuring(device, console.login)];
  for (const line of options.config.split('\n')) {
    const { text } = console.cli.enter(line.trim());
    if (text !== '') {
      throw new Error(`the configuration has "${line}": ${text}`);
    }
  }
  device.startup = structuredClone(device.running);
  return {
    login: (user) => loginTo(device, user, options.readOnly === true).cli,
    running: () => {
      tick(device);
      return pathsOf(device.running);
    },
    startup: () => pathsOf(device.startup),
  };
}

interface LoggedIn {
  readonly login: Login;
  readonly cli: Cli;
}

function loginTo(device: Device, user: string, readOnly: boolean): LoggedIn {
  const nowhere: Mode = { suffix: '>', grammar: () => ({}) };
  const login: Login = { user, modes: [nowhere], length: 24, width: 80 };
  login.modes = [unprivileged(device, login)];
  const family: Family = {
    hostname: () => device.running.hostname,
    tick: () => tick(device),
    forbids: (line) =>
      readOnly && !/^(?:sh|ter|en|ex|end)/.test(line)
        ? `% Authorization denied for command '${line}'`
        : undefined,
    invalid: () => '% Invalid input\n',
    incomplete: '% Incomplete command',
    ambiguous: () => '% Ambiguous command',
    hungUp: () => undefined,
  };
  return { login, cli: cliOf(family, login) };
}

function tick(device: Device): void {
  if (device.timed !== undefined && device.options.now() >= device.timed.at) {
    takeBack(device);
  }
}

function takeBack(device: Device): void {
  device.running = device.timed?.to ?? device.running;
  device.timed = undefined;
}

function unprivileged(device: Device, login: Login): Mode {
  const rise = (): Reply => {
    login.modes = [privileged(device, login)];
    return SILENT;
  };
  const enable: Next<Reply> = end((): AskingReply => {
    const { enableSecret } = device.options;
    return enableSecret === undefined
      ? rise()
      : {
          text: '',
          question: 'Password: ',
          answered: (answer) => (answer === enableSecret ? rise() : told('% Bad secret')),
        };
  });
  return {
    suffix: '>',
    grammar: () => ({
      words: {
        enable,
        exit: end(() => ({ text: '', closes: true })),
        ...terminalWords(login, 32_767),
      },
    }),
  };
}

function privileged(device: Device, login: Login): Mode {
  return { suffix: '#', grammar: () => privilegedNode(device, login) };
}

function configuring(device: Device, login: Login): Mode {
  return {
    suffix: '(config)#',
    grammar: () => withExec(configureNode(device.running, login, 'config'), device),
  };
}

/** What shows the switch is known in the configuration modes too. */
function withExec(node: Node<Reply>, device: Device): Node<Reply> {
  return { ...node, words: { ...node.words, show: () => ({ words: showWords(device) }) } };
}

function privilegedNode(device: Device, login: Login): Node<Reply> {
  const save: Next<Reply> = end(() => {
    device.startup = structuredClone(device.running);
    return told('Copy completed successfully.');
  });
  return {
    words: {
      ...terminalWords(login, 32_767),
      enable: end(() => SILENT),
      disable: end(() => {
        login.modes = [unprivileged(device, login)];
        return SILENT;
      }),
      exit: end(() => ({ text: '', closes: true })),
      configure: () => configureWords(device, login),
      no: () => ({
        words: words(
          'configure session',
          value(
            'name',
            WORD,
            end(({ name = '' }) => abort(device, name)),
          ),
        ),
      }),
      write: () => ({ words: { memory: save }, ...save({}) }),
      copy: () => ({ words: words('running-config startup-config', save) }),
      show: () => ({ words: showWords(device) }),
    },
  };
}

function configureWords(device: Device, login: Login): Node<Reply> {
  const enter = (): Reply => {
    login.modes = [login.modes[0], configuring(device, login)];
    return SILENT;
  };
  return {
    run: enter,
    words: {
      terminal: end(enter),
      session: value('name', WORD, ({ name = '' }) => ({
        run: () => enterSession(device, login, name),
        words: {
          commit: end(() => commitAgain(device, name)),
          abort: end(() => abort(device, name)),
        },
      })),
    },
  };
}

function enterSession(device: Device, login: Login, name: string): Reply {
  if (device.timed?.name === name) {
    return told(`% Cannot enter session ${name}: its commit timer is running`);
  }
  if (!device.pending.has(name) && device.pending.size >= PENDING_SESSIONS) {
    return told(
      '% Maximum number of pending sessions has been reached. Please commit or abort previous sessions before creating a new one.',
    );
  }
  const session = device.pending.get(name) ?? structuredClone(device.running);
  device.pending.set(name, session);
  const prompt = `config-s-${name.slice(0, 6)}`;
  const node = (): Node<Reply> => withExec(configureNode(session, login, prompt), device);
  const leaving = (run: () => Reply): Next<Reply> =>
    end(() => {
      const reply = run();
      leaveTo(login, 1);
      return reply;
    });
  login.modes = [
    login.modes[0],
    {
      suffix: `(${prompt})#`,
      grammar: () => ({
        words: {
          ...node().words,
          abort: leaving(() => abort(device, name)),
          commit: () => ({
            run: () => leaving(() => commit(device, name, undefined))({}).run?.({}) ?? SILENT,
            words: {
              timer: value('time', /^\d{1,2}:\d{2}:\d{2}$/, ({ time }) =>
                leaving(() => commit(device, name, time))({}),
              ),
            },
          }),
        },
      }),
    },
  ];
  return SILENT;
}

function commit(device: Device, name: string, time: string | undefined): Reply {
  const session = device.pending.get(name);
  if (session === undefined || device.timed !== undefined) {
    return told(`% Cannot commit session ${name}`);
  }
  if (time !== undefined) {
    const seconds = time.split(':').reduce((total, part) => total * 60 + Number(part), 0);
    device.timed = { name, to: device.running, at: device.options.now() + seconds * 1000 };
  }
  device.pending.delete(name);
  device.running = structuredClone(session);
  return SILENT;
}

function commitAgain(device: Device, name: string): Reply {
  if (device.timed?.name !== name) {
    return device.pending.has(name)
      ? commit(device, name, undefined)
      : told(`% Session ${name} does not exist`);
  }
  device.timed = undefined;
  return SILENT;
}

function abort(device: Device, name: string): Reply {
  if (device.timed?.name === name) {
    takeBack(device);
    return SILENT;
  }
  return device.pending.delete(name) ? SILENT : told(`% Session ${name} does not exist`);
}
