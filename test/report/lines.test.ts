import { expect } from 'chai';
import type { UpstreamPlan } from '../../src/core/plan.ts';
import {
  describeChange,
  describeConflict,
  describeError,
  describeFailure,
  describeHeld,
  describeOrigin,
  describeWarning,
  isoTime,
  summarize,
  summarizeResult,
} from '../../src/report/lines.ts';
import { APPLIED_REPORT, PLAN } from './sample.ts';

const HOSTILE = 'red\u001b[31m\nline';
const HARMLESS = 'red\\u{1b}[31m\\u{a}line';

describe('describeChange', () => {
  it('says where the packets go and went', () => {
    expect(PLAN.changes.map(describeChange)).to.deep.equal([
      'via 203.0.113.11',
      'via 203.0.113.10 (was 203.0.113.99)',
      '(was no next hop)',
    ]);
  });
});

describe('describeOrigin', () => {
  it('names router and subnet, or says that nobody knows', () => {
    expect(PLAN.changes.map(describeOrigin)).to.deep.equal([
      'router rival subnet sub-rival-10.1.0.0/24',
      'router web subnet sub-web-10.2.0.0/24',
      'no ledger entry tells where it came from',
    ]);
  });

  it('names every leg of a route with several', () => {
    const [add] = PLAN.changes;
    const origin = ['a', 'b'].map((router) => ({
      router,
      subnet: 's',
      project: 'p',
      port: 'i',
      leg: 'g',
      network: 'n',
      floatingIp: '',
    }));

    const text =
      add?.action === 'add' ? describeOrigin({ ...add, after: { ...add.after, origin } }) : '';

    expect(text).to.equal('router a subnet s, router b subnet s');
  });
});

describe('describeHeld', () => {
  it('says what is held, why and until when', () => {
    expect(PLAN.held.map(describeHeld)).to.deep.equal([
      'add via 203.0.113.10 held, guard: kept back | by the guard',
      'add via 203.0.113.10 held, max-routes: maxRoutes 6 is reached',
      'remove (was 203.0.113.12) held, grace until 2026-01-01T00:01:00.000Z: unwanted in 1 of 2 snapshots, grace 60 s',
    ]);
  });
});

describe('summarize', () => {
  const empty: UpstreamPlan = { ...PLAN, changes: [], held: [], conflicts: [], warnings: [] };
  const cases: readonly (readonly [UpstreamPlan, string])[] = [
    [
      PLAN,
      'Plan: 1 to add, 1 to replace, 1 to remove; 1 unchanged, 3 held, 2 conflicts, 1 warning.',
    ],
    [empty, 'Plan: 0 to add, 0 to replace, 0 to remove; 1 unchanged.'],
    [
      {
        ...empty,
        conflicts: PLAN.conflicts.slice(0, 1),
        warnings: [...PLAN.warnings, ...PLAN.warnings],
      },
      'Plan: 0 to add, 0 to replace, 0 to remove; 1 unchanged, 1 conflict, 2 warnings.',
    ],
  ];
  for (const [plan, text] of cases) {
    it(`says: ${text}`, () => {
      expect(summarize(plan)).to.equal(text);
    });
  }
});

describe('summarizeResult', () => {
  it('says what was done', () => {
    const done = { added: 1, replaced: 2, removed: 3, failed: [], skipped: [], verified: true };
    const failed = APPLIED_REPORT.upstreams[0]?.result?.failed ?? [];

    expect(summarizeResult(done)).to.equal('Done: 1 added, 2 replaced, 3 removed, verified.');
    expect(summarizeResult({ ...done, failed, verified: false })).to.equal(
      'Done: 1 added, 2 replaced, 3 removed, 1 failed, NOT verified.',
    );
    expect(summarizeResult({ ...done, skipped: failed })).to.equal(
      'Done: 1 added, 2 replaced, 3 removed, 1 left alone, verified.',
    );
  });
});

describe('isoTime', () => {
  it('is UTC', () => {
    expect(isoTime(0)).to.equal('1970-01-01T00:00:00.000Z');
  });
});

describe('every text that others typed', () => {
  it('is made harmless', () => {
    const problem = { code: 'ROUTE_REJECTED', message: HOSTILE };
    const [change] = PLAN.changes;
    const [conflict] = PLAN.conflicts;
    const [warning] = PLAN.warnings;
    const [held] = PLAN.held;
    const texts = [
      describeError(problem),
      change && describeFailure({ change, error: problem }),
      conflict && describeConflict({ ...conflict, message: HOSTILE }),
      warning && describeWarning({ ...warning, message: HOSTILE }),
      held && describeHeld({ ...held, message: HOSTILE }),
    ];

    expect(texts).to.deep.equal([
      `ROUTE_REJECTED: ${HARMLESS}`,
      `add 10.1.0.0/24 failed, ROUTE_REJECTED: ${HARMLESS}`,
      `conflict duplicate: ${HARMLESS}`,
      `warning foreign-overlap: ${HARMLESS}`,
      `add via 203.0.113.10 held, guard: ${HARMLESS}`,
    ]);
  });
});
