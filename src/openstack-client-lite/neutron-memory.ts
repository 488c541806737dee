/**
 * Remembers how each list was last read, so that a list whose pages all came again byte for byte is the same object as
 * before. Saves no request, and holds of the answers only digests: their texts are larger than what is made of them.
 */
import { createHash } from 'node:crypto';

export interface ReadList {
  /** The digest of each page's text, by query string. */
  readonly pages: ReadonlyMap<string, string>;
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
export function isUnchanged(pages: ReadList['pages'], then: ReadList['pages']): boolean {
  return [...pages].every(([query, digest]) => then.get(query) === digest);
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
