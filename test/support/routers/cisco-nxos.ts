/**
 * A strict model of a Cisco NX-OS switch: modes and abbreviations, routes that take effect line by line, VRFs that come
 * into being when they are entered, checkpoints, a startup configuration (Cisco Nexus 9000 configuration guides; texts of
 * ansible-collections/cisco.nxos and recorded sessions).
 */
import { EMPTY, interfaceName, pathsOf, routeLine } from './cisco-nxos-config.ts';
import { execute, invalid, refused, type Switch, type Terminal } from './cisco-nxos-exec.ts';
import { Refused, Words } from './cisco-nxos-words.ts';
import type { BootOptions, Cli, Reply, Router, RouterModel } from './router.ts';

export const ciscoNxosModel: RouterModel = { os: 'cisco-nxos', pager: '--More--', boot };

function boot({ hostname, config, readOnly = false }: BootOptions): Router {
  const device: Switch = {
    running: { ...EMPTY, hostname },
    startup: EMPTY,
    checkpoints: new Map(),
    readOnly,
  };
  const console: Terminal = { mode: { kind: 'config' }, length: 0, width: 80 };
  for (const line of config.split('\n').filter((each) => !/^\s*(?:!.*)?$/.test(each))) {
    if (/^\S/.test(line)) {
      console.mode = { kind: 'config' };
    }
    const { text } = configure(device, console, line.trim());
    if (/^%/m.test(text)) {
      throw new Error(`the startup configuration is refused at "${line}": ${text}`);
    }
  }
  device.startup = device.running;
  return {
    login: () => login(device),
    running: () => pathsOf(device.running),
    startup: () => pathsOf(device.startup),
  };
}

function login(device: Switch): Cli {
  const terminal: Terminal = { mode: { kind: 'exec' }, length: 24, width: 80 };
  const control: Cli['control'] = (key) => {
    if (key === 'z') {
      terminal.mode = { kind: 'exec' };
    }
    return { text: '' };
  };
  return {
    prompt: () => `${device.running.hostname}${PROMPTS[terminal.mode.kind]}# `,
    enter: (line) => enter(device, terminal, line.trim()),
    control,
    terminal: () => ({ length: terminal.length, width: terminal.width }),
    hangUp: () => {
      terminal.mode = { kind: 'exec' };
    },
  };
}

const PROMPTS = { exec: '', config: '(config)', vrf: '(config-vrf)', interface: '(config-if)' };

function enter(device: Switch, terminal: Terminal, line: string): Reply {
  if (line === '' || line.startsWith('!')) {
    return { text: '' };
  }
  if (terminal.mode.kind === 'exec') {
    return execute(device, terminal, line) ?? invalid(line, 0);
  }
  return (
    leave(terminal, line) ?? execute(device, terminal, line) ?? configure(device, terminal, line)
  );
}

function leave(terminal: Terminal, line: string): Reply | undefined {
  const word = new Words(line).keyword('end', 'exit');
  if (word === undefined) {
    return undefined;
  }
  const isInner = terminal.mode.kind === 'vrf' || terminal.mode.kind === 'interface';
  terminal.mode = { kind: word === 'exit' && isInner ? 'config' : 'exec' };
  return { text: '' };
}

/** A line of configuration; the global ones are known in every mode and leave it. */
function configure(device: Switch, terminal: Terminal, line: string): Reply {
  try {
    return configureLine(device, terminal, line);
  } catch (error) {
    if (error instanceof Refused) {
      return error.at < 0 ? { text: `${error.message}\n` } : refused(line, error);
    }
    throw error;
  }
}

function configureLine(device: Switch, terminal: Terminal, line: string): Reply {
  const words = new Words(line);
  const isNo = words.keyword('no') !== undefined;
  const first = words.keyword('ip', 'ipv6', 'vrf', 'interface', 'hostname');
  const isRoute = (first === 'ip' || first === 'ipv6') && words.keyword('route') !== undefined;
  if (isRoute) {
    return configureRoute(device, terminal, { words, isNo, family: first === 'ip' ? 4 : 6 });
  }
  if (first === 'vrf' && words.keyword('context') !== undefined) {
    return enterContext(device, terminal, { name: words.take(), isNo });
  }
  if (first === 'interface' && !isNo) {
    return enterInterface(device, terminal, words);
  }
  if (first === 'hostname' && !isNo) {
    device.running = { ...device.running, hostname: words.take() ?? '' };
    return { text: '' };
  }
  return configureInterface(device, terminal, line);
}

function configureRoute(
  device: Switch,
  terminal: Terminal,
  {
    words,
    isNo,
    family,
  }: { readonly words: Words; readonly isNo: boolean; readonly family: 4 | 6 },
): Reply {
  const { mode } = terminal;
  if (mode.kind === 'interface') {
    terminal.mode = { kind: 'config' };
  }
  const vrf = mode.kind === 'vrf' ? mode.name : 'default';
  device.running = routeLine(device.running, words, { vrf, family, isNo });
  return { text: '' };
}

function enterContext(
  device: Switch,
  terminal: Terminal,
  { name, isNo }: { readonly name: string | undefined; readonly isNo: boolean },
): Reply {
  if (name === undefined || name.length > 32 || name === 'default') {
    throw new Refused('% Invalid VRF name', 2);
  }
  const { contexts, routes } = device.running;
  const others = contexts.filter((each) => each !== name);
  device.running = {
    ...device.running,
    contexts: isNo ? others : others.length === contexts.length ? [...contexts, name] : contexts,
    routes: isNo ? routes.filter(({ vrf }) => vrf !== name) : routes,
  };
  terminal.mode = isNo ? { kind: 'config' } : { kind: 'vrf', name };
  return { text: '' };
}

function enterInterface(device: Switch, terminal: Terminal, words: Words): Reply {
  const name = interfaceName(words.take());
  if (name === undefined) {
    throw new Refused('% Invalid interface format', 1);
  }
  const { interfaces } = device.running;
  device.running = {
    ...device.running,
    interfaces: interfaces.has(name) ? interfaces : new Map([...interfaces, [name, []]]),
  };
  terminal.mode = { kind: 'interface', name };
  return { text: '' };
}

/** To become member of a VRF takes the addresses of an interface away. */
function configureInterface(device: Switch, { mode }: Terminal, line: string): Reply {
  const isMember = /^vrf member \S+$/.test(line);
  const isKnown =
    isMember ||
    /^(?:no )?(?:shutdown|switchport)$|^description |^ip address [\d.]+\/\d+( secondary)?$|^ipv6 address [\da-f:]+\/\d+$/i.test(
      line,
    );
  if (mode.kind !== 'interface' || !isKnown) {
    throw new Refused('% Invalid command', 0);
  }
  const { interfaces } = device.running;
  const lines = interfaces.get(mode.name) ?? [];
  const kept = isMember ? lines.filter((each) => !/^ip|^vrf/.test(each)) : lines;
  device.running = {
    ...device.running,
    interfaces: new Map([...interfaces, [mode.name, [...kept, line]]]),
  };
  return {
    text:
      isMember && kept.length < lines.length
        ? `% Deleted all L3 config on interface ${mode.name}\n`
        : '',
  };
}
