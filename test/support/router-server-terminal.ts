/**
 * The terminal in front of a simulated router: reads keys as a line editor does, echoes and wraps them, pages, and can
 * have the faults of real lines. Enter is CR, LF or both.
 */
import type { Cli, Reply } from './routers/router.ts';

/** How the terminal behaves; without faults by default. */
export interface TerminalOptions {
  /** What the pager shows at the end of a page. */
  readonly pager: string;
  /** Default: true. */
  readonly echoes?: boolean | undefined;
  /** What an echo does at the width: goes on in a new line, makes room as GNU readline does, or scrolls as IOS does. */
  readonly wrap?: 'newline' | 'readline' | 'scroll' | undefined;
  /** Shows the prompt and the line once more after Enter, as RouterOS does. */
  readonly redraws?: boolean | undefined;
  /** Escape sequences around prompts and in answers, as VyOS has them. */
  readonly ansi?: boolean | undefined;
  /** Shown before the first prompt. */
  readonly motd?: string | undefined;
  /** Asked before the first prompt; any line is an answer. */
  readonly greeting?: string | undefined;
  /** How many typed characters wait while a line is worked on; those beyond are lost. Default: all. */
  readonly inputBuffer?: number | undefined;
  /** Milliseconds that one line takes. Default: 0. */
  readonly lineMs?: number | undefined;
  /** Lines are counted from 1. */
  readonly faults?: readonly Fault[] | undefined;
  /** Cuts what is written into pieces. Default: one. */
  readonly cut?: ((text: string) => readonly string[]) | undefined;
}

export type Fault =
  /** Nothing comes any more instead of the answer to this line, or its Enter. */
  | { readonly kind: 'stall'; readonly line: number }
  | {
      readonly kind: 'hang up';
      readonly line: number;
      readonly when: 'before' | 'within' | 'after';
    }
  /** A message in the middle of the echo, before each line of the answer, or after the prompt. */
  | {
      readonly kind: 'message';
      readonly line: number;
      readonly where: 'echo' | 'answer' | 'prompt';
      readonly text: string;
    }
  /** The echo shows so many characters only; the line is read as it was typed. */
  | { readonly kind: 'short echo'; readonly line: number; readonly characters: number };

export interface Terminal {
  /** What the client typed. */
  input(text: string): void;
  /** The connection is gone. */
  hangUp(): void;
  /** Lines that were entered. */
  readonly lines: readonly string[];
  /** How often the client typed when everything before it was worked off. */
  readonly roundTrips: () => number;
}

/** Where the terminal writes to. */
export interface Output {
  write(text: string): void;
  end(): void;
}

interface State {
  readonly cli: Cli;
  readonly options: TerminalOptions;
  readonly output: Output;
  readonly lines: string[];
  /** Typed and not yet read. */
  readonly keys: string[];
  /** The line that is being typed. */
  typed: string;
  column: number;
  question: string | undefined;
  isReading: boolean;
  /** What the pager holds back, and what comes after it. */
  page: { readonly lines: readonly string[]; readonly next: () => void } | undefined;
  isBusy: boolean;
  isOver: boolean;
  lastKey: string;
  roundTrips: number;
}

export function terminalOf(cli: Cli, output: Output, options: TerminalOptions): Terminal {
  const state: State = {
    cli,
    options,
    output,
    lines: [],
    keys: [],
    typed: '',
    column: 0,
    question: options.greeting,
    isReading: false,
    page: undefined,
    isBusy: false,
    isOver: false,
    lastKey: '',
    roundTrips: 0,
  };
  let isGreeted = options.greeting === undefined;
  write(state, options.motd ?? '');
  showPrompt(state);
  return {
    lines: state.lines,
    roundTrips: () => state.roundTrips,
    hangUp: () => {
      state.isOver = true;
      cli.hangUp();
    },
    input: (text) => {
      const isIdle = state.keys.length === 0 && !state.isBusy;
      state.roundTrips += isIdle ? 1 : 0;
      const room = (options.inputBuffer ?? Infinity) - state.keys.length;
      state.keys.push(...text.slice(0, Math.max(room, 0)).split(''));
      if (!isGreeted && /[\r\n]/.test(text)) {
        isGreeted = true;
        state.keys.splice(0);
        state.question = undefined;
        write(state, '\n');
        showPrompt(state);
      }
      work(state);
    },
  };
}

/** Reads keys as long as nothing has to be waited for. */
function work(state: State): void {
  while (!state.isBusy && !state.isOver) {
    const key = state.keys.shift();
    if (key === undefined) {
      return;
    }
    const isSecondHalf = key === '\n' && state.lastKey === '\r';
    state.lastKey = key;
    if (state.page !== undefined) {
      turnPage(state, key);
    } else if (!isSecondHalf) {
      press(state, key);
    }
  }
}

const CONTROLS = { '\u0003': 'c', '\u0004': 'd', '\u001A': 'z' } as const;

function press(state: State, key: string): void {
  if (key === '\r' || key === '\n') {
    enter(state);
  } else if (key in CONTROLS) {
    state.typed = '';
    state.question = undefined;
    state.isReading = false;
    write(state, '\n');
    answer(state, state.cli.control(CONTROLS[key as keyof typeof CONTROLS]));
  } else if (key === '\b' || key === '\u007F') {
    write(state, state.typed === '' ? '' : '\b \b');
    state.typed = state.typed.slice(0, -1);
  } else {
    state.typed += key;
    echo(state, key);
  }
}

