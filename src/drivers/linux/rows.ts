/**
 * The list of objects that `ip -json` prints, part by part: of a million routes, text and objects together would take
 * gigabytes.
 *
 * The text is cut between two objects. A part that is a list by itself ends where an element of the whole list ends, so
 * the parts together are exactly the whole; from one that is none, everything is read at once and refused for what it is.
 */
import type { Family } from '../../core/prefix.ts';
import { RouteSyncError } from '../../errors.ts';
import type { CommandOutput, KernelScope } from '../driver.ts';
import { quote } from '../kit/device-words.ts';
import { commandFailed, invalid, isTableUnused } from './answer.ts';

/** Where a route ends and the next one begins; no word of a route can hold it, because JSON escapes its quotes. */
const SEAMS = ['},{"type":', '},{"dst":'];
/** How much text is parsed at once, in characters. */
const PART = 1_048_576;
/** What a tunnel has under a name that the route has too; the route's own follow `dev`. */
const ENCAP_NAME = /("encap":\s*"(?:(?!"(?:dev|gateway|via)":)[^{}])*?)"(dst|table)":/g;

/** One object of an answer. */
export type Fields = Readonly<Record<string, unknown>>;

/** What was asked, for messages. */
interface Question {
  readonly what: string;
  readonly scope?: KernelScope;
}

/** The routes of one family as objects, part by part; none where the table was never written to. */
export function readRows(
  scope: KernelScope,
  family: Family,
  output: CommandOutput,
): Iterable<readonly Fields[]> {
  // The broken JSON `[` comes with this answer, so it must be known first.
  return output.exitCode !== 0 && isTableUnused(output)
    ? []
    : readParts(output, { what: `ip -${family} route show table ${scope.table}`, scope });
}

/** The interfaces of `ip address show`. */
export function readLinkRows(output: CommandOutput): readonly Fields[] {
  return [...readParts(output, { what: 'ip address show' })].flat();
}

function* readParts(
  output: CommandOutput,
  { what, scope }: Question,
): Generator<readonly Fields[], void> {
  if (output.exitCode !== 0) {
    throw commandFailed(what, output, scope);
  }
  // NLM_F_DUMP_INTR: the table changed while the kernel listed it, so routes may be missing. iproute2 exits with 0.
  if (output.stderr.includes('Dump was interrupted')) {
    throw new RouteSyncError(
      'UPSTREAM_OUTPUT_INVALID',
      `${what}: the table changed while it was read, so the answer may be incomplete; it will be read again`,
      { retryable: true },
    );
  }
  for (const list of partsOf(output)) {
    if (list instanceof Error) {
      throw invalid(`${what}: the answer is not JSON: ${quote(output.stdout)}`, list);
    }
    if (!Array.isArray(list) || !list.every((entry) => isFields(entry))) {
      throw invalid(`${what}: the answer is not a list of objects: ${quote(output.stdout)}`);
    }
    yield list;
  }
}

/** Lists, and at the end what the rest is: the last list, another value, or the error why it has none. */
function* partsOf(output: CommandOutput): Generator<unknown, void> {
  let rest = '';
  let canCut = true;
  for (const text of textsOf(output)) {
    rest += text;
    if (!canCut || rest.length < PART) {
      continue;
    }
    const seam = Math.max(...SEAMS.map((words) => rest.lastIndexOf(words)));
    const part = seam < 0 ? undefined : valueIn(`${rest.slice(0, seam + 1)}]`);
    canCut = Array.isArray(part);
    if (canCut) {
      yield part;
      rest = `[${rest.slice(seam + 2)}`;
    }
  }
  yield valueIn(rest);
}

function* textsOf(output: CommandOutput): Generator<string, void> {
  const { bytes } = output;
  if (bytes === undefined) {
    for (let at = 0; at < output.stdout.length; at += PART) {
      yield output.stdout.slice(at, at + PART);
    }
    return;
  }
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for (const chunk of bytes.chunks) {
    yield decoder.decode(chunk, { stream: true });
  }
  yield decoder.decode();
}

/** The value of the text, or why it has none. */
function valueIn(json: string): unknown {
  try {
    return JSON.parse(withoutEncap(json));
  } catch (cause) {
    return cause;
  }
}

/**
 * iproute2 prints the tunnel's far end (`dst`) and table of `encap` into the object of the route, and of two equal names
 * JSON keeps the last: the route would seem to lead elsewhere.
 */
export function withoutEncap(json: string): string {
  return json.includes('"encap"') ? json.replaceAll(ENCAP_NAME, '$1"encap_$2":') : json;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
