/** Runs the agent as a process on an embedded cloud until it has done a cycle, and prints its `/metrics`. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { openScene } from '../../cli/scene.ts';
import { webAndDatabase } from '../../cli/small-cloud.ts';

const DEADLINE_MS = 60_000;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function metricsOf(url: string): Promise<string> {
  try {
    return await (await fetch(url)).text();
  } catch {
    return ''; // it does not listen yet
  }
}

const scene = await openScene(webAndDatabase().cloud);
const listen = `127.0.0.1:${await freePort()}`;
await scene.configure({ server: { listen } });
const agent = scene.start(['run']);
const deadline = Date.now() + DEADLINE_MS;
let text = '';
while (!/^route_sync_cycles_total\{outcome="ok"\} [1-9]/m.test(text) && Date.now() < deadline) {
  await sleep(100);
  text = await metricsOf(`http://${listen}/metrics`);
}
process.kill(agent.pid, 'SIGTERM');
const { exitCode, stderr } = await agent.ended;
await scene.close();
if (Date.now() < deadline && exitCode === 0) {
  process.stdout.write(text);
} else {
  process.stderr.write(stderr);
  process.exitCode = 1;
}
