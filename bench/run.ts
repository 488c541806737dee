/** Measures parts, one size after another, and writes down what there is after each. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, ExecaError } from 'execa';
import { commitOf, machineFacts } from './machine.ts';
import type { Measurement, PartName, Run, Skipped } from './measurement.ts';
import type { MeasurePart, PartContext } from './part.ts';

/** One part at one size. */
export interface Task {
  readonly part: PartName;
  readonly size: number;
  readonly measure: MeasurePart;
}

export interface RunRequest {
  readonly tasks: readonly Task[];
  readonly rounds: number;
  /** The project's folder. */
  readonly root: string;
  readonly signal: AbortSignal;
}

export interface RunOutcome {
  readonly run: Run;
  /** What ended with an error; it is among what was skipped, too. */
  readonly failures: readonly Skipped[];
}

/** One child: netmiko and a million routes take some minutes a round. */
const CHILD_DEADLINE_MS = 60 * 60_000;

/** A part that fails does not take the others along. */
export async function measureTasks(request: RunRequest): Promise<RunOutcome> {
  const { tasks, rounds, root, signal } = request;
  const measurements: Measurement[] = [];
  const skipped: Skipped[] = [];
  const failures: Skipped[] = [];
  const facts = {
    version: 2,
    startedAt: new Date().toISOString(),
    commit: commitOf(root),
    machine: machineFacts(),
  } as const;
  const dir = await mkdtemp(join(tmpdir(), 'route-sync-bench-'));
  const context = { rounds, root, dir, signal, runChild: childRunner(signal) };
  try {
    for (const { part, size, measure } of tasks) {
      try {
        const found = await measure(context, size);
        measurements.push(...found.measurements);
        skipped.push(...found.skipped);
      } catch (error) {
        signal.throwIfAborted();
        process.stderr.write(`${part}, ${size}: ${String(error)}\n`);
        failures.push({ part, size, what: 'everything', why: reasonOf(error) });
      }
      await writeRun(root, { ...facts, measurements, skipped: [...skipped, ...failures] });
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  return { run: { ...facts, measurements, skipped: [...skipped, ...failures] }, failures };
}

function childRunner(signal: AbortSignal): PartContext['runChild'] {
  return async (file, request, nodeOptions = []) => {
    const { stdout } = await execa(
      process.execPath,
      [...nodeOptions, join(import.meta.dirname, file), JSON.stringify(request)],
      { stderr: 'inherit', cancelSignal: signal, timeout: CHILD_DEADLINE_MS },
    );
    return JSON.parse(stdout) as Measurement['samples'];
  };
}

/** Without paths and requests: it is published. */
function reasonOf(error: unknown): string {
  if (error instanceof ExecaError) {
    return `a process ended with ${error.signal ?? `exit status ${error.exitCode}`}`;
  }
  return error instanceof Error ? error.message : String(error);
}

async function writeRun(root: string, run: Run): Promise<void> {
  const folder = join(root, 'bench/results');
  await mkdir(folder, { recursive: true });
  const file = `${run.startedAt.replaceAll(/[-:]|\.\d+/g, '')}.json`;
  await writeFile(join(folder, file), `${JSON.stringify(run, undefined, 2)}\n`);
}
