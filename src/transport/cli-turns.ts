/** Which line of a router's output answers which line that was typed, also while several are on their way. */
import type { CliLine } from '../drivers/driver.ts';
import { echoState, joinRows } from './cli-echo.ts';
import type { Prompts } from './cli-prompts.ts';

/** One line that was typed, and what came back so far. */
export interface Turn {
  readonly line: CliLine;
  readonly text: string[];
}

export interface Turns {
  readonly prompts: Prompts;
  readonly isChatter: (line: string) => boolean;
  /** Lines that were sent and whose echo has not come. */
  readonly waiting: CliLine[];
  /** What came of the echo of the first of them, where a margin or a message broke it. */
  rows: string;
  /** The turn whose answer is coming. */
  current: Turn | undefined;
  /** Prompts at the end of that answer, with nothing but messages after them. */
  promptsAtEnd: readonly string[];
  /** Turns whose answers are complete; whoever takes them empties it. */
  readonly complete: Turn[];
}

export function newTurns(options: Pick<Turns, 'prompts' | 'isChatter'>): Turns {
  const { prompts, isChatter } = options;
  const nothing = { waiting: [], rows: '', current: undefined, promptsAtEnd: [], complete: [] };
  return { prompts, isChatter, ...nothing };
}

/** The current answer is complete. */
export function finishTurn(turns: Turns): void {
  if (turns.current !== undefined) {
    turns.complete.push(turns.current);
  }
  turns.current = undefined;
  turns.promptsAtEnd = [];
}

/** Takes one complete line of output. Returns what the router read where that is not what was sent. */
export function readOutput(turns: Turns, output: string): string | undefined {
  if (turns.isChatter(output)) {
    return undefined;
  }
  if (output === '') {
    if (turns.promptsAtEnd.length === 0) {
      addText(turns, '');
    }
    return undefined;
  }
  const typed = turns.prompts.typedAt(output);
  if (typed !== undefined) {
    return readTyped(turns, output, typed);
  }
  readText(turns, output);
  return undefined;
}

/** A line that begins with one of our prompts. */
function readTyped(turns: Turns, output: string, typed: string): string | undefined {
  const { current, waiting, rows, promptsAtEnd, isChatter } = turns;
  if (typed === '' || isChatter(typed)) {
    const prompt = output.slice(0, output.length - typed.length).trimEnd();
    turns.promptsAtEnd = [...promptsAtEnd, prompt];
    return undefined;
  }
  const isRedrawn = current?.text.length === 0 && echoState(current.line.text, typed) === 'whole';
  if (isRedrawn || takeEcho(turns, typed)) {
    return undefined;
  }
  if (waiting.length > 0) {
    return rows === '' ? typed : rows;
  }
  addText(turns, output);
  return undefined;
}

/** Without a prompt in front: an echo after a message, or text. */
function readText(turns: Turns, output: string): void {
  const { current, waiting, promptsAtEnd } = turns;
  const isAtPrompt = current === undefined || promptsAtEnd.length > 0;
  if (isAtPrompt && takeEcho(turns, output)) {
    return;
  }
  // What is typed ahead shows as soon as it arrives on some systems, and again at its prompt.
  if (current === undefined || waiting.some((line) => line.text.trim() === output)) {
    return;
  }
  addText(turns, output);
}

/** What looked like a prompt before more text was text. */
function addText(turns: Turns, output: string): void {
  turns.current?.text.push(...turns.promptsAtEnd, output);
  turns.promptsAtEnd = [];
}

/** True if the text is all or a part of the echo of the line that is awaited. */
function takeEcho(turns: Turns, shown: string): boolean {
  const [next] = turns.waiting;
  const state = next === undefined ? 'other' : echoState(next.text, shown, turns.rows);
  if (next === undefined || state === 'other') {
    return false;
  }
  finishTurn(turns);
  turns.rows = state === 'part' ? joinRows(next.text, turns.rows, shown) : '';
  if (state === 'whole') {
    turns.waiting.shift();
    turns.current = { line: next, text: [] };
  }
  return true;
}
