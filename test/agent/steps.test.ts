import { expect } from 'chai';

import { atMost } from '../../src/agent/steps.ts';

describe('atMost', () => {
  it('answers in the order of the items, whatever ends first', async () => {
    const gates = [1, 2, 3].map(() => Promise.withResolvers<string>());
    const all = atMost(3, gates, async ({ promise }) => promise);

    gates[2]?.resolve('c');
    gates[0]?.resolve('a');
    gates[1]?.resolve('b');

    expect(await all).to.deep.equal(['a', 'b', 'c']);
  });

  it('works on no more at a time than there are places, and on all', async () => {
    let running = 0;
    let most = 0;
    const items = Array.from({ length: 10 }, (_, index) => index);

    const done = await atMost(3, items, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      return item;
    });

    expect(most).to.equal(3);
    expect(done).to.deep.equal(items);
  });

  it('begins nothing new once one was rejected', async () => {
    const begun: number[] = [];
    const failure = new Error('a defect');
    const work = atMost(1, [1, 2, 3], async (item) => {
      begun.push(item);
      throw failure;
    });

    const error: unknown = await work.catch((reason: unknown) => reason);

    expect(error).to.equal(failure);
    expect(begun).to.deep.equal([1]);
  });
});
