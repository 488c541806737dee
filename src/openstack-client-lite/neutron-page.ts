/** Reads what Neutron sends for one page or one object: the wrapping, the links, the ids and the fields. */
import { z } from 'zod';
import { type Answer, printable } from './answer.ts';
import { OpenStackError } from './errors.ts';
import {
  type CollectionName,
  ID_PATTERN,
  NEUTRON_SCHEMAS,
  type NeutronObject,
} from './neutron-objects.ts';

/** One object as it came, with its id and the answer that held it. */
export interface RawEntry {
  readonly id: string;
  /** For messages, like `routers[3]`. */
  readonly place: string;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly answer: Answer;
}

export interface Page {
  readonly answer: Answer;
  readonly entries: readonly RawEntry[];
  /** The query string of the next page; undefined on the last one. */
  readonly next: string | undefined;
}

/** One bad field says it; a hostile answer has a million. */
const PROBLEMS_SHOWN = 3;

const recordSchema = z.record(z.string(), z.unknown());
const linksSchema = z.array(z.object({ rel: z.string(), href: z.string() })).default([]);

/** The names for `fields=`. */
export function fieldsOf(collection: CollectionName): readonly string[] {
  return Object.keys(NEUTRON_SCHEMAS[collection].shape);
}

/** The field that tells the objects of a collection apart. */
export function idField(collection: CollectionName): string {
  return collection === 'extensions' ? 'alias' : 'id';
}

/** The page that an answer holds, else CLOUD_ANSWER_INVALID. */
export function readPage(collection: CollectionName, answer: Answer): Page {
  const key = jsonName(collection);
  const body = recordSchema.safeParse(answer.json()).data ?? {};
  const objects = z.array(recordSchema).safeParse(body[key]);
  const links = linksSchema.safeParse(body[`${key}_links`]);
  if (!objects.success || !links.success) {
    throw invalid(answer, `no list of objects under "${key}", or bad links`);
  }
  const href = links.data.find(({ rel }) => rel === 'next')?.href;
  return {
    answer,
    entries: objects.data.map((raw, index) =>
      toEntry(collection, raw, { answer, place: `${key}[${index.toString()}]` }),
    ),
    next: href === undefined ? undefined : queryOf(href, answer),
  };
}

/** The one object that an answer holds; it must be the one asked for. */
export function readSingle(collection: CollectionName, id: string, answer: Answer): RawEntry {
  const place = jsonName(collection).replace(/s$/v, '');
  const body = recordSchema.safeParse(answer.json()).data ?? {};
  const raw = recordSchema.safeParse(body[place]).data ?? {};
  const entry = toEntry(collection, raw, { answer, place });
  if (entry.id !== id) {
    throw invalid(answer, `asked for ${id}, got ${entry.id}`);
  }
  return entry;
}

/** The validated object, else CLOUD_ANSWER_INVALID that names object, field and request. */
export function parseObject<C extends CollectionName>(
  collection: C,
  { raw, place, id, answer }: RawEntry,
): NeutronObject<C> {
  const parsed = NEUTRON_SCHEMAS[collection].safeParse(raw);
  if (!parsed.success) {
    const problems = parsed.error.issues
      .slice(0, PROBLEMS_SHOWN)
      .map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`);
    throw invalid(answer, `${place} (${id}): ${problems.join('; ')}`);
  }
  return parsed.data as NeutronObject<C>;
}

function toEntry(
  collection: CollectionName,
  raw: RawEntry['raw'],
  { answer, place }: Pick<RawEntry, 'answer' | 'place'>,
): RawEntry {
  const key = idField(collection);
  const id = raw[key];
  if (typeof id !== 'string' || id === '') {
    throw invalid(answer, `${place} has no ${key}`);
  }
  if (!ID_PATTERN.test(id)) {
    throw invalid(
      answer,
      `${place} has the ${key} ${JSON.stringify(printable(id, 80))}, which is none`,
    );
  }
  return { id, place, raw, answer };
}

// Only the query: behind a proxy the host of the link is often wrong, and the token goes to no other host.
function queryOf(href: string, answer: Answer): string {
  const base = 'http://host/';
  if (!URL.canParse(href, base)) {
    throw invalid(answer, 'the link to the next page is no URL');
  }
  return new URL(href, base).search.slice(1);
}

function jsonName(collection: CollectionName): string {
  return collection.replace('-', '_');
}

function invalid({ what, suffix, details }: Answer, problem: string): OpenStackError {
  return new OpenStackError('CLOUD_ANSWER_INVALID', `${what}: ${problem}${suffix}`, { details });
}
