/** A way from a namespace to the lab's RabbitMQ, which listens on the machine's loopback: through a Unix socket. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { DEBIAN_PATH, startDaemon } from './daemon.ts';

export interface RabbitDoor {
  readonly close: () => Promise<void>;
}

const RABBIT = 5672;

/** It is at the same address inside. Needs socat; `dir` holds the socket. */
export async function openRabbitDoor(netns: string, dir: string): Promise<RabbitDoor> {
  const path = join(dir, 'rabbit.sock');
  const outside = await listen(path);
  const listener = `TCP-LISTEN:${RABBIT},bind=127.0.0.1,reuseaddr,nodelay,fork`;
  const command = ['socat', listener, `UNIX-CONNECT:${path}`];
  const inside = await startDaemon(netns, command, { PATH: DEBIAN_PATH });
  return {
    close: async () => {
      await inside.stop();
      // What it forked ends with its connection.
      await outside.close();
    },
  };
}

async function listen(path: string): Promise<RabbitDoor> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ port: RABBIT, host: '127.0.0.1', noDelay: true });
    // Ends both when one of them does, for whatever reason.
    pipeline(near, far, near, () => undefined);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
    }
  });
  server.listen(path);
  await once(server, 'listening');
  // Where closing fails, the benchmark still ends.
  server.unref();
  return {
    close: async () => {
      open.forEach((socket) => socket.destroy());
      server.close();
      await once(server, 'close');
    },
  };
}
