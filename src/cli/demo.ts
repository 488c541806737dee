/** `route-sync demo`: the real way on an embedded cloud and upstream; ends by itself and leaves nothing behind. */
import { dirname, join } from 'node:path';
import { runCycle, type CycleDeps } from '../agent/cycle.ts';
import { gatherState } from '../agent/gather.ts';
import { assembleUpstream } from '../agent/upstream.ts';
import { loadConfig } from '../config/load.ts';
import type { UpstreamState } from '../core/route.ts';
import { driverFor } from '../drivers/index.ts';
import { startDemo, type Demo } from '../demo/start.ts';
import type { Scene } from '../demo/story.ts';
import { applyOnce } from './apply-once.ts';
import type { CommandContext } from './context.ts';
import { EXIT, exitCodeOfReport, type ExitCode } from './exit-code.ts';
import { printReport } from './print-report.ts';
import { stopOnSignal } from './stop.ts';
import { closeCycle, newRunId, openCycle } from './wiring.ts';

export async function demoCommand(context: CommandContext): Promise<ExitCode> {
  const demo = await startDemo();
  const { signal, forget } = stopOnSignal(context);
  const runtimeDirectory = join(dirname(demo.configFile), 'run');
  const env = { ...demo.env, PATH: context.env['PATH'], RUNTIME_DIRECTORY: runtimeDirectory };
  try {
    return await play({ ...context, env }, demo, signal);
  } finally {
    forget();
    await demo.close();
  }
}

async function play(context: CommandContext, demo: Demo, signal: AbortSignal): Promise<ExitCode> {
  const { configFile, upstream, story } = demo;
  const loaded = await loadConfig({ path: configFile, cwd: context.cwd, env: context.env });
  const deps = await openCycle(context, loaded, {
    command: 'demo',
    readOnly: false,
    signal,
    connect: async ({ owner, upstreams }) => {
      const parts = { driver: await driverFor('linux'), transport: upstream.transport, owner };
      return upstreams.map((config) => assembleUpstream(config, parts));
    },
  });
  try {
    say(context, `An embedded OpenStack cloud, and an upstream router in ${upstream.description}.`);
    say(context, '1. plan: what would change, and why. Nothing is written.');
    await showPlan(context, deps);
    say(context, '2. apply: the same, pushed into the router and read back.');
    const first = await showApply(context, deps);
    await showRoutes(context, deps);
    say(context, '3. Meanwhile in the cloud:');
    [story.tenantAddsSubnet(), story.tenantRemovesSubnet()].forEach((scene) =>
      tell(context, scene),
    );
    say(context, '4. The next cycle follows:');
    const second = await showApply(context, deps);
    await showRoutes(context, deps);
    return first === EXIT.ok ? second : first;
  } finally {
    await closeCycle(deps);
  }
}

async function showPlan(context: CommandContext, deps: CycleDeps): Promise<void> {
  const run = newRunId(context.now());
  const dry = { run, push: false, force: false, verbose: false, reviewed: undefined };
  printReport(context, 'text', await runCycle(deps, dry));
}

async function showApply(context: CommandContext, deps: CycleDeps): Promise<ExitCode> {
  const options = { force: false, verbose: false, reviewed: undefined };
  const report = await applyOnce(context, deps, options);
  printReport(context, 'text', report);
  return exitCodeOfReport(report);
}

async function showRoutes(
  context: CommandContext,
  { upstreams, signal }: CycleDeps,
): Promise<void> {
  for (const upstream of upstreams) {
    const state = await gatherState({ ...upstream, signal });
    context.print(`\nWhat ${upstream.config.name} holds now (* ours):\n${routeLines(state)}`);
  }
}

function routeLines({ routes }: UpstreamState): string {
  return routes
    .filter(({ kind }) => kind === 'static')
    .map(
      ({ owned, prefix, description }) => `  ${owned ? '*' : ' '} ${prefix.text}  ${description}\n`,
    )
    .join('');
}

function tell({ print }: CommandContext, { sentence }: Scene): void {
  print(`   ${sentence}\n`);
}

function say({ print, paint }: CommandContext, sentence: string): void {
  print(`\n${paint('bold', sentence)}\n`);
}
