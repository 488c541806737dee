/** amqplib, loaded when it is needed, for most commands need no RabbitMQ. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import type { connect, credentials } from 'amqplib';

interface Amqp {
  readonly connect: typeof connect;
  readonly credentials: typeof credentials;
}

interface ConnectionClass {
  readonly Connection: {
    readonly prototype: {
      open: (this: NodeJS.EventEmitter, fields: unknown, callback: unknown) => unknown;
    };
  };
}

let loading: Promise<Amqp> | undefined;

export async function loadAmqp(): Promise<Amqp> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Amqp> {
  const amqp = await import('amqplib');
  guardOpening();
  return amqp;
}

/**
 * amqplib (2.3.1, lib/connection.js) reads on before it hands a new connection out. An error in what follows the last
 * packet of the handshake, in one segment with it, meets an emitter without listeners, and would end this process. With
 * a listener it is an error of the connection like any other. Held by test/agent/events/hostile-server.test.ts.
 */
function guardOpening(): void {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('amqplib'));
  const { Connection } = require(join(folder, 'lib/connection.js')) as ConnectionClass;
  const { open } = Connection.prototype;
  Connection.prototype.open = function guarded(fields, callback): unknown {
    this.on('error', ignore);
    return open.call(this, fields, callback);
  };
}

function ignore(): void {
  // Whoever the connection is handed to is told that it is closed.
}
