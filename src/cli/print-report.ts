/** A report in the format that was asked for. */
import { escapeText } from '../report/escape.ts';
import { reportToJson } from '../report/json.ts';
import { reportToMarkdown } from '../report/markdown.ts';
import type { Report, UpstreamReport } from '../report/report.ts';
import { reportToText } from '../report/text.ts';
import type { CommandContext, OutputFormat } from './context.ts';
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
  complainAbout(context, report.upstreams);
}

/** One line on stderr for each upstream that failed as a whole or was refused by the guard. */
export function complainAbout(
  { complain }: CommandContext,
  upstreams: readonly UpstreamReport[],
): void {
  for (const { name, error, plan } of upstreams) {
    for (const problem of [error, plan?.refused]) {
      if (problem !== undefined) {
        complain(`route-sync: ${name}: ${escapeText(problem.message)} (${problem.code})\n`);
      }
    }
  }
}
