import { expect } from 'chai';

import { METRICS } from '../../../src/agent/metrics/definitions.ts';
import { createMetrics, type Metrics } from '../../../src/agent/metrics/metrics.ts';
import type { CycleEnd } from '../../../src/agent/observer.ts';
import { EXIT } from '../../../src/cli/exit-code.ts';
import type { Report } from '../../../src/report/report.ts';
import { ask, newRouter } from '../../cli/fake-ip.ts';
import { webAndDatabase } from '../../cli/small-cloud.ts';
import { APPLIED_REPORT, BAD_DAY_REPORT, EDGE1, EDGE2, REPORT } from '../../report/sample.ts';
import { openCycleScene } from '../cycle-scene.ts';
import { scrape, scrapeText } from './scrape.ts';

const NAMES = ['edge1', 'edge2'];

describe('createMetrics', () => {
  let now: number;
  let metrics: Metrics;

  beforeEach(() => {
    now = 1_000_000;
    metrics = createMetrics({ owner: 'prod', upstreams: NAMES, version: '1.2.3', now: () => now });
  });

  function end(change: Partial<CycleEnd>): void {
    metrics.observer.cycleEnded({
      run: 'run',
      startedAt: now - 2000,
      finishedAt: now,
      exitCode: 0,
      report: undefined,
      error: undefined,
      ...change,
    });
  }

  /** The samples that are not 0, of series that begin so. */
  async function nonZero(start: string): Promise<Readonly<Record<string, number>>> {
    const all = [...(await scrape(metrics))].filter(
      ([series, value]) => series.startsWith(`route_sync_${start}`) && value !== 0,
    );
    return Object.fromEntries(all.map(([series, value]) => [series.slice(11), value]));
  }

  it('has every metric of the table, and those of the process', async () => {
    const text = await scrapeText(metrics);

    for (const { name, type } of Object.values(METRICS)) {
      expect(text).to.contain(`# TYPE ${name} ${type}\n`);
    }
    expect(text).to.contain('process_resident_memory_bytes ').and.to.contain('nodejs_gc_duration');
  });

  it('starts all counters at zero, so that a rate sees their first step', async () => {
    const samples = await scrape(metrics);

    for (const series of [
      'cycles_total{outcome="refused"}',
      'cycles_skipped_total',
      'cloud_requests_total{method="GET",status="503"}',
      'changes_total{upstream="edge2",action="remove",outcome="failed"}',
      'refusals_total{upstream="edge1",code="GUARD_REMOVALS"}',
      'convergence_seconds_count{upstream="edge2"}',
    ]) {
      expect(samples.get(`route_sync_${series}`), series).to.equal(0);
    }
  });

  it('says nothing of what it does not know yet', async () => {
    const series = [...(await scrape(metrics)).keys()].join('\n');

    expect(series).not.to.match(/cloud_up|age_seconds|read_duration|upstream_up|desired_routes/);
  });

  it('counts what a cycle found and did', async () => {
    end({ report: APPLIED_REPORT, exitCode: 4 });

    expect(await nonZero('changes_total')).to.deep.equal({
      'changes_total{upstream="edge1",action="add",outcome="failed"}': 1,
      'changes_total{upstream="edge1",action="replace",outcome="done"}': 1,
      'changes_total{upstream="edge1",action="remove",outcome="done"}': 1,
      'changes_total{upstream="edge1",action="remove",outcome="skipped"}': 1,
    });
    expect(await nonZero('conflicts')).to.deep.equal({
      'conflicts{upstream="edge1",code="duplicate"}': 1,
      'conflicts{upstream="edge1",code="foreign"}': 1,
    });
    expect(await nonZero('refusals')).to.deep.equal({
      'refusals_total{upstream="edge1",code="GUARD_REMOVALS"}': 1,
    });
    expect(await nonZero('cycles_total')).to.deep.equal({ 'cycles_total{outcome="partial"}': 1 });
    expect(await nonZero('cycle_duration_seconds_sum')).to.deep.equal({
      'cycle_duration_seconds_sum{outcome="partial"}': 2,
    });
    expect(await nonZero('snapshot_objects')).to.deep.equal({
      'snapshot_objects{kind="routers"}': 5,
      'snapshot_objects{kind="ports"}': 12,
      'snapshot_objects{kind="subnets"}': 12,
      'snapshot_objects{kind="externalNetworks"}': 2,
    });
  });

  it('shows the routes after the push', async () => {
    const counts = { desired: 7, owned: 5, foreign: 3 };
    const result = { added: 3, replaced: 1, removed: 1, failed: [], skipped: [], verified: true };
    end({ report: { ...REPORT, upstreams: [{ ...EDGE1, counts, result }] } });

    expect([
      await nonZero('desired'),
      await nonZero('installed'),
      await nonZero('foreign'),
    ]).to.deep.equal([
      { 'desired_routes{upstream="edge1"}': 7 },
      { 'installed_routes{upstream="edge1"}': 7 },
      { 'foreign_routes{upstream="edge1"}': 3 },
    ]);
  });

  it('tells an upstream that is away from a cloud that is', async () => {
    end({ report: { ...REPORT, upstreams: [EDGE1, EDGE2] }, exitCode: 4 });
    const away = await scrape(metrics);
    const because = { code: 'CLOUD_NETWORK_UNKNOWN', message: '' };
    const stale = { at: now - 60_000, ageSeconds: 60, because };
    end({ report: { ...REPORT, upstreams: [{ ...EDGE1, stale, error: because }] } });
    const partly = await scrape(metrics);
    end({ report: BAD_DAY_REPORT, exitCode: 1 });
    const blind = await scrape(metrics);

    expect(away.get('route_sync_upstream_up{upstream="edge1"}')).to.equal(1);
    expect(away.get('route_sync_upstream_up{upstream="edge2"}')).to.equal(0);
    expect(away.get('route_sync_cloud_up')).to.equal(1);
    expect(partly.get('route_sync_upstream_up{upstream="edge1"}')).to.equal(1);
    expect(partly.get('route_sync_last_good_age_seconds{upstream="edge1"}')).to.equal(60);
    expect(blind.get('route_sync_cloud_up')).to.equal(0);
    expect(blind.get('route_sync_frozen')).to.equal(1);
  });

  it('does not take trouble of our own for a router that is away', async () => {
    end({ report: REPORT });
    const locked = { ...EDGE1, plan: undefined, error: { code: 'LOCKED', message: '' } };
    end({ report: { ...REPORT, upstreams: [locked] }, exitCode: 75 });

    expect((await scrape(metrics)).get('route_sync_upstream_up{upstream="edge1"}')).to.equal(1);
  });

  it('remembers when the last cycles before a restart ended', async () => {
    const cycle = { run: 'r', command: 'run', startedAt: '', upstreams: [] };
    const earlier = [
      { ...cycle, finishedAt: '1970-01-01T00:10:00Z', exitCode: 0 },
      { ...cycle, finishedAt: '1970-01-01T00:15:00Z', exitCode: 1 },
    ];
    const again = createMetrics({
      owner: 'prod',
      upstreams: NAMES,
      version: '1.2.3',
      now: () => now,
      earlier,
    });

    const samples = await scrape(again);

    expect(samples.get('route_sync_last_cycle_timestamp_seconds')).to.equal(900);
    expect(samples.get('route_sync_last_success_timestamp_seconds')).to.equal(600);
  });

  it('lets ages grow between the cycles', async () => {
    end({ report: REPORT });
    now += 30_000;
    end({ error: { code: 'CLOUD_UNREACHABLE', message: '' }, exitCode: 1 });
    now += 30_000;

    const samples = await scrape(metrics);

    expect(samples.get('route_sync_snapshot_age_seconds')).to.equal(62);
    expect(samples.get('route_sync_last_good_age_seconds{upstream="edge1"}')).to.equal(62);
    expect(samples.get('route_sync_last_cycle_timestamp_seconds')).to.equal(1030);
    expect(samples.get('route_sync_last_success_timestamp_seconds')).to.equal(1000);
  });

  it('knows a word for every way in which a cycle ends', async () => {
    const { usage: _usage, changes: _changes, ...codes } = EXIT;
    Object.values(codes).forEach((exitCode) => end({ report: REPORT, exitCode }));
    end({ exitCode: 1, error: { code: 'CANCELLED', message: '' } });
    metrics.setLeader(false);
    end({ report: REPORT });

    const words = Object.keys(await nonZero('cycles_total')).map((each) => each.split('"')[1]);

    expect(words).to.have.members([...Object.keys(codes), 'cancelled', 'standby']);
  });

  it('tells whether it may write', async () => {
    const before = await nonZero('leader');
    metrics.setLeader(false);

    expect([before, await nonZero('leader')]).to.deep.equal([{ 'leader{owner="prod"}': 1 }, {}]);
  });

  it('counts requests under labels that no answer can make more of', async () => {
    const statuses = [200, 200, 503, 418, 999, 7, undefined];
    for (const status of statuses) {
      metrics.observer.cloudAnswered({ method: 'GET', path: '/v2.0/ports', status, ms: 250 });
    }

    expect(await nonZero('cloud_requests')).to.deep.equal({
      'cloud_requests_total{method="GET",status="200"}': 2,
      'cloud_requests_total{method="GET",status="503"}': 1,
      'cloud_requests_total{method="GET",status="4xx"}': 1,
      'cloud_requests_total{method="GET",status="none"}': 3,
    });
    expect(await nonZero('cloud_request_duration_seconds_sum')).to.deep.equal({
      'cloud_request_duration_seconds_sum{method="GET"}': 1.75,
    });
  });

  it('counts skipped cycles', async () => {
    metrics.cycleSkipped();

    expect(await nonZero('cycles_skipped')).to.deep.equal({ cycles_skipped_total: 1 });
  });

  it('goes on counting under a new configuration, without the upstreams that are gone', async () => {
    end({ report: { ...APPLIED_REPORT, upstreams: [EDGE1, { ...EDGE1, name: 'edge2' }] } });
    metrics.configure({ owner: 'lab', upstreams: ['edge2', 'edge3'] });
    end({ report: APPLIED_REPORT });

    const series = [...(await scrape(metrics)).keys()].join('\n');

    expect(series).not.to.contain('edge1');
    expect(series).to.contain('route_sync_leader{owner="lab"}').and.not.to.contain('prod');
    expect(series).to.contain('route_sync_changes_total{upstream="edge3"');
    expect(await nonZero('refusals')).to.deep.equal({
      'refusals_total{upstream="edge2",code="GUARD_REMOVALS"}': 1,
    });
  });

  it('has no series for anything that a tenant names', async () => {
    const before = (await scrape(metrics)).size;
    end({ report: APPLIED_REPORT });
    const after = (await scrape(metrics)).size;
    const many: Report = {
      ...APPLIED_REPORT,
      candidates: Array.from({ length: 50 }, () => APPLIED_REPORT.candidates).flat(),
    };
    end({ report: many });

    expect(before).to.be.lessThan(after);
    expect((await scrape(metrics)).size).to.equal(after);
  });

  it('measures how long a change in a real cycle took to arrive, and leaves repairs out', async () => {
    const small = webAndDatabase();
    const scene = await openCycleScene(small.cloud);
    const start = Date.UTC(2026, 0, 1);
    const cycle = async (startedAt: number): Promise<void> =>
      end({ startedAt, finishedAt: startedAt, report: await scene.apply() });
    try {
      await cycle(start);
      small.addTenant('mail', '203.0.113.12', '198.51.100.64/27');
      scene.passSeconds(600);
      await cycle(start + 600_000);
      const first = await nonZero('convergence_seconds_count');
      const sum = (await nonZero('convergence_seconds_sum'))[
        'convergence_seconds_sum{upstream="edge1"}'
      ];
      const router = scene.routers.get('edge1') ?? (await newRouter());
      await ask(router, ['ip', 'route', 'del', '198.51.100.64/27']);
      scene.passSeconds(600);
      await cycle(start + 1_200_000);

      expect(first).to.deep.equal({ 'convergence_seconds_count{upstream="edge1"}': 1 });
      expect(sum).to.be.within(500, 600);
      expect(await nonZero('convergence_seconds_count')).to.deep.equal(first);
      expect(await nonZero('changes_total')).to.deep.equal({
        'changes_total{upstream="edge1",action="add",outcome="done"}': 5,
      });
    } finally {
      await scene.close();
    }
  });
});
