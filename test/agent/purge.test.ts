import { expect } from 'chai';

import { purgeProposal } from '../../src/agent/purge.ts';
import { pushPlan } from '../../src/agent/push.ts';
import { ask, listing, newRouter } from '../cli/fake-ip.ts';
import { contextFor, inputFor, recorder } from './push-input.ts';

describe('purgeProposal', () => {
  it('removes every route with our mark, ledger or not, and nothing else', async () => {
    const router = await newRouter();
    const before = await listing(router);
    for (const words of [
      '198.51.100.0/27 via 203.0.113.5 proto 201 metric 1024',
      '2001:db8:a::/64 via 2001:db8:100::5 proto 201 metric 1024',
    ]) {
      await ask(router, ['ip', 'route', 'add', ...words.split(' ')]);
    }
    const { events, store } = recorder();
    const open = await inputFor(router, []);

    const result = await pushPlan({ ...open, ...purgeProposal(open) }, contextFor(store));

    expect(result).to.include({ removed: 2, verified: true });
    expect(await listing(router)).to.equal(before);
    expect(events.at(-1)).to.equal('ledger');
  });
});
