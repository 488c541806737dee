/** One signal out of several, for the length of one piece of work. */
import { getEventListeners } from 'node:events';
import { expect } from 'chai';

import { withJointSignal } from '../../src/openstack-client-lite/joint-signal.ts';

describe('withJointSignal', () => {
  it('gives what the work gives', async () => {
    expect(await withJointSignal({ sources: [] }, async () => 7)).to.equal(7);
  });

  it('fires with the reason of the first source that fires', async () => {
    const [one, other] = [new AbortController(), new AbortController()];

    await withJointSignal(
      { sources: [one.signal, other.signal], deadlineMs: 60_000 },
      async ({ signal, isLate }) => {
        other.abort('enough');
        one.abort('too late');
        expect([signal.aborted, signal.reason, isLate()]).to.deep.equal([true, 'enough', false]);
      },
    );
  });

  it('has fired where a source had before', async () => {
    await withJointSignal({ sources: [AbortSignal.abort('gone')] }, async ({ signal }) => {
      expect(signal.reason).to.equal('gone');
    });
  });

  it('fires and is late once the deadline has passed', async () => {
    await withJointSignal({ sources: [], deadlineMs: 1 }, async ({ signal, isLate }) => {
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve, { once: true });
      });
      expect(isLate()).to.equal(true);
    });
  });

  it('lets go of its sources, also after an error', async () => {
    const source = new AbortController();
    const heard = async (): Promise<never> => {
      expect(getEventListeners(source.signal, 'abort')).to.have.length(1);
      throw new Error('over');
    };

    await withJointSignal({ sources: [source.signal], deadlineMs: 60_000 }, heard).catch(
      () => undefined,
    );

    expect(getEventListeners(source.signal, 'abort')).to.have.length(0);
  });
});
