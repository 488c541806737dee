import { expect } from 'chai';
import {
  candidateToJson,
  changeToJson,
  countVerdicts,
  digestOf,
  digestOfChanges,
  reportToJson,
} from '../../src/report/json.ts';
import type { JsonChange } from '../../src/report/json.ts';
import {
  APPLIED_REPORT,
  CANDIDATES,
  EDGE1,
  EDGE2,
  PLAN,
  REPORT,
  VERBOSE_REPORT,
  BAD_DAY_REPORT,
} from './sample.ts';

interface JsonUpstream {
  readonly changes: readonly JsonChange[];
  readonly held: readonly Record<string, unknown>[];
  readonly conflicts: readonly Record<string, unknown>[];
  readonly warnings: readonly Record<string, unknown>[];
}

function upstreamsOf(report: typeof REPORT): readonly (JsonUpstream & Record<string, unknown>)[] {
  return reportToJson(report)['upstreams'] as readonly (JsonUpstream & Record<string, unknown>)[];
}

describe('reportToJson', () => {
  it('carries version, owner, run, digest and what was read', () => {
    const { upstreams, verdicts, ...rest } = reportToJson(REPORT);

    expect(rest).to.deep.equal({
      version: 1,
      owner: 'prod-region-one',
      run: '20260101T000000Z-1',
      digest: digestOf(REPORT),
      snapshot: { complete: true, ...REPORT.snapshot },
      frozen: null,
    });
    expect(upstreams).to.have.length(2);
    expect(verdicts).to.deep.equal(countVerdicts(CANDIDATES));
  });

  it('shows changes, held ones, conflicts and warnings by their prefix text', () => {
    const [edge1] = upstreamsOf(REPORT);

    expect(edge1?.changes.map((each) => `${each.action} ${each.prefix}`)).to.deep.equal([
      'add 10.1.0.0/24',
      'replace 10.2.0.0/24',
      'remove 10.9.0.0/24',
    ]);
    expect(edge1?.held.map(({ code, prefix, until }) => [code, prefix, until])).to.deep.equal([
      ['guard', '10.4.0.0/24', null],
      ['max-routes', '10.5.0.0/24', null],
      ['grace', '10.7.0.0/24', '2026-01-01T00:01:00.000Z'],
    ]);
    expect(edge1?.conflicts.map(({ code, prefix }) => [code, prefix])).to.deep.equal([
      ['duplicate', '10.1.0.0/24'],
      ['foreign', '10.3.0.0/24'],
    ]);
    expect(edge1?.warnings.map(({ code, prefix }) => [code, prefix])).to.deep.equal([
      ['foreign-overlap', '10.4.0.0/24'],
    ]);
    expect([edge1?.['unchanged'], edge1?.['reachable'], edge1?.['error']]).to.deep.equal([
      1,
      true,
      null,
    ]);
  });

  it('tells of a cloud that could not be read, since when the picture stands, and of the kill switch', () => {
    const { snapshot, frozen } = reportToJson(BAD_DAY_REPORT);
    const [edge1] = upstreamsOf(BAD_DAY_REPORT);

    expect(snapshot).to.deep.equal({ complete: false, error: BAD_DAY_REPORT.blind });
    expect(frozen).to.deep.equal(BAD_DAY_REPORT.freeze);
    expect(edge1?.['lastGood']).to.deep.equal({
      at: '2025-12-31T00:00:00.000Z',
      ageSeconds: 86_400,
      because: { code: 'CLOUD_UNREACHABLE', message: 'no connection' },
    });
  });

  it('shows an upstream that could not be read as empty, with its error', () => {
    const [, edge2] = upstreamsOf(REPORT);

    expect(edge2).to.deep.equal({
      name: 'edge2',
      os: 'linux',
      description: EDGE2.description,
      reachable: false,
      error: EDGE2.error,
      lastGood: null,
      refused: null,
      changes: [],
      conflicts: [],
      held: [],
      warnings: [],
      unchanged: 0,
    });
  });

  it('shows candidates with their checks only where these were asked for', () => {
    expect(reportToJson(REPORT)).not.to.have.property('candidates');

    const candidates = reportToJson(VERBOSE_REPORT)['candidates'] as Record<string, unknown>[];

    expect(candidates).to.have.length(CANDIDATES.length);
    expect(candidates[0]?.['checks']).to.deep.equal(VERBOSE_REPORT.checksOf(CANDIDATES)[0]);
  });

  it('shows no checks where there are fewer than candidates', () => {
    const candidates = reportToJson({ ...VERBOSE_REPORT, checksOf: () => [] })['candidates'];

    expect((candidates as Record<string, unknown>[])[0]?.['checks']).to.deep.equal([]);
  });

  it('shows result and exit code only after a push', () => {
    expect(reportToJson(REPORT)).not.to.have.property('exitCode');
    expect(upstreamsOf(REPORT)[0]).not.to.have.property('result');

    expect(reportToJson(APPLIED_REPORT)['exitCode']).to.equal(4);
    expect(upstreamsOf(APPLIED_REPORT)[0]?.['result']).to.deep.equal({
      added: 0,
      replaced: 1,
      removed: 1,
      failed: [
        {
          action: 'add',
          prefix: '10.1.0.0/24',
          code: 'ROUTE_REJECTED',
          message: 'Nexthop has invalid gateway',
        },
      ],
      skipped: [
        {
          action: 'remove',
          prefix: '10.9.0.0/24',
          code: 'ROUTE_CHANGED',
          message: 'left alone',
        },
      ],
      verified: false,
    });
  });
});

