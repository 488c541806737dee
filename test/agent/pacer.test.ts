import { expect } from 'chai';

import { createPacer } from '../../src/agent/pacer.ts';

const NEVER = 1_000_000;

describe('createPacer', () => {
  it('begins the next when the one before has ended, well or not', async () => {
    const pace = createPacer(NEVER);
    const begun: string[] = [];
    const first = Promise.withResolvers<void>();
    const failure = new Error('refused');
    const all = [
      pace(async () => {
        begun.push('a');
        await first.promise;
      }),
      pace(async () => {
        begun.push('b');
        throw failure;
      }).catch((error: unknown) => error),
      pace(async () => begun.push('c')),
    ];
    await new Promise(setImmediate);
    expect(begun).to.deep.equal(['a']);

    first.resolve();

    expect(await Promise.all(all)).to.deep.equal([undefined, failure, 3]);
    expect(begun).to.deep.equal(['a', 'b', 'c']);
  });

  it('does not wait for one that takes longer', async () => {
    const pace = createPacer(1);
    const slow = Promise.withResolvers<string>();
    const first = pace(async () => slow.promise);

    expect(await pace(async () => 'second')).to.equal('second');

    slow.resolve('first');
    expect(await first).to.equal('first');
  });
});
