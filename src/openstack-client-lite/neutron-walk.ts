/**
 * The walk over the pages of one list. It ends with the whole list, or with CLOUD_LIST_BROKEN: never with a part of it. Only
 * a page that lost its link looks like the last one; that is for the caller to see, in what other lists refer to.
 */
import { type AnswerFacts, printable } from './answer.ts';
import { hasCloudCode, OpenStackError } from './errors.ts';

export interface WalkedPage {
  readonly answer: AnswerFacts;
  /** Of all objects on it. */
  readonly ids: readonly string[];
  /** The query string of the next page; undefined on the last one. */
  readonly next: string | undefined;
}

export interface Walk<P extends WalkedPage> {
  /** The field that tells the objects apart. */
  readonly idField: string;
  /** Takes the query string of a page. */
  readonly fetchPage: (query: string) => Promise<P>;
  /** The ids on a page that shows nothing else. */
  readonly fetchIds: (query: string) => Promise<readonly string[]>;
}

// A list that changes under the walk is begun anew; a cloud that changes that often cannot be read.
const MAX_WALKS = 4;

/** All pages of the list with that query string; no id is on two of them. */
export async function walkList<P extends WalkedPage>(
  query: string,
  walk: Walk<P>,
): Promise<readonly P[]> {
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

async function walkPages<P extends WalkedPage>(
  query: string,
  walk: Walk<P>,
): Promise<readonly P[]> {
  const pages: P[] = [];
  const found = new Set<string>();
  const visited = new Set<string>();
  let marker: string | undefined;
  for (let next: string | undefined = query; next !== undefined;) {
    const page: P = await walk.fetchPage(next);
    pages.push(page);
    visited.add(next);
    for (const id of page.ids) {
      if (found.has(id)) {
        throw broken(page, `${id} came twice`);
      }
      found.add(id);
    }
    if (page.ids.length === 0 && marker !== undefined) {
      await confirmEnd(page, marker, walk);
    }
    if (page.next !== undefined && (page.ids.length === 0 || visited.has(page.next))) {
      throw broken(page, 'the links to the next page go round in circles');
    }
    marker = page.ids.at(-1);
    next = page.next;
  }
  return pages;
}

// An empty page is the end of a list whose last page was full. It is also what Neutron answers, with 200 and no link,
// when the object that the page was to follow has been deleted meanwhile.
async function confirmEnd<P extends WalkedPage>(
  page: P,
  marker: string,
  { idField, fetchIds }: Walk<P>,
): Promise<void> {
  const query = new URLSearchParams([
    [idField, marker],
    ['fields', idField],
  ]);
  const ids = await fetchIds(query.toString());
  if (!ids.includes(marker)) {
    throw broken(page, `${marker}, after which the page begins, was deleted meanwhile`);
  }
}

function broken({ answer }: WalkedPage, problem: string): OpenStackError {
  return new OpenStackError(
    'CLOUD_LIST_BROKEN',
    `${answer.what}: the list is not complete: ${printable(problem, 200)}; try again when the cloud is calmer${answer.suffix}`,
    { details: answer.details, retryable: true },
  );
}
