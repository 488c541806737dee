/**
 * What may be in the table of one upstream, in the simplest terms: a few maps from prefix to next hop, and rules over
 * what one cycle may change. It shares no code with what it judges.
 */
import { count } from './summary.ts';

/** Prefix -> next hop. */
export type Table = ReadonlyMap<string, string>;

/** What one cycle met and did. */
export interface Step {
  readonly before: Table;
  readonly after: Table;
  readonly foreignBefore: string;
  readonly foreignAfter: string;
  /** What the cloud truly wants now. */
  readonly wanted: Table;
  /** Wanted prefixes that this reading did not show although it looked whole. */
  readonly hidden: ReadonlySet<string>;
  readonly isCloudDown: boolean;
  readonly isUpstreamDown: boolean;
  readonly isFrozen: boolean;
  readonly isForced: boolean;
  /** Unix milliseconds. */
  readonly now: number;
  readonly rules: Rules;
}

export interface Rules {
  readonly mode: 'sync' | 'upsert-only' | 'create-only';
  readonly snapshots: number;
  readonly graceSeconds: number;
  readonly maxRemovals: { readonly count: number; readonly percent: number; readonly free: number };
}

interface Unwanted {
  readonly since: number;
  readonly snapshots: number;
}

/** Watches cycle after cycle; `judge` throws where one did what it must not. */
export class Judge {
  #known: Table = new Map();
  #unwanted = new Map<string, Unwanted>();
  /** Next hops by prefix that a cycle may restore while the cloud cannot be read. */
  #lastGood = new Map<string, ReadonlySet<string>>();

  /** The state directory is gone. */
  forget(): void {
    this.#known = new Map();
    this.#unwanted = new Map();
    this.#lastGood = new Map();
  }

  judge(step: Step): void {
    if (step.foreignBefore !== step.foreignAfter) {
      count('foreign routes touched');
      throw new Error(`foreign routes changed: ${step.foreignBefore} -> ${step.foreignAfter}`);
    }
    const { before, after } = step;
    this.#watch(step);
    const removed = [...before.keys()].filter((prefix) => !after.has(prefix));
    removed.forEach((prefix) => refuse(this.#reasonToStay(prefix, step), `${prefix} was removed`));
    if (removed.length > 0 && !step.isForced) {
      refuse(overCap(removed.length, before.size, step.rules), `${removed.length} were removed`);
    }
    for (const [prefix, hop] of after) {
      if (before.get(prefix) !== hop) {
        refuse(this.#reasonNotToSet([prefix, hop], step), `${prefix} was set to ${hop}`);
      }
    }
    if (!step.isUpstreamDown) {
      this.#known = after;
    }
  }

  /** Counts the snapshots that did not show our routes, and keeps what the last good ones want. */
  #watch({ before, wanted, hidden, isCloudDown, isUpstreamDown, isFrozen, now }: Step): void {
    if (isCloudDown || isUpstreamDown) {
      return;
    }
    const shown = new Map([...wanted].filter(([prefix]) => !hidden.has(prefix)));
    const unwanted = [...before.keys()].filter((prefix) => !shown.has(prefix));
    this.#unwanted = new Map(
      unwanted.map((prefix) => {
        const { since = now, snapshots = 0 } = this.#unwanted.get(prefix) ?? {};
        return [prefix, { since: Math.min(since, now), snapshots: snapshots + 1 }];
      }),
    );
    const older = isFrozen ? this.#lastGood : new Map<string, ReadonlySet<string>>();
    this.#lastGood = new Map([
      ...older,
      ...[...shown].map(
        ([prefix, hop]) => [prefix, new Set([...(older.get(prefix) ?? []), hop])] as const,
      ),
    ]);
  }

  #reasonToStay(prefix: string, step: Step): string | undefined {
    const { before, wanted, isCloudDown, now, rules } = step;
    const { since = now, snapshots = 0 } = this.#unwanted.get(prefix) ?? {};
    const reasons = [
      [wanted.has(prefix), 'the cloud wants it'],
      [isCloudDown, 'the cloud cannot be read'],
      [this.#known.get(prefix) !== before.get(prefix), 'it was not known like this before'],
      [snapshots < rules.snapshots, `${snapshots} snapshots are too few`],
      [now < since + rules.graceSeconds * 1000, 'its grace time is not over'],
      [rules.mode !== 'sync', `the mode is ${rules.mode}`],
    ] as const;
    return stopped(step) ?? reasons.find(([holds]) => holds)?.[1];
  }

  #reasonNotToSet([prefix, hop]: readonly [string, string], step: Step): string | undefined {
    const { before, wanted, hidden, isCloudDown, rules, foreignBefore } = step;
    const isThere = before.has(prefix);
    const isRight = isCloudDown
      ? this.#lastGood.get(prefix)?.has(hop) === true
      : wanted.get(prefix) === hop && !hidden.has(prefix);
    const reasons = [
      [!isRight, 'nobody wants that'],
      [isThere && rules.mode === 'create-only', 'the mode is create-only'],
      [!isThere && foreignBefore.includes(`"${prefix}"`), 'a foreign route is there'],
    ] as const;
    return stopped(step) ?? reasons.find(([holds]) => holds)?.[1];
  }
}

function stopped({ isFrozen, isUpstreamDown }: Step): string | undefined {
  if (isFrozen) {
    return 'everything is frozen';
  }
  return isUpstreamDown ? 'the upstream cannot be reached' : undefined;
}

function overCap(removals: number, owned: number, { maxRemovals }: Rules): string | undefined {
  const { count: most, percent, free } = maxRemovals;
  const isOver = removals > most || 100 * removals > percent * owned || removals === owned;
  return removals > free && isOver ? `that is over the cap with ${owned} installed` : undefined;
}

function refuse(reason: string | undefined, what: string): void {
  if (reason !== undefined) {
    count('wrong removals', what.includes('removed') ? 1 : 0);
    throw new Error(`${what} although ${reason}`);
  }
}
