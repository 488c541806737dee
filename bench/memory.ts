/**
 * Child process: pushes everything once and finds nothing to do once, reading its cloud over HTTP from another process as
 * the agent does; prints its own memory as samples.
 */
import { readFileSync } from 'node:fs';
import { createOpenStackClient, loadCloudConfig } from '../src/openstack-client-lite/index.ts';
import { openBench, pushCycle } from './cycle.ts';
import type { MemoryRequest } from './kernel-part.ts';
import { createNotes } from './notes.ts';
import { peakMiB, rssMiB } from './process-memory.ts';

const { netns, dir, env } = JSON.parse(process.argv[2] ?? '') as MemoryRequest;
const { note, samples } = createNotes();
const credentials = await loadCloudConfig({ env, cwd: dir, homeDir: dir });
const client = createOpenStackClient(credentials, { requestTimeoutMs: 600_000, retries: 0, env });
const bench = await openBench(netns, dir);
for (let cycle = 0; cycle < 2; cycle += 1) {
  const start = performance.now();
  await pushCycle(bench, client);
  note(cycle === 0 ? 'cycleOverHttp' : 'noOpOverHttp', performance.now() - start);
}
const status = readFileSync('/proc/self/status', 'utf8');
note('peakRss', peakMiB(status));
note('rssAfter', rssMiB(status));
await client.close();
process.stdout.write(JSON.stringify(samples));
