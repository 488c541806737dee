/**
 * The log: winston behind four functions, as text or as JSON lines. Messages are static, values are fields. Secrets
 * are masked and hostile characters escaped by the logger's own format, so no transport can see them. The journal of
 * systemd is told the priority of each line: sd-daemon(3), and JOURNAL_STREAM in systemd.exec(5).
 */
import { createRequire } from 'node:module';
import { styleText } from 'node:util';

import type winston from 'winston';

import { escapeJson, escapeText } from './escape.ts';
import { redact, redactText } from './redact.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

export type LogFormat = 'text' | 'json';

export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A log whose every line carries these fields as well. */
  child(fields: LogFields): Log;
  /** False where lines of this level go nowhere, so that nobody needs to make them. */
  writes(level: LogLevel): boolean;
}

export interface LogOptions {
  readonly stream: NodeJS.WritableStream;
  /** The least important level that is written; `debug` adds the stacks of errors. */
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly colour: boolean;
  /** Whether the stream is the journal of systemd: each line then begins with its priority, and text has no time. */
  readonly journal?: boolean;
  /** Called before each line, for whoever else writes to the same terminal. */
  readonly beforeLine?: (() => void) | undefined;
}

interface Entry {
  readonly timestamp: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

// The most important first.
const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

const COLOURS = { error: 'red', warn: 'yellow', info: 'green', debug: 'gray' } as const;

/** Of syslog(3). */
const PRIORITIES = { error: 3, warn: 4, info: 6, debug: 7 } as const;

/** An open file, as fstat(2) tells it apart from all others. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/**
 * How to log: `--log-format`, else $ROUTE_SYNC_LOG; colour only on a terminal and without $NO_COLOR; for the journal
 * where the file written to is the one that $JOURNAL_STREAM names.
 */
export function logStyle(options: {
  readonly flag?: LogFormat | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
  readonly file?: FileIdentity | undefined;
}): Required<Pick<LogOptions, 'format' | 'colour' | 'journal'>> {
  const { flag, env, isTerminal, file } = options;
  return {
    format: flag ?? (env['ROUTE_SYNC_LOG'] === 'json' ? 'json' : 'text'),
    colour: isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
    journal: file !== undefined && env['JOURNAL_STREAM'] === `${file.dev}:${file.ino}`,
  };
}

export function createLog(options: LogOptions): Log {
  let logger: winston.Logger | undefined;
  const writes = (level: LogLevel): boolean =>
    LEVELS.indexOf(level) <= LEVELS.indexOf(options.level);
  const write = (level: LogLevel, message: string, fields: LogFields): void => {
    if (writes(level)) {
      options.beforeLine?.();
      logger ??= createLogger(options);
      logger.log({ level, message, fields });
    }
  };
  return logOver({ write, writes }, {});
}

// Loaded for the first line that is written: it costs a quiet command more time than its own work.
function createLogger(options: LogOptions): winston.Logger {
  const { stream, level } = options;
  const lib = createRequire(import.meta.url)('winston') as typeof winston;
  const withStacks = level === 'debug';
  const clean = lib.format((info) => {
    info.message = redactText(String(info.message));
    info['fields'] = redact(info['fields'], withStacks);
    return info;
  });
  const render = renderer(options);
  return lib.createLogger({
    level,
    format: lib.format.combine(
      clean(),
      lib.format.timestamp(),
      lib.format.printf((info) => render(info as unknown as Entry)),
    ),
    transports: [new lib.transports.Stream({ stream, eol: '\n' })],
  });
}

/** Where the lines of a log and of all its children go. */
interface Sink extends Pick<Log, 'writes'> {
  readonly write: (level: LogLevel, message: string, fields: LogFields) => void;
}

function logOver(sink: Sink, always: LogFields): Log {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void =>
      sink.write(level, message, { ...always, ...fields });
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    child: (fields) => logOver(sink, { ...always, ...fields }),
    writes: sink.writes,
  };
}

type Render = (entry: Entry) => string;

function renderer({ format, colour, journal = false }: LogOptions): Render {
  const render = format === 'json' ? jsonLine : textLine(colour, !journal);
  return journal ? (entry) => `<${PRIORITIES[entry.level]}>${render(entry)}` : render;
}

/** What a field may not be called, because each line has it. */
const RESERVED: ReadonlySet<string> = new Set(['timestamp', 'level', 'message']);

/** A field with the name of another one keeps its value, under a name that is free. */
function jsonLine({ timestamp, level, message, fields }: Entry): string {
  const free = Object.entries(fields).map(([key, value]) => [
    RESERVED.has(key) ? `field_${key}` : key,
    value,
  ]);
  return escapeJson(JSON.stringify({ timestamp, level, message, ...Object.fromEntries(free) }));
}

function textLine(colour: boolean, hasTime: boolean): Render {
  return ({ timestamp, level, message, fields }) => {
    const word = level.padEnd(5);
    const shown = colour ? styleText(COLOURS[level], word, { validateStream: false }) : word;
    const pairs = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ` ${escapeText(key)}=${valueText(value)}`);
    return `${hasTime ? `${timestamp} ` : ''}${shown} ${escapeText(message)}${pairs.join('')}`;
  };
}

/** Plain words as they are, everything else as JSON: a value can then not look like another field. */
function valueText(value: unknown): string {
  return typeof value === 'string' && /^[\w.:/@+-]+$/.test(value)
    ? value
    : escapeJson(JSON.stringify(value));
}
