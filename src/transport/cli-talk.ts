/** How far a dialogue has come, and where it cannot go on. */
import type { CliLine, LineAnswer } from '../drivers/driver.ts';
import type { RouteSyncError } from '../errors.ts';
import type { Console } from './cli-console.ts';
import { lost, type Progress, quote, strange } from './cli-errors.ts';
import type { Turns } from './cli-turns.ts';

/** A router that never comes to an end is not waited for longer than so many deadlines. */
const MAX_DEADLINES = 10;
/** A prompt that an empty line does not bring again after so many tries is none. */
const MAX_PROBES = 8;
/** A router that is silent for so many times waits for something. */
const LONG_QUIETS = 4;
/** How questions of routers end. */
const QUESTION = /[?:\])>]\s*$/;

/** How many lines stand above a prompt at most. */
export const MAX_HEADER = 2;

/** A dialogue that is under way. */
export interface Talk {
  readonly console: Console;
  readonly lines: readonly CliLine[];
  readonly goesOn: boolean;
  readonly onAnswer: (() => void) | undefined;
  readonly signal: AbortSignal;
  readonly turns: Turns;
  readonly answers: LineAnswer[];
  /** Characters that had come before it. */
  readonly before: number;
  /** The index of the line to send next. */
  next: number;
  /** How many were on their way when no more could be sent. */
  sent: number;
  /** An empty line was sent to see whether the prompt is one. */
  hasProbed: boolean;
  /** How many were sent for the current line. */
  probes: number;
  /** What was answered in the open line. */
  answered: 'pager' | 'question' | undefined;
  /** Characters of the current line's `paste` that were typed. */
  pasted: number;
  /** How many characters have come when the last piece of it shows. */
  pasteShows: number;
  idleMs: number;
  /** When the last answer was complete. */
  since: number;
}

/** For messages. */
export function progressOf({ lines, next, answers }: Talk): Progress {
  return { line: lines[next - 1]?.text ?? '', answered: answers.length, lines: lines.length };
}

/** Long enough to be asked what it waits for. */
export function isLongSilent({ console, idleMs }: Talk): boolean {
  return idleMs >= LONG_QUIETS * console.quietMs;
}

/** The router waits for something that is not the next line. */
export function refuseQuestion(state: Talk, line: string): void {
  const { prompts, reader, description } = state.console;
  const open = reader.open();
  if (!isLongSilent(state) || state.answered !== undefined) {
    return;
  }
  if (prompts.kindOf(open) !== undefined) {
    throw strange(description, `shows another prompt after ${quote(line)}: ${quote(open)}`);
  }
  if (QUESTION.test(open)) {
    const problem = `asks what nobody expects after ${quote(line)}: ${quote(open)}`;
    throw strange(description, problem, { question: open.trim() });
  }
}

/** More than any answer takes, in time or in text. */
export function refuseEndless(state: Talk): void {
  const { console, before, since, probes } = state;
  if (performance.now() - since > MAX_DEADLINES * console.deadlineMs || probes > MAX_PROBES) {
    throw silent(state);
  }
  if (console.reader.received() - before > console.maxOutput) {
    throw strange(
      console.description,
      `answers ${quote(progressOf(state).line)} with more than ${console.maxOutput} characters`,
    );
  }
}

/** The deadline of a line has passed. */
export function silent(state: Talk): RouteSyncError {
  const { description, deadlineMs } = state.console;
  const reason = `gave no complete answer within ${deadlineMs / 1000} s`;
  return lost({ description, reason, progress: progressOf(state) });
}

/** The router would do something else than it was told. */
export function torn(
  { turns, console }: Talk,
  read: string,
  sent = turns.waiting[0]?.text ?? '',
): RouteSyncError {
  return strange(
    console.description,
    `lost characters: ${quote(read)} was read where ${quote(sent)} was typed; fewer lines are sent at once from now on`,
    { torn: true },
  );
}
