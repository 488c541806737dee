import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { createLimiter } from '../../src/openstack-client-lite/limiter.ts';

const NEVER = new AbortController().signal;

describe('createLimiter', () => {
  it('runs so many tasks at a time, in order, and goes on after a failure', async () => {
    const limit = createLimiter(2);
    const started: number[] = [];
    const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());

    const results = gates.map(({ promise }, index) =>
      limit(async () => {
        started.push(index);
        await promise;
      }, NEVER),
    );
    await turn();
    expect(started).to.deep.equal([0, 1]);

    gates[1]?.reject(new Error('failed'));
    await results[1]?.catch(() => undefined);
    await turn();
    expect(started).to.deep.equal([0, 1, 2]);

    gates.forEach(({ resolve }) => resolve());
    await Promise.allSettled(results);
    expect(started).to.deep.equal([0, 1, 2, 3]);
  });

  it('lets a waiting task give up without losing a place', async () => {
    const limit = createLimiter(1);
    const gate = Promise.withResolvers<void>();
    const controller = new AbortController();
    const first = limit(() => gate.promise, NEVER);
    const waiting = limit(async () => 'ran', controller.signal);
    const last = limit(async () => 'last', NEVER);

    controller.abort(new Error('gave up'));

    expect(await waiting.catch((error: unknown) => String(error))).to.equal('Error: gave up');
    gate.resolve();
    await first;
    expect(await last).to.equal('last');
  });
});
