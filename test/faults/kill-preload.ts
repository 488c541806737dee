/**
 * Loaded into the process under test with `node --import`: counts every step that reaches the world (files, children,
 * requests) and kills the process with SIGKILL at the step that KILL_AT names. With KILL_TEAR, so many percent of what
 * that step would write are written first. KILL_LOG names a file that gets the steps, or the step of the kill.
 */
import childProcess, { type ChildProcess } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { Writable } from 'node:stream';

type Work = (this: unknown, ...args: unknown[]) => unknown;
type Methods = Record<string, Work>;

/** Writes the first part of what a step writes; calls back when it is written. */
type Tear = (percent: number, done: () => void) => void;

const { KILL_AT, KILL_TEAR, KILL_LOG = '/dev/null' } = process.env;
const target = Number(KILL_AT ?? -1);
const { writeSync, openSync } = fs;
const log = openSync(KILL_LOG, 'a');
let steps = 0;

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** True if this is the end: whoever asked must then do nothing more. */
function step(name: string, tear?: Tear): boolean {
  steps += 1;
  const isWrite = tear !== undefined;
  if (target === -1) {
    writeSync(log, `${steps} ${isWrite ? 'write' : 'step'} ${name}\n`);
    return false;
  }
  if (steps !== target) {
    return false;
  }
  writeSync(log, `${name}\n`);
  if (KILL_TEAR === undefined || tear === undefined) {
    die();
  } else {
    tear(Number(KILL_TEAR), die);
  }
  return true;
}

function firstPart(data: unknown, percent: number): Uint8Array {
  const bytes = typeof data === 'string' ? Buffer.from(data) : (data as Uint8Array);
  return bytes.subarray(0, Math.floor((bytes.length * percent) / 100));
}

/** What a call to one of the functions below would write, and to where. */
const WRITERS: Readonly<Record<string, (self: unknown, args: readonly unknown[]) => Tear>> = {
  'handle.write': (self, [data, position]) => tearInto(self, data, position),
  'handle.writeFile': (self, [data]) => tearInto(self, data, null),
  'handle.appendFile': (self, [data]) => tearInto(self, data, null),
  'fs.writeFile': (_, [path, data]) => tearPath(path, data, 'w'),
  'fs.appendFile': (_, [path, data]) => tearPath(path, data, 'a'),
};

function tearInto(self: unknown, data: unknown, position: unknown): Tear {
  const { fd } = self as { readonly fd: number };
  return (percent, done) => {
    const part = firstPart(data, percent);
    writeSync(fd, part, 0, part.length, typeof position === 'number' ? position : null);
    done();
  };
}

function tearPath(path: unknown, data: unknown, flags: string): Tear {
  return (percent, done) => {
    writeSync(openSync(String(path), flags, 0o600), firstPart(data, percent));
    done();
  };
}

function wrapAll(kind: string, methods: Methods, names: readonly string[]): void {
  for (const name of names) {
    const original = methods[name];
    if (typeof original === 'function' && name !== 'constructor') {
      const what = `${kind}.${name}`;
      const wrapped: Work = function wrapped(...args) {
        const [subject] = args;
        step(
          `${what} ${typeof subject === 'string' ? subject.slice(0, 80) : ''}`,
          WRITERS[what]?.(this, args),
        );
        return original.apply(this, args);
      };
      Object.defineProperty(methods, name, { value: wrapped, writable: true, configurable: true });
    }
  }
}

/** The first time that a stream or a process tells something. */
function onFirst(emitter: object, events: readonly string[], name: string): void {
  const source = emitter as { emit: Work };
  const original = source.emit;
  let isTold = false;
  source.emit = function emit(...args) {
    if (!isTold && events.includes(String(args[0]))) {
      isTold = true;
      step(name);
    }
    return original.apply(this, args);
  };
}

/** A torn write ends in the middle, and nothing comes after it. */
function wrapInput(input: Writable, name: string): void {
  type Write = (chunk: unknown, encoding: string, done: () => void) => void;
  const stream = input as unknown as { _write: Write; _writev: unknown };
  const write = stream._write;
  stream._writev = undefined;
  stream._write = function torn(chunk, encoding, done) {
    const tear: Tear = (percent, written) =>
      write.call(this, firstPart(chunk, percent), 'buffer', written);
    if (!step(name, tear)) {
      write.call(this, chunk, encoding, done);
    }
  };
}

function watchChild(child: ChildProcess, name: string): void {
  onFirst(child, ['exit'], `exit of ${name}`);
  if (child.stdout !== null) {
    onFirst(child.stdout, ['data', 'readable'], `answer of ${name}`);
  }
  if (child.stdin !== null) {
    wrapInput(child.stdin, `input of ${name}`);
  }
}

const original = childProcess.spawn as unknown as Work;
const spawn: Work = function spawn(...args) {
  const name = [args[0], ...(args[1] as readonly string[])].join(' ').slice(0, 120);
  step(`spawn ${name}`);
  const child = original.apply(this, args) as ChildProcess;
  watchChild(child, name);
  return child;
};
Object.defineProperty(childProcess, 'spawn', { value: spawn });

const probe = await fs.promises.open('/dev/null');
const handle = Object.getPrototypeOf(probe) as Methods;
await probe.close();
wrapAll('handle', handle, [
  'write',
  'writev',
  'writeFile',
  'appendFile',
  'readFile',
  'sync',
  'datasync',
  'truncate',
  'stat',
  'chmod',
]);
wrapAll('fs', fs.promises as unknown as Methods, Object.keys(fs.promises));
wrapAll('sync', fs as unknown as Methods, [
  'writeSync',
  'writeFileSync',
  'appendFileSync',
  'renameSync',
  'fsyncSync',
  'fdatasyncSync',
  'ftruncateSync',
  'truncateSync',
  'unlinkSync',
  'rmSync',
  'mkdirSync',
]);
syncBuiltinESMExports();

for (const event of ['client:sendHeaders', 'request:headers']) {
  diagnostics.subscribe(`undici:${event}`, () => void step(`http ${event}`));
}

const exit = process.exit.bind(process);
process.exit = (code) => {
  step('end of the process');
  return exit(code);
};
