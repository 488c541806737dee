/** `route-sync plan`: what would change and why. Reads everything, writes nothing. */
import type { CommandContext, CommonOptions } from './context.ts';
import { EXIT, exitCodeOfReport, hasChanges, type ExitCode } from './exit-code.ts';
import { printNews } from './print-report.ts';
import { closeCycle, loadSelected, newRunId, openCycle } from './wiring.ts';

export interface PlanOptions extends CommonOptions {
  readonly force: boolean;
  readonly detailedExitcode: boolean;
  readonly quiet: boolean;
}

export async function planCommand(
  context: CommandContext,
  options: PlanOptions,
): Promise<ExitCode> {
  const loaded = await loadSelected(context, options);
  // Nothing is written, so a signal may end the process wherever it is.
  const { signal } = new AbortController();
  const deps = await openCycle(context, loaded, { command: 'plan', readOnly: true, signal });
  try {
    const { runCycle } = await import('../agent/cycle.ts');
    const report = await runCycle(deps, {
      run: newRunId(context.now()),
      push: false,
      force: options.force,
      verbose: options.verbose,
      reviewed: undefined,
    });
    printNews(context, options, report);
    const code = exitCodeOfReport(report);
    return code === EXIT.ok && options.detailedExitcode && hasChanges(report) ? EXIT.changes : code;
  } finally {
    await closeCycle(deps);
  }
}
