/** `route-sync adopt`: takes over hand-made routes that stand where the cloud wants ours; forwarding never stops. */
import type { AdoptDone, AdoptPlanned } from '../agent/adopt.ts';
import type { AdoptRequest } from '../agent/adopt-plan.ts';
import type { Leadership } from '../agent/leader/index.ts';
import type { Step } from '../agent/steps.ts';
import { describeUpstream } from '../agent/upstream.ts';
import type { LoadedConfig } from '../config/load.ts';
import { parsePrefix, type Prefix } from '../core/prefix.ts';
import { prefixOf } from '../core/route.ts';
import type { Adoption } from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';
import { escapeText } from '../report/escape.ts';
import { describeError } from '../report/lines.ts';
import type { UpstreamReport } from '../report/report.ts';
import type { ByHandOptions } from './by-hand.ts';
import type { CommandContext } from './context.ts';
import { exitCodeOfReport, type ExitCode } from './exit-code.ts';
import { printJson } from './print-json.ts';
import { complainAbout } from './print-report.ts';
import { stopOnSignal } from './stop.ts';
import { closeCycle, loadSelected, newRunId, openCycle } from './wiring.ts';
import { withLead } from './with-lead.ts';

export interface AdoptOptions extends ByHandOptions {
  /** The prefixes to take over, whatever next hops their routes have. */
  readonly prefixes: readonly string[];
  /** Every hand-made route that leads where the cloud wants it. */
  readonly all: boolean;
}

export async function adoptCommand(
  context: CommandContext,
  options: AdoptOptions,
): Promise<ExitCode> {
  const request = requestOf(options);
  const loaded = await loadSelected(context, options);
  return withLead(context, { ...options, ...loaded }, async (leadership) =>
    adoptAs(context, options, { request, loaded, leadership }),
  );
}

interface Work {
  readonly request: AdoptRequest;
  readonly loaded: LoadedConfig;
  readonly leadership: Leadership | undefined;
}

async function adoptAs(
  context: CommandContext,
  options: AdoptOptions,
  { request, loaded, leadership }: Work,
): Promise<ExitCode> {
  const { signal, forget } = stopOnSignal(context);
  const deps = await openCycle(context, loaded, {
    command: 'adopt',
    readOnly: false,
    waitSeconds: options.wait,
    leadership,
    signal,
  });
  try {
    const { adoptRoutes, countAdoptions, planAdoptions } = await import('../agent/adopt.ts');
    // Without locks: nobody knows how long a person thinks.
    const shown = await planAdoptions(deps, request);
    const count = countAdoptions(shown);
    showPlan(context, options, shown);
    if (count > 0) {
      await confirm(context, options, count);
    }
    const done = await adoptRoutes(deps, request, { run: newRunId(context.now()), shown });
    printDone(context, options, done);
    const upstreams = done.map(reportOf);
    complainAbout(context, upstreams);
    return exitCodeOfReport({ upstreams });
  } finally {
    forget();
    await closeCycle(deps);
  }
}

function requestOf({ prefixes, all }: AdoptOptions): AdoptRequest {
  if (prefixes.length === 0 && !all) {
    throw new RouteSyncError('USAGE', 'name the prefixes to take over, or say --all');
  }
  return { prefixes: prefixes.map(readPrefix), all };
}

function readPrefix(text: string): Prefix {
  try {
    return parsePrefix(text);
  } catch (cause) {
    throw new RouteSyncError('USAGE', `${JSON.stringify(text)} is no prefix such as 10.0.1.0/24`, {
      cause,
    });
  }
}

/** On stderr where stdout is for a program, and then only for a person who is asked. */
function showPlan(
  context: CommandContext,
  { output, yes }: AdoptOptions,
  steps: readonly Step<AdoptPlanned>[],
): void {
  if (output === 'json' && yes) {
    return;
  }
  const show = output === 'json' ? context.complain : context.print;
  for (const step of steps) {
    const { adoptions = [], refused = [] } = step.value ?? {};
    show(headline(step));
    adoptions.forEach((adoption) => {
      show(`  adopt ${describe(adoption)}\n`);
    });
    refused.forEach(({ prefix, reason }) => {
      show(`  leave ${prefix}: ${escapeText(reason)}\n`);
    });
  }
}

/** `10.0.1.0/24 via 192.0.2.9 (was via 192.0.2.9 dev eth1 proto 3), router ID subnet ID`. */
function describe({ stranger, after }: Adoption): string {
  const via = after.nextHops.map(({ address }) => address).join(', ');
  const why = after.origin.map(({ router, subnet }) => `, router ${router} subnet ${subnet}`);
  return `${after.prefix.text} via ${via} (was ${stranger.route.description})${escapeText(why.join(''))}`;
}

function headline({ upstream }: Step<unknown>): string {
  return `${upstream.config.name} (${describeUpstream(upstream)})\n`;
}

async function confirm(
  { ask }: CommandContext,
  { yes }: AdoptOptions,
  count: number,
): Promise<void> {
  if (yes) {
    return;
  }
  const answer = await ask?.(
    `Take over ${count === 1 ? '1 route' : `${count} routes`}? Type yes: `,
  );
  if (answer?.trim() !== 'yes') {
    throw new RouteSyncError(
      'NOT_CONFIRMED',
      'adopt was not confirmed, nothing was changed; answer yes, or say --yes',
    );
  }
}

function printDone(
  context: CommandContext,
  { output }: AdoptOptions,
  steps: readonly Step<AdoptDone>[],
): void {
  if (output === 'json') {
    printJson(context, { version: 1, upstreams: steps.map(toJson) });
    return;
  }
  for (const step of steps) {
    const { value, error } = step;
    context.print(headline(step));
    if (value === undefined) {
      context.print(error === undefined ? '' : `  Error, ${describeError(error)}\n`);
      continue;
    }
    const { adopted, result, refused } = value;
    result.failed.forEach((problem) => {
      context.print(`  ${describeError(problem.error)}\n`);
    });
    context.print(
      `  Done: ${adopted.length} adopted, ${refused.length} left, ${result.failed.length} failed.\n`,
    );
  }
}

function toJson({ upstream, value, error }: Step<AdoptDone>): Record<string, unknown> {
  return {
    name: upstream.config.name,
    adopted: (value?.adopted ?? []).map(({ stranger, after }) => ({
      prefix: after.prefix.text,
      nextHops: after.nextHops.map(({ address }) => address),
      was: stranger.route.description,
    })),
    refused: (value?.refused ?? []).map(({ prefix, reason }) => ({ prefix, reason })),
    failed: (value?.result.failed ?? []).map((problem) => ({
      prefix: prefixOf(problem.change).text,
      ...problem.error,
    })),
    error: error === undefined ? null : { code: error.code, message: error.message },
  };
}

/** What exit code and complaints look at. */
function reportOf({ upstream, value, error }: Step<AdoptDone>): UpstreamReport {
  const { name, os } = upstream.config;
  return {
    name,
    os,
    description: describeUpstream(upstream),
    error: error && { code: error.code, message: error.message },
    networkIds: new Set(),
    plan: undefined,
    counts: undefined,
    stale: undefined,
    result: value?.result,
  };
}
