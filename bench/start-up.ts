/** From the start of the process to the first byte at the cloud: `plan` against a listener on loopback. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Notes } from './notes.ts';

export interface StartUpRequest {
  /** The project's folder, with `dist` built. */
  readonly root: string;
  /** The upstream that `plan` reads. */
  readonly netns: string;
  readonly rounds: number;
  readonly dir: string;
  readonly signal: AbortSignal;
}

/** Measures in turns. */
export async function timeStartUp(request: StartUpRequest, { note }: Notes): Promise<void> {
  const { root, rounds, dir } = request;
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const config = join(dir, 'start-up.yaml');
  await writeFile(config, configText(request.netns));
  const plan = ['plan', '--config', config];
  const byte = `require('node:net').connect(${port}, '127.0.0.1').on('error', () => {}).write('x')`;
  try {
    for (let round = 0; round < rounds; round += 1) {
      const time = async (args: readonly string[]) => timeFirstByte(server, args, request);
      note('firstByteBare', await time(['-e', byte]));
      note('firstByte', await time([join(root, 'dist/main.js'), ...plan]));
      note('firstByteSources', await time([join(root, 'src/main.ts'), ...plan]));
    }
  } finally {
    server.close();
  }
}

async function timeFirstByte(
  server: Server,
  args: readonly string[],
  { dir, signal }: StartUpRequest,
): Promise<number> {
  const { port } = server.address() as AddressInfo;
  const start = performance.now();
  const arrival = new Promise<number>((resolve) => {
    server.once('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        resolve(performance.now() - start);
        // Without an answer the command fails at once: it may try only once.
        socket.destroy();
      });
    });
  });
  const child = execa(process.execPath, args, {
    env: { PATH: process.env['PATH'] ?? '', HOME: dir, ...cloudVariables(port) },
    extendEnv: false,
    reject: false,
    timeout: 30_000,
    cancelSignal: signal,
  });
  const failed = child.then(({ stderr }) => {
    throw new Error(`node ${args.join(' ')} asked nothing of the cloud: ${stderr}`);
  });
  const ms = await Promise.race([arrival, failed]);
  await child;
  failed.catch(() => undefined);
  return ms;
}

function cloudVariables(port: number): Readonly<Record<string, string>> {
  return {
    OS_AUTH_URL: `http://127.0.0.1:${port}/v3`,
    OS_USERNAME: 'bench',
    OS_PASSWORD: 'bench',
    OS_PROJECT_NAME: 'bench',
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
  };
}

function configText(netns: string): string {
  return `owner: bench
cloud: { retries: 0, natModel: ovn }
policy: { mode: sync, allow: [{ prefix: 10.0.0.0/8 }] }
upstreams:
  - { name: edge, os: linux, externalNetworks: [public], via: { netns: ${netns} } }
`;
}
