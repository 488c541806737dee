/** `npm run bench`: one bounded run over the chosen parts; README.md in this folder says what is measured. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureCompute } from './compute-part.ts';
import { measureFootprint } from './footprint-part.ts';
import { measureFrr } from './frr-part.ts';
import { measureKernel } from './kernel-part.ts';
import { measureChangeToRoute } from './lab/change-part.ts';
import { CHANGE_SIZE } from './lab/change-section.ts';
import { LAB_PREFIXES, measureFilledLab } from './lab/part.ts';
import { type PartName, PARTS, publish, type Run } from './measurement.ts';
import type { MeasurePart } from './part.ts';
import { PUBLISHED_FILE, readPublished, readRun } from './published.ts';
import { reportOf } from './report.ts';
import { measureRouters } from './routers-part.ts';
import { measureTasks, type Task } from './run.ts';
import { SECTIONS } from './sections.ts';

const ROOT = join(import.meta.dirname, '..');

interface Part {
  /** Unless `--sizes` says otherwise. */
  readonly sizes: readonly number[];
  readonly measure: MeasurePart;
}

const MEASURED: Readonly<Partial<Record<PartName, Part>>> = {
  kernel: { sizes: [1000, 10_000, 100_000, 1_000_000], measure: measureKernel },
  compute: { sizes: [10_000, 100_000, 1_000_000], measure: measureCompute },
  frr: { sizes: [1000, 10_000], measure: measureFrr },
  footprint: { sizes: [0, 5000], measure: measureFootprint },
  routers: { sizes: [1000], measure: measureRouters },
  lab: { sizes: [CHANGE_SIZE, LAB_PREFIXES], measure: measureLab },
};

async function measureLab(...[context, size]: Parameters<MeasurePart>): ReturnType<MeasurePart> {
  return (size === CHANGE_SIZE ? measureChangeToRoute : measureFilledLab())(context, size);
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(MEASURED).join() },
    sizes: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    publish: { type: 'boolean', default: false },
    from: { type: 'string' },
  },
});
const abort = new AbortController();
// Listeners that stay: execa ends the process when it finds no others, before anything is cleaned up.
process.on('SIGINT', () => abort.abort());
process.on('SIGTERM', () => abort.abort());

const { run, failures } =
  values.from === undefined
    ? await measureTasks({
        tasks: values.only.split(',').flatMap(tasksOf),
        rounds: wholeNumber(values.rounds, { unit: 1, least: 1 }),
        root: ROOT,
        signal: abort.signal,
      })
    : { run: await readRun(values.from), failures: [] };
process.stdout.write(values.json ? jsonOf(run) : markdownOf(run));
if (failures.length > 0) {
  process.exitCode = 1;
  process.stderr.write(`${failures.length} failed, nothing is published\n`);
} else if (values.publish) {
  await writeFile(join(ROOT, PUBLISHED_FILE), jsonOf(publish(readPublished(ROOT), run)));
}

function tasksOf(text: string): readonly Task[] {
  const part = PARTS.find((name) => name === text);
  const found = part && MEASURED[part];
  if (part === undefined || found === undefined) {
    throw new TypeError(`--only ${text}: the parts are ${Object.keys(MEASURED).join(', ')}`);
  }
  const sizes = values.sizes
    ?.split(',')
    .map((size) => wholeNumber(size, { unit: 100, least: 0 }))
    .sort((a, b) => a - b);
  return (sizes ?? found.sizes).map((size) => ({ part, size, measure: found.measure }));
}

function markdownOf(of: Run): string {
  const parts = new Set([...of.measurements, ...of.skipped].map(({ part }) => part));
  const sections = SECTIONS.filter(({ part }) => parts.has(part));
  return `# Benchmark, ${of.startedAt}\n\n${reportOf({ version: 2, runs: [of] }, sections)}`;
}

function wholeNumber(
  text: string,
  { unit, least }: { readonly unit: number; readonly least: number },
): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < least || number % unit !== 0) {
    throw new TypeError(`"${text}": a multiple of ${unit} is expected, at least ${least}`);
  }
  return number;
}

function jsonOf(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
