/**
 * Two agents and etcd with three members: whoever leads writes, whoever does not writes nothing, whatever dies, sleeps or
 * is cut off. Times are printed, not asserted.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'chai';

import { until } from '../support/until.ts';
import { type EtcdCluster, startCluster, whyNoEtcd } from './etcd-cluster.ts';
import { addTenant, LEASE_SECONDS, openPair, type Pair, prefixesOf, removeTenant } from './pair.ts';

const why = whyNoEtcd();

describe(`two agents on etcd${why === undefined ? '' : ` (skipped: ${why})`}`, function suite() {
  this.timeout(120_000);
  let folder: string;
  let cluster: EtcdCluster;
  let pair: Pair;

  before(function need() {
    if (why !== undefined) {
      this.skip();
    }
  });

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'route-sync-ha-'));
    cluster = await startCluster(folder);
    await cluster.healthy();
    pair = await openPair(folder, cluster);
    addTenant(pair.cloud, 10);
    addTenant(pair.cloud, 11);
    pair.agents.forEach((agent) => agent.start());
    await until(() => holds(10, 11));
  });

  afterEach(async function end() {
    if (this.currentTest?.state === 'failed') {
      pair?.agents.forEach(({ name, log }) => process.stderr.write(`agent ${name}:\n${log()}\n`));
    }
    await pair?.close();
    await cluster?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function holds(...lasts: readonly number[]): boolean {
    return pair.routes().join() === prefixesOf(...lasts).join();
  }

  /** Somebody takes a route away; whoever leads brings it back. */
  async function untilRepaired(): Promise<void> {
    const [prefix = ''] = prefixesOf(10);
    pair.namespace.ip('route', 'del', prefix);
    await until(() => holds(10, 11));
  }

  async function timed(what: string, work: () => Promise<void>): Promise<void> {
    const begin = performance.now();
    await work();
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    process.stdout.write(
      `      ${what}: the other agent wrote after ${seconds} s (lease ${LEASE_SECONDS} s)\n`,
    );
  }

  /** Some cycles of both. */
  async function someCycles(): Promise<void> {
    await sleep(3000);
  }

  it('a standby never writes, and knows what the leader installs', async () => {
    const leader = await pair.leader();
    const standby = pair.other(leader);
    addTenant(pair.cloud, 12);
    await until(() => holds(10, 11, 12));
    await someCycles();

    expect(standby.written()).to.deep.equal([]);
    expect(leader.written()).to.not.be.empty;
    expect(standby.log()).to.contain('this agent stands by');
  });

  it('the standby takes over when the leader is killed, and may remove what the other one installed', async () => {
    const leader = await pair.leader();
    await someCycles();

    await timed('SIGKILL', async () => {
      leader.signal('SIGKILL');
      await leader.ended();
      await untilRepaired();
    });
    removeTenant(pair.cloud, 11);
    await until(() => holds(10));
    expect(pair.other(leader).log()).not.to.contain('"ledger"');
  });

  it('the standby takes over at once when the leader is stopped', async () => {
    const leader = await pair.leader();

    await timed('SIGTERM', async () => {
      leader.signal('SIGTERM');
      await leader.ended();
      await untilRepaired();
    });
  });

  it('a leader that sleeps in the middle of a push writes nothing when it wakes up', async () => {
    const leader = await pair.leader();
    const other = pair.other(leader);
    leader.hold(true);
    addTenant(pair.cloud, 12);
    await until(
      () => leader.written().at(-1) === '.' && leader.written().join().includes('203.0.112.32'),
    );
    leader.signal('SIGSTOP');
    // The chunk under way is a process of its own, and ends; the next one, of IPv6, is not begun.
    leader.hold(false);
    const before = leader.written();

    await timed('SIGSTOP', async () => until(() => holds(10, 11, 12)));
    expect(other.leads()).to.equal(true);
    // What the sleeper still means to add is gone by now.
    removeTenant(pair.cloud, 12);
    await until(() => holds(10, 11));
    leader.signal('SIGCONT');
    await until(() => leader.log().includes('this agent leads no more'));
    await someCycles();

    expect(leader.written()).to.deep.equal(before);
    expect(holds(10, 11)).to.equal(true);
    expect(leader.log()).to.contain('this agent stands by');
  });

  it('an agent that is cut off from etcd writes no more, and the other one takes over', async () => {
    const leader = await pair.leader();
    leader.ways.forEach((way) => way.cut(true));

    await timed('cut off', async () => {
      await until(() => pair.other(leader).leads());
      await untilRepaired();
    });
    const before = leader.written();
    expect(leader.log()).to.contain('LEADER_UNREACHABLE');
    await someCycles();
    await untilRepaired();
    expect(leader.written()).to.deep.equal(before);

    leader.ways.forEach((way) => way.cut(false));
    await until(() => leader.log().includes('answers again'));
    await someCycles();
    expect(leader.written()).to.deep.equal(before);
  });

  it('a command by hand works beside the leader, and is refused beside the standby', async () => {
    const leader = await pair.leader();
    const standby = pair.other(leader);

    const refused = await standby.run('purge', '--yes');
    expect(refused.status, refused.said).to.equal(75);
    expect(refused.said).to.contain('NOT_LEADER');
    expect((await standby.run('check')).said).to.contain('leader: ');
    const allowed = await leader.run('purge', '--yes', '--wait', '20');
    expect(allowed.status, allowed.said).to.equal(0);

    expect(standby.written()).to.deep.equal([]);
    await until(() => holds(10, 11));
    pair.agents.forEach((agent) => agent.signal('SIGTERM'));
    await Promise.all(pair.agents.map(async (agent) => agent.ended()));
    const alone = await standby.run('purge', '--yes');
    expect(alone.status, alone.said).to.equal(0);
    expect(pair.routes()).to.deep.equal([]);
  });

  it('goes on when the leader of etcd is killed', async () => {
    await pair.leader();
    cluster.members.find((member) => member.isLeader())?.kill();

    await untilRepaired();
  });

  it('goes on when a member is cut off from the others, and when it comes back', async () => {
    await pair.leader();
    const cut = cluster.members.find((member) => member.isLeader());
    cut?.link('down');

    await untilRepaired();
    cut?.link('up');
    await someCycles();
    await untilRepaired();
  });

  it('writes nothing while etcd has no majority, and goes on when it has one', async () => {
    await pair.leader();
    cluster.members.forEach((member) => member.link('down'));
    await until(() => pair.agents.every(({ log }) => log().includes('LEADER_UNREACHABLE')));
    const [prefix = ''] = prefixesOf(10);
    pair.namespace.ip('route', 'del', prefix);
    const before = pair.agents.map((agent) => agent.written().length);
    await someCycles();
    expect(pair.agents.map((agent) => agent.written().length)).to.deep.equal(before);
    expect(pair.routes()).not.to.include(prefix);

    cluster.members.forEach((member) => member.link('up'));
    await until(() => holds(10, 11));
  });
});
