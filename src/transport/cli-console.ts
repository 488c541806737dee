/** What all parts of a CLI session share: the wire, what is known of the router, and how patient we are. */
import type { LineAnswer } from '../drivers/driver.ts';
import type { SessionDefinition } from '../drivers/session.ts';
import type { RouteSyncError } from '../errors.ts';
import { lost, type Progress, quote } from './cli-errors.ts';
import { promptsOf, type Prompts } from './cli-prompts.ts';
import { cliReader, type CliReader } from './cli-reader.ts';
import { redactLine } from './cli-redact.ts';
import type { CliWire } from './cli-wire.ts';

/** One line of a session, for records; secrets are masked, and passwords are not shown at all. */
export interface CliEvent {
  readonly kind: 'sent' | 'received';
  readonly text: string;
}

export interface CliSessionOptions {
  /** Where it leads, for people. */
  readonly description: string;
  /** The password of the privileged mode; asked for only where the router asks for it. */
  readonly enableSecret?: (() => Promise<string>) | undefined;
  /** How long the router may be silent before it has answered a line. Default: 60,000. */
  readonly deadlineMs?: number | undefined;
  /** After how much silence it is taken to wait for something. Default: 500. */
  readonly quietMs?: number | undefined;
  /** Characters of one dialogue's answers. Default: 200 million. */
  readonly maxOutput?: number | undefined;
  /** Instead of the window of the definition. */
  readonly window?: number | undefined;
  readonly record?: ((event: CliEvent) => void) | undefined;
}

const DEADLINE_MS = 60_000;
const QUIET_MS = 500;
const MAX_OUTPUT = 200_000_000;
/** What comes of itself on many systems: syslogd and shutdown to all terminals, the notices of a reload. */
const NOTICES = [/^\s*\*{3}/, /^(?:Broadcast )?message from /i, /^The system (?:is going|will) /];
/** Of a notice: why the session may soon be gone. */
const FAREWELL = /shut(?:ting)?[ -]?down|going down|reload|reboot/i;

export interface Console {
  readonly wire: CliWire;
  readonly reader: CliReader;
  readonly definition: SessionDefinition;
  readonly prompts: Prompts;
  readonly description: string;
  readonly deadlineMs: number;
  readonly quietMs: number;
  readonly maxOutput: number;
  readonly window: number;
  readonly enableSecret: (() => Promise<string>) | undefined;
  isChatter(line: string): boolean;
  /** Lines that stand above the prompt and belong to it; from now on they are in no answer. */
  learnHeader(rows: readonly string[]): void;
  /** Types each line and Enter, all at once. */
  type(...lines: readonly string[]): void;
  /** As {@link type}, for what nobody may see. */
  typeSecret(text: string): void;
  /** The lines that were completed since the last call. */
  take(): readonly string[];
  /** Waits for more; 'quiet' after so many milliseconds. Throws where nothing can come any more. */
  next(milliseconds: number, signal: AbortSignal, progress?: Progress): Promise<'more' | 'quiet'>;
}

export function consoleOf(
  wire: CliWire,
  definition: SessionDefinition,
  options: CliSessionOptions,
): Console {
  const reader = cliReader(wire);
  const { description, record } = options;
  const headers = new Set<string>();
  let farewell = '';
  const { note, hide } = recorder(definition, record);
  return {
    wire,
    reader,
    definition,
    prompts: promptsOf(definition),
    description,
    deadlineMs: options.deadlineMs ?? DEADLINE_MS,
    quietMs: options.quietMs ?? QUIET_MS,
    maxOutput: options.maxOutput ?? MAX_OUTPUT,
    window: options.window ?? definition.window,
    enableSecret: options.enableSecret,
    isChatter: (line) => {
      const isChatter =
        headers.has(line) ||
        [...definition.chatter, ...NOTICES].some((pattern) => pattern.test(line));
      if (isChatter && FAREWELL.test(line)) {
        farewell = line;
      }
      return isChatter;
    },
    learnHeader: (rows) => rows.forEach((row) => headers.add(row)),
    type: (...lines) => {
      lines.forEach((line) => note('sent', line));
      wire.write(lines.map((line) => `${line}\r`).join(''));
    },
    typeSecret: (text) => {
      hide(text);
      note('sent', text);
      wire.write(`${text}\r`);
    },
    take: () => {
      const lines = reader.take();
      lines.forEach((line) => note('received', line));
      return lines;
    },
    next: async (milliseconds, signal, progress) => {
      const news = await reader.next(milliseconds, signal);
      if (news === 'more' || news === 'quiet') {
        return news;
      }
      if (news === 'aborted') {
        const reason = 'was stopped: a deadline passed or route-sync is ending';
        throw lost({ description, reason, progress, cause: signal.reason });
      }
      throw cutOff({ description, farewell, progress, failure: wire.failure() });
    },
  };
}

interface Recorder {
  readonly note: (kind: CliEvent['kind'], text: string) => void;
  /** From now on nothing shows this, also where a router shows what is typed at its question for a password. */
  readonly hide: (secret: string) => void;
}

function recorder({ redact }: SessionDefinition, record: CliSessionOptions['record']): Recorder {
  const secrets = new Set<string>();
  return {
    hide: (secret) => secrets.add(secret),
    note: (kind, text) => {
      if (record !== undefined) {
        const hidden = [...secrets].reduce((kept, one) => kept.replaceAll(one, '[secret]'), text);
        record({ kind, text: redactLine(hidden, redact) });
      }
    },
  };
}

interface CutOff {
  readonly description: string;
  /** The notice of a reload, where one came. */
  readonly farewell: string;
  readonly progress: Progress | undefined;
  readonly failure: RouteSyncError | undefined;
}

function cutOff({ description, farewell, progress, failure }: CutOff): RouteSyncError {
  const why = failure === undefined ? '' : `: ${failure.message}`;
  const said = farewell === '' ? '' : ` (the router said ${quote(farewell)})`;
  return lost({ description, reason: `was lost${said}${why}`, progress, cause: failure });
}

/** True if the words are a failure that the line does not expect. */
export function isRefused(definition: SessionDefinition, text: string, harmless?: RegExp): boolean {
  const isFailure = text
    .split('\n')
    .some((line) => definition.failures.some((failure) => failure.test(line)));
  return isFailure && harmless?.test(text) !== true;
}

/** The lines of an answer without what is empty at its ends. */
export function answerOf(line: string, rows: readonly string[], refused = false): LineAnswer {
  const first = rows.findIndex((row) => row !== '');
  const last = rows.findLastIndex((row) => row !== '');
  const text = first === -1 ? '' : rows.slice(first, last + 1).join('\n');
  return { line, text, refused };
}
