/** Configuration -> everything that a cycle works with. */
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import type { CycleDeps } from '../agent/cycle.ts';
import type { Journal } from '../agent/journal.ts';
import type { Leadership, Surroundings } from '../agent/leader/index.ts';
import type { Lock } from '../agent/lock.ts';
import type { OpenDeps } from '../agent/open-upstream.ts';
import { NOBODY, type Observer } from '../agent/observer.ts';
import { runtimeDirectory } from '../agent/runtime-directory.ts';
import { openState } from '../agent/state.ts';
import type { ConnectOptions, SessionLine } from '../agent/transport-to.ts';
import type { Upstream } from '../agent/upstream.ts';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import type { ClockReading } from '../core/clock.ts';
import type { Config } from '../config/schema.ts';
import { RouteSyncError } from '../errors.ts';
import {
  createOpenStackClient,
  loadCloudConfig,
  type OpenStackClient,
  type TokenInfo,
} from '../openstack-client-lite/index.ts';
import { findSecret } from './secret-source.ts';
import { userOf, type CommandContext, type CommonOptions } from './context.ts';

/** The configuration with only the upstreams that `--upstream` names; throws UPSTREAM_UNKNOWN. */
export async function loadSelected(
  context: CommandContext,
  options: CommonOptions,
): Promise<LoadedConfig> {
  const loaded = await loadConfig({ path: options.config, cwd: context.cwd, env: context.env });
  const { config } = loaded;
  const names = config.upstreams.map(({ name }) => name);
  const unknown = options.upstream.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new RouteSyncError(
      'UPSTREAM_UNKNOWN',
      `--upstream ${unknown}: the configuration has no such upstream (it has ${names.join(', ')})`,
    );
  }
  const { upstream } = options;
  const isSelected = ({ name }: { readonly name: string }): boolean =>
    upstream.length === 0 || upstream.includes(name);
  return { ...loaded, config: { ...config, upstreams: config.upstreams.filter(isSelected) } };
}

/** A client for the configured cloud; its warnings go to the log at once. */
export async function openClient(
  context: CommandContext,
  { config: { cloud }, path }: Pick<LoadedConfig, 'config' | 'path'>,
  { cloudAnswered }: Pick<Observer, 'cloudAnswered'> = NOBODY,
): Promise<OpenStackClient> {
  const { env, cwd, homeDir, log } = context;
  // What the configuration names lies beside it; what the environment names, where we are.
  const secret = await findSecret(cloud, { env, cwd: dirname(path), homeDir });
  const credentials = await loadCloudConfig({ cloudName: cloud.name, env, cwd, homeDir, secret });
  const client = createOpenStackClient(credentials, {
    requestTimeoutMs: cloud.requestTimeoutSeconds * 1000,
    retries: cloud.retries,
    maxConcurrent: cloud.maxConcurrentRequests,
    env,
    onRequest: (event) => {
      log.debug('request', { ...event });
      cloudAnswered(event);
    },
  });
  client.warnings.forEach((warning) => log.warn(warning));
  return client;
}

export interface WaysOptions {
  readonly command: string;
  /** True for a dry run: no state directory is made, no lock is taken, and no journal kept. */
  readonly readOnly: boolean;
  /** How long to wait for the lock of another process. */
  readonly waitSeconds?: number;
}

export interface OpenOptions extends WaysOptions {
  readonly signal: AbortSignal;
  /** Who looks on; default: nobody. */
  readonly observer?: Observer;
  /** Where several agents share the work. */
  readonly leadership?: Leadership | undefined;
  /** How to reach the upstreams; the demo brings its own. */
  readonly connect?: (config: Config) => Promise<readonly Upstream[]>;
}

/** Everything a cycle needs, until {@link closeCycle}. */
export async function openCycle(
  context: CommandContext,
  loaded: LoadedConfig,
  options: OpenOptions,
): Promise<CycleDeps> {
  const { signal, observer = NOBODY, leadership } = options;
  const client = loggingIn(await openClient(context, loaded, observer));
  const { config } = loaded;
  // What speaks to upstreams is loaded while the login is under way: a plan starts with the answer of Keystone.
  const { connectUpstreams } = await import('../agent/upstream.ts');
  return {
    config,
    upstreams: await (options.connect?.(config) ??
      connectUpstreams(config, connectOptions(context, options.command))),
    client,
    ...(await openWays(context, loaded, options)),
    observer,
    leadership,
    now: context.now,
    signal,
  };
}

