/** `route-sync apply`: plan, guard, push, verify, once. */
import type { CycleDeps } from '../agent/cycle.ts';
import type { Report } from '../report/report.ts';
import type { CommandContext, CommonOptions } from './context.ts';
import { summarizeCycle, type Outcome } from './cycle-summary.ts';
import { exitCodeOfError, exitCodeOfReport, type ExitCode } from './exit-code.ts';
import { readPlanDigest } from './plan-file.ts';
import { printReport } from './print-report.ts';
import { stopOnSignal } from './stop.ts';
import { closeCycle, loadSelected, newRunId, openCycle } from './wiring.ts';

export interface ApplyOptions extends CommonOptions {
  readonly force: boolean;
  /** A file that `plan --output json` wrote. */
  readonly plan?: string | undefined;
  /** Seconds to wait for the lock of another process. */
  readonly wait: number;
}

export async function applyCommand(
  context: CommandContext,
  options: ApplyOptions,
): Promise<ExitCode> {
  const loaded = await loadSelected(context, options);
  const { owner } = loaded.config;
  const reviewed =
    options.plan === undefined
      ? undefined
      : await readPlanDigest({ path: options.plan, cwd: context.cwd, owner });
  const { signal, forget } = stopOnSignal(context);
  const deps = await openCycle(context, loaded, {
    command: 'apply',
    readOnly: false,
    waitSeconds: options.wait,
    signal,
  });
  try {
    const { force, verbose } = options;
    const report = await applyOnce(context, deps, { force, verbose, reviewed });
    printReport(context, options.output, report);
    return exitCodeOfReport(report);
  } finally {
    forget();
    await closeCycle(deps);
  }
}

export interface ApplyOnceOptions {
  readonly force: boolean;
  readonly verbose: boolean;
  readonly reviewed: string | undefined;
}

/** One pushing cycle with its entry in the status file, also when the cycle fails. */
export async function applyOnce(
  context: CommandContext,
  deps: CycleDeps,
  options: ApplyOnceOptions,
): Promise<Report> {
  const run = newRunId(context.now());
  const startedAt = context.now();
  const record = async (exitCode: ExitCode, outcome: Outcome): Promise<void> => {
    const facts = { run, command: deps.command, startedAt, finishedAt: context.now(), exitCode };
    try {
      await deps.state.appendCycle(summarizeCycle(facts, outcome));
    } catch (error) {
      context.log.warn('the status file was not written', { error });
    }
  };
  try {
    const { runCycle } = await import('../agent/cycle.ts');
    const report = await runCycle(deps, { ...options, run, push: true });
    const exitCode = exitCodeOfReport(report);
    await record(exitCode, { report });
    return { ...report, exitCode };
  } catch (error) {
    await record(exitCodeOfError(error), { error });
    throw error;
  }
}
