/**
 * The log: winston behind four functions, as text or as JSON lines. Messages are static, values are fields. Secrets
 * are masked and hostile characters escaped by the logger's own format, so no transport can see them.
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
}

export interface LogOptions {
  readonly stream: NodeJS.WritableStream;
  /** The least important level that is written; `debug` adds the stacks of errors. */
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly colour: boolean;
}

interface Entry {
  readonly timestamp: string;
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

// The most important first.
const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

const COLOURS = { error: 'red', warn: 'yellow', info: 'green', debug: 'gray' } as const;

/** How to log: `--log-format`, else $ROUTE_SYNC_LOG; colour only on a terminal and without $NO_COLOR. */
export function logStyle(options: {
  readonly flag?: LogFormat | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
}): { readonly format: LogFormat; readonly colour: boolean } {
  const { flag, env, isTerminal } = options;
  const colour = isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return { format: flag ?? (env['ROUTE_SYNC_LOG'] === 'json' ? 'json' : 'text'), colour };
}

export function createLog(options: LogOptions): Log {
  let logger: winston.Logger | undefined;
  return logOver((level, message, fields) => {
    if (LEVELS.indexOf(level) <= LEVELS.indexOf(options.level)) {
      logger ??= createLogger(options);
      logger.log({ level, message, fields });
    }
  }, {});
}

// Loaded for the first line that is written: it costs a quiet command more time than its own work.
function createLogger({ stream, level, format, colour }: LogOptions): winston.Logger {
  const lib = createRequire(import.meta.url)('winston') as typeof winston;
  const withStacks = level === 'debug';
  const clean = lib.format((info) => {
    info.message = redactText(String(info.message));
    info['fields'] = redact(info['fields'], withStacks);
    return info;
  });
  const render = format === 'json' ? jsonLine : textLine(colour);
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

type Write = (level: LogLevel, message: string, fields: LogFields) => void;

function logOver(write: Write, always: LogFields): Log {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void =>
      write(level, message, { ...always, ...fields });
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    child: (fields) => logOver(write, { ...always, ...fields }),
  };
}

function jsonLine({ timestamp, level, message, fields }: Entry): string {
  return escapeJson(JSON.stringify({ ...fields, timestamp, level, message }));
}

function textLine(colour: boolean): (entry: Entry) => string {
  return ({ timestamp, level, message, fields }) => {
    const word = level.padEnd(5);
    const shown =
      colour && level in COLOURS
        ? styleText(COLOURS[level as LogLevel], word, { validateStream: false })
        : word;
    const pairs = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ` ${escapeText(key)}=${valueText(value)}`);
    return `${timestamp} ${shown} ${escapeText(message)}${pairs.join('')}`;
  };
}

/** Plain words as they are, everything else as JSON: a value can then not look like another field. */
function valueText(value: unknown): string {
  return typeof value === 'string' && /^[\w.:/@+-]+$/.test(value)
    ? value
    : escapeJson(JSON.stringify(value));
}
