import { expect } from 'chai';

import { startSchedule, type Schedule, type ScheduleOptions } from '../../src/agent/schedule.ts';
import { RouteSyncError } from '../../src/errors.ts';

const NEVER_SOON = '0 0 0 1 1 *';
const EACH_SECOND = '* * * * * *';

describe('startSchedule', () => {
  const open: Schedule[] = [];

  afterEach(async () => {
    await Promise.all(open.splice(0).map(async (schedule) => schedule.stop()));
  });

  function start(options: Partial<ScheduleOptions>): Schedule {
    const schedule = startSchedule({
      cron: NEVER_SOON,
      jitterMs: 0,
      run: async () => undefined,
      onSkip: () => undefined,
      onError: () => undefined,
      random: () => 0,
      ...options,
    });
    open.push(schedule);
    return schedule;
  }

  it('runs when the cron line says so, again and again', async () => {
    let runs = 0;
    const thrice = Promise.withResolvers<void>();

    start({
      cron: EACH_SECOND,
      run: async () => {
        runs += 1;
        if (runs === 3) {
          thrice.resolve();
        }
      },
    });

    await thrice.promise;
  });

  it('never runs twice at a time, and counts what it skipped', async () => {
    const end = Promise.withResolvers<void>();
    const skips: number[] = [];
    const skippedTwice = Promise.withResolvers<void>();
    let runs = 0;

    const schedule = start({
      cron: EACH_SECOND,
      run: async () => {
        runs += 1;
        await end.promise;
      },
      onSkip: (count) => {
        skips.push(count);
        if (count === 2) {
          skippedTwice.resolve();
        }
      },
    });
    await skippedTwice.promise;
    end.resolve();
    await schedule.stop();

    expect({ runs, skips }).to.deep.equal({ runs: 1, skips: [1, 2] });
  });

  it('runs at once when triggered', async () => {
    const ran = Promise.withResolvers<void>();

    start({ run: async () => ran.resolve() }).trigger();

    await ran.promise;
  });

  it('reports what a run rejects with, and goes on', async () => {
    const errors: unknown[] = [];
    const again = Promise.withResolvers<void>();
    const failure = new Error('no cloud');
    let runs = 0;

    const schedule = start({
      run: async () => {
        runs += 1;
        if (runs === 1) {
          throw failure;
        }
        again.resolve();
      },
      onError: (error) => {
        errors.push(error);
        setImmediate(() => schedule.trigger());
      },
    });
    schedule.trigger();
    await again.promise;

    expect(errors).to.deep.equal([failure]);
  });

  it('waits for the run under way when stopped', async () => {
    const events: string[] = [];
    const started = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();

    const schedule = start({
      run: async () => {
        started.resolve();
        await end.promise;
        events.push('run ended');
      },
    });
    schedule.trigger();
    await started.promise;
    const stopped = schedule.stop().then(() => events.push('stopped'));
    end.resolve();
    await stopped;

    expect(events).to.deep.equal(['run ended', 'stopped']);
  });

  it('starts nothing once stopped', async () => {
    let runs = 0;
    const schedule = start({
      run: async () => {
        runs += 1;
      },
    });
    await schedule.stop();
    schedule.trigger();
    await schedule.stop();

    expect(runs).to.equal(0);
    expect(schedule.next()).to.equal(undefined);
  });

  it('gives up a run that still waits for its jitter when stopped', async () => {
    let runs = 0;
    const drawn = Promise.withResolvers<void>();
    const schedule = start({
      cron: EACH_SECOND,
      jitterMs: 3_600_000,
      random: () => {
        drawn.resolve();
        return 0.5;
      },
      run: async () => {
        runs += 1;
      },
    });
    await drawn.promise;
    await schedule.stop();

    expect(runs).to.equal(0);
  });

  it('tells when the next run is due', () => {
    const next = start({}).next();

    expect(next?.getMonth()).to.equal(0);
    expect(next?.getDate()).to.equal(1);
  });

  for (const cron of ['* * * * *', '99 * * * * *', '2099-01-01T00:00:00Z']) {
    it(`refuses ${cron}`, () => {
      expect(() => start({ cron }))
        .to.throw(RouteSyncError, 'schedule: ')
        .with.property('code', 'CONFIG_INVALID');
    });
  }
});
