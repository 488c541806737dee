/** `route-sync run`: the agent. Cycles on a schedule; a failing cloud or upstream never ends it. */
import { once } from 'node:events';
import type { CycleDeps } from '../agent/cycle.ts';
import { startSchedule, type Schedule } from '../agent/schedule.ts';
import { RouteSyncError } from '../errors.ts';
import { OpenStackError } from '../openstack-client-lite/index.ts';
import { applyOnce } from './apply-once.ts';
import type { CommandContext, CommonOptions } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { planServer, serve, type ServerPlan } from './serve.ts';
import { stopOnSignal } from './stop.ts';
import { createWatchers, type Watchers } from './watchers.ts';
import { closeCycle, loadSelected, openCycle } from './wiring.ts';

/** What a configuration opens; nothing of it works yet. */
interface Opened {
  readonly deps: CycleDeps;
  readonly server: ServerPlan;
}

interface Agent {
  readonly deps: CycleDeps;
  readonly schedule: Schedule;
  readonly endServer: () => Promise<void>;
}

/** Ends with 0 after SIGTERM or SIGINT; a cycle under way leaves before its push, or finishes it. */
export async function runCommand(
  context: CommandContext,
  options: CommonOptions,
): Promise<ExitCode> {
  const { signal } = stopOnSignal(context);
  const { config } = await loadSelected(context, options);
  let schedule: Schedule | undefined;
  const watchers = createWatchers(context, { config, nextDue: () => schedule?.next() });
  const open = async (): Promise<Opened> => openAgent(context, options, { watchers, signal });
  const start = async (opened: Opened): Promise<Agent> => {
    const started = await startAgent(context, opened, watchers);
    ({ schedule } = started);
    return started;
  };
  let agent = await start(await open());
  let reloads = Promise.resolve();
  const reload = async (): Promise<void> => {
    const opened = await open();
    await stopAgent(agent);
    watchers.configure(opened.deps.config);
    agent = await start(opened);
    context.log.info('configuration reloaded');
  };
  const forgetHangup = context.onSignal(['SIGHUP'], () => {
    reloads = reloads.then(reload).catch((error: unknown) => {
      context.log.error('the new configuration is bad, the old one stays', { error });
    });
  });
  await aborted(signal);
  watchers.stopping();
  forgetHangup();
  await reloads;
  await stopAgent(agent);
  return EXIT.ok;
}

async function openAgent(
  context: CommandContext,
  options: CommonOptions,
  { watchers, signal }: { readonly watchers: Watchers; readonly signal: AbortSignal },
): Promise<Opened> {
  const loaded = await loadSelected(context, options);
  const server = await planServer(loaded.config, context.log);
  const { observer } = watchers;
  const deps = await openCycle(context, loaded, {
    command: 'run',
    readOnly: false,
    signal,
    observer,
  });
  return { deps, server };
}

/** The first cycle starts at once, the others on schedule. */
async function startAgent(
  context: CommandContext,
  { deps, server }: Opened,
  watchers: Watchers,
): Promise<Agent> {
  const { log } = context;
  const { config } = deps;
  const endServer = await serve(server, watchers.routes, log);
  const schedule = startSchedule({
    cron: config.schedule,
    jitterMs: config.jitterSeconds * 1000,
    random: Math.random,
    run: async () => {
      await applyOnce(context, deps, { force: false, verbose: false, reviewed: undefined });
    },
    onSkip: (skips) => {
      watchers.cycleSkipped();
      // The first, and then at doubling distances: a long push skips many.
      if (Number.isInteger(Math.log2(skips))) {
        log.warn('a cycle was due while one was under way', { skips });
      }
    },
    // Errors with a code are told with the cycle already; of a defect the whole is wanted.
    onError: (error) => log[hasCode(error) ? 'debug' : 'error']('the cycle ended', { error }),
  });
  log.info('agent started', { owner: config.owner, schedule: config.schedule });
  schedule.trigger();
  return { deps, schedule, endServer };
}

async function stopAgent({ deps, schedule, endServer }: Agent): Promise<void> {
  await schedule.stop();
  await endServer();
  await closeCycle(deps);
}

function hasCode(error: unknown): boolean {
  return error instanceof RouteSyncError || error instanceof OpenStackError;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    await once(signal, 'abort');
  }
}
