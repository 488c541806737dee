import { expect } from 'chai';
import { digestOf } from '../../src/report/json.ts';
import { reportToMarkdown } from '../../src/report/markdown.ts';
import { APPLIED_REPORT, EDGE1, PLAN, REPORT } from './sample.ts';

const EXPECTED = [
  '# route-sync plan of prod-region-one',
  '',
  '## edge1 (linux, this host, table main, protocol 201, metric 1024)',
  '',
  '| Action | Prefix | Next hops | Why |',
  '| --- | --- | --- | --- |',
  '| add | 10.1.0.0/24 | via 203.0.113.11 | router rival subnet sub-rival-10.1.0.0/24 |',
  '| replace | 10.2.0.0/24 | via 203.0.113.10 (was 203.0.113.99) | router web subnet sub-web-10.2.0.0/24 |',
  '| remove | 10.9.0.0/24 | (was no next hop) | no ledger entry tells where it came from |',
  '',
  '| Held | Why |',
  '| --- | --- |',
  '| 10.4.0.0/24 | add via 203.0.113.10 held, guard: kept back \\| by the guard |',
  '| 10.5.0.0/24 | add via 203.0.113.10 held, max-routes: maxRoutes 6 is reached |',
  '| 10.7.0.0/24 | remove (was 203.0.113.12) held, grace until 2026-01-01T00:01:00.000Z: unwanted in 1 of 2 snapshots, grace 60 s |',
  '',
  '| Attention | Why |',
  '| --- | --- |',
  '| 10.1.0.0/24 | conflict duplicate: 10.1.0.0/24 of router web is also claimed by router rival, which goes first |',
  '| 10.3.0.0/24 | conflict foreign: the upstream holds 10.3.0.0/24 (proto 4 metric 50), and it is not ours |',
  '| 10.4.0.0/24 | warning foreign-overlap: the upstream holds 10.4.0.128/25 (proto 4 metric 50) inside 10.4.0.0/24, and it is not ours |',
  '',
  '**Refused**, GUARD_REMOVALS: too many \\u{1b}[31mremovals',
  '',
  'Plan: 1 to add, 1 to replace, 1 to remove; 1 unchanged, 3 held, 2 conflicts, 1 warning.',
  '',
  '## edge2 (linux, netns edge2, table main, protocol 201, metric 1024)',
  '',
  '**Error**, UPSTREAM_UNREACHABLE: namespace edge2\\u{a}is gone',
  '',
  'Cloud: 5 routers, 12 subnets, NAT as ML2/OVN. Verdicts: 7 eligible, 1 extra-route-next-hop, 1 no-external-leg, 1 snat.',
  '',
  `Digest: \`${digestOf(REPORT)}\``,
  '',
];

describe('reportToMarkdown', () => {
  it('gives tables for changes, held ones and what needs attention', () => {
    expect(reportToMarkdown(REPORT).split('\n')).to.deep.equal(EXPECTED);
  });

  it('tells what a push did and what failed', () => {
    const text = reportToMarkdown(APPLIED_REPORT);

    expect(text).to.contain(
      '\n- add 10.1.0.0/24 failed, ROUTE_REJECTED: Nexthop has invalid gateway\n\n- remove 10.9.0.0/24 left alone, ROUTE_CHANGED: left alone\n\nDone: 0 added, 1 replaced, 1 removed, 1 failed, 1 left alone, NOT verified.\n',
    );
  });

  it('makes no table of nothing', () => {
    const plan = {
      ...PLAN,
      changes: [],
      held: [],
      conflicts: [],
      warnings: [],
      refused: undefined,
    };

    const text = reportToMarkdown({ ...REPORT, upstreams: [{ ...EDGE1, plan }] });

    expect(text).not.to.contain('|');
    expect(text).to.contain(
      'metric 1024)\n\nPlan: 0 to add, 0 to replace, 0 to remove; 1 unchanged.\n',
    );
  });

  it('says so where there are no candidates', () => {
    expect(reportToMarkdown({ ...REPORT, candidates: [] })).to.contain('Verdicts: no candidates.');
  });
});
