/** `route-sync apply`: plan, guard, push, verify, once. */
import { toAll } from '../agent/observer.ts';
import type { Leadership } from '../agent/leader/index.ts';
import type { LoadedConfig } from '../config/load.ts';
import { applyOnce } from './apply-once.ts';
import type { CommandContext, CommonOptions } from './context.ts';
import { exitCodeOfReport, type ExitCode } from './exit-code.ts';
import { readPlanDigest } from './plan-file.ts';
import { printNews } from './print-report.ts';
import { stopOnSignal } from './stop.ts';
import { closeCycle, loadSelected, openCycle } from './wiring.ts';
import { withLead } from './with-lead.ts';

export interface ApplyOptions extends CommonOptions {
  readonly force: boolean;
  /** A file that `plan --output json` wrote. */
  readonly plan?: string | undefined;
  /** Seconds to wait for the lock of another process. */
  readonly wait: number;
  readonly quiet: boolean;
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
  return withLead(context, { ...options, ...loaded }, async (leadership) =>
    applyAs(context, options, { loaded, reviewed, leadership }),
  );
}

interface Work {
  readonly loaded: LoadedConfig;
  readonly reviewed: string | undefined;
  readonly leadership: Leadership | undefined;
}

async function applyAs(
  context: CommandContext,
  options: ApplyOptions,
  { loaded, reviewed, leadership }: Work,
): Promise<ExitCode> {
  const { signal, forget } = stopOnSignal(context);
  const deps = await openCycle(context, loaded, {
    command: 'apply',
    readOnly: false,
    waitSeconds: options.wait,
    leadership,
    signal,
    observer: toAll([context.progress ?? {}]),
  });
  try {
    const { force, verbose } = options;
    const report = await applyOnce(context, deps, { force, verbose, reviewed });
    printNews(context, options, report);
    return exitCodeOfReport(report);
  } finally {
    forget();
    await closeCycle(deps);
  }
}
