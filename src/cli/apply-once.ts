/** One pushing cycle, told to those who look on and to the status file. */
import type { CycleDeps } from '../agent/cycle.ts';
import type { Report } from '../report/report.ts';
import type { CommandContext } from './context.ts';
import { complaintOf, summarizeCycle, type CycleFacts, type Outcome } from './cycle-summary.ts';
import { exitCodeOfError, exitCodeOfReport } from './exit-code.ts';
import { newRunId } from './wiring.ts';

export interface ApplyOnceOptions {
  readonly force: boolean;
  readonly verbose: boolean;
  /** The digest of a reviewed plan; any other plan is refused. */
  readonly reviewed: string | undefined;
}

/** Rejects as runCycle does, once that is noted too. */
export async function applyOnce(
  context: CommandContext,
  deps: CycleDeps,
  options: ApplyOnceOptions,
): Promise<Report> {
  const { observer, command } = deps;
  const run = newRunId(context.now());
  const startedAt = context.now();
  const note = async (exitCode: number, outcome: Outcome): Promise<void> => {
    const facts = { run, command, startedAt, finishedAt: context.now(), exitCode };
    const end =
      'report' in outcome
        ? { report: outcome.report, error: undefined }
        : { report: undefined, error: complaintOf(outcome.error) };
    observer.cycleEnded({ ...facts, ...end });
    await remember(context, deps, { facts, outcome });
  };
  observer.cycleBegan({ run, at: startedAt });
  try {
    const { runCycle } = await import('../agent/cycle.ts');
    const report = await runCycle(deps, { ...options, run, push: true });
    const exitCode = exitCodeOfReport(report);
    await note(exitCode, { report });
    return { ...report, exitCode };
  } catch (error) {
    await note(exitCodeOfError(error), { error });
    throw error;
  }
}

async function remember(
  { log }: CommandContext,
  { state }: CycleDeps,
  { facts, outcome }: { readonly facts: CycleFacts; readonly outcome: Outcome },
): Promise<void> {
  try {
    await state.appendCycle(summarizeCycle(facts, outcome));
  } catch (error) {
    log.warn('the status file was not written', { error });
  }
}
