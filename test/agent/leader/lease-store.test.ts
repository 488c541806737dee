/** Against a stub of the API: no cluster runs here. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect } from 'chai';
import type { Holder } from '../../../src/agent/leader/holder.ts';
import { leaseStore } from '../../../src/agent/leader/lease-store.ts';
import type { LockStore, Tenure } from '../../../src/agent/leader/lock-store.ts';
import { failureOf } from '../cycle-scene.ts';
import { type LeaseServer, startLeaseServer } from '../../support/lease-server.ts';

const { signal } = new AbortController();

function person(host: string): Holder {
  return { host, pid: 7, since: '2026-01-01T00:00:00.000Z', place: 'abc123', id: 'e1f2' };
}

describe('leaseStore', () => {
  let folder: string;
  let server: LeaseServer;
  let now: number;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'route-sync-lease-'));
    server = await startLeaseServer();
    now = 1000;
  });

  afterEach(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  async function open(token?: string): Promise<LockStore> {
    const file = path.join(folder, 'kubeconfig');
    await writeFile(file, server.kubeConfig(token));
    return leaseStore(
      {},
      {
        owner: 'prod',
        times: { ttlSeconds: 10 },
        timing: { now: () => now },
        wall: () => Date.UTC(2026, 0, 1),
        env: { KUBECONFIG: file },
      },
    );
  }

  async function lead(store: LockStore, host: string): Promise<Tenure> {
    const { tenure, holder } = await store.campaign(person(host), signal);
    if (tenure === undefined) {
      throw new Error(`${holder?.host ?? 'nobody'} leads`);
    }
    return tenure;
  }

  it('creates the Lease where there is none, and the other one stands by', async () => {
    const tenure = await lead(await open(), 'one');
    const { holder } = await (await open()).campaign(person('two'), signal);

    expect(tenure.ttlMs).to.equal(10_000);
    expect(holder).to.include({ host: 'one', pid: 7, place: 'abc123', id: 'e1f2' });
    expect(server.lease()?.spec).to.deep.equal({
      holderIdentity: 'one_7_abc123_e1f2',
      leaseDurationSeconds: 10,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
  });

  it('takes over when the record did not change for its duration by our own clock, not before', async () => {
    await lead(await open(), 'one');
    const store = await open();
    await store.campaign(person('two'), signal);

    now += 10_000;
    expect((await store.campaign(person('two'), signal)).tenure).to.equal(undefined);
    now += 1;
    await lead(store, 'two');

    expect(server.lease()?.spec.leaseTransitions).to.equal(1);
    expect((await store.read(signal))?.host).to.equal('two');
  });

  it('waits again after each renewal, whatever times stand in it', async () => {
    const store = await open();
    const watcher = await open();
    const tenure = await lead(store, 'one');
    for (let renewal = 0; renewal < 4; renewal += 1) {
      await watcher.campaign(person('two'), signal);
      now += 9000;
      server.edit((lease) => ({
        ...lease,
        spec: { ...lease.spec, renewTime: `1999-01-01T00:00:0${renewal}.000000Z` },
      }));
    }

    expect((await watcher.campaign(person('two'), signal)).tenure).to.equal(undefined);
    expect(await tenure.renew(signal)).to.equal(true);
  });

  it('lets one of two win who take it over at the same time', async () => {
    await lead(await open(), 'one');
    const [two, three] = [await open(), await open()];
    await Promise.all([two, three].map(async (store) => store.campaign(person('x'), signal)));
    now += 10_001;

    const outcomes = await Promise.all([
      two.campaign(person('two'), signal),
      three.campaign(person('three'), signal),
    ]);

    expect(outcomes.filter(({ tenure }) => tenure !== undefined)).to.have.lengthOf(1);
  });

  it('goes on when somebody touched the object, or an answer was lost', async () => {
    const tenure = await lead(await open(), 'one');
    server.edit((lease) => lease);
    expect(await tenure.renew(signal)).to.equal(true);

    server.fault = () => 'lost';
    await failureOf(tenure.renew(signal));
    server.fault = () => undefined;

    expect(await tenure.renew(signal)).to.equal(true);
    expect(await tenure.holds(signal)).to.equal(true);
  });

  it('knows that it leads no more when another one holds the Lease, or it is deleted', async () => {
    const tenure = await lead(await open(), 'one');
    server.edit((lease) => ({ ...lease, spec: { ...lease.spec, holderIdentity: 'two' } }));
    expect([await tenure.renew(signal), await tenure.holds(signal)]).to.deep.equal([false, false]);

    const other = await lead(await openEmpty(), 'one');
    server.remove();
    expect([await other.renew(signal), await other.holds(signal)]).to.deep.equal([false, false]);
  });

  async function openEmpty(): Promise<LockStore> {
    server.remove();
    return open();
  }

  it('gives it back for the next one to take at once', async () => {
    const tenure = await lead(await open(), 'one');
    await tenure.release(signal);

    expect(await (await open()).read(signal)).to.equal(undefined);
    await lead(await open(), 'two');
  });

  it('shows a holder of another make as it is written', async () => {
    await lead(await open(), 'one');
    server.edit((lease) => ({
      ...lease,
      spec: { ...lease.spec, holderIdentity: 'net1\u001b[2J' },
    }));

    expect((await (await open()).read(signal))?.host).to.equal('net1\u001b[2J');
  });

  for (const { name, token, status } of [
    { name: 'refuses the token', token: 'wrong', status: undefined },
    { name: 'forbids it', token: undefined, status: 403 },
    { name: 'is in trouble', token: undefined, status: 500 },
  ]) {
    it(`rejects with LEADER_UNREACHABLE where the API ${name}, and tells no token`, async () => {
      server.fault = () => status;

      const error = await failureOf((await open(token)).campaign(person('one'), signal));

      expect(error.code).to.equal('LEADER_UNREACHABLE');
      expect(error.message).to.match(/lease infra\/route-sync-prod: HTTP status \d+/);
      expect(JSON.stringify(error)).not.to.contain('token-of-the-test');
    });
  }

  it('says what is missing outside of a pod', () => {
    expect(() =>
      leaseStore(
        {},
        {
          owner: 'prod',
          times: { ttlSeconds: 10 },
          timing: { now: () => now },
          wall: () => 0,
          env: {},
        },
      ),
    ).to.throw('$KUBECONFIG');
  });
});
