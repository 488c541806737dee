/** Child process: pushes everything once, finds nothing to do once, and prints its own peak memory as JSON. */
import { generateClouds } from './cloud.ts';
import { openBench, timeCycle } from './cycle.ts';
import type { MemoryResult, SizeRequest } from './samples.ts';

const MIB = 1024 * 1024;
const { size, namespaces, dir } = JSON.parse(process.argv[2] ?? '') as SizeRequest;
const { before: client } = generateClouds(size);
const cloud = process.memoryUsage.rss();
const bench = await openBench(namespaces?.ours ?? '', dir);
await timeCycle(bench, client);
await timeCycle(bench, client);
const result: MemoryResult = {
  // maxRSS is in KiB.
  peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  cloudMiB: Math.round(cloud / MIB),
};
process.stdout.write(JSON.stringify(result));