/** A refused login waits in the agent alone; sessions with routers are written down where the log takes such lines. */
export function connectOptions({ log }: CommandContext, command: string): ConnectOptions {
  const onSessionLine = (line: SessionLine): void => log.debug('session', { ...line });
  return {
    triesAgain: command === 'run',
    onSessionLine: log.writes('debug') ? onSessionLine : undefined,
  };
}

/** Ends the sessions with the cloud and with the upstreams. */
export async function closeCycle({ client, upstreams }: CycleDeps): Promise<void> {
  const { closeUpstreams } = await import('../agent/upstream.ts');
  await Promise.all([client.close(), closeUpstreams(upstreams)]);
}

/** State directory, lock, journal and clock: what opening an upstream takes, with or without a cloud. */
export async function openWays(
  context: CommandContext,
  { config, stateDir }: Pick<LoadedConfig, 'config' | 'stateDir'>,
  { command, readOnly, waitSeconds = 0 }: WaysOptions,
): Promise<Omit<OpenDeps, 'signal'> & { readonly command: string }> {
  const state = await openState({ dir: stateDir, owner: config.owner, readOnly });
  const clock = (): ClockReading => ({ wall: context.now(), ...context.sinceBoot() });
  if (readOnly) {
    return { command, state, clock, lock: undefined, journal: undefined };
  }
  await state.check();
  return {
    command,
    state,
    clock,
    lock: await locker(context, config, { command, waitSeconds }),
    journal: await journaler(context, { config, stateDir }),
  };
}

async function journaler(
  context: CommandContext,
  { config, stateDir }: Pick<LoadedConfig, 'config' | 'stateDir'>,
): Promise<(upstream: Upstream) => Promise<Journal>> {
  const { openJournal } = await import('../agent/journal.ts');
  const { ledgerKey } = await import('../agent/upstream.ts');
  const { host, now } = context;
  const { owner, journal } = config;
  const who = { owner, host, user: userOf(context), now, ...journal };
  return async (upstream) => {
    const { name, target } = ledgerKey(upstream);
    return openJournal({ ...who, dir: stateDir, upstream: name, target });
  };
}

/**
 * Starts the login at once. Who asks for the token while it is under way joins it; a failure that came before anybody
 * asked is told to the first who does, so that bad credentials are tried once.
 */
function loggingIn(client: OpenStackClient): OpenStackClient {
  let isAsked = false;
  let failed: Promise<TokenInfo> | undefined;
  const first = client.token();
  first.catch(() => {
    failed = isAsked ? undefined : first;
  });
  return {
    ...client,
    token: async (options) => {
      isAsked = true;
      const login = failed ?? client.token(options);
      failed = undefined;
      return login;
    },
  };
}

/** Takes the lock of one upstream. */
async function locker(
  { env, now, uid }: CommandContext,
  { owner }: Config,
  { command, waitSeconds }: Required<Pick<WaysOptions, 'command' | 'waitSeconds'>>,
): Promise<(upstream: Upstream) => Promise<Lock>> {
  const { acquireLock } = await import('../agent/lock.ts');
  const { lockTarget, markOf } = await import('../agent/upstream.ts');
  const dir = await runtimeDirectory({ env, uid });
  return async (upstream) =>
    acquireLock({
      dir,
      target: await lockTarget(upstream),
      mark: markOf(upstream),
      owner,
      command,
      now: new Date(now()),
      waitSeconds,
      searchPath: env['PATH'] ?? '',
    });
}

/** What an election of several agents must know of this one. */
export function surroundingsOf(context: CommandContext): Surroundings {
  const { env, uid, host, now, sinceBoot, log } = context;
  return { env, uid, host, now, sinceBoot, log };
}

/** An id that sorts by time: `20261122T150405Z-1f9a2c`. */
export function newRunId(now: number): string {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${time}-${randomBytes(3).toString('hex')}`;
}
