import { expect } from 'chai';
import { RouteSyncError } from '../../../src/errors.ts';

import type { CycleEnd } from '../../../src/agent/observer.ts';
import { createHealth, type Health } from '../../../src/agent/server/health.ts';
import type { Report } from '../../../src/report/report.ts';
import { APPLIED_REPORT, BAD_DAY_REPORT, EDGE1, EDGE2, REPORT } from '../../report/sample.ts';

interface Ready {
  readonly status: number;
  readonly ready: boolean;
  readonly reasons: readonly { readonly code: string; readonly message?: string }[];
  readonly notes: readonly { readonly code: string; readonly upstream?: string }[];
}

/** A report of one upstream on which nothing is worth a word. */
const GOOD: Report = {
  ...REPORT,
  upstreams: [
    {
      ...EDGE1,
      plan: EDGE1.plan && { ...EDGE1.plan, held: [], conflicts: [], refused: undefined },
    },
  ],
};

const SECOND = 1000;
const INTERVAL = 30 * SECOND;
const ALLOWANCE = 10 * SECOND;

describe('createHealth', () => {
  let now: number;
  let due: number | undefined;
  let health: Health;

  beforeEach(() => {
    now = 0;
    due = INTERVAL;
    health = createHealth({ now: () => now, nextDue: () => due, allowanceMs: () => ALLOWANCE });
  });

  function end(change: Partial<CycleEnd>): void {
    const cycle = { run: 'run', startedAt: now, finishedAt: now, exitCode: 0 };
    health.observer.cycleEnded({ ...cycle, report: undefined, error: undefined, ...change });
  }

  async function ask(path: string, isTrusted = true): Promise<Ready> {
    const route = health.routes.find((each) => each.path === path);
    const answer = await route?.answer({ path, query: new URLSearchParams(), isTrusted });
    if (answer === undefined || 'start' in answer) {
      throw new Error(`no page at ${path}`);
    }
    return {
      status: answer.status,
      ...(JSON.parse(answer.body.toString()) as Omit<Ready, 'status'>),
    };
  }

  async function codes(): Promise<readonly string[]> {
    return (await ask('/readyz')).reasons.map(({ code }) => code);
  }

  it('is alive from the start, and open to all', async () => {
    expect(await ask('/healthz')).to.deep.equal({ status: 'alive' });
    expect(health.routes.map(({ isOpen }) => isOpen)).to.deep.equal([true, true]);
  });

  it('is not ready before a cycle has ended', async () => {
    const { status, ready } = await ask('/readyz');

    expect([status, ready, await codes()]).to.deep.equal([503, false, ['starting']]);
  });

  it('is ready after a good cycle', async () => {
    end({ report: GOOD });

    expect(await ask('/readyz')).to.deep.equal({
      status: 200,
      ready: true,
      reasons: [],
      notes: [],
    });
  });

  for (const [error, code] of [
    ['UPSTREAM_UNREACHABLE', 'upstream-error'],
    ['LOCKED', 'locked'],
    ['STATE_CORRUPT', 'state-unusable'],
    ['JOURNAL_BROKEN', 'state-unusable'],
  ] as const) {
    it(`says ${code} for an upstream that ended with ${error}`, async () => {
      end({ report: { ...GOOD, upstreams: [{ ...EDGE2, error: { code: error, message: '' } }] } });

      expect(await codes()).to.deep.equal([code]);
    });
  }

  it('is not changed by a cycle that was cancelled', async () => {
    end({ report: GOOD });
    end({ error: { code: 'CANCELLED', message: 'stopped' }, exitCode: 1 });

    expect(await codes()).to.deep.equal([]);
  });

  for (const [error, code] of [
    ['CLOUD_UNREACHABLE', 'cloud-unreadable'],
    ['SNAPSHOT_INCOMPLETE', 'cloud-unreadable'],
    ['STATE_CORRUPT', 'cycle-failed'],
    ['INTERNAL', 'cycle-failed'],
  ] as const) {
    it(`says ${code} for a cycle that ended with ${error}`, async () => {
      end({ error: { code: error, message: 'why' }, exitCode: 1 });

      expect((await ask('/readyz')).reasons).to.deep.equal([{ code, message: `${error}: why` }]);
    });
  }

  it('says that the cloud is unreadable though the last good state is kept, and that writes are frozen', async () => {
    end({ report: BAD_DAY_REPORT });

    const { reasons, notes } = await ask('/readyz');

    expect(reasons.map(({ code }) => code)).to.deep.equal(['cloud-unreadable']);
    expect(notes.map(({ code }) => code)).to.include('frozen');
  });

  it('names the upstream that failed', async () => {
    end({ report: { ...GOOD, upstreams: [...GOOD.upstreams, EDGE2] } });

    const { reasons } = await ask('/readyz');

    expect(reasons).to.deep.equal([
      {
        code: 'upstream-error',
        message: 'UPSTREAM_UNREACHABLE: namespace edge2\nis gone',
        upstream: 'edge2',
      },
    ]);
  });

  it('lays an upstream whose network the cloud does not know at the door of the cloud', async () => {
    const because = { code: 'CLOUD_NETWORK_UNKNOWN', message: 'no network' };
    const stale = { at: 0, ageSeconds: 1, because };
    end({ report: { ...GOOD, upstreams: [{ ...EDGE1, stale, error: because }] } });

    expect(await codes()).to.deep.equal(['cloud-unreadable']);
  });

  it('stays ready while a route fails or changes are held, and notes it', async () => {
    const [first = EDGE1] = APPLIED_REPORT.upstreams;
    const save = { saved: false, error: undefined };
    const result = first.result && { ...first.result, save };
    end({ report: { ...APPLIED_REPORT, upstreams: [{ ...first, result }] } });

    const { status, notes } = await ask('/readyz');

    expect(status).to.equal(200);
    expect(notes.map(({ code, upstream }) => `${code} ${upstream}`)).to.deep.equal([
      'refused edge1',
      'held edge1',
      'conflicts edge1',
      'routes-failed edge1',
      'unsaved edge1',
    ]);
  });

  it('is ready as a standby', async () => {
    end({ report: GOOD });
    health.follow({ role: () => 'standby', problem: () => undefined });

    const { ready, notes } = await ask('/readyz');

    expect([ready, notes.map(({ code }) => code)]).to.deep.equal([true, ['standby']]);
  });

  it('is not ready while nobody knows who leads', async () => {
    end({ report: GOOD });
    const problem = new RouteSyncError('LEADER_UNREACHABLE', 'etcd does not answer');
    health.follow({ role: () => 'standby', problem: () => problem });

    const { ready, reasons } = await ask('/readyz');

    expect([ready, reasons]).to.deep.equal([
      false,
      [{ code: 'no-leader-lock', message: 'etcd does not answer' }],
    ]);
  });

  it('is not ready once the agent stops', async () => {
    end({ report: GOOD });
    health.stopping();

    expect(await codes()).to.deep.equal(['stopping']);
  });

  it('tells codes alone to those who do not show the token', async () => {
    end({ report: { ...GOOD, upstreams: [EDGE2] } });

    const { reasons } = await ask('/readyz', false);

    expect(reasons).to.deep.equal([{ code: 'upstream-error' }]);
  });

  describe('without an end of the next cycle', () => {
    beforeEach(() => end({ report: GOOD }));

    it('is stale after three intervals and the allowance', async () => {
      now = 3 * INTERVAL + ALLOWANCE;
      const before = await codes();
      now += 1;

      expect([before, await codes()]).to.deep.equal([[], ['stale']]);
    });

    it('is ready again when one ends', async () => {
      now = 10 * INTERVAL;
      due = now + INTERVAL;
      end({ report: GOOD });

      expect(await codes()).to.deep.equal([]);
    });

    it('is not stale while a push goes on', async () => {
      now = 3 * INTERVAL + ALLOWANCE;
      health.observer.pushProgressed({ upstream: 'edge1', done: 1, total: 9 });
      now += ALLOWANCE;

      expect(await codes()).to.deep.equal([]);
    });
  });

  it('is never stale where no cycle is due', async () => {
    due = undefined;
    end({ report: GOOD });
    now = 1e9;

    expect(await codes()).to.deep.equal([]);
  });
});
