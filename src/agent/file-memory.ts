/** What files held when they were read or written last: nobody reads 100,000 routes in every cycle. */
import { stampOf } from './state-file.ts';

/** A file, and the target that its content was read or written for. */
export interface Place {
  readonly path: string;
  readonly target: string;
}

/** A value is valid for as long as the file is the very same one. Everything throws STATE_UNREADABLE. */
export interface FileMemory<T> {
  /** The value that we have, else that of `readFile`. */
  read(place: Place, readFile: () => Promise<T>): Promise<T>;
  /** The value that we have. */
  recall(place: Place): Promise<T | undefined>;
  /** For what was just written. */
  keep(place: Place, value: T): Promise<void>;
}

export function fileMemory<T>(): FileMemory<T> {
  const seen = new Map<string, { readonly stamp: string; readonly value: T }>();
  const idOf = ({ path, target }: Place): string => JSON.stringify([path, target]);
  return {
    read: async (place, readFile) => {
      // Before the content: a file that is replaced meanwhile is read again next time.
      const stamp = await stampOf(place.path);
      const last = seen.get(idOf(place));
      if (last?.stamp === stamp) {
        return last.value;
      }
      const value = await readFile();
      seen.set(idOf(place), { stamp, value });
      return value;
    },
    recall: async (place) => {
      const last = seen.get(idOf(place));
      return last?.stamp === (await stampOf(place.path)) ? last?.value : undefined;
    },
    keep: async (place, value) => {
      seen.set(idOf(place), { stamp: await stampOf(place.path), value });
    },
  };
}
