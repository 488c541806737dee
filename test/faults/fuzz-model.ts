/** What no input may bring about: removals, commands and printed text held against small models of their own. */
import type { PolicyMode } from '../../src/core/policy.ts';
import type { RouteChange } from '../../src/core/route.ts';
import type { Program } from '../../src/drivers/driver.ts';
import { promise } from './fuzz-run.ts';
import { count } from './summary.ts';

/** All that counts for removals, in plain texts and numbers. */
export interface RemovalFacts {
  /** Our routes by prefix, each with the addresses of its next hops. */
  readonly installed: ReadonlyMap<string, ReadonlySet<string>>;
  /** What the ledger knew of them before. */
  readonly ledger: ReadonlyMap<string, { readonly nextHops: readonly string[] }>;
  readonly missing: ReadonlyMap<string, { readonly since: number; readonly snapshots: number }>;
  /** What the cloud asks for, as far as that can be told without doubt. */
  readonly wanted: ReadonlySet<string>;
  readonly mode: PolicyMode;
  readonly rule: { readonly snapshots: number; readonly graceSeconds: number };
  readonly now: number;
}

/** One route of ours that a plan takes away. */
export interface Removal {
  readonly prefix: string;
  readonly nextHops: readonly string[];
}

/** The removals among the changes of a plan. */
export function removalsIn(changes: readonly RouteChange[]): readonly Removal[] {
  return changes.flatMap((change) =>
    change.action === 'remove'
      ? [
          {
            prefix: change.before.prefix.text,
            nextHops: change.before.nextHops.map(({ address }) => address),
          },
        ]
      : [],
  );
}

/** Why our route must stay; undefined where it may go. */
function reasonToStay({ prefix, nextHops }: Removal, facts: RemovalFacts): string | undefined {
  const { installed, ledger, missing, wanted, mode, rule, now } = facts;
  const hops = installed.get(prefix);
  const isThere = hops !== undefined && nextHops.every((hop) => hops.has(hop));
  const known = ledger.get(prefix)?.nextHops ?? [];
  const { since = now, snapshots = 0 } = missing.get(prefix) ?? {};
  const reasons = [
    [!isThere, 'no route of ours is there'],
    [mode !== 'sync', `the mode is ${mode}`],
    [wanted.has(prefix), 'the cloud wants it'],
    [!ledger.has(prefix), 'the ledger does not know it'],
    [nextHops.some((hop) => !known.includes(hop)), 'the ledger knows it otherwise'],
    [snapshots + 1 < rule.snapshots, `${snapshots + 1} snapshots are too few`],
    [now < Math.min(since, now) + rule.graceSeconds * 1000, 'its grace time is not over'],
  ] as const;
  return reasons.find(([holds]) => holds)?.[1];
}

/** Fails for each removal of a route that has a reason to stay. */
export function checkRemovals(removals: readonly Removal[], facts: RemovalFacts): void {
  for (const removal of removals) {
    const reason = reasonToStay(removal, facts);
    if (reason !== undefined) {
      count('wrong removals');
      promise(false, `${removal.prefix} would be removed although ${reason}`);
    }
  }
}

const HOP = 'via [0-9a-f.:]{2,45}(?: dev [A-Za-z0-9_][\\w.:@+-]{0,14}(?: onlink)?)?';
const MARK = 'proto 201 metric 1024 table main';
const LINE = new RegExp(
  `^route (?:add|append|del) (?<prefix>[0-9a-f.:]{2,45}/\\d{1,3}) (?:(?:${HOP} )?${MARK}|${MARK}(?: nexthop ${HOP} weight 1)+)\\n$`,
);

export interface Permitted {
  readonly prefixes: ReadonlySet<string>;
  readonly nextHops: ReadonlySet<string>;
}

/** Fails where a command is of another form, or names a prefix or a next hop that it must not. */
export function checkCommands(commands: readonly Program[], permitted: Permitted): void {
  for (const { argv, stdin = '' } of commands) {
    promise(/^ip -[46] -force -batch -$/.test(argv.join(' ')), `argv is ${argv.join(' ')}`);
    for (const line of stdin.match(/.*\n|.+$/g) ?? []) {
      const prefix = LINE.exec(line)?.groups?.['prefix'];
      promise(prefix !== undefined, `the line ${JSON.stringify(line)} is of no known form`);
      promise(permitted.prefixes.has(prefix ?? ''), `the line ${line} names a wrong prefix`);
      for (const [, hop = ''] of line.matchAll(/via (\S+)/g)) {
        promise(permitted.nextHops.has(hop), `the line ${line} names a wrong next hop`);
      }
    }
  }
}

/** C0 but for line breaks, DEL and C1; bidi controls; separators; zero width; tags; lone surrogates. */
const RAW =
  /(?!\n)[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}\p{Cs}]/u;

/** Fails where the text could move a cursor, hide or reorder what is beside it. */
export function checkPrinted(text: string, what: string): void {
  const at = text.search(RAW);
  promise(
    at < 0,
    `${what} has a raw control: ${JSON.stringify(text.slice(Math.max(0, at - 40), at + 40))}`,
  );
}
