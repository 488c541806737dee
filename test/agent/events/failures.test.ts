import { expect } from 'chai';

import { failureOf, type Stage } from '../../../src/agent/events/failures.ts';
import { Secret } from '../../../src/openstack-client-lite/index.ts';

const password = new Secret('hunter2');

function failure(stage: Stage, message: string, code?: string | number) {
  const error =
    code === undefined ? new Error(message) : Object.assign(new Error(message), { code });
  const mask = (text: string): string => password.maskIn(text);
  return failureOf({ stage, place: 'h:5672', error, mask });
}

describe('failureOf', () => {
  for (const [stage, message, code, expected] of [
    ['connect', 'connect ECONNREFUSED', 'ECONNREFUSED', 'NOTIFICATIONS_UNREACHABLE'],
    ['connect', 'getaddrinfo ENOTFOUND h', 'ENOTFOUND', 'NOTIFICATIONS_UNREACHABLE'],
    ['connect', 'x', 'ERR_TLS_CERT_ALTNAME_INVALID', 'NOTIFICATIONS_CERTIFICATE'],
    ['connect', 'x', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'NOTIFICATIONS_CERTIFICATE'],
    ['connect', 'x', 'CERT_HAS_EXPIRED', 'NOTIFICATIONS_CERTIFICATE'],
    ['exchange', 'x', 404, 'NOTIFICATIONS_EXCHANGE'],
    ['exchange', 'x', 403, 'NOTIFICATIONS_QUEUE'],
    ['queue', 'x', 406, 'NOTIFICATIONS_QUEUE'],
    ['queue', 'CONNECTION_FORCED', 320, 'NOTIFICATIONS_UNREACHABLE'],
    ['queue', 'Channel ended', undefined, 'NOTIFICATIONS_UNREACHABLE'],
    ['open', 'x', 406, 'NOTIFICATIONS_UNREACHABLE'],
  ] as const) {
    it(`calls ${code ?? message} at the stage "${stage}" ${expected}`, () => {
      const found = failure(stage, message, code);

      expect(found.code).to.equal(expected);
      expect(found.message).to.match(/^RabbitMQ at h:5672: /);
    });
  }

  it('says what RabbitMQ said, without what amqplib adds', () => {
    const text = 'Channel closed by server: 404 (NOT-FOUND) with message "NOT_FOUND - no exchange"';

    expect(failure('exchange', text, 404).message).to.match(
      /^RabbitMQ at h:5672: NOT_FOUND - no exchange; check cloud\.notifications\.exchange/,
    );
  });

  it('tells all reasons of a name with several addresses', () => {
    const error = new AggregateError([new Error('one'), new Error('two')], '');
    const found = failureOf({ stage: 'connect', place: 'h:1', error, mask: (text) => text });

    expect(found.message).to.equal('RabbitMQ at h:1: one, two');
  });

  it('shows no password, no control characters and no novels', () => {
    const { message, cause } = failure('connect', `hunter2\u001B[2J${'x'.repeat(5000)}`);

    expect(message).not.to.contain('hunter2').and.not.contain('\u001B');
    expect(message).to.contain('[secret]').and.have.length.below(400);
    expect(cause).to.equal(undefined);
  });
});
