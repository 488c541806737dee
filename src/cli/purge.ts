/** `route-sync purge`: removes everything that carries our mark. Needs neither the cloud nor the guard, just a yes. */
import { openUpstream, type OpenUpstream } from '../agent/open-upstream.ts';
import { purgeUpstream } from '../agent/purge.ts';
import { openState, type StateDirectory } from '../agent/state.ts';
import { connectUpstream, describeUpstream, type Upstream } from '../agent/upstream.ts';
import { RouteSyncError } from '../errors.ts';
import { describeFailure, summarizeResult } from '../report/lines.ts';
import type { UpstreamReport } from '../report/report.ts';
import type { CommandContext, CommonOptions } from './context.ts';
import { exitCodeOfReport, type ExitCode } from './exit-code.ts';
import { printJson } from './print-json.ts';
import { complainAbout } from './print-report.ts';
import { loadSelected, locker } from './wiring.ts';

export interface PurgeOptions extends CommonOptions {
  readonly yes: boolean;
}

export async function purgeCommand(
  context: CommandContext,
  options: PurgeOptions,
): Promise<ExitCode> {
  const { config, stateDir } = await loadSelected(context, options);
  await confirm(
    context,
    options,
    config.upstreams.map(({ name }) => name),
  );
  const state = await openState({ dir: stateDir, owner: config.owner, readOnly: false });
  const lock = await locker(context, config, 'purge');
  const deps = { lock, state, signal: new AbortController().signal };
  const upstreams: UpstreamReport[] = [];
  for (const upstream of config.upstreams.map(connectUpstream)) {
    upstreams.push(await purgeOne(upstream, deps));
  }
  print(context, options, upstreams);
  complainAbout(context, upstreams);
  return exitCodeOfReport({ upstreams });
}

async function confirm(
  { ask }: CommandContext,
  { yes }: PurgeOptions,
  names: readonly string[],
): Promise<void> {
  if (yes) {
    return;
  }
  const answer = await ask?.(`Remove all our routes from ${names.join(', ')}? Type yes: `);
  if (answer?.trim() !== 'yes') {
    throw new RouteSyncError(
      'NOT_CONFIRMED',
      'purge was not confirmed, nothing was removed; answer yes, or say --yes',
    );
  }
}

type PurgeDeps = Parameters<typeof openUpstream>[1] & { readonly state: StateDirectory };

async function purgeOne(upstream: Upstream, deps: PurgeDeps): Promise<UpstreamReport> {
  const { name, os } = upstream.config;
  const base = {
    name,
    os,
    description: describeUpstream(upstream),
    networkIds: new Set<string>(),
    plan: undefined,
  };
  let open: OpenUpstream | undefined;
  try {
    open = await openUpstream(upstream, deps);
    const result = await purgeUpstream(open, deps.state, deps.signal);
    return { ...base, error: undefined, result };
  } catch (error) {
    if (!(error instanceof RouteSyncError)) {
      throw error;
    }
    return { ...base, error: { code: error.code, message: error.message }, result: undefined };
  } finally {
    await open?.lock?.release();
  }
}

function print(
  context: CommandContext,
  { output }: PurgeOptions,
  upstreams: readonly UpstreamReport[],
): void {
  if (output === 'json') {
    const facts = upstreams.map(({ name, result, error }) => ({
      name,
      removed: result?.removed ?? 0,
      failed: (result?.failed ?? []).map(describeFailure),
      error: error ?? null,
    }));
    printJson(context, { version: 1, upstreams: facts });
    return;
  }
  for (const { name, description, result, error } of upstreams) {
    const outcome =
      result === undefined
        ? [`Error, ${error?.code ?? ''}: ${error?.message ?? ''}`]
        : [...result.failed.map(describeFailure), summarizeResult(result)];
    context.print(`${name} (${description})\n${outcome.map((line) => `  ${line}\n`).join('')}`);
  }
}
