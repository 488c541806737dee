#!/usr/bin/env node
/** The process: argv in, exit code out. The only place that ends it. */
import { homedir, hostname } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';

import { sinceBoot } from './agent/boot-clock.ts';
import { paintFor, type CommandContext } from './cli/context.ts';
import { runProgram, type LogChoice } from './cli/program.ts';
import { createLog, logStyle, type Log } from './report/log.ts';

const { env, stdin, stdout, stderr } = process;

const context: CommandContext = {
  env,
  cwd: process.cwd(),
  homeDir: homedir(),
  uid: process.geteuid?.() ?? 0,
  print: (words) => void stdout.write(words),
  complain: (words) => void stderr.write(words),
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

function logFor({ level, format }: LogChoice): Log {
  const style = logStyle({ flag: format, env, isTerminal: stderr.isTTY });
  return createLog({ stream: stderr, level, ...style });
}

async function ask(question: string): Promise<string> {
  const prompt = createInterface({ input: stdin, output: stdout });
  try {
    return await prompt.question(question);
  } finally {
    prompt.close();
  }
}

// A reader that goes away (`| head`) ends the output, not the work.
stdout.on('error', () => undefined);
const exitCode = await runProgram(process.argv.slice(2), context, logFor);
await Promise.all([written(stdout), written(stderr)]);
// Not only the exit code: a connection that nobody answers must not keep a finished command alive.
process.exit(exitCode);

/** Resolves when all that was written is with the reader, or the reader is gone: a pipe takes 64 KiB at a time. */
async function written(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.write('', () => resolve());
  });
}
