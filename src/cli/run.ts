/** `route-sync run`: the agent. Cycles on a schedule; a failing cloud or upstream never ends it. */
import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import type { CycleDeps } from '../agent/cycle.ts';
import type { CycleSummary } from '../agent/cycle-history.ts';
import type { Notifications } from '../agent/events/index.ts';
import { collectGarbage, idleMemory } from '../agent/idle-memory.ts';
import type { Leadership } from '../agent/leader/index.ts';
import { startSchedule, type Schedule } from '../agent/schedule.ts';
import { openState } from '../agent/state.ts';
import { watchCloud, type CloudWatch } from '../agent/watch/cloud-watch.ts';
import { hasLastGood } from '../agent/watch/last-good-at-hand.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { RouteSyncError } from '../errors.ts';
import { OpenStackError } from '../openstack-client-lite/index.ts';
import { applyOnce } from './apply-once.ts';
import type { CommandContext, CommonOptions } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { checkNotifications, listenToCloud } from './listen.ts';
import { createServing, planServer, type ServerPlan, type Serving } from './serve.ts';
import { stopOnSignal } from './stop.ts';
import { createWatchers, type Watchers } from './watchers.ts';
import { closeCycle, loadSelected, openCycle, surroundingsOf } from './wiring.ts';

/** What a configuration opens; nothing of it works yet. */
interface Opened {
  readonly loaded: LoadedConfig;
  readonly deps: CycleDeps;
  readonly watch: CloudWatch;
  readonly server: ServerPlan;
}

interface Agent {
  readonly deps: CycleDeps;
  readonly schedule: Schedule;
  readonly notifications: Notifications | undefined;
  /** The election calls no more. */
  readonly forgetRole: () => void;
}

interface Surroundings {
  readonly options: CommonOptions;
  readonly watchers: Watchers;
  readonly serving: Serving;
  readonly signal: AbortSignal;
}

/** Ends with 0 after SIGTERM or SIGINT; a cycle under way leaves before its push, or finishes it. */
export async function runCommand(
  context: CommandContext,
  options: CommonOptions,
): Promise<ExitCode> {
  const { signal } = stopOnSignal(context);
  const loaded = await loadSelected(context, options);
  const earlier = await cyclesBefore(loaded);
  let agent: Agent | undefined;
  const nextDue = (): Date | undefined => agent?.schedule.next();
  const watchers = await createWatchers(context, { loaded, earlier, nextDue });
  const serving = createServing({ routes: watchers.routes, log: context.log });
  const surroundings = { options, watchers, serving, signal };
  const reload = async (): Promise<void> => {
    const opened = await openAgent(context, surroundings, agent);
    await stopAgent(agent, opened);
    agent = await startAgent(context, surroundings, opened);
  };
  await reload();
  watchers.ready();
  let reloads = Promise.resolve();
  const forgetHangup = context.onSignal(['SIGHUP'], () => {
    watchers.reloading();
    reloads = reloads
      .then(reload)
      .then(
        () => context.log.info('configuration reloaded'),
        (error: unknown) => {
          context.log.error('the new configuration is bad, the old one stays', { error });
        },
      )
      .finally(watchers.ready);
  });
  await aborted(signal);
  watchers.stopping();
  forgetHangup();
  await reloads;
  await stopAgent(agent);
  await serving.close();
  return EXIT.ok;
}

/** For the status page; a history that cannot be read is told of where the state directory is opened for work. */
async function cyclesBefore({ config, stateDir }: LoadedConfig): Promise<readonly CycleSummary[]> {
  try {
    const state = await openState({ dir: stateDir, owner: config.owner, readOnly: true });
    return await state.readCycles();
  } catch (error) {
    if (error instanceof RouteSyncError) {
      return [];
    }
    throw error;
  }
}

/** Rejects where the configuration is bad; the agent before then goes on as it was. */
async function openAgent(
  context: CommandContext,
  { options, watchers, signal }: Surroundings,
  before: Agent | undefined,
): Promise<Opened> {
  const loaded = await loadSelected(context, options);
  const { observer } = watchers;
  const server = await planServer(loaded.config, context.log);
  await checkNotifications(loaded.config);
  const deps = await openCycle(context, loaded, {
    command: 'run',
    readOnly: false,
    signal,
    observer,
  });
  try {
    // Last: who takes part in an election has to do the work.
    const leadership = await leadershipFor(context, loaded.config, before);
    const watch = watchCloud({
      now: context.now,
      percent: loaded.config.cloud.maxLoadPercent,
      canGoOn: async () => hasLastGood(deps),
    });
    return { loaded, deps: { ...deps, leadership, look: watch.look }, watch, server };
  } catch (error) {
    await closeCycle(deps);
    throw error;
  }
}

/** The same election goes on where it is the same lock: a reload is no reason to lose it. */
async function leadershipFor(
  context: CommandContext,
  config: Config,
  before: Agent | undefined,
): Promise<Leadership | undefined> {
  const last = before?.deps.config;
  if (last?.owner === config.owner && isDeepStrictEqual(last.leader, config.leader)) {
    return before?.deps.leadership;
  }
  if (config.leader === undefined) {
    return undefined;
  }
  const { openLeadership } = await import('../agent/leader/index.ts');
  return openLeadership(config, surroundingsOf(context));
}

/** The first cycle starts at once, the others on schedule. */
async function startAgent(
  context: CommandContext,
  { watchers, serving }: Surroundings,
  { loaded, deps, watch, server }: Opened,
): Promise<Agent> {
  const { log } = context;
  const { config, leadership } = deps;
  watchers.configure(loaded, leadership);
  await serving.become(server);
  // Who becomes the leader does not wait for the schedule, and a standby's cycle under way counts for nothing.
  const forgetRole =
    leadership?.onChange(() => {
      if (leadership.role() === 'leader') {
        watch.distrust();
        schedule.trigger();
      }
    }) ?? NOTHING;
  const memory = idleMemory({ now: () => performance.now(), collect: collectGarbage });
  const schedule = startSchedule({
    cron: config.schedule,
    jitterMs: config.jitterSeconds * 1000,
    random: Math.random,
    run: async () => {
      memory.wake();
      try {
        await applyOnce(context, deps, { force: false, verbose: false, reviewed: undefined });
      } finally {
        if (watch.isExpecting()) {
          schedule.trigger();
        } else {
          memory.rest();
        }
      }
    },
    onTick: watch.tick,
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
  const { trigger } = schedule;
  const notifications = await listenToCloud(context, { config, watch, trigger, watchers });
  log.info('agent started', { owner: config.owner, schedule: config.schedule });
  trigger();
  return { deps, schedule, notifications, forgetRole };
}

/** The lead is given back last, once nothing is written any more; and not where it goes on under `next`. */
async function stopAgent(agent: Agent | undefined, next?: Opened): Promise<void> {
  if (agent === undefined) {
    return;
  }
  const { deps, schedule, notifications, forgetRole } = agent;
  forgetRole();
  await notifications?.close();
  await schedule.stop();
  await closeCycle(deps);
  if (deps.leadership !== next?.deps.leadership) {
    await deps.leadership?.close();
  }
}

const NOTHING = (): void => undefined;

function hasCode(error: unknown): boolean {
  return error instanceof RouteSyncError || error instanceof OpenStackError;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    await once(signal, 'abort');
  }
}
