/**
 * A strict model of a Cisco IOS router: exec and configuration mode, revert timer, exclusive configuration, startup
 * configuration (Cisco IOS Configuration Fundamentals; Configuration Rollback Confirmed Change; Exclusive Configuration
 * Change Access; sessions recorded by ytti/oxidized).
 */
import {
  cliOf,
  SILENT,
  terminalWords,
  told,
  type AskingReply,
  type Family,
  type Login,
  type Mode,
} from './cisco-cli.ts';
import { emptyConfiguration, NUMBER, pathsOf, type Configuration } from './cisco-config.ts';
import { end, value, words, type Next, type Node } from './cisco-grammar.ts';
import { globalMode } from './cisco-ios-config.ts';
import { showWords, type Shown } from './cisco-ios-show.ts';
import type { BootOptions, Cli, Reply, Router, RouterModel } from './router.ts';

interface Device extends Shown {
  /** What comes back at the end of the revert timer. */
  revert: { readonly to: Configuration; readonly at: number } | undefined;
  /** The login that has the configuration for itself. */
  holder: Login | undefined;
  readonly options: BootOptions;
}

export const ciscoIosModel: RouterModel = { os: 'cisco-ios', pager: ' --More-- ', boot };

function boot(options: BootOptions): Router {
  const running = emptyConfiguration(options.hostname);
  const device: Device = {
    running,
    startup: running,
    revert: undefined,
    holder: undefined,
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
  const { enableSecret } = device.options;
  const nowhere: Mode = { suffix: '>', grammar: () => ({}) };
  const login: Login = { user, modes: [nowhere], length: 24, width: 80 };
  login.modes = [
    enableSecret === undefined ? privileged(device, login) : unprivileged(device, login),
  ];
  const family: Family = {
    hostname: () => device.running.hostname,
    tick: () => tick(device),
    // AAA command authorization: such a user may look, and nothing else.
    forbids: (line) =>
      readOnly && !/^(?:sh|ter|en|ex|end)/.test(line) ? 'Command authorization failed.' : undefined,
    invalid: (at) => `${' '.repeat(at)}^\n% Invalid input detected at '^' marker.\n\n`,
    incomplete: '% Incomplete command.\n',
    ambiguous: (line) => `% Ambiguous command:  "${line}"`,
    hungUp: () => {
      device.holder = device.holder === login ? undefined : device.holder;
    },
  };
  return { login, cli: cliOf(family, login) };
}

function tick(device: Device): void {
  if (device.revert !== undefined && device.options.now() >= device.revert.at) {
    revertNow(device);
  }
}

function revertNow(device: Device): Reply {
  if (device.revert === undefined) {
    return told('%No Rollback Confirmed Change pending');
  }
  device.running = device.revert.to;
  device.revert = undefined;
  return told(
    'Rollback Confirmed Change: Rolling to:bootflash:archive-1',
    '',
    'Total number of passes: 1',
    'Rollback Done',
    '',
  );
}

function unprivileged(device: Device, login: Login): Mode {
  const enable: Next<Reply> = end((): AskingReply => ({
    text: '',
    question: 'Password: ',
    answered: (answer) => {
      if (answer !== device.options.enableSecret) {
        return told('% Bad secrets', '');
      }
      login.modes = [privileged(device, login)];
      return SILENT;
    },
  }));
  return {
    suffix: '>',
    grammar: () => ({
      words: {
        enable,
        exit: end(() => ({ text: '', closes: true })),
        ...terminalWords(login, 512),
      },
    }),
  };
}

function privileged(device: Device, login: Login): Mode {
  return { suffix: '#', grammar: () => privilegedGrammar(device, login) };
}

function configuring(device: Device, login: Login): Mode {
  return {
    ...globalMode(() => device.running, login),
    left: () => {
      device.holder = device.holder === login ? undefined : device.holder;
    },
  };
}

function privilegedGrammar(device: Device, login: Login): Node<Reply> {
  const save: Next<Reply> = end(() => saved(device));
  return {
    words: {
      ...terminalWords(login, 512),
      enable: end(() => SILENT),
      disable: end(() => {
        login.modes = [unprivileged(device, login)];
        return SILENT;
      }),
      exit: end(() => ({ text: '', closes: true })),
      configure: () => ({ words: configureWords(device, login) }),
      write: () => ({ words: { memory: save }, ...save({}) }),
      copy: () => ({
        words: words(
          'running-config startup-config',
          end(() => copied(device)),
        ),
      }),
      show: () => ({ words: showWords(device) }),
    },
  };
}

function configureWords(device: Device, login: Login): Readonly<Record<string, Next<Reply>>> {
  const enter = (): Reply => {
    if (device.holder !== undefined && device.holder !== login) {
      return told(
        `Configuration mode locked exclusively by user '${device.holder.user}' process '295' from terminal '1'. Please try later.`,
      );
    }
    login.modes = [login.modes[0], configuring(device, login)];
    return told('Enter configuration commands, one per line.  End with CNTL/Z.');
  };
  return {
    terminal: () => ({
      run: enter,
      words: {
        lock: end(() => {
          const reply = enter();
          device.holder ??= login;
          return reply;
        }),
        revert: () => ({
          words: {
            timer: value(
              'minutes',
              NUMBER,
              end(({ minutes }) => enterTimed(device, Number(minutes), enter)),
            ),
          },
        }),
      },
    }),
    confirm: end(() => {
      const isPending = device.revert !== undefined;
      device.revert = undefined;
      return isPending ? SILENT : told('%No Rollback Confirmed Change pending');
    }),
    revert: () => ({ words: { now: end(() => revertNow(device)) } }),
  };
}

function enterTimed(device: Device, minutes: number, enter: () => Reply): Reply {
  if (minutes < 1 || minutes > 120) {
    return told("% Invalid input detected at '^' marker.");
  }
  if (device.running.archive === undefined) {
    return told('% Archive path is not configured, Rollback Confirmed Change cannot be used');
  }
  if (device.revert !== undefined) {
    return told('%Rollback Confirmed Change is already in progress');
  }
  device.revert = {
    to: structuredClone(device.running),
    at: device.options.now() + minutes * 60_000,
  };
  return {
    text: `Rollback Confirmed Change: Backing up current running config to bootflash:archive-1\n\n${enter().text}`,
  };
}

function saved(device: Device): Reply {
  device.startup = structuredClone(device.running);
  return told('Building configuration...', '[OK]');
}

function copied(device: Device): AskingReply {
  return {
    text: '',
    question: 'Destination filename [startup-config]? ',
    answered: () => saved(device),
  };
}
