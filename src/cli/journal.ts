/** `route-sync journal verify` and `journal show`: what was done, by whom and why, and whether that record is sound. */
import type { JournalChange } from '../agent/journal-facts.ts';
import { readRuns, type JournalRun } from '../agent/journal-runs.ts';
import { readTail } from '../agent/journal-tail.ts';
import { walkJournal, type JournalSummary } from '../agent/journal-walk.ts';
import type { NextHop } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';
import { escapeText } from '../report/escape.ts';
import { describeError } from '../report/lines.ts';
import type { ReportedError } from '../report/report.ts';
import type { CommandContext, CommonOptions } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { printJson } from './print-json.ts';
import { loadSelected } from './wiring.ts';

interface Verdict {
  readonly upstream: string;
  readonly summary: JournalSummary | undefined;
  readonly runs: number;
  readonly error: ReportedError | undefined;
}

/** Exit 1 where a journal is not sound; the others are told all the same. */
export async function journalVerifyCommand(
  context: CommandContext,
  options: CommonOptions,
): Promise<ExitCode> {
  const { config, stateDir } = await loadSelected(context, options);
  const verdicts: Verdict[] = [];
  for (const { name } of config.upstreams) {
    verdicts.push(await verify(stateDir, config.owner, name));
  }
  if (options.output === 'json') {
    printJson(context, { version: 1, owner: config.owner, upstreams: verdicts.map(verdictToJson) });
  } else {
    context.print(verdicts.map((verdict) => `${verdictText(verdict)}\n`).join(''));
  }
  const flawed = verdicts.filter(({ error }) => error !== undefined);
  for (const { upstream, error } of flawed) {
    context.complain(
      `route-sync: ${upstream}: ${escapeText(error?.message ?? '')} (${error?.code ?? ''})\n`,
    );
  }
  return flawed.length === 0 ? EXIT.ok : EXIT.failure;
}

async function verify(stateDir: string, owner: string, upstream: string): Promise<Verdict> {
  let runs = 0;
  try {
    const summary = await walkJournal({ stateDir, upstream }, owner, ({ kind }) => {
      runs += kind === 'begin' ? 1 : 0;
    });
    // A head file that was turned elsewhere shows only to those who write.
    await readTail({ stateDir, upstream }, owner);
    return { upstream, summary, runs, error: undefined };
  } catch (error) {
    if (error instanceof RouteSyncError) {
      const { code, message } = error;
      return { upstream, summary: undefined, runs, error: { code, message } };
    }
    throw error;
  }
}

function verdictToJson({ upstream, summary, runs, error }: Verdict): Record<string, unknown> {
  return { name: upstream, sound: error === undefined, runs, ...summary, error: error ?? null };
}

function verdictText({ upstream, summary, runs, error }: Verdict): string {
  if (summary === undefined) {
    return `${upstream}: NOT sound${error === undefined ? '' : `, ${describeError(error)}`}`;
  }
  const { files, records, first, last, torn } = summary;
  if (records === 0) {
    return `${upstream}: no journal yet`;
  }
  const older = first > 1 ? `, the ones before ${first} are not here` : '';
  const rest = torn > 0 ? `; ${torn} bytes of a write that was cut short follow` : '';
  return `${upstream}: sound, ${records} records in ${countText(files, 'file')}${older}, ${countText(runs, 'run')}; record ${last.seq} has hash ${last.hash}${rest}`;
}

