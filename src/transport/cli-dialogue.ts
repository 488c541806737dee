/**
 * Types the lines of a dialogue and sorts the answers to them. Several lines may be on their way; the last answer is over
 * when an empty line brings the prompt once more, because text can look like a prompt, but does not answer.
 */
import type { CliLine, Dialogue, LineAnswer } from '../drivers/driver.ts';
import { answerOf, type Console, isRefused } from './cli-console.ts';
import {
  isLongSilent,
  MAX_HEADER,
  progressOf,
  refuseEndless,
  refuseQuestion,
  silent,
  type Talk,
  torn,
} from './cli-talk.ts';
import { END_OF_TEXT, nextPiece, READS, withoutPasted } from './cli-paste.ts';
import { finishTurn, newTurns, readOutput, type Turn } from './cli-turns.ts';

/** How many characters one line of the window stands for: input buffers count characters. */
const LINE_CHARACTERS = 32;

/** Resolves with one answer for each line that was sent. Begins at a prompt of ours, and ends at one. */
export async function talk(
  console: Console,
  { lines, goesOn = false, onAnswer }: Dialogue,
  signal: AbortSignal,
): Promise<readonly LineAnswer[]> {
  const { prompts, reader } = console;
  const state: Talk = {
    console,
    lines,
    goesOn,
    onAnswer,
    signal,
    turns: newTurns({ prompts, isChatter: (line) => console.isChatter(line) }),
    answers: [],
    before: reader.received(),
    next: 0,
    sent: 0,
    hasProbed: false,
    probes: 0,
    answered: undefined,
    pasted: 0,
    pasteShows: 0,
    idleMs: 0,
    since: performance.now(),
  };
  sendMore(state);
  while (state.answers.length < state.next) {
    const news = await console.next(console.quietMs, signal, progressOf(state));
    if (news === 'more') {
      state.idleMs = 0;
      absorb(state);
    } else {
      state.idleMs += console.quietMs;
      afterSilence(state);
    }
    refuseEndless(state);
    sendMore(state);
  }
  return state.answers;
}

/** Sends as many lines as may be on their way, once half of those before are answered. */
function sendMore(state: Talk): void {
  if (state.next - state.answers.length - freeIn(state) > state.sent / 2) {
    return;
  }
  const texts: string[] = [];
  for (;;) {
    const line = state.lines[state.next];
    if (line === undefined || !maySend(state, line)) {
      break;
    }
    state.next += 1;
    const { text } = line;
    const { lineLength } = state.console.definition;
    if (text.length > lineLength) {
      const words = `not sent: a line of ${text.length} characters, and the router takes ${lineLength}`;
      complete(state, { line: text, text: words, refused: true });
      continue;
    }
    state.turns.waiting.push(line);
    texts.push(text);
  }
  state.sent = state.next - state.answers.length;
  if (texts.length > 0) {
    state.console.type(...texts);
  }
}

function maySend(state: Talk, line: CliLine): boolean {
  const { goesOn, answers, next, lines, console } = state;
  const inFlight = lines.slice(answers.length, next);
  if (inFlight.length === 0) {
    return goesOn || answers.at(-1)?.refused !== true;
  }
  const isAlone = [line, ...inFlight].some(
    ({ text, answers: replies, paste }) =>
      (replies ?? paste) !== undefined || text.length > console.definition.lineLength,
  );
  if (!goesOn || isAlone || state.hasProbed) {
    return false;
  }
  const free = freeIn(state);
  const characters = [line, ...inFlight].reduce((sum, { text }) => sum + text.length + 1, 0);
  const { window } = console;
  return inFlight.length - free < window && (free === 1 || characters <= window * LINE_CHARACTERS);
}

/** 1 where a prompt shows that the last line is answered; whether it is one, the echo of the next will tell. */
function freeIn(state: Talk): number {
  return state.next - state.answers.length === 1 && isAtPrompt(state) ? 1 : 0;
}

/** The current line was echoed, and a prompt of ours stands at the end. */
function isAtPrompt({ turns, console: { reader, prompts } }: Talk): boolean {
  return turns.current !== undefined && prompts.ownKind(reader.open()) !== undefined;
}

function absorb(state: Talk): void {
  const { console, turns } = state;
  for (const row of console.take()) {
    const output = unanswered(state, row);
    const wrong = output === undefined ? undefined : readOutput(turns, output);
    if (wrong !== undefined) {
      throw torn(state, wrong);
    }
    turns.complete.splice(0).forEach((turn) => complete(state, judge(state, turn)));
  }
  if (state.hasProbed && turns.waiting.length > 0 && turns.promptsAtEnd.length > 0) {
    throw torn(state, turns.rows);
  }
  respond(state);
}

/** Undefined for a line that held only a question and its answer. */
function unanswered(state: Talk, row: string): string | undefined {
  const { answered } = state;
  state.answered = undefined;
  if (answered === 'pager') {
    return row.replace(state.console.definition.pager, '').trimEnd();
  }
  return answered === 'question' ? undefined : row;
}

function complete(state: Talk, answer: LineAnswer): void {
  state.answers.push(answer);
  state.onAnswer?.();
  state.since = performance.now();
  state.pasted = 0;
  state.hasProbed = false;
  state.probes = 0;
}

