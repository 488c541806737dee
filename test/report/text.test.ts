import { expect } from 'chai';
import { painter, reportToText } from '../../src/report/text.ts';
import { APPLIED_REPORT, BAD_DAY_REPORT, EDGE1, REPORT } from './sample.ts';

const PLAIN = painter(false);

const EXPECTED = [
  'edge1 (linux, this host, table main, protocol 201, metric 1024)',
  '  + 10.1.0.0/24  via 203.0.113.11  router rival subnet sub-rival-10.1.0.0/24',
  '  ~ 10.2.0.0/24  via 203.0.113.10 (was 203.0.113.99)  router web subnet sub-web-10.2.0.0/24',
  '  - 10.9.0.0/24  (was no next hop)  no ledger entry tells where it came from',
  '  … 10.4.0.0/24  add via 203.0.113.10 held, guard: kept back | by the guard',
  '  … 10.5.0.0/24  add via 203.0.113.10 held, max-routes: maxRoutes 6 is reached',
  '  … 10.7.0.0/24  remove (was 203.0.113.12) held, grace until 2026-01-01T00:01:00.000Z: unwanted in 1 of 2 snapshots, grace 60 s',
  '  ! 10.1.0.0/24  conflict duplicate: 10.1.0.0/24 of router web is also claimed by router rival, which goes first',
  '  ! 10.3.0.0/24  conflict foreign: the upstream holds 10.3.0.0/24 (proto 4 metric 50), and it is not ours',
  '  ! 10.4.0.0/24  warning foreign-overlap: the upstream holds 10.4.0.128/25 (proto 4 metric 50) inside 10.4.0.0/24, and it is not ours',
  '  Refused, GUARD_REMOVALS: too many \\u{1b}[31mremovals',
  '  Plan: 1 to add, 1 to replace, 1 to remove; 1 unchanged, 3 held, 2 conflicts, 1 warning.',
  '',
  'edge2 (linux, netns edge2, table main, protocol 201, metric 1024)',
  '  Error, UPSTREAM_UNREACHABLE: namespace edge2\\u{a}is gone',
  '',
  'Cloud: 5 routers, 12 subnets, NAT as ML2/OVN, read in 41 ms.',
  'Verdicts: 7 eligible, 1 extra-route-next-hop, 1 no-external-leg, 1 snat.',
  '! 10.6.0.0/24  one-way  router recipe',
  '',
];

describe('reportToText', () => {
  it('gives one line a change and a summary line per upstream', () => {
    expect(reportToText(REPORT, PLAIN).split('\n')).to.deep.equal(EXPECTED);
  });

  it('tells what a push did and what failed', () => {
    const text = reportToText(APPLIED_REPORT, PLAIN);

    expect(text).to.contain(
      '\n  add 10.1.0.0/24 failed, ROUTE_REJECTED: Nexthop has invalid gateway\n  remove 10.9.0.0/24 left alone, ROUTE_CHANGED: left alone\n  Done: 0 added, 1 replaced, 1 removed, 1 failed, 1 left alone, NOT verified.\n',
    );
  });

  it('tells on a bad day since when the picture stands, why, and that nothing is written', () => {
    const text = reportToText(BAD_DAY_REPORT, PLAIN);

    expect(text).to.contain(
      '\n  Kept as of 2025-12-31T00:00:00.000Z (86400 s ago), nothing is removed: CLOUD_UNREACHABLE\n',
    );
    expect(text).to.match(
      /\nCloud: could not be read, CLOUD_UNREACHABLE: no connection\\u\{a\}to Keystone\nFrozen since 2026-01-01T00:00:00.000Z by ops@edge: who\\u\{1b\}\[2J knows. Nothing is written until route-sync unfreeze.\n$/,
    );
  });

  it('lines the prefixes up', () => {
    const [add, replace] = EDGE1.plan?.changes ?? [];
    if (EDGE1.plan === undefined || add?.action !== 'add' || replace === undefined) {
      throw new Error('the sample changed');
    }
    const prefix = { ...add.after.prefix, text: '10.1.128.128/25' };
    const changes = [{ ...add, after: { ...add.after, prefix } }, replace];

    const text = reportToText(
      { ...REPORT, upstreams: [{ ...EDGE1, plan: { ...EDGE1.plan, changes } }] },
      PLAIN,
    );

    expect(text).to.contain('  + 10.1.128.128/25  via');
    expect(text).to.contain('  ~ 10.2.0.0/24      via');
  });

  it('says so where there is nothing at all', () => {
    const text = reportToText({ ...REPORT, upstreams: [], candidates: [] }, PLAIN);

    expect(text).to.equal(
      'Cloud: 5 routers, 12 subnets, NAT as ML2/OVN, read in 41 ms.\nVerdicts: no candidates.\n',
    );
  });

  it('differs in colour by nothing but SGR codes', () => {
    const coloured = reportToText(REPORT, painter(true));
    const escape = '\u{1b}';

    expect(coloured).to.contain(`${escape}[32m+ 10.1.0.0/24`);
    expect(coloured).to.contain(`${escape}[33m~ 10.2.0.0/24`);
    expect(coloured).to.contain(`${escape}[31m- 10.9.0.0/24`);
    expect(coloured.replaceAll(/\p{Cc}\[\d+m/gu, '')).to.equal(reportToText(REPORT, PLAIN));
  });
});

describe('painter', () => {
  it('leaves text alone without colour', () => {
    expect(PLAIN('red', 'x')).to.equal('x');
    expect(painter(true)('bold', 'x')).to.equal('\u{1b}[1mx\u{1b}[0m');
  });
});
