/**
 * The walk over the pages of one list. It ends with the whole list, or with CLOUD_LIST_BROKEN: never with a part of it. Only
 * a page that lost its link looks like the last one; that is for the caller to see, in what other lists refer to.
 */
import { printable } from './answer.ts';
import { hasCloudCode, OpenStackError } from './errors.ts';
import type { Page, RawEntry } from './neutron-page.ts';

export interface Walk {
  /** The field that tells the objects apart. */
  readonly idField: string;
  /** Takes the query string of a page. */
  readonly fetchPage: (query: string) => Promise<Page>;
}

// A list that changes under the walk is begun anew; a cloud that changes that often cannot be read.
const MAX_WALKS = 4;

/** All entries of the list with that query string, each id once. */
export async function walkList(query: string, walk: Walk): Promise<readonly RawEntry[]> {
  for (let walks = 1; ; walks += 1) {
    try {
      return await walkPages(query, walk);
    } catch (error) {
      if (!hasCloudCode(error, 'CLOUD_LIST_BROKEN') || walks === MAX_WALKS) {
        throw error;
      }
    }
  }
}

async function walkPages(query: string, walk: Walk): Promise<readonly RawEntry[]> {
  const found = new Map<string, RawEntry>();
  const visited = new Set<string>();
  let marker: string | undefined;
  for (let next: string | undefined = query; next !== undefined;) {
    const page: Page = await walk.fetchPage(next);
    visited.add(next);
    for (const entry of page.entries) {
      if (found.has(entry.id)) {
        throw broken(page, `${entry.id} came twice`);
      }
      found.set(entry.id, entry);
    }
    if (page.entries.length === 0 && marker !== undefined) {
      await confirmEnd(page, marker, walk);
    }
    if (page.next !== undefined && (page.entries.length === 0 || visited.has(page.next))) {
      throw broken(page, 'the links to the next page go round in circles');
    }
    marker = page.entries.at(-1)?.id;
    next = page.next;
  }
  return [...found.values()];
}

// An empty page is the end of a list whose last page was full. It is also what Neutron answers, with 200 and no link,
// when the object that the page was to follow has been deleted meanwhile.
async function confirmEnd(page: Page, marker: string, { idField, fetchPage }: Walk): Promise<void> {
  const query = new URLSearchParams([
    [idField, marker],
    ['fields', idField],
  ]);
  const { entries } = await fetchPage(query.toString());
  if (!entries.some(({ id }) => id === marker)) {
    throw broken(page, `${marker}, after which the page begins, was deleted meanwhile`);
  }
}

function broken({ answer }: Page, problem: string): OpenStackError {
  return new OpenStackError(
    'CLOUD_LIST_BROKEN',
    `${answer.what}: the list is not complete: ${printable(problem, 200)}; try again when the cloud is calmer${answer.suffix}`,
    { details: answer.details, retryable: true },
  );
}