function judge(state: Talk, { line, text }: Turn): LineAnswer {
  const { definition } = state.console;
  const { rows, tornAt } = withoutPasted(text, line.paste ?? '');
  if (tornAt !== undefined) {
    throw torn(state, rows.join(' '), line.paste?.slice(tornAt).split('\n')[0]);
  }
  const answer = answerOf(line.text, rows);
  return { ...answer, refused: isRefused(definition, answer.text, line.harmless) };
}

/** Answers what stands at the end, as far as it is expected. */
function respond(state: Talk): void {
  const { console, turns } = state;
  const current = turns.current;
  if (current === undefined || state.answered !== undefined) {
    return;
  }
  const open = console.reader.open();
  if (console.definition.pager.exec(open.trimStart())?.index === 0) {
    state.answered = 'pager';
    console.wire.write(' ');
    return;
  }
  const known = current.line.answers?.find(({ question }) => question.test(open));
  if (known !== undefined) {
    state.answered = 'question';
    console.type(known.answer);
    return;
  }
  if (isReading(state, current) && console.reader.received() >= state.pasteShows) {
    paste(state);
  }
  settle(state);
}

/** The current line makes the router read, and it does so by now. */
function isReading({ pasted }: Talk, { line, text }: Turn): boolean {
  return line.paste !== undefined && (pasted > 0 || text.some((row) => READS.test(row)));
}

/** One piece at a time; the next one when it shows, or nothing does. */
function paste(state: Talk): void {
  const wanted = state.turns.current?.line.paste;
  const text = wanted === undefined || wanted.endsWith('\n') ? wanted : `${wanted}\n`;
  if (text === undefined || state.pasted > text.length) {
    return;
  }
  const piece = nextPiece(text, state.pasted, state.console.window * LINE_CHARACTERS);
  state.pasted += piece === '' ? 1 : piece.length;
  state.pasteShows = state.console.reader.received() + piece.length;
  state.console.wire.write(piece === '' ? END_OF_TEXT : piece.replaceAll('\n', '\r'));
}

/** Finds the end of the last answer, once nothing more may be sent before it. */
function settle(state: Talk): void {
  const { console, turns, lines, next, hasProbed } = state;
  const line = lines[next];
  const hasMore = turns.waiting.length > 0 || (line !== undefined && maySend(state, line));
  if (turns.current === undefined || hasMore) {
    return;
  }
  if (!hasProbed) {
    const isAt = isAtPrompt(state);
    if (isAt || (console.reader.open().trim() === '' && turns.promptsAtEnd.length > 0)) {
      probe(state, isAt);
    }
  } else if (isConfirmed(state) || hasHeader(state, turns.current.text)) {
    finishTurn(turns);
    turns.complete.splice(0).forEach((turn) => complete(state, judge(state, turn)));
  }
}

/** The same prompt stands twice, with nothing in between. */
function isConfirmed(state: Talk): boolean {
  const above = state.turns.promptsAtEnd;
  const open = state.console.reader.open();
  return above.length > 1 || (isAtPrompt(state) && above.at(-1) === open.trimEnd());
}

/**
 * The prompt has lines above it (VyOS): the empty line was answered with the same ones as those before it. They are taken
 * out of the answer.
 */
function hasHeader(state: Talk, text: string[]): boolean {
  const { console } = state;
  const at = isAtPrompt(state) ? text.lastIndexOf(console.reader.open().trimEnd()) : -1;
  const header = text.slice(at + 1).filter((row) => row !== '');
  if (at === -1 || header.length === 0 || header.length > MAX_HEADER) {
    return false;
  }
  const before = text.slice(0, at).findLastIndex((row) => row !== '') + 1 - header.length;
  if (before < 0 || header.some((row, index) => text[before + index] !== row)) {
    return false;
  }
  console.learnHeader(header);
  text.length = before;
  return true;
}

function probe(state: Talk, isAt: boolean): void {
  const { turns } = state;
  // The open line counts as soon as it is complete.
  turns.promptsAtEnd = isAt ? [] : turns.promptsAtEnd.slice(-1);
  state.hasProbed = true;
  state.probes += 1;
  state.console.type('');
}

function afterSilence(state: Talk): void {
  const { console, turns, idleMs } = state;
  const open = console.reader.open();
  if (idleMs >= console.deadlineMs) {
    throw silent(state);
  }
  if (turns.waiting.length > 0) {
    askAgain(state);
  } else if (isAtPrompt(state) || (open.trim() === '' && turns.promptsAtEnd.length > 0)) {
    // What swallowed the empty line is over now.
    state.hasProbed = false;
    settle(state);
  } else if (turns.current !== undefined) {
    if (isReading(state, turns.current) || isLongSilent(state)) {
      paste(state);
    }
    refuseQuestion(state, turns.current.line.text);
  }
}

/** The echo of a line does not come: an empty line will show whether the router has read all that was sent. */
function askAgain(state: Talk): void {
  const { console, turns, hasProbed } = state;
  const open = console.reader.open();
  const isAt = console.prompts.ownKind(open) !== undefined;
  if (!isLongSilent(state)) {
    return;
  }
  if (!isAt && turns.waiting[0]?.text.startsWith(console.prompts.typedAt(open) ?? ' ') === true) {
    throw torn(state, open);
  }
  if (isAt && !hasProbed) {
    probe(state, isAt);
  }
}
