/** The order of a push: ledger ahead, routes, ledger behind; and what a failure in between leaves. */
import { expect } from 'chai';

import { pushPlan } from '../../src/agent/push.ts';
import type { StateDirectory } from '../../src/agent/state.ts';
import { RouteSyncError } from '../../src/errors.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { listing, newRouter, ownRoutes } from '../cli/fake-ip.ts';
import { failureOf } from './cycle-scene.ts';
import { inputFor, recorder, route, signal } from './push-input.ts';

const GOOD = route('198.51.100.0/27', '203.0.113.5');
const BAD = route('198.51.100.32/27', '192.0.2.77');

describe('pushPlan', () => {
  it('writes the ledger before it sends anything', async () => {
    const router = await newRouter();
    const { events, store } = recorder();
    const watched: Transport = {
      ...router,
      run: async (command, stop) => {
        if (command.argv.includes('-batch')) {
          events.push('push');
        }
        return router.run(command, stop);
      },
    };

    const result = await pushPlan(await inputFor(watched, [GOOD]), store, signal);

    expect(events).to.deep.equal(['ledger 198.51.100.0/27', 'push']);
    expect(result).to.deep.include({ added: 1, failed: [], verified: true });
  });

  it('takes a route that failed out of the ledger again', async () => {
    const { events, store } = recorder();

    const { added, failed } = await pushPlan(
      await inputFor(await newRouter(), [GOOD, BAD]),
      store,
      signal,
    );

    expect(added).to.equal(1);
    expect(failed.map(({ error }) => error.code)).to.deep.equal(['ROUTE_REJECTED']);
    expect(events).to.deep.equal([
      'ledger 198.51.100.0/27 198.51.100.32/27',
      'ledger 198.51.100.0/27',
    ]);
  });

  it('rejects as a whole where the upstream refuses every change', async () => {
    const router = await newRouter({ permitted: false });

    const error = await failureOf(
      pushPlan(await inputFor(router, [GOOD]), recorder().store, signal),
    );

    expect(error.code).to.equal('UPSTREAM_NOT_PERMITTED');
  });

  it('sends nothing when the ledger cannot be written', async () => {
    const router = await newRouter();
    const store: StateDirectory = {
      ...recorder().store,
      writeLedger: () => Promise.reject(new RouteSyncError('STATE_UNWRITABLE', 'disk full')),
    };
    const before = await listing(router);

    const error = await failureOf(pushPlan(await inputFor(router, [GOOD]), store, signal));

    expect(error.code).to.equal('STATE_UNWRITABLE');
    expect(await listing(router)).to.equal(before);
  });

  it('neither writes nor sends where nothing changes', async () => {
    const { events, store } = recorder();

    await pushPlan(await inputFor(await newRouter(), []), store, signal);

    expect(events).to.deep.equal([]);
  });

  it('stops when the lock is lost', async () => {
    const router = await newRouter();
    const lock = {
      lost: AbortSignal.abort(new RouteSyncError('LOCKED', 'lost')),
      otherOwner: undefined,
      claimMark: () => Promise.resolve(),
      release: () => Promise.resolve(),
    };
    const input = { ...(await inputFor(router, [GOOD])), lock };

    const error = await failureOf(pushPlan(input, recorder().store, signal));

    expect(error.message).to.equal('lost');
    expect(await ownRoutes(router)).to.deep.equal({});
  });
});
