/** One login to a CLI of Cisco's kind: modes, abbreviations, pipes, questions, terminal size. */
import { readLine, type Next, type Node, type Parsed } from './cisco-grammar.ts';
import type { Cli, Reply } from './router.ts';

/** One mode; the outermost is the exec mode. */
export interface Mode {
  /** What stands between the hostname and the end of the prompt: `(config-if)#`. */
  readonly suffix: string;
  readonly grammar: () => Node<Reply>;
  /** A command of the mode outside of it is taken too, and leaves this one. */
  readonly isOpen?: true;
  /** Told when the mode is left. */
  readonly left?: () => void;
}

/** What one login knows of itself. */
export interface Login {
  readonly user: string;
  /** The outermost mode first; never empty. */
  modes: readonly [Mode, ...Mode[]];
  length: number;
  width: number;
}

/** How an OS of the family differs from the others. */
export interface Family {
  readonly hostname: () => string;
  /** Called before each line: timers. */
  readonly tick: () => void;
  /** Text for a line that is refused before it does anything; undefined to read it. */
  readonly forbids: (line: string) => string | undefined;
  readonly invalid: (at: number) => string;
  readonly incomplete: string;
  readonly ambiguous: (line: string) => string;
  readonly hungUp: (login: Login) => void;
}

/** An answer of lines, each ended. */
export function told(...lines: readonly string[]): Reply {
  return { text: lines.map((line) => `${line}\n`).join('') };
}

export const SILENT: Reply = { text: '' };

/** Enters a mode inside of the present one. */
export function push(login: Login, mode: Mode): Reply {
  login.modes = [...login.modes, mode];
  return SILENT;
}

/** Leaves modes until the given number is left. */
export function leaveTo(login: Login, depth: number): Reply {
  const [first, ...rest] = login.modes;
  rest.slice(depth - 1).forEach((mode) => mode.left?.());
  login.modes = [first, ...rest.slice(0, depth - 1)];
  return SILENT;
}

/** The login as the outside sees it. */
export function cliOf(family: Family, login: Login): Cli {
  let asked: ((answer: string) => Reply) | undefined;
  const prompt = (): string => `${family.hostname()}${login.modes.at(-1)?.suffix ?? ''}`;
  const remember = (reply: AskingReply): Reply => {
    asked = reply.answered;
    return reply;
  };
  return {
    prompt,
    enter: (line) => {
      family.tick();
      const answer = asked;
      asked = undefined;
      return remember(answer?.(line) ?? readCommand(family, login, { line, prompt: prompt() }));
    },
    control: (key) => {
      asked = undefined;
      return key === 'z' ? leaveTo(login, 1) : SILENT;
    },
    terminal: () => ({ length: login.length, width: login.width }),
    hangUp: () => {
      leaveTo(login, 1);
      family.hungUp(login);
    },
  };
}

/** A reply that may ask, with what the answer does. */
export interface AskingReply extends Reply {
  readonly answered?: (answer: string) => Reply;
  /** What `| json` shows. */
  readonly json?: unknown;
}

interface Typed {
  readonly line: string;
  readonly prompt: string;
}

function readCommand(family: Family, login: Login, { line, prompt }: Typed): Reply {
  const [command = '', ...filters] = line.split(/ \| /);
  const text = command.trim();
  if (text === '' || text.startsWith('!')) {
    return SILENT;
  }
  const forbidden = family.forbids(text);
  if (forbidden !== undefined) {
    return told(forbidden);
  }
  const parsed = parseIn(login, command);
  if (parsed.kind === 'run') {
    return filtered(parsed.run(), filters, family);
  }
  if (parsed.kind === 'invalid') {
    return { text: family.invalid(prompt.length + parsed.at) };
  }
  return told(parsed.kind === 'incomplete' ? family.incomplete : family.ambiguous(text));
}

/** By the innermost mode that knows the command; the modes inside of it are left. */
function parseIn(login: Login, command: string): Parsed<Reply> {
  const [first, ...inner] = login.modes;
  for (const [at, mode] of [...inner.entries()].toReversed()) {
    const parsed = readLine(mode.grammar(), command);
    if (parsed.kind !== 'invalid' || mode.isOpen !== true) {
      return parsed.kind === 'run'
        ? { ...parsed, run: leaving(login, at + 2, parsed.run) }
        : parsed;
    }
  }
  return readLine(first.grammar(), command);
}

function leaving(login: Login, depth: number, run: () => Reply): () => Reply {
  return () => {
    leaveTo(login, depth);
    return run();
  };
}

function filtered(reply: AskingReply, filters: readonly string[], family: Family): Reply {
  if (filters.length === 0) {
    return reply;
  }
  if (filters[0]?.trim() === 'json' && reply.json !== undefined) {
    return told(JSON.stringify(reply.json, undefined, 4));
  }
  let lines: readonly string[] = reply.text.replace(/\n$/, '').split('\n');
  for (const filter of filters) {
    const [, verb = '', pattern = ''] = /^\s*(\w+)\s+(.*?)\s*$/.exec(filter) ?? [];
    const apply = FILTERS[verb];
    if (apply === undefined) {
      return { text: family.invalid(0) };
    }
    lines = apply(lines, new RegExp(pattern));
  }
  return lines.length === 0 ? SILENT : told(...lines);
}

type Filter = (lines: readonly string[], pattern: RegExp) => readonly string[];

const FILTERS: Readonly<Record<string, Filter>> = {
  include: (lines, pattern) => lines.filter((line) => pattern.test(line)),
  exclude: (lines, pattern) => lines.filter((line) => !pattern.test(line)),
  begin: (lines, pattern) => lines.slice(lines.findIndex((line) => pattern.test(line))),
  section: (lines, pattern) => {
    let isInside = false;
    return lines.filter((line) => {
      isInside = /^\s/.test(line) ? isInside : pattern.test(line);
      return isInside;
    });
  },
};

/** What every exec mode of the family has. */
export function terminalWords(login: Login, widest: number): Readonly<Record<string, Next<Reply>>> {
  const size =
    (name: 'length' | 'width', most: number): Next<Reply> =>
    () => ({
      values: [
        {
          name,
          fits: /^\d{1,5}$/,
          next: () => ({
            run: (values) => {
              const wanted = Number(values[name]);
              if (wanted > most) {
                return told("% Invalid input detected at '^' marker.");
              }
              login[name] = wanted;
              return SILENT;
            },
          }),
        },
      ],
    });
  return {
    terminal: () => ({ words: { length: size('length', 512), width: size('width', widest) } }),
  };
}
