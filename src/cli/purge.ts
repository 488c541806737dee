/** `route-sync purge`: removes everything that carries our mark. Needs neither the cloud nor the guard, just a yes. */
import { purgeProposal } from '../agent/purge.ts';
import { connectUpstreams, ledgerKey } from '../agent/upstream.ts';
import { describeFailure } from '../report/lines.ts';
import { outcomeText, runErrand, type ByHandOptions, type HandMadeReport } from './by-hand.ts';
import type { CommandContext } from './context.ts';
import { exitCodeOfReport, type ExitCode } from './exit-code.ts';
import { printJson } from './print-json.ts';
import { complainAbout } from './print-report.ts';
import { connectOptions, loadSelected, newRunId, openWays } from './wiring.ts';
import { withLead } from './with-lead.ts';

export type PurgeOptions = ByHandOptions;

export async function purgeCommand(
  context: CommandContext,
  options: PurgeOptions,
): Promise<ExitCode> {
  const loaded = await loadSelected(context, options);
  const command = 'purge';
  const ways = await openWays(context, loaded, {
    command,
    readOnly: false,
    waitSeconds: options.wait,
  });
  const { upstreams } = loaded.config;
  const reports = await withLead(context, { ...options, ...loaded }, async (leadership) =>
    runErrand(context, options, {
      upstreams: await connectUpstreams(loaded.config, connectOptions(context, command)),
      deps: { ...ways, leadership, signal: new AbortController().signal },
      errand: {
        facts: { run: newRunId(context.now()), command, force: false },
        propose: purgeProposal,
        // Else a cycle that cannot read the cloud would bring back what was removed on purpose.
        prepare: async ({ upstream }) => ways.state.forgetLastGood(ledgerKey(upstream)),
        question: `Remove all our routes from ${upstreams.map(({ name }) => name).join(', ')}?`,
        unconfirmed: 'purge was not confirmed, nothing was removed',
        revisions: new Map(),
      },
    }),
  );
  print(context, options, reports);
  complainAbout(context, reports);
  if (reports.some(({ result }) => (result?.removed ?? 0) > 0)) {
    context.complain(
      'route-sync: an agent that still runs brings back what the cloud wants; end it, or run "route-sync freeze"\n',
    );
  }
  return exitCodeOfReport({ upstreams: reports });
}

function print(
  context: CommandContext,
  { output }: PurgeOptions,
  reports: readonly HandMadeReport[],
): void {
  if (output !== 'json') {
    context.print(reports.map(outcomeText).join(''));
    return;
  }
  const upstreams = reports.map(({ name, result, error }) => ({
    name,
    removed: result?.removed ?? 0,
    failed: (result?.failed ?? []).map(describeFailure),
    error: error ?? null,
  }));
  printJson(context, { version: 1, upstreams });
}
