/** `route-sync run`: the agent. Cycles on a schedule; a failing cloud or upstream never ends it. */
import { once } from 'node:events';
import type { CycleDeps } from '../agent/cycle.ts';
import { startSchedule, type Schedule } from '../agent/schedule.ts';
import { describeFailure } from '../report/lines.ts';
import type { UpstreamReport } from '../report/report.ts';
import { applyOnce } from './apply-once.ts';
import type { CommandContext, CommonOptions } from './context.ts';
import { summarizeUpstream } from './cycle-summary.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { stopOnSignal } from './stop.ts';
import { closeCycle, loadSelected, openCycle } from './wiring.ts';

/** How many failed routes of one upstream are logged each cycle; the status counts them all. */
const FAILURES_LOGGED = 10;

interface Agent {
  readonly deps: CycleDeps;
  readonly schedule: Schedule;
}

/** Ends with 0 after SIGTERM or SIGINT; a cycle under way leaves before its push, or finishes it. */
export async function runCommand(
  context: CommandContext,
  options: CommonOptions,
): Promise<ExitCode> {
  const { signal } = stopOnSignal(context);
  let agent = startAgent(context, await openAgent(context, options, signal));
  let reloads = Promise.resolve();
  const reload = async (): Promise<void> => {
    const deps = await openAgent(context, options, signal);
    await stopAgent(agent);
    agent = startAgent(context, deps);
    context.log.info('configuration reloaded');
  };
  const forgetHangup = context.onSignal(['SIGHUP'], () => {
    reloads = reloads.then(reload).catch((error: unknown) => {
      context.log.error('the new configuration is bad, the old one stays', { error });
    });
  });
  await aborted(signal);
  forgetHangup();
  await reloads;
  await stopAgent(agent);
  return EXIT.ok;
}

async function openAgent(
  context: CommandContext,
  options: CommonOptions,
  signal: AbortSignal,
): Promise<CycleDeps> {
  const loaded = await loadSelected(context, options);
  return openCycle(context, loaded, { command: 'run', readOnly: false, signal });
}

/** The first cycle starts at once, the others on schedule. */
function startAgent(context: CommandContext, deps: CycleDeps): Agent {
  const { log } = context;
  const schedule = startSchedule({
    cron: deps.config.schedule,
    jitterMs: deps.config.jitterSeconds * 1000,
    random: Math.random,
    run: async () => cycle(context, deps),
    onSkip: (skips) => log.warn('a cycle was due while one was under way', { skips }),
    onError: (error) => {
      const level = deps.signal.aborted ? 'info' : 'error';
      log[level]('the cycle ended, nothing was changed', { error });
    },
  });
  log.info('agent started', { owner: deps.config.owner, schedule: deps.config.schedule });
  schedule.trigger();
  return { deps, schedule };
}

async function stopAgent({ deps, schedule }: Agent): Promise<void> {
  await schedule.stop();
  await closeCycle(deps);
}

async function cycle(context: CommandContext, deps: CycleDeps): Promise<void> {
  const options = { force: false, verbose: false, reviewed: undefined };
  const { run, exitCode, upstreams, blind, freeze } = await applyOnce(context, deps, options);
  if (blind !== undefined) {
    context.log.error('the cloud cannot be read, the last good state is kept', { run, ...blind });
  }
  if (freeze !== undefined) {
    context.log.warn('writes are frozen', { run, ...freeze });
  }
  upstreams.forEach((upstream) => logUpstream(context, upstream, { run, exitCode }));
}

function logUpstream(
  { log }: CommandContext,
  report: UpstreamReport,
  cycle: { readonly run: string; readonly exitCode: number | undefined },
): void {
  const upstream = report.name;
  const { added, replaced, removed, failed, conflicts, heldTotal, refused, error } =
    summarizeUpstream(report);
  const counts = { added, replaced, removed, failed, conflicts, held: heldTotal };
  const isBad = error !== undefined || failed > 0 || refused !== undefined;
  const { unchanged } = report.plan ?? {};
  log[isBad ? 'error' : 'info']('cycle', {
    ...cycle,
    upstream,
    ...counts,
    unchanged,
    lastGoodAgeSeconds: report.stale?.ageSeconds,
    refused,
    error,
  });
  for (const failure of report.result?.failed.slice(0, FAILURES_LOGGED) ?? []) {
    log.error('a route failed', { run: cycle.run, upstream, why: describeFailure(failure) });
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    await once(signal, 'abort');
  }
}
