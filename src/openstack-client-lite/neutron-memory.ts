/**
 * Remembers how each list was last read, page by page: of a page that came again byte for byte the objects are there
 * already, and a list of such pages is the same object as before. Saves no request, and holds of the answers only digests:
 * their texts are larger than what is made of them.
 */

/** What was made of one page. */
export interface ReadPage {
  readonly query: string;
  /** Of the page's text. */
  readonly digest: string;
  /** Of all objects on it. */
  readonly ids: readonly string[];
  /** Of those that pass the filters, in the same order as `objects`. */
  readonly passing: readonly string[];
  readonly objects: readonly unknown[];
  /** The query string of the next page. */
  readonly next: string | undefined;
}

export interface ReadList {
  readonly pages: readonly ReadPage[];
  /** What made the objects of those that the server sent. */
  readonly as: unknown;
  readonly objects: readonly unknown[];
}

export interface ListMemory {
  readonly recall: (key: string) => ReadList | undefined;
  /** Replaces what was known of that list; the list that was read longest ago gives way where there are too many. */
  readonly remember: (key: string, list: ReadList) => void;
}

/** An empty memory for so many lists. */
export function createListMemory(maxLists: number): ListMemory {
  const lists = new Map<string, ReadList>();
  return {
    recall: (key) => lists.get(key),
    remember(key, list) {
      lists.delete(key); // a Map keeps the place of a key that it has
      lists.set(key, list);
      const [oldest] = lists.keys();
      if (lists.size > maxLists && oldest !== undefined) {
        lists.delete(oldest);
      }
    },
  };
}

/** Whether each page has the text that it had then: the links in the texts then make it the same walk. */
export function isUnchanged(pages: readonly ReadPage[], then: readonly ReadPage[]): boolean {
  return pages.every(({ query, digest }, i) => {
    const before = then[i];
    return before?.query === query && before.digest === digest;
  });
}

/** The objects of the pages; of an id that is on several of them, as several queries may find it, one. */
export function joined(pages: readonly ReadPage[]): readonly unknown[] {
  const [first, ...others] = pages;
  if (first === undefined || others.length === 0) {
    return first?.objects ?? [];
  }
  const byId = new Map<string, unknown>();
  for (const { passing, objects } of pages) {
    passing.forEach((id, i) => byId.set(id, objects[i]));
  }
  return [...byId.values()];
}
