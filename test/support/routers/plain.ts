/** A tiny router with a CLI of Cisco's kind: just enough of each thing that a session can meet, and no OS of its own. */
import type { SessionDefinition } from '../../../src/drivers/session.ts';
import { readCiscoIosPaths } from '../../../src/drivers/cisco-ios/parse.ts';
import type { BootOptions, Cli, Reply, Router, RouterModel } from './router.ts';

/** How to speak with it. */
export const PLAIN_SESSION: SessionDefinition = {
  prompt: /^[\w.-]+#\s?$/,
  unprivileged: { prompt: /^[\w.-]+>\s?$/, line: 'enable' },
  configuring: /^[\w.-]+\(config\)#\s?$/,
  toPrompt: [{ text: 'end' }],
  setup: [{ text: 'terminal length 0' }, { text: 'terminal width 512' }],
  failures: [/^% [A-Z]/],
  pager: /--More--/,
  chatter: [/^\*\w{3} +\d+ [\d:.]+: %[A-Z]+-\d-\w+: /],
  redact: [/\bkey (?<secret>\S+)/],
  window: 8,
  lineLength: 254,
};

/** `show text` answers with the lines of the startup configuration that are no routes. */
export const plainModel: RouterModel = { os: 'cisco-ios', pager: ' --More-- ', boot };

type Mode = 'user' | 'exec' | 'config';

interface Login {
  readonly options: BootOptions;
  /** Of the whole router. */
  readonly routes: string[];
  mode: Mode;
  length: number;
  width: number;
  asks: ((answer: string) => Asking) | undefined;
  isReading: boolean;
}

/** A reply that asks, with what the answer does. */
type Asking = Reply & { readonly answered?: (answer: string) => Asking };

const INVALID: Reply = { text: "% Invalid input detected at '^' marker.\n" };
const SILENT: Reply = { text: '' };
const SUFFIXES = { user: '>', exec: '#', config: '(config)#' } as const;
const ROUTE = /^ip route [\d.]+ [\d.]+ [\d.]+(?: tag \d+)?$/;

function boot(options: BootOptions): Router {
  const routes = options.config.split('\n').filter((line) => ROUTE.test(line));
  const mode = options.enableSecret === undefined ? 'exec' : 'user';
  return {
    login: () =>
      cliOf({ options, routes, mode, length: 24, width: 80, asks: undefined, isReading: false }),
    running: () => readCiscoIosPaths(routes.join('\n')),
    startup: () => readCiscoIosPaths(options.config),
  };
}

function cliOf(login: Login): Cli {
  return {
    prompt: () => login.options.hostname + SUFFIXES[login.mode],
    enter: (line) => {
      const { asks, isReading } = login;
      login.asks = undefined;
      if (isReading) {
        return configure(login, line);
      }
      const reply = asks?.(line) ?? obey(login, line.trim());
      login.asks = reply.answered;
      return reply;
    },
    control: () => {
      const text = login.isReading ? 'load complete\n' : '';
      login.isReading = false;
      login.asks = undefined;
      return { text };
    },
    terminal: () => ({ length: login.length, width: login.width }),
    hangUp: () => undefined,
  };
}

function obey(login: Login, line: string): Asking {
  if (line === '') {
    return SILENT;
  }
  if (login.mode === 'config') {
    return configure(login, line);
  }
  return login.mode === 'exec' ? execute(login, line) : raise(login, line);
}

function raise(login: Login, line: string): Asking {
  if (line !== 'enable') {
    return INVALID;
  }
  const ask = (tries: number): Asking => ({
    text: '',
    question: 'Password: ',
    answered: (answer) => {
      login.mode = answer === login.options.enableSecret ? 'exec' : 'user';
      if (login.mode === 'exec') {
        return SILENT;
      }
      return tries === 0 ? { text: '% Bad secrets\n' } : ask(tries - 1);
    },
  });
  return ask(2);
}

function execute(login: Login, line: string): Asking {
  const { options, routes } = login;
  const [, what, size] = /^terminal (length|width) (\d+)$/.exec(line) ?? [];
  if (what === 'length' || what === 'width') {
    login[what] = Number(size);
    return SILENT;
  }
  switch (line) {
    case 'configure terminal':
      login.mode = 'config';
      return { text: 'Enter configuration commands, one per line.  End with CNTL/Z.\n' };
    case 'show running-config | include ^ip route':
      return { text: routes.map((route) => `${route}\n`).join('') };
    case 'show text':
      return { text: options.config.split('\n').filter(isText).join('\n').concat('\n') };
    case 'reload':
      return { text: '', question: 'Proceed with reload? [confirm]', answered: () => SILENT };
    case 'write memory':
      return {
        text: '',
        question: 'Destination filename [startup-config]? ',
        answered: () => ({ text: 'Building configuration...\n[OK]\n' }),
      };
    case 'exit':
      return { text: '', closes: true };
    default:
      return INVALID;
  }
}

function isText(line: string): boolean {
  return !ROUTE.test(line);
}

function configure(login: Login, line: string): Reply {
  const { routes } = login;
  const removed = line.startsWith('no ') ? routes.indexOf(line.slice(3)) : -1;
  if (ROUTE.test(line)) {
    routes.push(...(routes.includes(line) ? [] : [line]));
  } else if (removed !== -1) {
    routes.splice(removed, 1);
  } else if (line === 'end') {
    login.mode = 'exec';
  } else if (line === 'load terminal') {
    login.isReading = true;
    return { text: '[Type ^D at a new line to end input]\n', reads: true };
  } else {
    return INVALID;
  }
  return SILENT;
}
