/** A server that begins like RabbitMQ and then sends whatever the test wants; frames of AMQP 0-9-1 by hand. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

function shortText(text: string): Buffer {
  return Buffer.from([text.length, ...Buffer.from(text)]);
}

function longText(text: string): Buffer {
  return Buffer.concat([number(text.length, 4), Buffer.from(text)]);
}

function number(value: number, bytes: 1 | 2 | 4): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

/** A method frame. */
export function method(
  channel: number,
  [classId, methodId]: readonly [number, number],
  ...args: readonly Buffer[]
): Buffer {
  const payload = Buffer.concat([number(classId, 2), number(methodId, 2), ...args]);
  return Buffer.concat([
    number(1, 1),
    number(channel, 2),
    number(payload.length, 4),
    payload,
    number(0xce, 1),
  ]);
}

/** What RabbitMQ says to the protocol header, the login and the opening of the virtual host. */
export const HANDSHAKE: readonly Buffer[] = [
  method(
    0,
    [10, 10],
    number(0, 1),
    number(9, 1),
    number(0, 4),
    longText('PLAIN'),
    longText('en_US'),
  ),
  method(0, [10, 30], number(0, 2), number(131_072, 4), number(10, 2)),
  method(0, [10, 41], shortText('')),
];

/** `connection.close` with that code. */
export function closeFrame(code: number, text: string): Buffer {
  return method(0, [10, 50], number(code, 2), shortText(text), number(0, 2), number(0, 2));
}

export interface HostileServer {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Answers each packet with the next of those, then says no more and ends the connection. */
export async function hostileServer(packets: readonly Buffer[]): Promise<HostileServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let answered = 0;
    socket.on('error', () => undefined);
    socket.on('data', () => {
      const packet = packets[answered];
      answered += 1;
      if (packet === undefined) {
        socket.destroy();
      } else if (answered === packets.length) {
        socket.end(packet);
      } else {
        socket.write(packet);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    close: async () => {
      sockets.forEach((socket) => socket.destroy());
      server.close();
      await once(server, 'close');
    },
  };
}
