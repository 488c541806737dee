import { expect } from 'chai';

import { createBoard } from '../../../src/agent/page/board.ts';
import { verdictOf } from '../../../src/agent/page/verdict.ts';
import type { Report } from '../../../src/report/report.ts';
import { badDay, blindDay, boardOf, calmDay, NOW } from './scene.ts';

function verdict(...days: readonly Report[]) {
  const { level, title, reasons } = verdictOf(boardOf(...days).latest());
  return { level, title, reasons: reasons.map((reason) => reason.title) };
}

/** The calm day with another plan on its first upstream. */
function withPlan(change: object): Report {
  const day = calmDay();
  return {
    ...day,
    upstreams: day.upstreams.map((upstream, i) =>
      i > 0 || upstream.plan === undefined
        ? upstream
        : { ...upstream, plan: { ...upstream.plan, ...change } },
    ),
  };
}

describe('verdictOf', () => {
  it('waits for the first cycle', () => {
    expect(verdictOf(createBoard().latest()).level).to.equal('waiting');
  });

  it('finds a day on which only time is waited for in order', () => {
    expect(verdict(calmDay())).to.deep.equal({ level: 'good', title: 'All is well', reasons: [] });
  });

  it('tells what is bad before what is only to be known', () => {
    expect(verdict(badDay())).to.deep.equal({
      level: 'bad',
      title: 'The guard refuses changes on edge1, and 4 more',
      reasons: [
        'The guard refuses changes on edge1',
        '1 change failed on edge1',
        'edge2 could not be read',
        '3 conflicts on edge1',
        '1 warning on edge1',
      ],
    });
  });

  it('names the numbers of a refusal', () => {
    const { reasons } = verdictOf(boardOf(badDay()).latest());
    expect(reasons[0]?.text).to.match(/^GUARD_REMOVALS: 9 removals of 26 routes on edge1 exceed/);
  });

  it('tells of a cloud that cannot be read first', () => {
    expect(verdict(badDay(), blindDay()).title).to.match(/^The cloud cannot be read, and/);
  });

  it('tells of frozen writes', () => {
    const freeze = { by: 'ops', at: '2026-01-05T11:00:00Z', reason: 'maintenance' };
    const day = verdictOf(boardOf({ ...calmDay(), freeze }).latest());
    expect(day.level).to.equal('notice');
    expect(day.reasons[0]?.text).to.match(/^Since 2026-01-05T11:00:00Z by ops: maintenance\./);
  });

  for (const [who, leader, text] of [
    [
      'the leader',
      { host: 'net1', since: '2026-01-05T11:00:00Z' },
      /^The agent on net1 has led since/,
    ],
    ['that nobody is known to lead', undefined, /^Nobody is known to lead\./],
  ] as const) {
    it(`names ${who} on a standby, also where there is nothing to do`, () => {
      const { level, title, reasons } = verdictOf(
        boardOf({ ...calmDay(), standby: { leader } }).latest(),
      );
      expect({ level, title }).to.deep.equal({ level: 'notice', title: 'This agent stands by' });
      expect(reasons[0]?.text).to.match(text);
    });
  }

  for (const [code, level, title] of [
    ['max-routes', 'bad', 'edge1 has no room for 1 route'],
    ['unconfirmed', 'notice', '1 removal on edge1 not confirmed by the cloud'],
    ['window', 'good', 'All is well'],
  ] as const) {
    it(`finds a change that is held by ${code} ${level}`, () => {
      const [held] = calmDay().upstreams[0]?.plan?.held ?? [];
      const found = verdict(withPlan({ held: [{ ...held, code }] }));
      expect(found).to.include({ level, title });
    });
  }

  for (const [code, title] of [
    ['LOCKED', 'Another route-sync works on edge1'],
    ['STATE_CORRUPT', "The agent's own state of edge1 cannot be used"],
    ['JOURNAL_BROKEN', "The agent's own state of edge1 cannot be used"],
    ['UPSTREAM_UNREACHABLE', 'edge1 could not be read'],
  ] as const) {
    it(`blames the router for ${code} only where it is the router's`, () => {
      const day = calmDay();
      const upstreams = day.upstreams.map((upstream, i) =>
        i > 0 ? upstream : { ...upstream, plan: undefined, error: { code, message: 'why' } },
      );
      expect(verdict({ ...day, upstreams })).to.include({ level: 'bad', title });
    });
  }

  it('tells of a cycle that ended early after a good one', () => {
    const board = boardOf(calmDay());
    board.observer.cycleEnded({
      run: 'early',
      startedAt: NOW,
      finishedAt: NOW,
      exitCode: 1,
      report: undefined,
      error: { code: 'LOCK_HELD', message: 'another process has it' },
    });
    const { level, title } = verdictOf(board.latest());
    expect({ level, title }).to.deep.equal({ level: 'bad', title: 'The last cycle ended early' });
  });
});
