/** `route-sync explain WHAT`: every rule passed or failed for what is announced and what is not. */
import { escapeText } from '../report/escape.ts';
import { explain, explanationToJson, find, type Explained } from '../report/explain.ts';
import type { Orphan } from '../report/orphans.ts';
import type { Paint } from '../report/text.ts';
import type { CommandContext, CommonOptions } from './context.ts';
import { EXIT, exitCodeOfReport, type ExitCode } from './exit-code.ts';
import { printJson } from './print-json.ts';
import { closeCycle, loadSelected, newRunId, openCycle } from './wiring.ts';

export interface ExplainOptions extends CommonOptions {
  readonly what: string;
}

/** Exit 1 when nothing in the cloud fits the question. */
export async function explainCommand(
  context: CommandContext,
  options: ExplainOptions,
): Promise<ExitCode> {
  const loaded = await loadSelected(context, options);
  const { signal } = new AbortController();
  const deps = await openCycle(context, loaded, { command: 'explain', readOnly: true, signal });
  try {
    const run = newRunId(context.now());
    const dry = {
      run,
      push: false,
      force: false,
      verbose: true,
      reviewed: undefined,
      needsCloud: true,
    };
    const { runCycle } = await import('../agent/cycle.ts');
    const report = await runCycle(deps, dry);
    const { candidates, orphans } = find(options.what.trim(), report);
    print(context, options, { explained: explain(candidates, report), orphans });
    return candidates.length + orphans.length === 0
      ? EXIT.failure
      : exitCodeOfReport({
          upstreams: report.upstreams.map((each) => ({ ...each, plan: undefined })),
        });
  } finally {
    await closeCycle(deps);
  }
}

interface Answer {
  readonly explained: readonly Explained[];
  readonly orphans: readonly Orphan[];
}

function print(
  context: CommandContext,
  { what, output }: ExplainOptions,
  { explained, orphans }: Answer,
): void {
  if (output === 'json') {
    printJson(context, explanationToJson(what, explained, orphans));
    return;
  }
  const blocks = [
    ...explained.map((each) => block(each, context.paint)),
    ...orphans.map((orphan) => orphanBlock(orphan, context.paint)),
  ];
  context.print(
    blocks.length === 0
      ? `nothing in the cloud or on the upstreams fits "${escapeText(what)}"\n`
      : `${blocks.join('\n\n')}\n`,
  );
}

function orphanBlock({ upstream, prefix, state, message, origin }: Orphan, paint: Paint): string {
  const from = origin.map(({ router, subnet }) => `router ${router}, subnet ${subnet}`);
  return [
    `${paint('bold', prefix)} ${paint('red', 'no longer wanted')}`,
    ...from.map((text) => `  it came from ${text}`),
    `  → ${upstream}: ${state} (${escapeText(message)})`,
  ].join('\n');
}

function block({ candidate, checks, upstreams }: Explained, paint: Paint): string {
  const { prefix, router, subnet, leg, nextHops, verdict, warnings } = candidate;
  const through =
    leg === undefined ? 'no external leg' : `${leg.kind} leg on external network ${leg.networkId}`;
  return [
    `${paint('bold', prefix.text)} ${paint(verdict === 'eligible' ? 'green' : 'yellow', verdict)}${nextHops.length === 0 ? '' : ` via ${nextHops.join(', ')}`}`,
    `  router ${router.id} "${escapeText(router.name)}", subnet ${subnet?.id ?? '-'} "${escapeText(subnet?.name ?? '')}", ${through}`,
    ...checks.map(({ code, passed, detail }) =>
      passed
        ? `  ${paint('green', '✓')} ${code}: ${escapeText(detail)}`
        : `  ${paint('red', '✗')} ${code}: ${escapeText(detail)}`,
    ),
    ...warnings.map((warning) => `  ${paint('yellow', '!')} warning ${warning}`),
    ...upstreams.map(
      ({ name, state, message }) =>
        `  → ${name}: ${state}${message === undefined ? '' : ` (${escapeText(message)})`}`,
    ),
  ].join('\n');
}
