import { expect } from 'chai';

import type { CycleEnd } from '../../src/agent/observer.ts';
import { cycleLog } from '../../src/cli/cycle-log.ts';
import type { Log, LogFields } from '../../src/report/log.ts';
import type { ApplyResult, Report, UpstreamReport } from '../../src/report/report.ts';
import { add } from '../drivers/routes.ts';
import { EDGE1, EDGE2, PLAN, REPORT } from '../report/sample.ts';

const MINUTE = 60_000;
const RESULT: ApplyResult = {
  added: 2,
  replaced: 1,
  removed: 0,
  failed: [],
  skipped: [],
  verified: true,
};
const GOOD: UpstreamReport = {
  ...EDGE1,
  plan: { ...PLAN, refused: undefined, held: [] },
  result: RESULT,
};
const AWAY: UpstreamReport = { ...EDGE2, name: 'edge1' };

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

function failing(...prefixes: readonly string[]): UpstreamReport {
  const error = { code: 'ROUTE_REJECTED', message: 'no' };
  const failed = prefixes.map((prefix) => ({ change: add(prefix, '192.0.2.1'), error }));
  return { ...GOOD, result: { ...RESULT, failed } };
}

/** A log that keeps its lines, and cycles that end in it, one a minute. */
function scene() {
  const lines: Line[] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}): void =>
      void lines.push({ level, message, fields });
  const levels = { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
  const log: Log = { ...levels, child: () => log, writes: () => true };
  const observer = cycleLog(log);
  let cycles = 0;
  /** The lines of one more cycle. */
  function cycle(change: Partial<Report>, end: Partial<CycleEnd> = {}): readonly Line[] {
    const report = { ...REPORT, blind: undefined, freeze: undefined, upstreams: [GOOD], ...change };
    cycles += 1;
    const startedAt = cycles * MINUTE;
    const times = { startedAt, finishedAt: startedAt + 1500 };
    const told = { run: `r${cycles}`, exitCode: 0, report, error: undefined, ...times, ...end };
    lines.length = 0;
    observer.cycleEnded?.(told);
    return [...lines];
  }
  return { cycle };
}

/** What of some lines is worth comparing. */
function heads(lines: readonly Line[]): readonly string[] {
  return lines.map(({ level, message, fields }) =>
    [level, message, fields['upstream'], fields['code']].filter(Boolean).join(' '),
  );
}

