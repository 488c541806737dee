/** Serves the kernel tests' cloud from inside a network namespace: prints its environment as JSON, ends with its stdin. */
import { startCloud } from '../../src/demo/cloud.ts';
import { edgeCloud } from './edge-cloud.ts';

const server = await startCloud(edgeCloud().cloud);
process.stdout.write(`${JSON.stringify(server.env)}\n`);
process.stdin.on('end', () => void server.close()).resume();
