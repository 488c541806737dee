/** `route-sync status`: what the last cycles did, what is held and why. Reads the state directory and nothing else. */
import type { Complaint, CycleSummary, UpstreamSummary } from '../agent/cycle-history.ts';
import { openState } from '../agent/state.ts';
import { escapeText } from '../report/escape.ts';
import { describeFreeze } from '../report/lines.ts';
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
  const times = await state.readLastGoodTimes();
  const lastGood = [...times].flatMap(([name, at]) =>
    names.has(name) ? [{ name, at, ageSeconds: ageOf(at, context.now()) }] : [],
  );
  const frozen = await state.readFreeze();
  if (options.output === 'json') {
    const { owner } = config;
    printJson(context, { version: 1, owner, frozen: frozen ?? null, lastGood, cycles });
  } else if (cycles.length === 0 && frozen === undefined) {
    context.print(`no cycle yet in ${stateDir}\n`);
  } else {
    const lines = [
      ...(frozen === undefined ? [] : [describeFreeze(frozen)]),
      ...linesOf(cycles),
      ...lastGood.map(
        ({ name, at, ageSeconds }) => `${name}: last good state of ${at} (${ageSeconds} s ago)`,
      ),
    ];
    context.print(`${lines.join('\n')}\n`);
  }
  return EXIT.ok;
}

/** Seconds since the time, in ISO 8601. */
function ageOf(at: string, now: number): number {
  return Math.max(0, Math.round((now - Date.parse(at)) / 1000));
}

function linesOf(cycles: readonly CycleSummary[]): readonly string[] {
  return cycles.slice(-SHOWN).toReversed().flatMap(cycleLines);
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
  const { name, added, replaced, removed, failed, failures = [] } = upstream;
  const { conflicts, heldTotal, held } = upstream;
  const counts = `${added} added, ${replaced} replaced, ${removed} removed, ${failed} failed, ${conflicts} ${conflicts === 1 ? 'conflict' : 'conflicts'}, ${heldTotal} held`;
  return [
    `  ${name}: ${counts}`,
    ...failures.map(({ action, prefix, code }) => `    failed ${action} ${prefix}: ${code}`),
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