describe('cycleLog', () => {
  it('writes one line for a cycle, with what happened on all upstreams together', () => {
    const { cycle } = scene();
    const [line, ...others] = cycle({ upstreams: [GOOD, { ...GOOD, name: 'edge2' }] });

    expect(others).to.deep.equal([]);
    expect(line).to.include({ level: 'info', message: 'cycle' });
    expect(JSON.parse(JSON.stringify(line?.fields))).to.deep.equal({
      run: 'r1',
      exitCode: 0,
      ms: 1500,
      outcome: 'changed',
      added: 4,
      replaced: 2,
      removed: 0,
      failed: 0,
      conflicts: 2 * PLAN.conflicts.length,
      held: 0,
      unchanged: 2 * PLAN.unchanged,
      upstreams: 2,
      inTrouble: 0,
    });
  });

  for (const [exitCode, outcome] of [
    [0, 'changed'],
    [1, 'failed'],
    [3, 'refused'],
    [4, 'partial'],
    [75, 'failed'],
  ] as const) {
    it(`calls exit code ${exitCode} ${outcome}`, () => {
      expect(scene().cycle({}, { exitCode })[0]?.fields).to.include({ outcome });
    });
  }

  it('calls a cycle unchanged in which nothing was pushed', () => {
    const nothing = { ...RESULT, added: 0, replaced: 0 };
    const [line] = scene().cycle({ upstreams: [{ ...GOOD, result: nothing }] });

    expect(line?.fields).to.include({ outcome: 'unchanged' });
  });

  it('tells of trouble when it begins and when it is over, with how long it was', () => {
    const { cycle } = scene();
    const all = [AWAY, AWAY, AWAY, GOOD, GOOD].map((each) => cycle({ upstreams: [each] }));

    expect(all.map(heads)).to.deep.equal([
      ['info cycle', 'error the upstream failed edge1 UPSTREAM_UNREACHABLE'],
      ['info cycle'],
      ['info cycle'],
      ['info cycle', 'info recovered edge1 UPSTREAM_UNREACHABLE'],
      ['info cycle'],
    ]);
    expect(all[0]?.[1]?.fields['why']).to.equal(EDGE2.error?.message);
    expect(all[2]?.[0]?.fields).to.include({
      inTrouble: 1,
      trouble: 'edge1:UPSTREAM_UNREACHABLE',
    });
    expect(all[3]?.[1]?.fields).to.include({ seconds: 180, from: 'the upstream failed' });
    expect(all[3]?.[0]?.fields).to.include({ inTrouble: 0, trouble: undefined });
  });

  it('reminds of trouble that lasts once an hour', () => {
    const { cycle } = scene();
    const told = Array.from({ length: 130 }, () => cycle({ upstreams: [AWAY] }).slice(1)).map(
      (lines) => lines[0]?.fields['seconds'] ?? lines.length,
    );

    expect(told.filter((each) => each !== 0)).to.deep.equal([1, 3600, 7200]);
  });

  it('tells of trouble that becomes another one', () => {
    const { cycle } = scene();
    cycle({ upstreams: [AWAY] });
    const refused = { ...AWAY, error: { code: 'UPSTREAM_LOGIN', message: 'no' } };

    expect(heads(cycle({ upstreams: [refused] }))).to.deep.equal([
      'info cycle',
      'error the upstream failed edge1 UPSTREAM_LOGIN',
    ]);
  });

  it('names failing routes when they are new, ten of an upstream and the number of the others', () => {
    const { cycle } = scene();
    const prefixes = Array.from({ length: 25 }, (_, index) => `10.0.${index}.0/24`);
    const first = cycle({ upstreams: [failing(...prefixes)] }).slice(1);
    const second = cycle({ upstreams: [failing(...prefixes, '10.9.0.0/24')] }).slice(1);

    expect(first).to.have.length(10);
    expect(first[0]?.fields).to.include({ action: 'add', prefix: '10.0.0.0/24', why: 'no' });
    expect(first.map(({ fields }) => fields['more'])).to.deep.equal([
      ...Array<undefined>(9).fill(undefined),
      15,
    ]);
    expect(second.map(({ fields }) => fields['prefix'])).to.deep.equal(['10.9.0.0/24']);
  });

  it('takes no route for recovered that was not tried', () => {
    const { cycle } = scene();
    const bad = failing('10.0.0.0/24');
    cycle({ upstreams: [bad] });
    const change = add('10.0.0.0/24', '192.0.2.1');
    const held = [{ code: 'window' as const, change, message: '', until: undefined }];
    const plan = { ...PLAN, refused: undefined, held };
    const freeze = { by: 'ann', at: '2026-01-01T00:00:00.000Z', reason: '' };

    expect(heads(cycle({ upstreams: [{ ...GOOD, plan }] }))).to.deep.equal(['info cycle']);
    expect(heads(cycle({ upstreams: [AWAY] }))).not.to.include('info recovered edge1');
    expect(heads(cycle({ freeze })).slice(1)).to.deep.equal([
      'warn writes are frozen FROZEN',
      'info recovered edge1 UPSTREAM_UNREACHABLE',
    ]);
    expect(heads(cycle({}))).to.include('info recovered edge1 ROUTE_REJECTED');
  });

  it('forgets an upstream that is not configured any more', () => {
    const { cycle } = scene();
    cycle({ upstreams: [AWAY] });
    const lines = cycle({ upstreams: [{ ...GOOD, name: 'edge9' }] });

    expect(heads(lines)).to.deep.equal(['info cycle']);
    expect(lines[0]?.fields).to.include({ inTrouble: 0 });
  });

  it('tells a whole cycle that failed, and is silent about one that was stopped', () => {
    const { cycle } = scene();
    const ended = (code: string) =>
      heads(cycle({}, { exitCode: 1, report: undefined, error: { code, message: 'x' } }));

    expect(ended('CLOUD_UNAVAILABLE')).to.deep.equal([
      'info cycle CLOUD_UNAVAILABLE',
      'error the cycle ended, nothing was changed CLOUD_UNAVAILABLE',
    ]);
    expect(ended('CANCELLED')).to.deep.equal(['info cycle CANCELLED']);
    expect(heads(cycle({}))).to.include('info recovered CLOUD_UNAVAILABLE');
  });

  for (const { name, change, want } of [
    {
      name: 'error for a cloud that cannot be read',
      change: { blind: { code: 'CLOUD_UNAVAILABLE', message: 'x' } },
      want: 'error the cloud cannot be read, the last good state is kept CLOUD_UNAVAILABLE',
    },
    {
      name: 'error for what the guard refuses',
      change: { upstreams: [{ ...EDGE1, result: RESULT }] },
      want: 'error the guard withheld changes edge1 GUARD_REMOVALS',
    },
    {
      name: 'warn for a lock that another process holds',
      change: { upstreams: [{ ...AWAY, error: { code: 'LOCKED', message: 'x' } }] },
      want: 'warn the upstream failed edge1 LOCKED',
    },
    {
      name: 'warn for a configuration that is not saved',
      change: {
        upstreams: [
          {
            ...GOOD,
            result: { ...RESULT, save: { saved: false, error: { code: 'X', message: 'x' } } },
          },
        ],
      },
      want: 'warn the router did not save its configuration edge1 X',
    },
  ] satisfies readonly { name: string; change: Partial<Report>; want: string }[]) {
    it(`has level ${name}`, () => {
      expect(heads(scene().cycle(change)).slice(1)).to.deep.equal([want]);
    });
  }

  it('tells how old the last good state is, and of how many troubles there are at most ten', () => {
    const stale = { at: 0, because: { code: 'X', message: 'x' } };
    const upstreams = Array.from({ length: 12 }, (_, index) => ({
      ...AWAY,
      name: `edge${index}`,
      stale: { ...stale, ageSeconds: index },
    }));
    const [line] = scene().cycle({ upstreams });

    expect(line?.fields).to.include({ inTrouble: 12, lastGoodAgeSeconds: 11 });
    expect(String(line?.fields['trouble']).split(',')).to.have.length(10);
  });
});
