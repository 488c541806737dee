/** `npm run bench`: one bounded run over the chosen sizes; README.md in this folder says what is measured. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { frrToMarkdown, type FrrResults, type FrrSizeResult } from './frr-report.ts';
import { whyNoFrrBench } from './frr-router.ts';
import type { FrrRequest, FrrSamples } from './frr-samples.ts';
import { whyNoNamespace, withNamespaces } from './namespace.ts';
import { toMarkdown, type Results, type SizeResult } from './report.ts';
import {
  type RouterRequest,
  type RouterResults,
  routersToMarkdown,
  type RouterSamples,
} from './router-report.ts';
import type { MemoryResult, Samples, SizeRequest } from './samples.ts';
import { timeStartUp, type StartUp } from './start-up.ts';

const ROOT = join(import.meta.dirname, '..');
/** One child: a million routes take some minutes. */
const CHILD_DEADLINE_MS = 20 * 60_000;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    sizes: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const abort = new AbortController();
// Listeners that stay: execa ends the process when it finds no others, before anything is cleaned up.
process.on('SIGINT', () => abort.abort());
process.on('SIGTERM', () => abort.abort());
const noNamespace = whyNoNamespace();
const rounds = wholeNumber(values.rounds, 1);
const PARTS = { all: '1000,10000,100000', frr: '10000', routers: '1000' } as const;
const { only = 'all' } = values;
if (!isPart(only)) {
  throw new TypeError(`--only ${only}: "frr" and "routers" are what can be measured by itself`);
}
const sizes = (values.sizes ?? PARTS[only]).split(',').map((text) => wholeNumber(text, 100));
const dir = await mkdtemp(join(tmpdir(), 'route-sync-bench-'));
try {
  const [results, markdown] = await run(only);
  const json = `${JSON.stringify(results, undefined, 2)}\n`;
  await mkdir(join(ROOT, 'bench/results'), { recursive: true });
  const name = `${results.startedAt.replaceAll(/[-:]|\.\d+/g, '')}.json`;
  await writeFile(join(ROOT, 'bench/results', name), json);
  process.stdout.write(values.json ? json : markdown);
} finally {
  await rm(dir, { recursive: true, force: true });
}

function isPart(text: string): text is keyof typeof PARTS {
  return text in PARTS;
}

/** The results, and the same as Markdown. */
async function run(
  part: keyof typeof PARTS,
): Promise<readonly [results: { readonly startedAt: string }, markdown: string]> {
  if (part === 'frr') {
    const results = await runFrr();
    return [results, frrToMarkdown(results)];
  }
  if (part === 'routers') {
    const results = await runRouters();
    return [results, routersToMarkdown(results)];
  }
  const results = await runAll();
  return [results, toMarkdown(results)];
}

async function runAll(): Promise<Results> {
  const startedAt = new Date().toISOString();
  const startUp = await measureStartUp();
  const measured: SizeResult[] = [];
  for (const size of sizes) {
    measured.push(await measureSize(size));
  }
  const skipped =
    noNamespace === undefined ? [] : [`push, no-op and 1 % change, memory: ${noNamespace}`];
  return { version: 1, startedAt, rounds, machine: machine(), skipped, sizes: measured, startUp };
}

async function runFrr(): Promise<FrrResults> {
  const startedAt = new Date().toISOString();
  const reason = whyNoFrrBench();
  const frr: FrrSizeResult[] = [];
  for (const size of reason === undefined ? sizes : []) {
    const samples = await runChild<FrrSamples>('frr.ts', { size, rounds, dir });
    frr.push({ size, samples });
  }
  const skipped = reason === undefined ? [] : [`everything: ${reason}`];
  return { version: 1, startedAt, rounds, machine: machine(), skipped, frr };
}

async function runRouters(): Promise<RouterResults> {
  const startedAt = new Date().toISOString();
  const routers: RouterResults['routers'][number][] = [];
  for (const size of sizes) {
    routers.push({ size, samples: await runChild<RouterSamples[]>('routers.ts', { size, dir }) });
  }
  return { version: 1, startedAt, machine: machine(), routers };
}

async function measureStartUp(): Promise<StartUp> {
  // Type errors do not stop the compiler from writing.
  await execa(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.json'], {
    cwd: ROOT,
    reject: false,
    cancelSignal: abort.signal,
  });
  return inNamespaces(1, async ([netns]) =>
    timeStartUp({ root: ROOT, netns, rounds, dir, signal: abort.signal }),
  );
}

async function measureSize(size: number): Promise<SizeResult> {
  const samples = await inNamespaces(2, async ([ours, peer]) => {
    const namespaces = ours === undefined || peer === undefined ? undefined : { ours, peer };
    return runChild<Samples>('size.ts', { size, rounds, namespaces, dir });
  });
  const memory =
    noNamespace === undefined
      ? await withNamespaces(1, async ([ours = '']) =>
          runChild<MemoryResult>('memory.ts', {
            size,
            rounds: 1,
            namespaces: { ours, peer: ours },
            dir,
          }),
        )
      : undefined;
  return { size, samples, memory };
}

/** Without root the work goes on without namespaces. */
async function inNamespaces<T>(
  count: number,
  work: (names: readonly string[]) => Promise<T>,
): Promise<T> {
  return noNamespace === undefined ? withNamespaces(count, work) : work([]);
}

/** A process of its own for each size: its peak memory is its own, and so is what the compiler learned. */
async function runChild<T>(
  file: string,
  request: SizeRequest | FrrRequest | RouterRequest,
): Promise<T> {
  const { stdout } = await execa(
    process.execPath,
    [join(import.meta.dirname, file), JSON.stringify(request)],
    { stderr: 'inherit', cancelSignal: abort.signal, timeout: CHILD_DEADLINE_MS },
  );
  return JSON.parse(stdout) as T;
}

function machine(): Results['machine'] {
  const [cpu] = cpus();
  return {
    cpus: cpus().length,
    cpu: cpu?.model ?? 'unknown',
    kernel: release(),
    node: process.version,
  };
}

function wholeNumber(text: string, unit: number): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < unit || number % unit !== 0) {
    throw new TypeError(`"${text}": a multiple of ${unit} is expected`);
  }
  return number;
}
