/** Child process, with --expose-gc: the stages of the computation at one size, and the memory that they take; prints the samples as JSON. */
import { readFileSync, writeFileSync } from 'node:fs';
import { generateClouds } from './cloud.ts';
import { benchSnapshot, timeStages } from './compute.ts';
import { STAGES } from './compute-section.ts';
import { createNotes } from './notes.ts';
import { peakMiB, rssMiB } from './process-memory.ts';

const { size, rounds } = JSON.parse(process.argv[2] ?? '') as { size: number; rounds: number };
const { note, samples } = createNotes();
const snapshot = await benchSnapshot(generateClouds(size).before);
// The generated cloud is not what is measured.
globalThis.gc?.();
const status = '/proc/self/status';
// From here on the peak counts anew: Documentation/filesystems/proc.rst, clear_refs.
writeFileSync('/proc/self/clear_refs', '5');
note('rssBefore', rssMiB(readFileSync(status, 'utf8')));
for (let round = 0; round < rounds; round += 1) {
  const times = timeStages(snapshot, size);
  STAGES.forEach((stage) => note(stage, times[stage]));
  note(
    'total',
    STAGES.reduce((sum, stage) => sum + (stage === 'diffNothing' ? 0 : times[stage]), 0),
  );
}
note('peakRss', peakMiB(readFileSync(status, 'utf8')));
process.stdout.write(JSON.stringify(samples));
