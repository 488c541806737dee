/** Turns what zod found wrong into lines for people: one line per problem, with its path and its fix. */
import type { z } from 'zod';

/** One line per problem, in the order of the schema: `upstreams[0].protocol: must be ..., not ...`. */
export function problemLines(issues: readonly z.core.$ZodIssue[]): readonly string[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.message
          .split('\n')
          .map((line, index) => `${pathText([...issue.path, issue.keys[index] ?? ''])}: ${line}`)
      : [`${pathText(issue.path)}: ${issue.message}`],
  );
}

/** What to say of a key that the section does not have; one line. */
export function unknownKeyProblem(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return near === undefined
    ? `unknown key; the keys here are ${known.join(', ')}`
    : `unknown key; did you mean "${near}"?`;
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path
    .map((part) => {
      if (typeof part === 'number') {
        return `[${part}]`;
      }
      const key = String(part);
      return /^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
    })
    .join('');
  return text === '' ? 'the file' : text.replace(/^\./, '');
}

function nearest(key: string, known: readonly string[]): string | undefined {
  const distances = known.map((name) => ({ name, distance: editDistance(key, name) }));
  const best = distances.sort((a, b) => a.distance - b.distance)[0];
  return best !== undefined && best.distance <= Math.max(2, key.length / 3) ? best.name : undefined;
}

/** Levenshtein distance, blind to case. */
function editDistance(from: string, to: string): number {
  const [a, b] = [from.toLowerCase(), to.toLowerCase()];
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
