import { expect } from 'chai';
import fc from 'fast-check';

import { pauseAfter, worstOf } from '../../../src/agent/events/retry.ts';
import { type ErrorCode, RouteSyncError } from '../../../src/errors.ts';

const failures = (...codes: readonly ErrorCode[]) =>
  codes.map((code) => new RouteSyncError(code, code));

const silent = failures('NOTIFICATIONS_UNREACHABLE');

describe('pauseAfter', () => {
  it('doubles what is drawn from, up to 30 s', () => {
    const longest = [0, 1, 2, 6, 7, 8, 1000].map((rounds) =>
      pauseAfter({ rounds, failures: silent, random: 1 }),
    );

    expect(longest).to.deep.equal([250, 500, 1000, 16_000, 30_000, 30_000, 30_000]);
    expect(pauseAfter({ rounds: 5, failures: silent, random: 0 })).to.equal(0);
  });

  it('asks seldom where it was refused, whatever the other hosts say', () => {
    const refused = failures('NOTIFICATIONS_UNREACHABLE', 'NOTIFICATIONS_LOGIN');

    expect(pauseAfter({ rounds: 0, failures: refused, random: 0 })).to.equal(15_000);
    expect(pauseAfter({ rounds: 9, failures: refused, random: 1 })).to.equal(30_000);
    expect(
      pauseAfter({ rounds: 9, failures: failures('NOTIFICATIONS_EXCHANGE'), random: 1 }),
    ).to.equal(5000);
  });

  it('is never longer than 30 s', () => {
    const codes = fc.constantFrom<ErrorCode>(
      'NOTIFICATIONS_UNREACHABLE',
      'NOTIFICATIONS_QUEUE',
      'NOTIFICATIONS_CERTIFICATE',
      'INTERNAL',
    );
    const random = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.nat(), fc.array(codes), random, (rounds, given, drawn) => {
        const pause = pauseAfter({ rounds, failures: failures(...given), random: drawn });

        expect(pause).to.be.within(0, 30_000);
      }),
    );
  });
});

describe('worstOf', () => {
  it('prefers a refusal to silence, and else the first', () => {
    const [away, login] = failures('NOTIFICATIONS_UNREACHABLE', 'NOTIFICATIONS_LOGIN');

    expect(worstOf([away, login].flatMap((failure) => failure ?? []))).to.equal(login);
    expect(worstOf(silent)).to.equal(silent[0]);
    expect(worstOf([])).to.equal(undefined);
  });
});
