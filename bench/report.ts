/** Results as Markdown: marks first, then every part with its ratios before its times. Pure. */
import { fixed, grouped, significant, table } from './markdown.ts';
import type { Measurement, PartName, Published, Run, Skipped } from './measurement.ts';
import {
  decadesOf,
  growthOf,
  type Mark,
  medianOf,
  type Ratio,
  ratioOf,
  type Section,
} from './section.ts';

/** A measurement and the run that it comes from. */
interface Found extends Measurement {
  readonly run: Run;
}

/** The whole of the results below a heading of the first level. */
export function reportOf(published: Published, sections: readonly Section[]): string {
  const { runs } = published;
  return [
    '## Marks',
    table(
      ['mark', 'limit', 'measured', ''],
      sections.flatMap((section) =>
        section.marks.map((mark) => markRow(mark, foundIn(runs, section.part))),
      ),
    ),
    '## Machine',
    ...machinesOf(runs),
    ...sections.flatMap((section) => sectionOf(section, foundIn(runs, section.part))),
    '## Not measured',
    skippedOf(runs, sections),
    '',
  ].join('\n\n');
}

/** By size, the smallest first. */
function foundIn(runs: readonly Run[], part: PartName): readonly Found[] {
  return runs
    .flatMap((run) => run.measurements.map((found) => ({ ...found, run })))
    .filter((found) => found.part === part)
    .sort((a, b) => a.size - b.size);
}

function markRow({ what, limit, unit, measured }: Mark, all: readonly Found[]): readonly string[] {
  const value = measured(all);
  const [word, bound] =
    'most' in limit ? (['at most', limit.most] as const) : (['at least', limit.least] as const);
  const isMet = value !== undefined && ('most' in limit ? value <= bound : value >= bound);
  const verdict = value === undefined ? 'not measured' : isMet ? 'met' : '**not met**';
  const after = unit === '' ? '' : ` ${unit}`;
  const shown = value === undefined ? '-' : `${significant(value, 4)}${after}`;
  return [what, `${word} ${grouped(bound)}${after}`, shown, verdict];
}

/** Each machine once, with the parts that were measured on it. */
function machinesOf(runs: readonly Run[]): readonly string[] {
  const machines = Map.groupBy(runs, ({ machine }) => JSON.stringify(machine));
  return [...machines.values()].flatMap((same) => {
    const facts = Object.entries(same[0]?.machine ?? {});
    const parts = new Set(same.flatMap((run) => run.measurements.map(({ part }) => part)));
    return [
      table(
        ['', ''],
        facts.map(([name, value]) => [name, String(value)]),
      ),
      ...(machines.size > 1 ? [`Measured there: ${[...parts].join(', ')}.`] : []),
    ];
  });
}

function sectionOf(section: Section, all: readonly Found[]): readonly string[] {
  const { title, about, tables = usualTables(section) } = section;
  return [
    `## ${title}`,
    ...about,
    ...(all.length === 0 ? ['Not measured.'] : [...tables(all), origins(all), ...notesOf(all)]),
  ];
}

function usualTables(section: Section): (all: readonly Measurement[]) => readonly string[] {
  const { ratios, growth, samples } = section;
  return (all) => {
    const sizes = all.map(({ size }) => sizeText(size));
    const rowsOf = <T>(
      items: readonly T[],
      title: (item: T) => string,
      value: (found: Measurement, item: T) => number | undefined,
    ) =>
      items
        .map((item) => ({ title: title(item), values: all.map((found) => value(found, item)) }))
        .filter(({ values }) => values.some((number) => number !== undefined))
        .map((row) => [row.title, ...row.values.map((number) => significant(number))]);
    const titleOf = (name: string): string => samples[name]?.title ?? name;
    const ratioRows = rowsOf(
      ratios,
      ({ ours, peer }: Ratio) => `${titleOf(ours)} / ${titleOf(peer)}`,
      ratioOf,
    );
    const names = Object.keys(samples);
    const unitOf = (name: string): string => samples[name]?.unit ?? '';
    return [
      ...(ratioRows.length === 0 ? [] : [table(['ratio', ...sizes], ratioRows)]),
      ...(growth.length === 0 || all.length < 2 ? [] : [growthTable(section, all)]),
      table(
        ['median', ...sizes],
        rowsOf(names, (name) => `${titleOf(name)}, ${unitOf(name)}`, medianOf),
      ),
    ];
  };
}

function growthTable({ growth, samples }: Section, all: readonly Measurement[]): string {
  const decades = decadesOf(all);
  return table(
    [
      'growth per decade',
      ...decades.map(({ from, to }) => `${grouped(from.size)} to ${grouped(to.size)}`),
    ],
    growth.map((name) => [
      samples[name]?.title ?? name,
      ...decades.map((decade) => fixed(growthOf(name, decade), 1)),
    ]),
  );
}

/** When, with which commit, and how often: once for all that have it in common. */
function origins(all: readonly Found[]): string {
  const same = Map.groupBy(
    all,
    ({ run, rounds }) =>
      `${run.startedAt.slice(0, 16).replace('T', ' ')} UTC, commit ${run.commit}, ${rounds === 1 ? 'one round' : `medians of ${rounds} rounds`}`,
  );
  const lines = [...same].map(([text, found]) =>
    same.size === 1 ? text : `${found.map(({ size }) => sizeText(size)).join(', ')}: ${text}`,
  );
  return `Measured ${lines.join('; ')}.`;
}

function notesOf(all: readonly Found[]): readonly string[] {
  const notes = all.flatMap(({ size, notes: own }) =>
    own.map((note) => `- ${sizeText(size)}: ${note}.`),
  );
  return notes.length === 0 ? [] : [notes.join('\n')];
}

function skippedOf(runs: readonly Run[], sections: readonly Section[]): string {
  const skipped = runs.flatMap((run) => run.skipped);
  const measured = new Set(runs.flatMap((run) => run.measurements.map(({ part }) => part)));
  const told = new Set(skipped.map(({ part }) => part));
  const missing = sections.filter(({ part }) => !measured.has(part) && !told.has(part));
  const lines = [
    ...skipped.map((item) => `- ${placeOf(item)}: ${item.what}: ${item.why}.`),
    ...missing.map(({ title }) => `- ${title}: not part of these runs.`),
  ];
  return lines.length === 0 ? 'Nothing was left out.' : lines.join('\n');
}

function placeOf({ part, size }: Skipped): string {
  return size === undefined ? part : `${part}, ${sizeText(size)}`;
}

function sizeText(size: number): string {
  return size === 0 ? 'any size' : grouped(size);
}
