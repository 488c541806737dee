/** The commands of a simulated Cisco NX-OS switch that configure nothing: displays, checkpoints, saving. */
import { shownConfig, type NxosConfig } from './cisco-nxos-config.ts';
import { filtered, Refused, Words } from './cisco-nxos-words.ts';
import type { Reply } from './router.ts';

/** How many a switch keeps. */
const CHECKPOINTS = 10;

/** What all logins share. */
export interface Switch {
  running: NxosConfig;
  startup: NxosConfig;
  readonly checkpoints: Map<string, NxosConfig>;
  readonly readOnly: boolean;
}

/** Where the CLI stands. */
export type Mode =
  | { readonly kind: 'exec' | 'config' }
  | { readonly kind: 'vrf' | 'interface'; readonly name: string };

/** One login. */
export interface Terminal {
  mode: Mode;
  length: number;
  width: number;
}

/** NX-OS takes the commands of exec mode in every mode. */
export function execute(device: Switch, terminal: Terminal, line: string): Reply | undefined {
  const words = new Words(line);
  const first = words.keyword(...(Object.keys(COMMANDS) as readonly (keyof typeof COMMANDS)[]));
  return first === undefined ? undefined : COMMANDS[first](device, terminal, { words, line });
}

interface Typed {
  readonly words: Words;
  readonly line: string;
}

const COMMANDS = {
  terminal: (_: Switch, terminal: Terminal, { words, line }: Typed) =>
    setTerminal(terminal, words, line),
  show: (device: Switch, _: Terminal, { words, line }: Typed) => show(device, words, line),
  configure: (device: Switch, terminal: Terminal, { words }: Typed) =>
    enterConfiguration(device, terminal, words),
  checkpoint: (device: Switch, _: Terminal, { words }: Typed) => checkpoint(device, words),
  no: (device: Switch, _: Terminal, { words }: Typed) =>
    words.keyword('checkpoint') === undefined ? undefined : noCheckpoint(device, words),
  rollback: (device: Switch, _: Terminal, { words, line }: Typed) => rollback(device, words, line),
  copy: (device: Switch, _: Terminal, { words, line }: Typed) => save(device, words, line),
  exit: (): Reply => ({ text: '', closes: true }),
} as const;

function setTerminal(terminal: Terminal, words: Words, line: string): Reply {
  const what = words.keyword('length', 'width', 'dont-ask', 'session-timeout');
  const value = Number(words.peek() ?? Number.NaN);
  if (what === 'length' && value >= 0 && value <= 511) {
    terminal.length = value;
  } else if (what === 'width' && value >= 24 && value <= 511) {
    terminal.width = value;
  } else if (what !== 'dont-ask') {
    return invalid(line, words.at);
  }
  return { text: '' };
}

function show(device: Switch, words: Words, line: string): Reply {
  const what = words.keyword('running-config', 'startup-config', 'clock');
  if (what === 'clock') {
    return { text: '10:11:12.345 UTC Tue Mar 03 2026\n' };
  }
  const lines =
    what === undefined
      ? []
      : shownConfig(what === 'running-config' ? device.running : device.startup);
  const isPiped = words.peek() === '|';
  if (what === undefined || (!isPiped && !words.isDone)) {
    return invalid(line, words.at);
  }
  if (!isPiped) {
    return { text: `${lines.join('\n')}\n` };
  }
  words.take();
  const left = filtered(lines, line.slice(line.indexOf('|') + 1).trim());
  return left === undefined
    ? invalid(line, words.at)
    : { text: left.map((each) => `${each}\n`).join('') };
}

function enterConfiguration(device: Switch, terminal: Terminal, words: Words): Reply {
  if (words.keyword('terminal') === undefined && !words.isDone) {
    return { text: "% Invalid command at '^' marker.\n" };
  }
  if (device.readOnly) {
    return { text: '% Permission denied for the role\n' };
  }
  terminal.mode = { kind: 'config' };
  return { text: 'Enter configuration commands, one per line. End with CNTL/Z.\n' };
}

function checkpoint(device: Switch, words: Words): Reply {
  const name = words.take() ?? `user-checkpoint-${device.checkpoints.size + 1}`;
  if (device.readOnly) {
    return { text: '% Permission denied for the role\n' };
  }
  if (device.checkpoints.has(name)) {
    return { text: `ERROR: Checkpoint ${name} already exists\n` };
  }
  if (name.length > 80 || device.checkpoints.size >= CHECKPOINTS) {
    return { text: 'ERROR: Maximum number of checkpoints reached\n' };
  }
  device.checkpoints.set(name, device.running);
  return { text: '..Done\n' };
}

function noCheckpoint(device: Switch, words: Words): Reply {
  const name = words.take() ?? '';
  return device.checkpoints.delete(name)
    ? { text: 'Done\n' }
    : { text: `ERROR: Checkpoint ${name} does not exist\n` };
}

function rollback(device: Switch, words: Words, line: string): Reply {
  const isKnown =
    words.keyword('running-config') !== undefined && words.keyword('checkpoint') !== undefined;
  const found = isKnown ? device.checkpoints.get(words.take() ?? '') : undefined;
  const how = words.keyword('atomic', 'best-effort', 'stop-at-first-failure');
  if (!isKnown || (how === undefined && !words.isDone)) {
    return invalid(line, words.at);
  }
  if (found === undefined) {
    return { text: 'ERROR: Checkpoint does not exist\n' };
  }
  device.running = found;
  return {
    text: 'Note: Applying config parallelly may fail Rollback verification\nCollecting Running-Config\nGenerating Rollback Patch\nExecuting Rollback Patch\nGenerating Running-config for verification\nGenerating Patch for verification\nVerification is Successful.\n\nRollback completed successfully.\n\n',
  };
}

function save(device: Switch, words: Words, line: string): Reply {
  if (
    words.keyword('running-config') === undefined ||
    words.keyword('startup-config') === undefined
  ) {
    return invalid(line, words.at);
  }
  device.startup = device.running;
  return { text: '[########################################] 100%\nCopy complete.\n' };
}

/** The answer to a word that no command has. */
export function invalid(line: string, at: number): Reply {
  return refused(line, new Refused('% Invalid command', at));
}

/** The marker stands below the word that was not taken. */
export function refused(line: string, { message, at }: Refused): Reply {
  const column = line.split(/\s+/).slice(0, at).join(' ').length + (at > 0 ? 1 : 0);
  return { text: `${' '.repeat(column)}^\n${message} at '^' marker.\n` };
}
