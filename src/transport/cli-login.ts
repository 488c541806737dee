/** From the first character of a login to the prompt where dialogues begin. */
import type { RouteSyncError } from '../errors.ts';
import { answerOf, type Console } from './cli-console.ts';
import { lost, quote, refusedLogin, strange } from './cli-errors.ts';
import { talk } from './cli-dialogue.ts';
import { MAX_HEADER } from './cli-talk.ts';

/** Ctrl-C: leaves a question. */
export const INTERRUPT = '\u0003';
const PASSWORD = /passw(?:or)?d ?:?\s*$/i;
/** The router asks again who we are, although SSH has told it. */
const LOGIN = /^(?:user ?name|user|login|password) ?:\s*$/i;
/** Silence is asked for in parts of this size, so that more text between them shows. */
const PARTS = 5;
/** So many candidates for a prompt stand in no banner. */
const MAX_PROBES = 20;
/** From a shell to the CLI, and from there to the privileged mode. */
const MAX_STEPS = 3;

/** Finds the prompt, learns its host, gets the privilege, and sets the terminal up. */
export async function logIn(console: Console, signal: AbortSignal): Promise<void> {
  console.prompts.learn(await firstPrompt(console, signal));
  await raise(console, signal);
  for (const line of console.definition.setup) {
    const [answer] = await talk(console, { lines: [line] }, signal);
    if (answer?.refused === true) {
      throw strange(
        console.description,
        `refuses ${quote(line.text)}, which every session begins with: ${quote(answer.text)}`,
      );
    }
  }
}

/** Back to where dialogues begin, from wherever the last one has ended. */
export async function goHome(console: Console, signal: AbortSignal): Promise<void> {
  const isHome = (): boolean => console.prompts.ownKind(console.reader.open()) === 'prompt';
  await findPrompt(console, signal);
  await raise(console, signal);
  for (const line of console.definition.toPrompt) {
    if (isHome()) {
      return;
    }
    await talk(console, { lines: [line] }, signal);
  }
  if (!isHome()) {
    throw strange(
      console.description,
      `does not come back to the prompt of its privileged mode: it stands at ${quote(console.reader.open())}`,
    );
  }
}

/** Waits until a prompt of ours stands at the end; messages may have pushed it away. */
export async function findPrompt(console: Console, signal: AbortSignal): Promise<void> {
  const { prompts, reader, quietMs, deadlineMs, description } = console;
  for (let waitedMs = 0; prompts.ownKind(reader.open()) === undefined;) {
    if (waitedMs >= deadlineMs) {
      throw lost({ description, reason: 'shows no prompt any more' });
    }
    const news = await console.next(waitedMs === 0 ? 0 : quietMs, signal);
    console.take();
    waitedMs += news === 'more' ? 1 : quietMs;
    if (news === 'quiet' && reader.open().trim() === '') {
      console.type('');
    }
  }
}

interface Search {
  /** The candidate that an empty line was sent for. */
  probed: string | undefined;
  /** The lines that were complete since then. */
  rows: readonly string[];
  /** What stood between two prompts the last time. */
  header: string;
  probes: number;
  isAnswered: boolean;
  idleMs: number;
}

/** What looks like a prompt is one if an empty line brings it again; a banner does not answer. */
async function firstPrompt(console: Console, signal: AbortSignal): Promise<string> {
  const { reader, deadlineMs, quietMs } = console;
  const nothing = { probed: undefined, rows: [], header: '', probes: 0 };
  const search: Search = { ...nothing, isAnswered: false, idleMs: 0 };
  for (;;) {
    const news = await waitAtLogin(console, search, signal);
    const rows = console.take();
    search.isAnswered &&= rows.length === 0;
    search.rows = [...search.rows, ...rows].filter((row) => row !== '' && !console.isChatter(row));
    const open = reader.open();
    if (news === 'more') {
      search.idleMs = 0;
      answerGreeting(console, search);
      continue;
    }
    search.idleMs += quietMs / PARTS;
    if (isConfirmed(console, search)) {
      return open;
    }
    if (search.idleMs >= deadlineMs || search.probes > MAX_PROBES) {
      throw noPrompt(console, open);
    }
  }
}