function countText(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

export interface JournalShowOptions extends CommonOptions {
  /** Show the changes of this run; undefined lists the runs. */
  readonly run?: string | undefined;
}

/** Throws JOURNAL_RUN_UNKNOWN, and what reading a journal throws. */
export async function journalShowCommand(
  context: CommandContext,
  options: JournalShowOptions,
): Promise<ExitCode> {
  const { config, stateDir } = await loadSelected(context, options);
  const { run: wanted } = options;
  const upstreams: Shown[] = [];
  for (const { name } of config.upstreams) {
    const runs = await readRuns({ stateDir, upstream: name }, config.owner, wanted);
    const shown = runs.filter(({ begin }) => wanted === undefined || begin.run === wanted);
    upstreams.push({ name, runs: shown });
  }
  if (wanted !== undefined && upstreams.every(({ runs }) => runs.length === 0)) {
    throw new RouteSyncError(
      'JOURNAL_RUN_UNKNOWN',
      `no journal has changes of run ${wanted}; "route-sync journal show" lists the runs`,
      { details: { run: wanted } },
    );
  }
  if (options.output === 'json') {
    const facts = upstreams.map(({ name, runs }) => ({
      name,
      runs: runs.map((run) => runToJson(run, wanted !== undefined)),
    }));
    printJson(context, { version: 1, owner: config.owner, upstreams: facts });
  } else {
    context.print(upstreams.map(shownText).join(''));
  }
  return EXIT.ok;
}

interface Shown {
  readonly name: string;
  readonly runs: readonly JournalRun[];
}

function runToJson(
  { at, begin, counts, changes, end }: JournalRun,
  withChanges: boolean,
): Record<string, unknown> {
  const { run, command, force, undoes, owner, host, user, target } = begin;
  const facts = { run, at, command, force, undoes: undoes ?? null, owner, host, user, target };
  const { kind = 'unfinished' } = end ?? {};
  return {
    ...facts,
    planned: counts,
    outcome: kind,
    result: end === undefined ? null : resultOf(end),
    ...(withChanges ? { changes: changes.map(changeToJson) } : {}),
  };
}

function resultOf(end: NonNullable<JournalRun['end']>): Record<string, unknown> {
  if (end.kind === 'recovered') {
    return { standing: end.standing, missing: end.missing };
  }
  const { added, replaced, removed, failed, skipped, verified } = end;
  return { added, replaced, removed, failed, skipped, verified };
}

function changeToJson(change: JournalChange): Record<string, unknown> {
  const { action, prefix, before, after, was, origin } = change;
  return { action, prefix, before: before ?? null, after: after ?? null, was: was ?? null, origin };
}

function shownText({ name, runs }: Shown): string {
  const lines = runs.flatMap((run) => [
    `  ${runText(run)}`,
    ...run.changes.map((change) => `    ${changeText(change)}`),
  ]);
  return `${[name, ...(lines.length === 0 ? ['  no runs'] : lines)].join('\n')}\n`;
}

function runText({ at, begin, counts, end }: JournalRun): string {
  const { run, command, force, undoes, owner, host, user } = begin;
  const facts = [
    `${at}  ${run}  ${command}`,
    ...(force ? ['FORCED'] : []),
    ...(undoes === undefined ? [] : [`undoes ${undoes}`]),
    `by ${user}@${host} (${owner})`,
  ].join(' ');
  const { add, replace, remove, adopt } = counts;
  const adopted = adopt === 0 ? '' : `, ${adopt} to adopt`;
  const planned = `${add} to add, ${replace} to replace, ${remove} to remove${adopted}`;
  return escapeText(`${facts}: ${planned}; ${outcomeText(end)}`);
}

function outcomeText(end: JournalRun['end']): string {
  if (end === undefined) {
    return 'UNFINISHED';
  }
  if (end.kind === 'recovered') {
    return `cut short: ${end.standing} stand, ${end.missing.length} do not`;
  }
  const { added, replaced, removed, failed, skipped, verified } = end;
  return `${added} added, ${replaced} replaced, ${removed} removed, ${failed.length} failed, ${skipped.length} left alone, ${verified ? 'verified' : 'NOT verified'}`;
}

function changeText({ action, prefix, before, after, origin }: JournalChange): string {
  const why = origin.map(({ router, subnet }) => `router ${router} subnet ${subnet}`).join(', ');
  return escapeText(
    `${action} ${prefix}  ${viaText(before)} -> ${viaText(after)}${why === '' ? '' : `  ${why}`}`,
  );
}

function viaText(nextHops: readonly NextHop[] | undefined): string {
  if (nextHops === undefined) {
    return 'nothing';
  }
  return nextHops.length === 0
    ? 'no next hop'
    : nextHops
        .map(({ address, device }) => (device === undefined ? address : `${address} dev ${device}`))
        .join(', ');
}
