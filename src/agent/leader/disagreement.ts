/** A standby watches the leader: what it would change itself, cycle after cycle, the leader does not do. */
import { prefixOf } from '../../core/route.ts';
import type { Log } from '../../report/log.ts';
import type { Report } from '../../report/report.ts';
import type { Observer } from '../observer.ts';

export interface DisagreementOptions {
  readonly leaseSeconds: number;
  /** Milliseconds that really passed. */
  readonly now: () => number;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

export interface Disagreement extends Pick<Observer, 'cycleEnded'> {
  /** How many changes the leader owes. */
  readonly count: () => number;
}

/** A leader has this many of our cycles to do what is due, and no less than a lease. */
const CYCLES = 3;

/** How many changes are named. */
const SHOWN = 5;

interface Wish {
  readonly since: number;
  readonly cycles: number;
}

/** Warns once each time that it is about other changes. */
export function watchDisagreement({ leaseSeconds, now, log }: DisagreementOptions): Disagreement {
  let wishes: ReadonlyMap<string, Wish> = new Map();
  let owed: readonly string[] = [];
  const isOwed = ({ since, cycles }: Wish): boolean =>
    cycles >= CYCLES && now() - since >= leaseSeconds * 1000;
  return {
    count: () => owed.length,
    cycleEnded: ({ report, run }) => {
      if (report === undefined) {
        return;
      }
      wishes = wishesAfter(wishes, report, now());
      const before = owed;
      owed = [...wishes].filter(([, wish]) => isOwed(wish)).map(([change]) => change);
      if (owed.join() === before.join()) {
        return;
      }
      const leader = report.standby?.leader?.host;
      if (owed.length === 0) {
        log.info('the leader does what this standby would', { run, leader });
      } else {
        const changes = owed.slice(0, SHOWN);
        const count = owed.length;
        log.warn('the leader does not do what this standby would', { run, leader, count, changes });
      }
    },
  };
}

/** What is wanted now, with how long it has been; what an upstream that cannot be read wants is not known, and stays. */
function wishesAfter(
  before: ReadonlyMap<string, Wish>,
  { standby, upstreams }: Report,
  now: number,
): ReadonlyMap<string, Wish> {
  if (standby?.leader === undefined) {
    return new Map();
  }
  const wishes = new Map<string, Wish>();
  for (const { name, plan } of upstreams) {
    if (plan === undefined) {
      [...before]
        .filter(([change]) => change.startsWith(`${name} `))
        .forEach(([change, wish]) => wishes.set(change, wish));
    }
    for (const { code, change } of plan?.held ?? []) {
      if (code === 'standby') {
        const wish = `${name} ${change.action} ${prefixOf(change).text}`;
        const { since = now, cycles = 0 } = before.get(wish) ?? {};
        wishes.set(wish, { since, cycles: cycles + 1 });
      }
    }
  }
  return wishes;
}
