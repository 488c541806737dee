/** What the suites of this folder tried, added up and printed once at the end. */

const COUNTED = [
  'faults tried',
  'kill points tried',
  'inputs tried',
  'model steps',
  'soak cycles',
  'wrong removals',
  'foreign routes touched',
  'unhandled errors',
] as const;

export type Counted = (typeof COUNTED)[number];

const counts = new Map<Counted, number>(COUNTED.map((what) => [what, 0]));

/** Adds to one count; what is wrong must fail its own test as well. */
export function count(what: Counted, more = 1): void {
  counts.set(what, (counts.get(what) ?? 0) + more);
}

after('prints the summary', () => {
  const words = [...counts].map(([what, number]) => `${what} ${number}`);
  process.stdout.write(`\n  Summary: ${words.join(', ')}\n`);
});
