/** `route-sync status`: what the last cycles did, what is held and why. Reads the state directory and nothing else. */
import type { Complaint, CycleSummary, UpstreamSummary } from '../agent/cycle-history.ts';
import { openState } from '../agent/state.ts';
import { escapeText } from '../report/escape.ts';
import type { CommandContext, CommonOptions } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { printJson } from './print-json.ts';
import { loadSelected } from './wiring.ts';

/** How many cycles the text shows; JSON has all that are kept. */
const SHOWN = 5;

export async function statusCommand(
  context: CommandContext,
  options: CommonOptions,
): Promise<ExitCode> {
  const { config, stateDir } = await loadSelected(context, options);
  const state = await openState({ dir: stateDir, owner: config.owner, readOnly: true });
  const names = new Set(config.upstreams.map(({ name }) => name));
  const cycles = (await state.readCycles()).map((cycle) => ({
    ...cycle,
    upstreams: cycle.upstreams.filter(({ name }) => names.has(name)),
  }));
  if (options.output === 'json') {
    printJson(context, { version: 1, owner: config.owner, cycles });
  } else {
    context.print(cycles.length === 0 ? `no cycle yet in ${stateDir}\n` : textOf(cycles));
  }
  return EXIT.ok;
}

function textOf(cycles: readonly CycleSummary[]): string {
  const shown = cycles.slice(-SHOWN).toReversed();
  return `${shown.flatMap((cycle) => cycleLines(cycle)).join('\n')}\n`;
}

function cycleLines({
  run,
  command,
  startedAt,
  exitCode,
  error,
  upstreams,
}: CycleSummary): string[] {
  return [
    `${startedAt}  ${command} ${run}  exit ${exitCode}`,
    ...complaintLines('  ', error),
    ...upstreams.flatMap((upstream) => upstreamLines(upstream)),
  ];
}

function upstreamLines(upstream: UpstreamSummary): string[] {
  const { name, added, replaced, removed, failed, conflicts, heldTotal, held } = upstream;
  const counts = `${added} added, ${replaced} replaced, ${removed} removed, ${failed} failed, ${conflicts} conflicts, ${heldTotal} held`;
  return [
    `  ${name}: ${counts}`,
    ...held.map(
      ({ action, prefix, code, until }) =>
        `    held ${action} ${prefix}: ${code}${until === undefined ? '' : ` until ${until}`}`,
    ),
    ...complaintLines('    ', upstream.refused),
    ...complaintLines('    ', upstream.error),
  ];
}

function complaintLines(indent: string, complaint: Complaint | undefined): string[] {
  return complaint === undefined
    ? []
    : [`${indent}${complaint.code}: ${escapeText(complaint.message)}`];
}
