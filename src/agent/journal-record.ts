/**
 * The records of a journal and the chain that binds them. A line is one JSON object; its last member `hash` is the
 * SHA-256, in hex, of the bytes of the line before `,"hash":`, and `prev` is the hash of the line before.
 */
import { hash } from 'node:crypto';

import { z } from 'zod';

import { parseAddress, parsePrefix, type Address } from '../core/prefix.ts';

const text = z.string();
const count = z.int().min(0);
const hex = z.string().regex(/^[0-9a-f]{64}$/);
// Checked again on the way in: what stands here may go back to an upstream.
const address = z.custom<Address>((value) => isCanonical(value, parseAddress));
const prefix = z.custom<string>((value) => isCanonical(value, (it) => parsePrefix(it).text));

const nextHops = z.array(
  z.object({ address, device: text.exactOptional(), onlink: z.boolean().exactOptional() }),
);

const reason = z.object({
  router: text,
  /** Neutron's revision_number of the router at that time; null where it is not known. */
  routerRevision: count.nullable(),
  subnet: text,
  subnetRevision: count.nullable(),
  project: text,
  port: text,
  leg: text,
  network: text,
  floatingIp: text,
});

const problems = z.array(z.object({ action: text, prefix, code: text, message: text }));

const begin = z.object({
  kind: z.literal('begin'),
  run: text,
  command: text,
  force: z.boolean(),
  /** The run that this one undoes. */
  undoes: text.exactOptional(),
  owner: text,
  host: text,
  user: text,
  upstream: text,
  target: text,
  /** How many `change` records follow. */
  changes: count,
});

const change = z.object({
  kind: z.literal('change'),
  run: text,
  action: z.enum(['add', 'replace', 'remove', 'adopt']),
  prefix,
  before: nextHops.nullable(),
  after: nextHops.nullable(),
  /** The upstream's own words for the route before. */
  was: text.nullable(),
  why: z.array(reason),
});

const end = z.object({
  kind: z.literal('end'),
  run: text,
  added: count,
  replaced: count,
  removed: count,
  failed: problems,
  /** Left alone, because they were not what was planned for any more. */
  skipped: problems,
  verified: z.boolean(),
  /** True after a complete purge: another owner may go on with this journal. */
  released: z.boolean(),
});

const recovered = z.object({
  kind: z.literal('recovered'),
  run: text,
  /** How many changes of the run stand on the upstream. */
  standing: count,
  /** The prefixes of the others. */
  missing: z.array(prefix),
});

const repaired = z.object({ kind: z.literal('repaired'), dropped: count });

const link = { seq: z.int().min(1), at: z.iso.datetime(), prev: hex, hash: hex };

const record = z.discriminatedUnion('kind', [
  begin.extend(link),
  change.extend(link),
  end.extend(link),
  recovered.extend(link),
  repaired.extend(link),
]);

export type BeginFacts = z.output<typeof begin>;
export type ChangeFacts = z.output<typeof change>;
export type EndFacts = z.output<typeof end>;
export type RecoveredFacts = z.output<typeof recovered>;

/** What one record says. */
export type JournalFacts =
  | BeginFacts
  | ChangeFacts
  | EndFacts
  | RecoveredFacts
  | z.output<typeof repaired>;

/** What one record says, with its place in the chain. */
export type JournalRecord = z.output<typeof record>;

/** How far a chain goes: number and hash of its last record. */
export interface ChainPoint {
  readonly seq: number;
  readonly hash: string;
}

/** Before the first record. */
export const CHAIN_START: ChainPoint = { seq: 0, hash: '0'.repeat(64) };

/** A line for the record, with its newline, and how far the chain then goes. `at` is ISO 8601. */
export function seal(
  facts: JournalFacts,
  at: string,
  last: ChainPoint,
): { readonly line: string; readonly point: ChainPoint } {
  const seq = last.seq + 1;
  // By hand: at 100,000 records copying each of them into one object takes longer than the hashing.
  const covered = `{"seq":${seq},"at":"${at}","prev":"${last.hash}",${JSON.stringify(facts).slice(1, -1)}`;
  const digest = hash('sha256', covered);
  return { line: `${covered},"hash":"${digest}"}\n`, point: { seq, hash: digest } };
}

/** What is wrong with a line, in words. */
export interface Flaw {
  readonly flaw: string;
}

/** How many bytes the last member takes: `,"hash":"` and 64 digits and `"}`. */
const SEAL_BYTES = 75;

/** Reads one line (without its newline) as the record after `last`; undefined takes any place in the chain. */
export function unseal(line: Buffer, last: ChainPoint | undefined): JournalRecord | Flaw {
  const parsed = record.safeParse(parseJson(line)).data;
  if (parsed === undefined) {
    return { flaw: 'is no journal record' };
  }
  const { seq, prev } = parsed;
  if (parsed.hash !== hash('sha256', line.subarray(0, -SEAL_BYTES))) {
    return { flaw: `record ${seq} was changed: its hash does not fit its text` };
  }
  const expected = last ?? (seq === 1 ? CHAIN_START : { seq: seq - 1, hash: prev });
  if (seq !== expected.seq + 1) {
    return {
      flaw: `record ${seq} stands where record ${expected.seq + 1} belongs: records were taken out, added or reordered`,
    };
  }
  return prev === expected.hash
    ? parsed
    : { flaw: `record ${seq} does not follow the record before it: one of them was replaced` };
}

function parseJson(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString()) as unknown;
  } catch {
    return undefined;
  }
}

function isCanonical(value: unknown, parse: (value: string) => string): boolean {
  try {
    return typeof value === 'string' && parse(value) === value;
  } catch {
    return false;
  }
}