describe('changeToJson', () => {
  it('gives next hops before and after, and null before an add', () => {
    const shown = PLAN.changes.map(changeToJson);

    expect(shown.map(({ before, nextHops }) => [before, nextHops])).to.deep.equal([
      [null, ['203.0.113.11']],
      [['203.0.113.99'], ['203.0.113.10']],
      [[], []],
    ]);
  });
});

describe('digestOf', () => {
  it('covers names and changes of all upstreams and nothing else', () => {
    const upstreams = REPORT.upstreams.map(({ name, plan }) => ({
      name,
      changes: (plan?.changes ?? []).map(changeToJson),
    }));

    expect(digestOf(REPORT)).to.match(/^sha256:[0-9a-f]{64}$/);
    expect(digestOfChanges(upstreams)).to.equal(digestOf(REPORT));
    const other = { ...EDGE1, description: 'elsewhere', plan: { ...PLAN, held: [], unchanged: 9 } };
    expect(digestOf({ upstreams: [other, EDGE2] })).to.equal(digestOf(REPORT));
  });

  it('changes with a name, a change and an upstream', () => {
    const fewer = { ...EDGE1, plan: { ...PLAN, changes: PLAN.changes.slice(1) } };
    const digests = [
      [EDGE1, EDGE2],
      [EDGE1],
      [{ ...EDGE1, name: 'edge9' }, EDGE2],
      [fewer, EDGE2],
    ].map((upstreams) => digestOf({ upstreams }));

    expect(new Set(digests).size).to.equal(digests.length);
  });
});

describe('countVerdicts', () => {
  it('counts by code, sorted', () => {
    const counts = countVerdicts(CANDIDATES);

    expect(counts).to.deep.equal({
      eligible: 7,
      'extra-route-next-hop': 1,
      'no-external-leg': 1,
      snat: 1,
    });
    expect(Object.keys(counts)).to.deep.equal(Object.keys(counts).sort());
    expect(JSON.stringify(countVerdicts(CANDIDATES.toReversed()))).to.equal(JSON.stringify(counts));
  });
});

describe('candidateToJson', () => {
  it('gives null for what a candidate does not have', () => {
    const shown = CANDIDATES.map((candidate) => candidateToJson(candidate, []));

    expect(shown.find(({ router }) => router === 'inside')).to.deep.include({
      port: 'port-inside-sub-inside-10.8.0.0/24',
      externalNetwork: null,
      leg: null,
      nextHops: [],
      verdict: 'no-external-leg',
    });
    const [bare] = CANDIDATES.map((each) => ({ ...each, port: undefined, leg: undefined }));
    expect(bare && candidateToJson(bare, [])).to.include({ port: null, leg: null });
    expect(shown.find(({ source }) => source === 'extra-route')).to.deep.include({
      prefix: '10.99.0.0/24',
      subnet: null,
      externalNetwork: 'net-public',
      leg: 'gateway',
    });
  });
});
