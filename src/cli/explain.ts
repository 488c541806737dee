/** `route-sync explain WHAT`: every rule passed or failed for what is announced and what is not. */
import { runCycle } from '../agent/cycle.ts';
import { contains, hostPrefix, parseAddress, parsePrefix, type Prefix } from '../core/prefix.ts';
import type { Candidate, Check } from '../core/eligibility.ts';
import { announcementOn, type Announcement } from '../report/announcement.ts';
import { escapeText } from '../report/escape.ts';
import { candidateToJson } from '../report/json.ts';
import type { Paint } from '../report/text.ts';
import type { CommandContext, CommonOptions } from './context.ts';
import { EXIT, exitCodeOfReport, type ExitCode } from './exit-code.ts';
import { printJson } from './print-json.ts';
import { loadSelected, newRunId, openCycle } from './wiring.ts';

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
    const dry = { run, push: false, force: false, verbose: true, reviewed: undefined };
    const report = await runCycle(deps, dry);
    const matches = matcher(options.what);
    const explained = report.candidates.flatMap((candidate, index) =>
      matches(candidate)
        ? [
            {
              candidate,
              checks: report.checks?.[index] ?? [],
              upstreams: report.upstreams.map((upstream) => announcementOn(upstream, candidate)),
            },
          ]
        : [],
    );
    print(context, options, explained);
    return explained.length === 0
      ? EXIT.failure
      : exitCodeOfReport({
          upstreams: report.upstreams.map((each) => ({ ...each, plan: undefined })),
        });
  } finally {
    await deps.client.close();
  }
}

/** A prefix matches itself, an address the prefixes that hold it, anything else ids and names. */
function matcher(what: string): (candidate: Candidate) => boolean {
  const prefix = attempt(() => parsePrefix(what));
  if (prefix !== undefined) {
    return (candidate) => candidate.prefix.text === prefix.text;
  }
  const host = attempt(() => hostPrefix(parseAddress(what)));
  if (host !== undefined) {
    return (candidate) => contains(candidate.prefix, host);
  }
  return ({ router, subnet }) =>
    [router.id, router.name, subnet?.id, subnet?.name].some((name) => name === what);
}

function attempt(parse: () => Prefix): Prefix | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

function print(
  context: CommandContext,
  { what, output }: ExplainOptions,
  explained: readonly Explained[],
): void {
  if (output === 'json') {
    const candidates = explained.map(({ candidate, checks, upstreams }) => ({
      ...candidateToJson(candidate, checks),
      upstreams,
    }));
    printJson(context, { query: what, candidates });
    return;
  }
  const blocks = explained.map((each) => block(each, context.paint));
  context.print(
    blocks.length === 0
      ? `nothing in the cloud fits "${escapeText(what)}": no tenant prefix, router or subnet\n`
      : `${blocks.join('\n\n')}\n`,
  );
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
