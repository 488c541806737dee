import { expect } from 'chai';
import fc from 'fast-check';

import { MAX_MESSAGE_BYTES, openEnvelope } from '../../../src/agent/events/envelope.ts';
import { enveloped } from './recorded.ts';

const MESSAGE = { event_type: 'router.update.end', payload: { router: { id: 'r' } } };
const WANTED = { eventType: 'router.update.end', payload: { router: { id: 'r' } } };

function raw(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

describe('openEnvelope', () => {
  it('opens both formats of oslo.messaging', () => {
    expect(openEnvelope(enveloped(MESSAGE))).to.deep.equal(WANTED);
    expect(openEnvelope(raw(MESSAGE))).to.deep.equal(WANTED);
  });

  for (const [what, body] of [
    ['nothing', Buffer.alloc(0)],
    ['no JSON', Buffer.from('{"oslo.version": "2.0", ')],
    ['no text', Buffer.from([0xff, 0xfe, 0x00])],
    ['a list', raw([MESSAGE])],
    ['null', raw(null)],
    ['another version', raw({ 'oslo.version': '3.0', 'oslo.message': JSON.stringify(MESSAGE) })],
    ['a later version', raw({ 'oslo.version': '2.1', 'oslo.message': JSON.stringify(MESSAGE) })],
    ['a message that is no text', raw({ 'oslo.version': '2.0', 'oslo.message': MESSAGE })],
    ['a message that is no JSON', raw({ 'oslo.version': '2.0', 'oslo.message': '{' })],
    ['a remote procedure call', enveloped({ method: 'get_routers', args: {} })],
    ['an event without a name', enveloped({ ...MESSAGE, event_type: ['router.update.end'] })],
    ['a text of brackets', Buffer.from('['.repeat(1_000_000))],
  ] as const) {
    it(`drops ${what}`, () => {
      expect(openEnvelope(body)).to.equal(undefined);
    });
  }

  it('drops what is too large before it is read', () => {
    const filled = (length: number) => {
      const empty = raw({ ...MESSAGE, filler: '' }).length;
      return raw({ ...MESSAGE, filler: 'x'.repeat(length - empty) });
    };

    expect(openEnvelope(filled(MAX_MESSAGE_BYTES))).to.deep.equal(WANTED);
    expect(openEnvelope(filled(MAX_MESSAGE_BYTES + 1))).to.equal(undefined);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.json(), (bytes, json) => {
        openEnvelope(Buffer.from(bytes));
        openEnvelope(Buffer.from(json));
        openEnvelope(raw({ 'oslo.version': '2.0', 'oslo.message': json }));
      }),
    );
  });
});
