/**
 * What a cycle leaves in the log: one line at level info. Trouble has a line of its own when it begins, when it changes,
 * once an hour while it lasts, and when it is over; in between it shows in the line of the cycle.
 */
import type { CycleEnd, Observer } from '../agent/observer.ts';
import type { Log } from '../report/log.ts';
import type { UpstreamReport } from '../report/report.ts';
import { EXIT } from './exit-code.ts';
import { troublesOf, type Trouble } from './troubles.ts';

/** How often trouble that lasts is told again. */
const REMIND_MS = 3_600_000;

/** How many lines one upstream may have in one cycle; the last one says how many more there would be. */
const MOST_LINES = 10;

/** How many troubles the line of a cycle names. */
const MOST_NAMED = 10;

/** Trouble that goes on; times are Unix milliseconds. */
interface Ongoing {
  readonly trouble: Trouble;
  readonly since: number;
  readonly toldAt: number;
}

type Line = 'begins' | 'lasts' | 'ends';

/** Writes down how cycles end. One for each log: it knows what was told already. */
export function cycleLog(log: Log): Partial<Observer> {
  let ongoing: ReadonlyMap<string, Ongoing> = new Map();
  return {
    cycleBegan: ({ run }) => log.debug('cycle begins', { run }),
    cycleEnded: (end) => {
      const { after, lines } = follow(ongoing, end);
      ongoing = after;
      log.info('cycle', fieldsOf(end, [...after.values()]));
      lines.forEach((each) => writeLine(log, end, each));
    },
  };
}

interface Told extends Ongoing {
  readonly line: Line;
  /** How many more of the same upstream have no line. */
  readonly more: number;
}

interface Followed {
  readonly after: ReadonlyMap<string, Ongoing>;
  readonly lines: readonly Told[];
}

/** What goes on after a cycle, and what of it is told. */
function follow(before: ReadonlyMap<string, Ongoing>, end: CycleEnd): Followed {
  const { found, fateOf } = troublesOf(end);
  const now = end.finishedAt;
  const after = new Map<string, Ongoing>();
  const lines: Omit<Told, 'more'>[] = [];
  for (const [key, trouble] of found) {
    const known = before.get(key);
    const isNew = known?.trouble.code !== trouble.code;
    const isDue = isNew || Math.abs(now - known.toldAt) >= REMIND_MS;
    const next = { trouble, since: known?.since ?? now, toldAt: isDue ? now : known.toldAt };
    after.set(key, next);
    if (isDue) {
      lines.push({ ...next, line: isNew ? 'begins' : 'lasts' });
    }
  }
  const missing = [...before].filter(([key]) => !found.has(key));
  for (const [key, known] of missing) {
    const fate = fateOf(known.trouble);
    if (fate === 'unknown') {
      after.set(key, known);
    } else if (fate === 'over') {
      lines.push({ ...known, line: 'ends' });
    }
  }
  return { after, lines: shortened(lines) };
}

/** At most so many lines of each upstream; each counts those that were left out after it. */
function shortened(lines: readonly Omit<Told, 'more'>[]): readonly Told[] {
  const byUpstream = Map.groupBy(lines, ({ trouble }) => trouble.upstream);
  return [...byUpstream.values()].flatMap((all) =>
    all.slice(0, MOST_LINES).map((each, index) => ({
      ...each,
      more: index + 1 < MOST_LINES ? 0 : all.length - MOST_LINES,
    })),
  );
}

function writeLine(log: Log, { run, finishedAt }: CycleEnd, told: Told): void {
  const { upstream, fields, code, level, message, why } = told.trouble;
  const seconds = Math.max(0, Math.round((finishedAt - told.since) / 1000));
  const more = told.more === 0 ? undefined : told.more;
  const what = { run, upstream, ...fields, code };
  switch (told.line) {
    case 'begins':
      return log[level](message, { ...what, why, more });
    case 'lasts':
      return log[level](message, { ...what, why, seconds, more });
    case 'ends':
      return log.info('recovered', { ...what, from: message, seconds, more });
  }
}

function fieldsOf(end: CycleEnd, ongoing: readonly Ongoing[]): Record<string, unknown> {
  const { run, startedAt, finishedAt, exitCode, report, error } = end;
  const upstreams = report?.upstreams ?? [];
  const ages = upstreams.flatMap(({ stale }) => stale?.ageSeconds ?? []);
  const names = [...new Set(ongoing.map(({ trouble }) => nameOf(trouble)))];
  const inTrouble = new Set(ongoing.flatMap(({ trouble }) => trouble.upstream ?? []));
  return {
    run,
    exitCode,
    ms: finishedAt - startedAt,
    outcome: outcomeOf(end),
    code: error?.code,
    ...(report !== undefined && totalsOf(upstreams)),
    inTrouble: inTrouble.size,
    trouble: names.length === 0 ? undefined : names.slice(0, MOST_NAMED).join(),
    lastGoodAgeSeconds: ages.length === 0 ? undefined : Math.max(...ages),
  };
}

/** `edge1:UPSTREAM_LOGIN`; what concerns no upstream is its code alone. */
function nameOf({ upstream, code }: Trouble): string {
  return upstream === undefined ? code : `${upstream}:${code}`;
}

type Outcome = 'unchanged' | 'changed' | 'partial' | 'refused' | 'failed' | 'stopped';

const OUTCOMES: ReadonlyMap<number, Outcome> = new Map([
  [EXIT.refused, 'refused'],
  [EXIT.partial, 'partial'],
]);

/** What the exit code says, in a word. */
function outcomeOf({ exitCode, report, error }: CycleEnd): Outcome {
  if (error?.code === 'CANCELLED') {
    return 'stopped';
  }
  if (exitCode === EXIT.ok) {
    return (report?.upstreams ?? []).some(hasChanged) ? 'changed' : 'unchanged';
  }
  return OUTCOMES.get(exitCode) ?? 'failed';
}

function hasChanged({ result }: UpstreamReport): boolean {
  return result !== undefined && result.added + result.replaced + result.removed > 0;
}

/** Over all upstreams. */
function totalsOf(upstreams: readonly UpstreamReport[]): Record<string, number> {
  const sum = (count: (upstream: UpstreamReport) => number | undefined): number =>
    upstreams.reduce((total, upstream) => total + (count(upstream) ?? 0), 0);
  return {
    added: sum(({ result }) => result?.added),
    replaced: sum(({ result }) => result?.replaced),
    removed: sum(({ result }) => result?.removed),
    failed: sum(({ result }) => result?.failed.length),
    conflicts: sum(({ plan }) => plan?.conflicts.length),
    held: sum(({ plan }) => plan?.held.length),
    unchanged: sum(({ plan }) => plan?.unchanged),
    upstreams: upstreams.length,
  };
}
