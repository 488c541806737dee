/**
 * A file that grows: a whole text, the base, and behind it one line for each change since. A small change of a large file
 * then costs its own size. A line is `+SUM JSON`: SUM is the SHA-256, in hex, of the sum before and the JSON, and the first
 * one follows the sum of the base's first line. A base has no line that begins with `+`.
 */
import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';

import type { RouteSyncError } from '../errors.ts';
import { appendDurably, type Extent } from './append-file.ts';
import { corrupt, readWhole, replaceFile } from './state-file.ts';

/** Where a file that we know ends. */
export interface FileEnd extends Extent {
  /** Bytes of the base. */
  readonly base: number;
  /** Of the last line that counts. */
  readonly sum: string;
}

export interface GrownFile {
  /** Empty where it is no UTF-8. */
  readonly base: string;
  /** Oldest first. */
  readonly changes: readonly unknown[];
  /** Undefined where nothing may be added. */
  readonly end: FileEnd | undefined;
}

const PLUS = 0x2b;
const NEWLINE = 0x0a;
const SUM_LENGTH = 64;

/** A smaller file is as soon written anew. */
const SMALLEST_BASE = 32 * 1024;

/** The lines of changes are at most this part of the base; then all is written anew. */
const LARGEST_PART = 1 / 2;

/**
 * Undefined where the file does not exist. The rest of a line that a crash cut short does not count: nothing was done that
 * it was to announce. Throws STATE_CORRUPT for every other line that is not as it was written, else as readWhole does.
 */
export async function readGrownFile(path: string, repair: string): Promise<GrownFile | undefined> {
  const bytes = await readWhole(path);
  if (bytes === undefined) {
    return undefined;
  }
  const size = baseOf(bytes);
  const baseBytes = bytes.subarray(0, size);
  const base = isUtf8(baseBytes) ? baseBytes.toString() : '';
  const changes: unknown[] = [];
  let sum = firstSum(base);
  let at = size;
  while (at < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, at);
    const next = newline < 0 ? bytes.length : newline + 1;
    const line = bytes.subarray(at, newline < 0 ? bytes.length : newline);
    if (next === bytes.length && (newline < 0 || line.includes(0))) {
      break;
    }
    const [found, json] = partsOf(line);
    if (found !== sumAfter(sum, json)) {
      throw corrupt(path, `is not as route-sync wrote it (byte ${at}); ${repair}`);
    }
    changes.push(JSON.parse(json));
    sum = found;
    at = next;
  }
  const isOpenEnded = baseBytes.at(-1) === NEWLINE;
  const end = isOpenEnded ? { base: size, size: at, dropped: bytes.length - at, sum } : undefined;
  return { base, changes, end };
}

/** How many bytes come before the first change; a block that a power cut left unwritten may hold zeros. */
function baseOf(bytes: Buffer): number {
  const marks = [`\n+`, `\n\0`].map((mark) => bytes.indexOf(mark)).filter((at) => at >= 0);
  return marks.length === 0 ? bytes.length : Math.min(...marks) + 1;
}

function partsOf(line: Buffer): readonly [sum: string, json: string] {
  const text = line.toString();
  const isLine = line[0] === PLUS && text[SUM_LENGTH + 1] === ' ';
  return isLine ? [text.slice(1, SUM_LENGTH + 1), text.slice(SUM_LENGTH + 2)] : ['', ''];
}

/** How many rows become bytes at a time. */
const BATCH = 1000;

/**
 * The base alone, in place of all that was there: JSON with one row a line, so that people can search it; `head` with a
 * last field `routes`, then the `tail`. Throws STATE_UNWRITABLE and leaves the old file.
 */
export async function writeBase(
  path: string,
  head: Readonly<Record<string, unknown>>,
  { rows, tail = '' }: { readonly rows: Iterable<string>; readonly tail?: string },
): Promise<FileEnd> {
  const first = `${JSON.stringify(head).slice(0, -1)},"routes":[`;
  let size = 0;
  function* chunks(): Generator<Buffer> {
    for (const chunk of batches(rows, { start: `${first}\n`, end: `\n]${tail}}\n` })) {
      size += chunk.length;
      yield chunk;
    }
  }
  await replaceFile(path, chunks());
  return { base: size, size, dropped: 0, sum: hash('sha256', first) };
}

function* batches(
  rows: Iterable<string>,
  { start, end }: { readonly start: string; readonly end: string },
): Generator<Buffer> {
  let text = start;
  let count = 0;
  for (const row of rows) {
    text += count === 0 ? row : `,\n${row}`;
    count += 1;
    if (count % BATCH === 0) {
      yield Buffer.from(text);
      text = '';
    }
  }
  yield Buffer.from(`${text}${end}`);
}

/**
 * Adds one change, durably or not at all. Undefined where the file is to be written anew instead: it is small, or the
 * changes would outgrow it. Throws STATE_UNWRITABLE.
 */
export async function addChange(
  path: string,
  end: FileEnd,
  change: Readonly<Record<string, unknown>>,
): Promise<FileEnd | undefined> {
  if (end.base < SMALLEST_BASE) {
    return undefined;
  }
  const json = JSON.stringify(change);
  const sum = sumAfter(end.sum, json);
  const line = Buffer.from(`+${sum} ${json}\n`);
  if (end.size + line.length > end.base * (1 + LARGEST_PART)) {
    return undefined;
  }
  const changed = (): RouteSyncError =>
    corrupt(path, 'grew or shrank while this process worked with it');
  await appendDurably({ path, changed, create: false }, [line], end);
  return { ...end, size: end.size + line.length, dropped: 0, sum };
}

function firstSum(base: string): string {
  const end = base.indexOf('\n');
  return hash('sha256', end < 0 ? base : base.slice(0, end));
}

function sumAfter(sum: string, json: string): string {
  return hash('sha256', `${sum} ${json}`);
}
