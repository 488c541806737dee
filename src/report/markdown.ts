/** A report for a merge request or a ticket. */
import { prefixOf } from '../core/route.ts';
import {
  describeChange,
  describeCloud,
  describeConflict,
  describeError,
  describeFailure,
  describeFreeze,
  describeHeld,
  describeOrigin,
  describeSkip,
  describeStale,
  describeWarning,
  summarize,
  summarizeResult,
} from './lines.ts';
import { countVerdicts, digestOf } from './json.ts';
import type { Report, UpstreamReport } from './report.ts';

/** Prints the whole report as GitHub-flavoured Markdown; ends with a newline. */
export function reportToMarkdown(report: Report): string {
  const { freeze } = report;
  const verdicts = Object.entries(countVerdicts(report.candidates))
    .map(([code, count]) => `${count} ${code}`)
    .join(', ');
  return `${[
    `# route-sync plan of ${report.owner}`,
    ...report.upstreams.map(section),
    `${describeCloud(report)}. Verdicts: ${verdicts || 'no candidates'}.`,
    ...(freeze === undefined ? [] : [describeFreeze(freeze)]),
    `Digest: \`${digestOf(report)}\``,
  ].join('\n\n')}\n`;
}

function section({ name, os, description, error, plan, stale, result }: UpstreamReport): string {
  const parts = [`## ${name} (${os}, ${description})`];
  if (plan !== undefined) {
    parts.push(
      table(
        ['Action', 'Prefix', 'Next hops', 'Why'],
        plan.changes.map((change) => [
          change.action,
          prefixOf(change).text,
          describeChange(change),
          describeOrigin(change),
        ]),
      ),
      table(
        ['Held', 'Why'],
        plan.held.map((held) => [prefixOf(held.change).text, describeHeld(held)]),
      ),
      table(
        ['Attention', 'Why'],
        [
          ...plan.conflicts.map((each) => [each.prefix.text, describeConflict(each)]),
          ...plan.warnings.map((each) => [each.prefix.text, describeWarning(each)]),
        ],
      ),
    );
    if (plan.refused !== undefined) {
      parts.push(`**Refused**, ${describeError(plan.refused)}`);
    }
    parts.push(summarize(plan));
  }
  if (stale !== undefined) {
    parts.push(describeStale(stale));
  }
  if (result !== undefined) {
    parts.push(
      ...result.failed.map((each) => `- ${describeFailure(each)}`),
      ...result.skipped.map((each) => `- ${describeSkip(each)}`),
      summarizeResult(result),
    );
  }
  if (error !== undefined) {
    parts.push(`**Error**, ${describeError(error)}`);
  }
  return parts.filter((part) => part !== '').join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) {
    return '';
  }
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