function echo(state: State, key: string): void {
  const { typed, question, options } = state;
  const cut = faultOf(state, 'short echo', 1);
  if (options.echoes === false) {
    return;
  }
  if (/password/i.test(question ?? '') || (cut !== undefined && typed.length > cut.characters)) {
    return;
  }
  write(state, key);
  const message = faultOf(state, 'message', 1);
  if (message?.where === 'echo' && typed.length === ECHO_BEFORE_MESSAGE) {
    write(state, `\n${message.text}\n`);
  }
  const { width } = state.cli.terminal();
  if (width > 0 && state.column >= width) {
    wrap(state, options.wrap ?? 'newline');
  }
}

/** How much of an echo stands before a message in its middle. */
const ECHO_BEFORE_MESSAGE = 10;
/** How much of a line still shows when IOS has scrolled it. */
const SCROLLED = 20;

function wrap(state: State, kind: 'newline' | 'readline' | 'scroll'): void {
  const { typed, column } = state;
  if (kind === 'scroll') {
    const back = Math.min(typed.length, column);
    const tail = typed.slice(-SCROLLED);
    const blank = Math.max(back - tail.length - 1, 0);
    raw(state, `${'\b'.repeat(back)}$${tail}${' '.repeat(blank)}${'\b'.repeat(blank)}`);
    state.column = column - blank;
  } else {
    raw(state, kind === 'newline' ? '\r\n' : ' \r');
    state.column = 0;
  }
}

function enter(state: State): void {
  const { typed, options, question, isReading, lines } = state;
  state.typed = '';
  state.question = undefined;
  write(state, '\n');
  if (options.redraws === true && question === undefined && !isReading) {
    write(state, `${state.cli.prompt()}${typed}\n`);
  }
  lines.push(typed);
  const hangUp = faultOf(state, 'hang up', 0);
  if (faultOf(state, 'stall', 0) !== undefined) {
    state.isBusy = true;
  } else if (hangUp?.when === 'before') {
    end(state);
  } else if (options.lineMs === undefined) {
    answer(state, state.cli.enter(typed));
  } else {
    state.isBusy = true;
    setTimeout(() => {
      state.isBusy = false;
      answer(state, state.cli.enter(typed));
      work(state);
    }, options.lineMs);
  }
}

function answer(state: State, reply: Reply): void {
  if (state.isOver) {
    return;
  }
  const { ansi } = state.options;
  const text = ansi === true ? reply.text.replaceAll('\n', '\u001B[m\n') : reply.text;
  if (faultOf(state, 'hang up', 0)?.when === 'within') {
    write(state, text.slice(0, Math.ceil(text.length / 2)));
    end(state);
    return;
  }
  const message = faultOf(state, 'message', 0);
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const shown = message?.where === 'answer' ? lines.flatMap((line) => [message.text, line]) : lines;
  showLines(state, shown, () => finish(state, reply));
}

function finish(state: State, reply: Reply): void {
  state.question = reply.question;
  state.isReading = reply.reads === true || (state.isReading && reply.text === '');
  if (reply.closes === true) {
    end(state);
    return;
  }
  if (!state.isReading) {
    showPrompt(state);
  }
  const message = faultOf(state, 'message', 0);
  if (message?.where === 'prompt') {
    write(state, `\n${message.text}\n`);
  }
  if (faultOf(state, 'hang up', 0)?.when === 'after') {
    end(state);
  }
}

/** A page of it where the terminal has a length. */
function showLines(state: State, lines: readonly string[], next: () => void): void {
  const { length } = state.cli.terminal();
  const size = length > 0 ? length - 1 : lines.length;
  write(
    state,
    lines
      .slice(0, size)
      .map((line) => `${line}\n`)
      .join(''),
  );
  if (lines.length <= size) {
    next();
    return;
  }
  state.page = { lines: lines.slice(size), next };
  raw(state, state.options.pager);
}

function turnPage(state: State, key: string): void {
  const { page, options } = state;
  if (page === undefined || !/[ \rq]/.test(key)) {
    return;
  }
  const back = '\b'.repeat(options.pager.length);
  raw(state, back + ' '.repeat(options.pager.length) + back);
  state.page = undefined;
  showLines(state, key === 'q' ? [] : page.lines, page.next);
}

function showPrompt(state: State): void {
  const before = state.options.ansi === true ? '\r\u001B[K\u001B[?2004h' : '';
  raw(state, before);
  write(state, state.question ?? state.cli.prompt());
}

/** The fault of the line with `ahead` more than were entered. */
function faultOf<K extends Fault['kind']>(
  { options, lines }: State,
  kind: K,
  ahead: 0 | 1,
): Extract<Fault, { readonly kind: K }> | undefined {
  const isMeant = (fault: Fault): fault is Extract<Fault, { readonly kind: K }> =>
    fault.kind === kind && fault.line === lines.length + ahead;
  return options.faults?.find(isMeant);
}

/** Keeps the column; lines end in `\n`. */
function write(state: State, text: string): void {
  const last = text.lastIndexOf('\n');
  state.column = last === -1 ? state.column + text.length : text.length - last - 1;
  raw(state, text.replaceAll('\n', '\r\n'));
}

function raw({ options, output, isOver }: State, text: string): void {
  if (!isOver && text !== '') {
    (options.cut?.(text) ?? [text]).forEach((piece) => output.write(piece));
  }
}

function end(state: State): void {
  state.isOver = true;
  state.output.end();
}
