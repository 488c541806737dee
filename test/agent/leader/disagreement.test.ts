import { expect } from 'chai';
import { watchDisagreement } from '../../../src/agent/leader/disagreement.ts';
import type { CycleEnd } from '../../../src/agent/observer.ts';
import type { HeldCode } from '../../../src/core/hold.ts';
import type { UpstreamPlan } from '../../../src/core/plan.ts';
import type { Report, UpstreamReport } from '../../../src/report/report.ts';
import { route } from '../push-input.ts';

interface Cycle {
  /** Prefixes that edge1 would add; undefined: it cannot be read. */
  readonly wants?: readonly string[] | undefined;
  readonly code?: HeldCode;
  /** Undefined: this agent leads, or nobody does. */
  readonly leader?: string | undefined;
}

function planFor(wants: readonly string[], code: HeldCode): UpstreamPlan {
  const held = wants.map((prefix) => ({
    code,
    message: '',
    until: undefined,
    change: { action: 'add' as const, after: route(prefix, '192.0.2.9') },
  }));
  const none = { changes: [], conflicts: [], warnings: [], unneeded: [], unchanged: 0, owned: 0 };
  return { upstream: 'edge1', ...none, held, refused: undefined, missing: new Map() };
}

function endOf({ wants, code = 'standby', leader = 'net1' }: Cycle): CycleEnd {
  const upstream: UpstreamReport = {
    name: 'edge1',
    os: 'linux',
    description: '',
    error: undefined,
    networkIds: new Set(),
    plan: wants === undefined ? undefined : planFor(wants, code),
    counts: undefined,
    stale: undefined,
    result: undefined,
  };
  const report: Report = {
    owner: 'test',
    run: 'r',
    snapshot: undefined,
    blind: undefined,
    freeze: undefined,
    standby: leader === '' ? undefined : { leader: { host: leader, since: '' } },
    upstreams: [upstream],
    candidates: [],
    isVerbose: false,
    checksOf: () => [],
    externalNetworks: new Map(),
    exitCode: 0,
  };
  return { run: 'r', startedAt: 0, finishedAt: 0, exitCode: 0, report, error: undefined };
}

describe('watchDisagreement', () => {
  function watch() {
    let now = 0;
    const said: string[] = [];
    const note = (message: string): void => void said.push(message);
    const log = { warn: note, info: note };
    const watching = watchDisagreement({ leaseSeconds: 15, now: () => now, log });
    const cycles = (count: number, cycle: Cycle, seconds = 10): void => {
      for (let index = 0; index < count; index += 1) {
        watching.cycleEnded(endOf(cycle));
        now += seconds * 1000;
      }
    };
    return { ...watching, cycles, said };
  }

  const ONE = ['198.51.100.0/28'];
  const TWO = ['198.51.100.0/28', '198.51.100.16/28'];

  it('warns in the third cycle that wants the same, once', () => {
    const watching = watch();

    watching.cycles(2, { wants: ONE });
    expect(watching.said).to.deep.equal([]);
    watching.cycles(3, { wants: ONE });

    expect(watching.said).to.deep.equal(['the leader does not do what this standby would']);
    expect(watching.count()).to.equal(1);
  });

  it('waits for a lease, however fast the cycles are', () => {
    const watching = watch();

    watching.cycles(15, { wants: ONE }, 1);
    expect(watching.count()).to.equal(0);
    watching.cycles(1, { wants: ONE }, 1);

    expect(watching.count()).to.equal(1);
  });

  it('warns again when it is about other changes, and tells when it is over', () => {
    const watching = watch();

    watching.cycles(3, { wants: ONE });
    watching.cycles(3, { wants: TWO });
    watching.cycles(1, { wants: [] });

    expect(watching.said).to.deep.equal([
      'the leader does not do what this standby would',
      'the leader does not do what this standby would',
      'the leader does what this standby would',
    ]);
    expect(watching.count()).to.equal(0);
  });

  it('remembers what it wanted while the upstream cannot be read', () => {
    const watching = watch();

    watching.cycles(2, { wants: ONE });
    watching.cycles(4, { wants: undefined });
    expect(watching.count()).to.equal(0);
    watching.cycles(1, { wants: ONE });

    expect(watching.count()).to.equal(1);
  });

  for (const { name, cycle } of [
    { name: 'nobody else leads', cycle: { wants: ONE, leader: '' } },
    { name: 'this agent would hold it as well', cycle: { wants: ONE, code: 'guard' as const } },
  ]) {
    it(`says nothing where ${name}`, () => {
      const watching = watch();

      watching.cycles(9, cycle);

      expect([watching.count(), watching.said]).to.deep.equal([0, []]);
    });
  }

  it('begins anew when the change was not wanted for a cycle', () => {
    const watching = watch();

    watching.cycles(2, { wants: ONE });
    watching.cycles(1, { wants: [] });
    watching.cycles(2, { wants: ONE });

    expect(watching.count()).to.equal(0);
  });
});
