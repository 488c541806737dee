/** Child process: route-sync with every simulated router over SSH; prints what each cycle took as JSON. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { LABS } from '../test/support/routers/labs.ts';
import { generateClouds } from './cloud.ts';
import { type LabCycle, openLab } from './router-lab.ts';
import type { RouterCycle, RouterRequest, RouterSamples } from './router-report.ts';

/** From the keys to the router and from its text back, together. */
const LATENCY_MS = 5;

const { size, dir } = JSON.parse(process.argv[2] ?? '') as RouterRequest;
const { before, after } = generateClouds(size);
const samples: RouterSamples[] = [];

for (const [name, lab] of Object.entries(LABS)) {
  const bench = await openLab(lab, {
    dir: await mkdtemp(join(dir, 'router-')),
    latencyMs: LATENCY_MS,
  });
  try {
    const push = await bench.cycle(before);
    const noOp = await bench.cycle(before);
    const change = await bench.cycle(after);
    samples.push({ name, push: countsOf(push), noOp: countsOf(noOp), change: countsOf(change) });
  } finally {
    await bench.close();
  }
}
process.stdout.write(JSON.stringify(samples));

function countsOf({ lines, roundTrips, ms }: LabCycle): RouterCycle {
  return { lines: lines.length, roundTrips, ms };
}
