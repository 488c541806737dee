/** A report for people at a terminal: one line a change, a summary line per upstream. */
import { comparePrefixes } from '../core/prefix.ts';
import { prefixOf, type ChangeAction, type RouteChange } from '../core/route.ts';
import { countVerdicts } from './json.ts';
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
import type { Report, UpstreamReport } from './report.ts';

export type Style = 'green' | 'yellow' | 'red' | 'cyan' | 'dim' | 'bold';
export type Paint = (style: Style, text: string) => string;

const SGR: Record<Style, number> = { green: 32, yellow: 33, red: 31, cyan: 36, dim: 2, bold: 1 };

/** Colours by ANSI SGR codes (ECMA-48), or not at all. */
export function painter(colour: boolean): Paint {
  return (style, text) => (colour ? `\u{1b}[${SGR[style]}m${text}\u{1b}[0m` : text);
}

const SIGNS: Record<ChangeAction, readonly [string, Style]> = {
  add: ['+', 'green'],
  replace: ['~', 'yellow'],
  remove: ['-', 'red'],
};

/** Prints the whole report; ends with a newline. */
export function reportToText(report: Report, paint: Paint): string {
  const blocks = report.upstreams.map((upstream) => upstreamBlock(upstream, paint));
  return `${[...blocks, footer(report, paint)].join('\n\n')}\n`;
}

function upstreamBlock(upstream: UpstreamReport, paint: Paint): string {
  const { name, os, description, error, plan, stale, result } = upstream;
  const lines = [`${paint('bold', name)} ${paint('dim', `(${os}, ${description})`)}`];
  if (plan !== undefined) {
    const width = widest(plan.changes);
    lines.push(...plan.changes.map((change) => changeLine(change, width, paint)));
    lines.push(
      ...plan.held.map((held) =>
        paint('cyan', row('…', prefixOf(held.change).text, describeHeld(held))),
      ),
      ...plan.conflicts.map((conflict) =>
        paint('yellow', row('!', conflict.prefix.text, describeConflict(conflict))),
      ),
      ...plan.warnings.map((warning) =>
        paint('yellow', row('!', warning.prefix.text, describeWarning(warning))),
      ),
    );
    if (plan.refused !== undefined) {
      lines.push(paint('red', `  Refused, ${describeError(plan.refused)}`));
    }
    lines.push(`  ${paint('bold', summarize(plan))}`);
  }
  if (stale !== undefined) {
    lines.push(paint('yellow', `  ${describeStale(stale)}`));
  }
  lines.push(
    ...(result?.failed ?? []).map((each) => paint('red', `  ${describeFailure(each)}`)),
    ...(result?.skipped ?? []).map((each) => paint('yellow', `  ${describeSkip(each)}`)),
  );
  if (result !== undefined) {
    lines.push(`  ${paint('bold', summarizeResult(result))}`);
  }
  if (error !== undefined) {
    lines.push(paint('red', `  Error, ${describeError(error)}`));
  }
  return lines.join('\n');
}

function changeLine(change: RouteChange, width: number, paint: Paint): string {
  const [sign, style] = SIGNS[change.action];
  const what = `${prefixOf(change).text.padEnd(width)}  ${describeChange(change)}`;
  return `  ${paint(style, `${sign} ${what}`)}  ${paint('dim', describeOrigin(change))}`;
}

function row(sign: string, prefix: string, text: string): string {
  return `  ${sign} ${prefix}  ${text}`;
}

function widest(changes: readonly RouteChange[]): number {
  return changes.reduce((width, change) => Math.max(width, prefixOf(change).text.length), 0);
}

function footer(report: Report, paint: Paint): string {
  const { snapshot, freeze, candidates } = report;
  const verdicts = Object.entries(countVerdicts(candidates))
    .map(([code, count]) => `${count} ${code}`)
    .join(', ');
  const isBlind = snapshot === undefined;
  const took = isBlind ? '' : `, read in ${snapshot.readMs} ms.`;
  const lines = [
    paint(isBlind ? 'red' : 'dim', `${describeCloud(report)}${took}`),
    ...(isBlind ? [] : [`Verdicts: ${verdicts === '' ? 'no candidates' : verdicts}.`]),
    ...(freeze === undefined ? [] : [paint('cyan', describeFreeze(freeze))]),
  ];
  return `${lines.join('\n')}${warningLines(candidates, paint)}`;
}

function warningLines(candidates: Report['candidates'], paint: Paint): string {
  return candidates
    .filter(({ verdict, warnings }) => verdict === 'eligible' && warnings.length > 0)
    .sort((a, b) => comparePrefixes(a.prefix, b.prefix))
    .map(({ prefix, router, warnings }) =>
      paint('yellow', `\n! ${prefix.text}  ${warnings.join(', ')}  router ${router.id}`),
    )
    .join('');
}
