/** `route-sync undo RUN`: the inverse of one journalled run. Needs neither the cloud nor the guard, just a yes. */
import { readRuns, type JournalRun } from '../agent/journal-runs.ts';
import type { Freeze } from '../agent/state.ts';
import { undoProposal } from '../agent/undo.ts';
import { connectUpstreams } from '../agent/upstream.ts';
import type { LoadedConfig } from '../config/load.ts';
import { prefixOf } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';
import { changeToJson } from '../report/json.ts';
import type { RouteProblem } from '../report/report.ts';
import { outcomeText, runErrand, type ByHandOptions, type HandMadeReport } from './by-hand.ts';
import { userOf, type CommandContext } from './context.ts';
import { exitCodeOfReport, type ExitCode } from './exit-code.ts';
import { printJson } from './print-json.ts';
import { complainAbout } from './print-report.ts';
import { connectOptions, loadSelected, newRunId, openWays } from './wiring.ts';
import { withLead } from './with-lead.ts';

export interface UndoOptions extends ByHandOptions {
  readonly run: string;
  /** Throw the kill switch at the same time. */
  readonly freeze: boolean;
}

/** How many run ids the message shows where the given one is unknown. */
const SHOWN = 5;

export async function undoCommand(
  context: CommandContext,
  options: UndoOptions,
): Promise<ExitCode> {
  const loaded = await loadSelected(context, options);
  const runs = await findRun(loaded, options.run);
  const upstreams = loaded.config.upstreams.filter(({ name }) => runs.has(name));
  const command = 'undo';
  const ways = await openWays(context, loaded, {
    command,
    readOnly: false,
    waitSeconds: options.wait,
  });
  const run = newRunId(context.now());
  const reports = await withLead(context, { ...options, ...loaded }, async (leadership) =>
    runErrand(context, options, {
      upstreams: await connectUpstreams(
        { ...loaded.config, upstreams },
        connectOptions(context, command),
      ),
      deps: { ...ways, leadership, signal: new AbortController().signal },
      errand: {
        facts: { run, command, force: false, undoes: options.run },
        propose: (open) => undoProposal(runOf(runs, open.upstream.config.name), open),
        question: `Undo run ${options.run} on ${upstreams.map(({ name }) => name).join(', ')}?`,
        unconfirmed: 'undo was not confirmed, nothing was changed',
        ...(options.freeze && {
          finish: async () => ways.state.writeFreeze(freezeFor(context, options.run)),
        }),
        revisions: new Map(),
      },
    }),
  );
  print(context, { ...options, as: run }, reports);
  complainAbout(context, reports);
  if (reports.some(({ plan }) => (plan?.changes.length ?? 0) > 0)) {
    context.complain(
      options.freeze
        ? 'route-sync: writes are frozen; "route-sync unfreeze" ends it\n'
        : 'route-sync: the next cycle brings back what the cloud still wants; "undo --freeze" keeps things as they are\n',
    );
  }
  return exitCodeOfReport({ upstreams: reports });
}

function freezeFor(context: CommandContext, run: string): Freeze {
  const at = new Date(context.now()).toISOString();
  return { by: `${userOf(context)}@${context.host}`, at, reason: `run ${run} was undone` };
}

/** The run by the name of each upstream that has it; throws JOURNAL_RUN_UNKNOWN if none has. */
async function findRun(
  { config, stateDir }: LoadedConfig,
  wanted: string,
): Promise<ReadonlyMap<string, JournalRun>> {
  const found = new Map<string, JournalRun>();
  const known = new Set<string>();
  for (const { name } of config.upstreams) {
    const runs = await readRuns({ stateDir, upstream: name }, config.owner, wanted);
    runs.forEach(({ begin }) => known.add(begin.run));
    const run = runs.findLast(({ begin }) => begin.run === wanted);
    if (run !== undefined) {
      found.set(name, run);
    }
  }
  if (found.size === 0) {
    const recent = [...known].sort().slice(-SHOWN);
    const hint = recent.length === 0 ? 'it has no run yet' : `the last runs: ${recent.join(', ')}`;
    throw new RouteSyncError(
      'JOURNAL_RUN_UNKNOWN',
      `no journal has changes of run ${wanted}; ${hint} ("route-sync journal show" lists all)`,
      { details: { run: wanted, recent } },
    );
  }
  return found;
}

function runOf(runs: ReadonlyMap<string, JournalRun>, name: string): JournalRun {
  const run = runs.get(name);
  if (run === undefined) {
    throw new RouteSyncError('INTERNAL', `upstream ${name} was opened without a run to undo`);
  }
  return run;
}

function print(
  context: CommandContext,
  { output, run, as }: UndoOptions & { readonly as: string },
  reports: readonly HandMadeReport[],
): void {
  if (output !== 'json') {
    context.print(reports.map(outcomeText).join(''));
    return;
  }
  const upstreams = reports.map(({ name, plan, left, result, error }) => ({
    name,
    changes: (plan?.changes ?? []).map(changeToJson),
    left,
    result: result === undefined ? null : resultToJson(result),
    error: error ?? null,
  }));
  printJson(context, { version: 1, run: as, undoes: run, upstreams });
}

function resultToJson({
  failed,
  skipped,
  ...counts
}: NonNullable<HandMadeReport['result']>): Record<string, unknown> {
  return { ...counts, failed: failed.map(problemToJson), skipped: skipped.map(problemToJson) };
}

function problemToJson({ change, error }: RouteProblem): Record<string, unknown> {
  return { action: change.action, prefix: prefixOf(change).text, ...error };
}
