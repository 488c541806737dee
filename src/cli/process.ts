/** The process around a command: its arguments, streams, signals and clocks as a {@link CommandContext}. */
import { fstatSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';

import { sinceBoot } from '../agent/boot-clock.ts';
import { paintFor, type CommandContext } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { progressLine } from './progress.ts';
import { runProgram, type LogChoice } from './program.ts';
import { createLog, logStyle, type Log } from '../report/log.ts';

const { env, stdin, stdout, stderr } = process;

// Only where stderr is a terminal; everything else that is written takes the line away first.
const progress = progressLine(stderr, { env, now: () => performance.now() });

const context: CommandContext = {
  env,
  cwd: process.cwd(),
  homeDir: homeFolder(),
  uid: process.geteuid?.() ?? 0,
  print: (words) => {
    progress.clear();
    stdout.write(words);
  },
  complain: (words) => {
    progress.clear();
    stderr.write(words);
  },
  progress,
  log: logFor({ level: 'info', format: undefined }),
  paint: paintFor(stdout.isTTY, env),
  readInput: async () => text(stdin),
  ask: stdin.isTTY && stdout.isTTY ? ask : undefined,
  now: Date.now,
  sinceBoot,
  host: hostname(),
  onSignal: (signals, callback) => {
    signals.forEach((signal) => process.on(signal, callback));
    return () => signals.forEach((signal) => process.off(signal, callback));
  },
};

/** A user without an entry in passwd(5), as containers and services have, has no home but the root. */
function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

function logFor({ level, format }: LogChoice): Log {
  const style = logStyle({
    flag: format,
    env,
    isTerminal: stderr.isTTY,
    file: fstatSync(stderr.fd, { bigint: true }),
  });
  return createLog({ stream: stderr, level, ...style, beforeLine: progress.clear });
}

async function ask(question: string): Promise<string> {
  const prompt = createInterface({ input: stdin, output: stdout });
  try {
    return await prompt.question(question);
  } finally {
    prompt.close();
  }
}

/** Runs the command line of this process; resolves with its exit code once all that it wrote is with the reader. */
export async function runProcess(): Promise<ExitCode> {
  // A reader that goes away (`| head`) ends the output, not the work.
  stdout.on('error', () => undefined);
  stderr.on('error', () => undefined);
  const exitCode = await runProgram(process.argv.slice(2), context, logFor);
  await Promise.all([written(stdout), written(stderr)]);
  return exitCode;
}

/** Resolves when all that was written is with the reader, or the reader is gone: a pipe takes 64 KiB at a time. */
async function written(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.write('', () => resolve());
  });
}
