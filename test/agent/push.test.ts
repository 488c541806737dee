/** The order of a push: ledger ahead, routes, ledger behind; and what a failure in between leaves. */
import { expect } from 'chai';

import type { Term } from '../../src/agent/leader/leadership.ts';
import { pushPlan } from '../../src/agent/push.ts';
import type { StateDirectory } from '../../src/agent/state.ts';
import { RouteSyncError } from '../../src/errors.ts';
import { programOf, type Transport } from '../../src/transport/transport.ts';
import { ask, listing, newRouter, ownRoutes } from '../cli/fake-ip.ts';
import { failureOf } from './cycle-scene.ts';
import { contextFor, inputFor, journalOf, recorder, route } from './push-input.ts';

const GOOD = route('198.51.100.0/27', '203.0.113.5');
const BAD = route('198.51.100.32/27', '192.0.2.77');

describe('pushPlan', () => {
  it('writes the ledger before it sends anything', async () => {
    const router = await newRouter();
    const { events, store } = recorder();
    const watched: Transport = {
      ...router,
      run: async (command, stop) => {
        if (programOf(command).argv.includes('-batch')) {
          events.push('push');
        }
        return router.run(command, stop);
      },
    };

    const input = await inputFor(watched, [GOOD], journalOf(events));
    const result = await pushPlan(input, contextFor(store));

    expect(events).to.deep.equal(['begin 1', 'ledger 198.51.100.0/27', 'push', 'end +1 -0 =0']);
    expect(result).to.deep.include({ added: 1, failed: [], verified: true });
  });

  it('leaves a route alone that changed since it was planned', async () => {
    const router = await newRouter();
    for (const words of [
      '198.51.100.0/27 via 203.0.113.5 proto 201 metric 1024',
      '198.51.100.32/27 via 203.0.113.5 proto 201 metric 1024',
    ]) {
      await ask(router, ['ip', 'route', 'add', ...words.split(' ')]);
    }
    const { events, store } = recorder();
    const input = await inputFor(router, [], journalOf(events));
    const changes = input.state.routes
      .filter(({ owned }) => owned)
      .map((before) => ({ action: 'remove', before, origin: [] }) as const);
    const old = '198.51.100.0/27 via 203.0.113.5 proto 201';
    await ask(router, ['ip', 'route', 'del', ...old.split(' ')]);
    const moved = '198.51.100.0/27 via 203.0.113.6 proto 201 metric 1024';
    await ask(router, ['ip', 'route', 'add', ...moved.split(' ')]);

    const result = await pushPlan(
      { ...input, plan: { ...input.plan, changes, owned: 2 } },
      contextFor(store),
    );

    expect(result).to.include({ removed: 1, verified: true });
    expect(result.skipped.map(({ error }) => error.code)).to.deep.equal(['ROUTE_CHANGED']);
    expect(await ownRoutes(router)).to.deep.equal({ '198.51.100.0/27': '203.0.113.6' });
    expect(events.at(-2)).to.equal('end +0 -1 =1');
    expect(events.at(-1)).to.contain('ledger 198.51.100.0/27');
  });

  for (const [what, broken] of [
    [
      'the disk is full',
      { assertRoom: () => Promise.reject(new RouteSyncError('STATE_UNWRITABLE', 'full')) },
    ],
    [
      'the kill switch is on',
      { readFreeze: () => Promise.resolve({ by: 'ops', at: 'now', reason: 'maintenance' }) },
    ],
  ] as const) {
    it(`sends and writes nothing while ${what}`, async () => {
      const router = await newRouter();
      const { events, store } = recorder();
      const before = await listing(router);

      const input = await inputFor(router, [GOOD], journalOf(events));
      const error = await failureOf(pushPlan(input, contextFor({ ...store, ...broken })));

      expect(error.code).to.be.oneOf(['STATE_UNWRITABLE', 'FROZEN']);
      expect(events).to.deep.equal([]);
      expect(await listing(router)).to.equal(before);
    });
  }

  it('stops between two chunks when the kill switch is thrown', async () => {
    const router = await newRouter();
    const { store } = recorder();
    let reads = 0;
    const late: StateDirectory = {
      ...store,
      readFreeze: () => {
        reads += 1;
        const freeze = { by: 'ops', at: 'now', reason: '' };
        return Promise.resolve(reads > 1 ? freeze : undefined);
      },
    };

    const { added, failed } = await pushPlan(await inputFor(router, [GOOD]), contextFor(late));

    expect(added).to.equal(0);
    expect(failed.map(({ error }) => error.code)).to.deep.equal(['FROZEN']);
    expect(await ownRoutes(router)).to.deep.equal({});
  });

  it('takes a route that failed out of the ledger again', async () => {
    const { events, store } = recorder();

    const { added, failed } = await pushPlan(
      await inputFor(await newRouter(), [GOOD, BAD]),
      contextFor(store),
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
      pushPlan(await inputFor(router, [GOOD]), contextFor(recorder().store)),
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

    const error = await failureOf(pushPlan(await inputFor(router, [GOOD]), contextFor(store)));

    expect(error.code).to.equal('STATE_UNWRITABLE');
    expect(await listing(router)).to.equal(before);
  });

  it('neither writes nor sends where nothing changes', async () => {
    const { events, store } = recorder();

    await pushPlan(await inputFor(await newRouter(), []), contextFor(store));

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

    const error = await failureOf(pushPlan(input, contextFor(recorder().store)));

    expect(error.message).to.equal('lost');
    expect(await ownRoutes(router)).to.deep.equal({});
  });

  it('sends no chunk once the term is over, and leaves standing what was sent', async () => {
    const router = await newRouter();
    const second = route('2001:db8:a::/64', '2001:db8:100::10');
    let asked = 0;
    const term = termOf(() => {
      asked += 1;
      return asked < 3;
    });

    const result = await pushPlan(await inputFor(router, [GOOD, second]), {
      ...contextFor(recorder().store),
      lead: { term },
    });

    expect(result.added).to.equal(1);
    expect(result.failed.map(({ error }) => error.code)).to.deep.equal(['NOT_LEADER']);
    expect(Object.keys(await ownRoutes(router))).to.deep.equal(['198.51.100.0/27']);
  });

  it('writes nothing down before it knows that the term goes on', async () => {
    const { events, store } = recorder();
    const input = await inputFor(await newRouter(), [GOOD], journalOf(events));

    const error = await failureOf(
      pushPlan(input, { ...contextFor(store), lead: { term: termOf(() => false) } }),
    );

    expect(error.code).to.equal('NOT_LEADER');
    expect(events).to.deep.equal([]);
  });

  it('cuts off what is under way when the term ends', async () => {
    const router = await newRouter();
    const lost = AbortSignal.abort(new RouteSyncError('NOT_LEADER', 'over'));
    const lead = { term: { ...termOf(() => true), lost } };

    const error = await failureOf(
      pushPlan(await inputFor(router, [GOOD]), { ...contextFor(recorder().store), lead }),
    );

    expect(error.message).to.equal('over');
    expect(await ownRoutes(router)).to.deep.equal({});
  });

  it('pushes nothing on a standby, whatever the plan says', async () => {
    const router = await newRouter();
    const lead = { standby: { leader: { host: 'net1', since: '2026-01-01T00:00:00Z' } } };

    const error = await failureOf(
      pushPlan(await inputFor(router, [GOOD]), { ...contextFor(recorder().store), lead }),
    );

    expect(error.code).to.equal('NOT_LEADER');
    expect(error.message).to.contain('net1');
    expect(await ownRoutes(router)).to.deep.equal({});
  });
});

/** A term that goes on as long as it is asked with that answer. */
function termOf(goesOn: () => boolean): Term {
  return {
    lost: new AbortController().signal,
    check: () => undefined,
    assertLeader: async () =>
      goesOn()
        ? Promise.resolve()
        : Promise.reject(new RouteSyncError('NOT_LEADER', 'another one leads')),
  };
}