/** Nothing came for a moment: true if the candidate stands twice; else an empty line is sent where there is one. */
function isConfirmed(console: Console, search: Search): boolean {
  const { reader, prompts, description, quietMs } = console;
  const open = reader.open();
  if (LOGIN.test(open)) {
    throw refusedLogin(
      description,
      `asks for a login (${quote(open)}) after the one of SSH; let SSH log this user in on the router`,
    );
  }
  if (prompts.kindOf(open) === undefined) {
    return false;
  }
  const prompt = open.trimEnd();
  const isProbed = search.probed === open && search.rows[0] === prompt;
  // Some systems draw a prompt twice, others have lines above it.
  const above = search.rows.filter((row) => row !== prompt);
  if (isProbed && (above.length === 0 || above.join('\n') === search.header)) {
    console.learnHeader(above);
    return true;
  }
  if (isProbed || search.probed !== open || search.idleMs >= quietMs) {
    const header = isProbed && above.length <= MAX_HEADER ? above.join('\n') : '';
    Object.assign(search, { probed: open, rows: [], header, probes: search.probes + 1, idleMs: 0 });
    console.type('');
  }
  return false;
}

function answerGreeting(console: Console, search: Search): void {
  const open = console.reader.open();
  const known = console.definition.greeting?.find(({ question }) => question.test(open));
  if (known !== undefined && !search.isAnswered) {
    search.isAnswered = true;
    console.type(known.answer);
  }
}

/** A session that ends before its first prompt: what `ssh` says of it counts, else the router's last words. */
async function waitAtLogin(
  console: Console,
  { rows: before }: Search,
  signal: AbortSignal,
): Promise<'more' | 'quiet'> {
  const { reader, wire, description, quietMs } = console;
  try {
    return await console.next(quietMs / PARTS, signal);
  } catch (error) {
    const failure = reader.hasEnded() ? wire.failure() : undefined;
    const rows = [...before, ...console.take(), reader.open()];
    const said = answerOf('', rows).text.split('\n').at(-1) ?? '';
    if (signal.aborted || (failure === undefined && said === '')) {
      throw error;
    }
    throw (
      failure ??
      lost({ description, reason: `was ended at the login; the router said ${quote(said)}` })
    );
  }
}

function noPrompt({ description, deadlineMs }: Console, open: string): RouteSyncError {
  return strange(
    description,
    `shows no prompt of its OS within ${deadlineMs / 1000} s of the login but ${quote(open)}; check os of this upstream, and the user's shell there`,
  );
}

/** Out of a shell and into the privileged mode, where one stands before it. */
async function raise(console: Console, signal: AbortSignal): Promise<void> {
  const { prompts, reader, definition } = console;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const kind = prompts.ownKind(reader.open());
    if (kind === 'shell') {
      console.type(definition.shell?.line ?? '');
      prompts.learn(await firstPrompt(console, signal));
    } else if (kind === 'unprivileged') {
      await enable(console, signal);
    } else {
      return;
    }
  }
}

/** Asks for the privileged mode; the secret goes nowhere but into its question. */
async function enable(console: Console, signal: AbortSignal): Promise<void> {
  const { prompts, reader, definition, description, quietMs, deadlineMs } = console;
  let hasAnswered = false;
  const rows: string[] = [];
  console.type(definition.unprivileged?.line ?? '');
  for (let idleMs = 0; idleMs < deadlineMs;) {
    idleMs = (await console.next(quietMs, signal)) === 'more' ? 0 : idleMs + quietMs;
    rows.push(...console.take());
    const open = reader.open();
    const kind = rows.length === 0 ? undefined : prompts.ownKind(open);
    if (kind !== undefined && kind !== 'unprivileged') {
      return;
    }
    const isAsked = PASSWORD.test(open);
    if (kind === 'unprivileged' || (isAsked && hasAnswered)) {
      const words = quote(rows.slice(1).join(' '));
      throw refusedLogin(
        description,
        `refuses the privileged mode (${words}); check the enable secret and the rights of this user`,
      );
    }
    if (isAsked) {
      hasAnswered = true;
      console.typeSecret(await secretFor(console));
    }
  }
  throw lost({ description, reason: 'gave no answer when the privileged mode was asked for' });
}

async function secretFor({ enableSecret, description }: Console): Promise<string> {
  if (enableSecret === undefined) {
    throw refusedLogin(
      description,
      'asks for a password for the privileged mode and none is configured; set the file with the enable secret, or give this user the privilege at its login',
    );
  }
  return enableSecret();
}
