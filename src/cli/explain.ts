/** `route-sync explain WHAT`: every rule passed or failed for what is announced and what is not. */
import type { Candidate, Check } from '../core/eligibility.ts';
import { announcementOn, type Announcement } from '../report/announcement.ts';
import { escapeText } from '../report/escape.ts';
import { candidateToJson } from '../report/json.ts';
import type { Report } from '../report/report.ts';
import type { Paint } from '../report/text.ts';
import type { CommandContext, CommonOptions } from './context.ts';
import { EXIT, exitCodeOfReport, type ExitCode } from './exit-code.ts';
import { orphansFor, type Orphan } from './orphans.ts';
import { questionsOf, type Question } from './question.ts';
import { printJson } from './print-json.ts';
import { closeCycle, loadSelected, newRunId, openCycle } from './wiring.ts';

export interface ExplainOptions extends CommonOptions {
  readonly what: string;
}

interface Explained {
  readonly candidate: Candidate;
  readonly checks: readonly Check[];
  readonly upstreams: readonly Announcement[];
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
    const answers = questionsOf(options.what).map((fits) => answerTo(fits, report));
    const answer = answers.find(({ explained, orphans }) => explained.length + orphans.length > 0);
    print(context, options, answer ?? { explained: [], orphans: [] });
    return answer === undefined
      ? EXIT.failure
      : exitCodeOfReport({
          upstreams: report.upstreams.map((each) => ({ ...each, plan: undefined })),
        });
  } finally {
    await closeCycle(deps);
  }
}

function answerTo(fits: Question, { candidates, checksOf, upstreams }: Report): Answer {
  const fitting = candidates.filter((each) => fits(each.prefix, namesOf(each)));
  const checks = checksOf(fitting);
  return {
    explained: fitting.map((candidate, i) => ({
      candidate,
      checks: checks[i] ?? [],
      upstreams: upstreams.map((upstream) => announcementOn(upstream, candidate)),
    })),
    orphans: upstreams.flatMap((upstream) => orphansFor(upstream, fits)),
  };
}

function namesOf({ router, subnet }: Candidate): readonly (string | undefined)[] {
  return [router.id, router.name, subnet?.id, subnet?.name];
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
    const candidates = explained.map(({ candidate, checks, upstreams }) => ({
      ...candidateToJson(candidate, checks),
      upstreams,
    }));
    printJson(context, { query: what, candidates, orphans });
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
