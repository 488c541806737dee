/** Whatever a server sends, the agent goes on: a defect of the client of RabbitMQ would end the whole process. */
import { expect } from 'chai';
import fc from 'fast-check';

import { listenTo, urlOf } from '../../events/listening.ts';
import { closeFrame, HANDSHAKE, hostileServer, method } from './hostile-server.ts';

async function problemWith(packets: readonly Buffer[]): Promise<string> {
  const server = await hostileServer(packets);
  const { notifications, problem } = await listenTo(`url: "${urlOf(server.port)}"`);
  const text = await problem('NOTIFICATIONS_UNREACHABLE');
  await notifications.close();
  await server.close();
  return text;
}

/** The handshake up to its step, and then those bytes in one segment with it. */
function after(steps: number, bytes: Buffer): readonly Buffer[] {
  const last = Buffer.concat([HANDSHAKE[steps - 1] ?? Buffer.alloc(0), bytes]);
  return [...HANDSHAKE.slice(0, Math.max(0, steps - 1)), last];
}

describe('a hostile server', () => {
  for (const [what, bytes] of [
    ['closes as soon as it has opened', closeFrame(541, 'INTERNAL_ERROR')],
    ['sends a frame that is too large', Buffer.from('\u0009garbage, and more garbage')],
    ['answers on a channel that nobody opened', method(7, [20, 11], Buffer.alloc(4))],
    ['sends a method that does not exist', method(1, [9999, 9999])],
  ] as const) {
    it(`that ${what} is one that does not answer`, async () => {
      expect(await problemWith(after(3, bytes))).to.match(/^RabbitMQ at 127\.0\.0\.1:\d+: \S/);
    });
  }

  it('may send any bytes at any step', async () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
    const frames = fc
      .tuple(fc.nat(2), fc.constantFrom(10, 20, 40, 50, 60), fc.nat(120), bytes)
      .map(([channel, classId, methodId, args]) =>
        method(channel, [classId, methodId], Buffer.from(args)),
      );
    const packet = fc.oneof(
      bytes.map((list) => Buffer.from(list)),
      frames,
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(3), packet, async (steps, given) => {
        expect(await problemWith(after(steps, given))).to.match(/^RabbitMQ at /);
      }),
      { numRuns: 60 },
    );
  });
});
