/** Child process: route-sync with every simulated router over SSH; prints what each cycle took as JSON. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { LABS } from '../test/support/routers/labs.ts';
import { generateClouds } from './cloud.ts';
import { cleanUpWhenEnded } from './namespace.ts';
import { createNotes } from './notes.ts';
import { type LabCycle, openLab } from './router-lab.ts';
import type { RouterRequest } from './routers-part.ts';
import { type RouterCycleName, sampleName } from './routers-section.ts';

/** From the keys to the router and from its text back, together. */
const LATENCY_MS = 5;

const { size, rounds, dir } = JSON.parse(process.argv[2] ?? '') as RouterRequest;
cleanUpWhenEnded();
const { before, after } = generateClouds(size);
const { note, samples } = createNotes();

for (let round = 0; round < rounds; round += 1) {
  for (const [name, lab] of Object.entries(LABS)) {
    const bench = await openLab(lab, {
      dir: await mkdtemp(join(dir, 'router-')),
      latencyMs: LATENCY_MS,
    });
    try {
      noteCycle(name, 'push', await bench.cycle(before));
      noteCycle(name, 'noOp', await bench.cycle(before));
      noteCycle(name, 'change', await bench.cycle(after));
    } finally {
      await bench.close();
    }
  }
}
process.stdout.write(JSON.stringify(samples));

function noteCycle(
  router: string,
  cycle: RouterCycleName,
  { lines, roundTrips, ms }: LabCycle,
): void {
  note(sampleName(router, cycle, 'lines'), lines.length);
  note(sampleName(router, cycle, 'roundTrips'), roundTrips);
  note(sampleName(router, cycle, 'ms'), ms);
}
