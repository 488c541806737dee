/** A report in the format that was asked for. */
import { escapeText } from '../report/escape.ts';
import { reportToJson } from '../report/json.ts';
import { describeFreeze } from '../report/lines.ts';
import { reportToMarkdown } from '../report/markdown.ts';
import type { ApplyResult, Report, ReportedError, UpstreamReport } from '../report/report.ts';
import { reportToText } from '../report/text.ts';
import type { CommandContext, OutputFormat } from './context.ts';
import { EXIT, exitCodeOfReport, hasChanges } from './exit-code.ts';
import { printJson } from './print-json.ts';

/** Prints to stdout; what an upstream or the guard refused is on stderr too, for those who keep only that. */
export function printReport(context: CommandContext, format: OutputFormat, report: Report): void {
  switch (format) {
    case 'json':
      printJson(context, reportToJson(report));
      break;
    case 'markdown':
      context.print(reportToMarkdown(report));
      break;
    case 'text':
      context.print(reportToText(report, context.paint));
      break;
  }
  complainOf(context, report);
  complainAbout(context, report.upstreams);
}

interface NewsOptions {
  readonly output: OutputFormat;
  readonly quiet: boolean;
}

/** The same; with `quiet` stdout stays empty unless something is pending, was done, failed or was refused. */
export function printNews(context: CommandContext, options: NewsOptions, report: Report): void {
  const { output, quiet } = options;
  const isSilent = quiet && !isNews(report);
  printReport(isSilent ? { ...context, print: () => undefined } : context, output, report);
}

function isNews(report: Report): boolean {
  return (
    exitCodeOfReport(report) !== EXIT.ok ||
    hasChanges(report) ||
    report.upstreams.some(({ result }) => hasSaved(result))
  );
}

/** A save that waits for its time is no news. */
function hasSaved(result: ApplyResult | undefined): boolean {
  return result?.save?.saved === true || result?.save?.error !== undefined;
}

/** One line on stderr for a cloud that could not be read, and one while the kill switch is on. */
function complainOf({ complain }: CommandContext, { blind, freeze }: Report): void {
  if (blind !== undefined) {
    complain(`route-sync: ${escapeText(blind.message)} (${blind.code})\n`);
  }
  if (freeze !== undefined) {
    complain(`route-sync: ${describeFreeze(freeze)} (FROZEN)\n`);
  }
}

/** A line on stderr for each upstream that failed, was refused by the guard, or refused a change. */
export function complainAbout(
  { complain }: CommandContext,
  upstreams: readonly UpstreamReport[],
): void {
  for (const { name, error, plan, result } of upstreams) {
    for (const problem of [error, plan?.refused, failureOf(result)]) {
      if (problem !== undefined) {
        complain(`route-sync: ${name}: ${escapeText(problem.message)} (${problem.code})\n`);
      }
    }
  }
}

function failureOf(result: ApplyResult | undefined): ReportedError | undefined {
  const [first, ...others] = result?.failed ?? [];
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return first && { ...first.error, message: `${first.error.message}${more}` };
}
