/** Days in the life of a status page: reports made by the real planner from sketched clouds, and a board to show them. */
import type { JournalChange } from '../../../src/agent/journal-facts.ts';
import { createBoard, type Board } from '../../../src/agent/page/board.ts';
import type { UpstreamJournal } from '../../../src/agent/page/journal-view.ts';
import { desiredFor } from '../../../src/core/desired.ts';
import { checksOf, judge, type EligibilityInput } from '../../../src/core/eligibility.ts';
import { guardPlan } from '../../../src/core/guard.ts';
import { planUpstream } from '../../../src/core/plan.ts';
import { parseAddress } from '../../../src/core/prefix.ts';
import { prefixOf, type InstalledRoute } from '../../../src/core/route.ts';
import type { ApplyResult, Report, UpstreamReport } from '../../../src/report/report.ts';
import {
  cloudOf,
  installed,
  ledgerOf,
  PARTNER,
  policyOf,
  PUBLIC,
  stateOf,
  type RouterSketch,
} from '../../core/world.ts';

export const NOW = Date.UTC(2026, 0, 5, 12, 0, 0);

/** A name that tries everything at once. */
export const HOSTILE =
  '"\'><img src=x onerror=alert(1)></script><script>alert(2)</script>\u{202e}gnp.txt\n\u{1b}[31m\u{1f6a8}`${1}`';

interface UpstreamSketch {
  readonly name: string;
  readonly networkIds: ReadonlySet<string>;
  readonly routes: readonly InstalledRoute[];
  readonly maxRoutes?: number;
  readonly pushed?: boolean;
}

const GUARD = {
  maxRemovals: { count: 5, percent: 20, free: 2 },
  maxReplaces: { count: 50, percent: 100, free: 50 },
  perHour: { removals: 1000, replaces: 1000 },
};

/** What a cycle at NOW makes of a cloud and its upstreams. */
export function reportOf(
  routers: readonly RouterSketch[],
  upstreams: readonly UpstreamSketch[],
): Report {
  const input: EligibilityInput = {
    snapshot: cloudOf(routers),
    policy: policyOf({ extraRoutes: true }),
    servedNetworks: new Set([PUBLIC, PARTNER]),
    protectedAddresses: [],
  };
  const candidates = judge(input);
  const { snapshot } = input;
  return {
    owner: 'prod-region-one',
    run: '20260105T115958Z-1',
    snapshot: {
      natModel: 'ovn',
      routers: snapshot.routers.length,
      ports: snapshot.interfacePorts.length + snapshot.gatewayPorts.length,
      subnets: snapshot.subnets.size,
      externalNetworks: snapshot.externalNetworks.size,
      readMs: 412,
    },
    blind: undefined,
    freeze: undefined,
    upstreams: upstreams.map((upstream) => upstreamOf(upstream, input, candidates)),
    candidates,
    isVerbose: false,
    checksOf: (some) => checksOf(some, input),
    externalNetworks: snapshot.externalNetworks,
    exitCode: undefined,
  };
}

function upstreamOf(
  { name, networkIds, routes, maxRoutes, pushed = true }: UpstreamSketch,
  { policy }: EligibilityInput,
  candidates: Report['candidates'],
): UpstreamReport {
  const state = stateOf(routes);
  const ledger = new Map(
    [...ledgerOf(routes.filter(({ owned }) => owned))].map(([prefix, { nextHops }]) => [
      prefix,
      { nextHops, origin: [originFor(prefix)] },
    ]),
  );
  const view = { name, networkIds, devices: new Map() };
  const desired = desiredFor({ upstream: view, candidates, state, ledger, policy });
  const removals = routes.map(({ prefix }, i) => [prefix.text, i] as const);
  const draft = planUpstream({
    upstream: name,
    desired,
    state,
    reading: 'whole',
    mode: 'sync',
    removal: { snapshots: 3, graceSeconds: 600 },
    windows: { windows: [], timezone: 'UTC' },
    maxRoutes,
    // Those with an even number have been missing for a while, the others for a minute.
    missing: new Map(
      removals.map(([prefix, i]) => [
        prefix,
        { since: NOW - (i % 2 === 0 ? 900_000 : 100_000), snapshots: i % 2 === 0 ? 9 : 1 },
      ]),
    ),
    ledger,
    now: NOW,
  });
  const plan = guardPlan(draft, GUARD, { ledger, recent: [], now: NOW });
  return {
    name,
    os: 'linux',
    description: `netns ${name}, table main, protocol 201, metric 1024`,
    error: undefined,
    networkIds,
    plan,
    counts: {
      desired: desired.routes.length,
      owned: plan.owned,
      foreign: routes.filter(({ owned }) => !owned).length,
    },
    stale: undefined,
    result: pushed ? resultOf(plan.changes) : undefined,
  };
}

function originFor(prefix: string) {
  return {
    router: 'left',
    subnet: `sub-left-${prefix}`,
    project: 'project-blue',
    port: 'port-left',
    leg: 'left-gateway-0',
    network: PUBLIC,
    floatingIp: '',
  };
}

function resultOf(changes: NonNullable<UpstreamReport['plan']>['changes']): ApplyResult {
  const count = (action: string) => changes.filter((change) => change.action === action).length;
  return {
    added: count('add'),
    replaced: count('replace'),
    removed: count('remove'),
    failed: [],
    skipped: [],
    verified: true,
  };
}

const CALM: readonly RouterSketch[] = [
  ...['web', 'shop', 'mail', 'build', 'metrics', 'vpn'].map((id, i): RouterSketch => ({
    id,
    gateways: [[`203.0.113.${10 + i}`]],
    subnets: [`10.${i + 1}.0.0/24`, `10.${i + 1}.1.0/24`],
  })),
  { id: 'classic', gateways: [['203.0.113.60']], enableSnat: true, subnets: ['10.60.0.0/24'] },
  { id: 'lab', gateways: [['198.51.100.10']], subnets: ['10.70.0.0/24', '10.70.1.0/24'] },
  { id: 'inside', subnets: ['10.80.0.0/24'] },
];

function routesOf(routers: readonly RouterSketch[], network: '203' | '198') {
  return routers.flatMap(({ gateways = [], subnets = [], enableSnat }) => {
    const [hop = ''] = gateways[0] ?? [];
    return enableSnat === true || !hop.startsWith(network)
      ? []
      : subnets.map((subnet) =>
          installed(typeof subnet === 'string' ? subnet : subnet.cidr, [hop]),
        );
  });
}

/** Everything is in order; one route was just added, and one removal waits for its grace time. */
export function calmDay(): Report {
  const routes = routesOf(CALM, '203');
  return reportOf(CALM, [
    {
      name: 'edge1',
      networkIds: new Set([PUBLIC]),
      routes: [
        ...routes.slice(0, -1),
        installed('10.90.0.0/24', ['203.0.113.90']),
        installed('10.90.1.0/24', ['203.0.113.90']),
      ],
    },
    { name: 'edge2', networkIds: new Set([PARTNER]), routes: routesOf(CALM, '198') },
  ]);
}

/** Conflicts, refused and held removals, a failed change, and an upstream that nobody can reach. */
export function badDay(): Report {
  const report = reportOf(
    [
      ...CALM,
      { id: 'rival', gateways: [['203.0.113.30']], subnets: ['10.1.0.0/24'] },
      { id: 'nested', gateways: [['203.0.113.31']], subnets: ['10.2.0.128/25'] },
      {
        id: 'hostile',
        name: HOSTILE,
        gateways: [['203.0.113.32']],
        subnets: [
          { cidr: '10.33.0.0/24', name: 'שלום\u{2067} <b>' },
          { cidr: '10.34.0.0/24', name: 'W'.repeat(255) },
        ],
      },
    ],
    [
      {
        name: 'edge1',
        networkIds: new Set([PUBLIC]),
        routes: [
          ...routesOf(CALM, '203').slice(2),
          installed('10.1.1.0/24', ['203.0.113.77'], 'foreign'),
          installed('10.4.0.128/25', ['203.0.113.77'], 'foreign'),
          ...Array.from({ length: 16 }, (_, i) => installed(`10.91.${i}.0/24`, ['203.0.113.91'])),
        ],
      },
      { name: 'edge2', networkIds: new Set([PARTNER]), routes: [] },
    ],
  );
  const [edge1, edge2] = report.upstreams;
  if (edge1?.plan === undefined || edge1.result === undefined || edge2 === undefined) {
    throw new Error('this day has two upstreams');
  }
  const failing = edge1.plan.changes.find((change) => prefixOf(change).text === '10.33.0.0/24');
  const error = { code: 'ROUTE_REJECTED', message: 'the device says "% Invalid next hop"' };
  const failed = failing === undefined ? [] : [{ change: failing, error }];
  return {
    ...report,
    upstreams: [
      { ...edge1, result: { ...edge1.result, failed, verified: false } },
      {
        ...edge2,
        error: { code: 'UPSTREAM_UNREACHABLE', message: 'no answer from edge2 within 10 s' },
        networkIds: new Set(),
        plan: undefined,
        counts: undefined,
        result: undefined,
      },
    ],
  };
}

/** An ordinary day with something of most things: conflicts, and removals that wait for their grace time. */
export function busyDay(): Report {
  return reportOf(
    [
      ...CALM,
      { id: 'rival', gateways: [['203.0.113.30']], subnets: ['10.1.0.0/24', '10.31.0.0/24'] },
      { id: 'nested', gateways: [['203.0.113.31']], subnets: ['10.2.0.128/25'] },
    ],
    [
      {
        name: 'edge1',
        networkIds: new Set([PUBLIC]),
        routes: [
          ...routesOf(CALM, '203'),
          installed('10.31.0.0/24', ['203.0.113.77'], 'foreign'),
          ...Array.from({ length: 4 }, (_, i) => installed(`10.91.${i}.0/24`, ['203.0.113.91'])),
        ],
      },
      { name: 'edge2', networkIds: new Set([PARTNER]), routes: routesOf(CALM, '198').slice(1) },
    ],
  );
}

/** The bad day, and then the cloud cannot be read either. */
export function blindDay(): Report {
  const report = badDay();
  const because = {
    code: 'CLOUD_UNREACHABLE',
    message: 'http://192.0.2.5:9696: connection refused',
  };
  return {
    ...report,
    run: '20260105T120058Z-2',
    snapshot: undefined,
    blind: because,
    candidates: [],
    checksOf: () => [],
    externalNetworks: new Map(),
    upstreams: report.upstreams.map((upstream) => ({
      ...upstream,
      networkIds: new Set(),
      stale:
        upstream.plan === undefined ? undefined : { at: NOW - 65_000, ageSeconds: 65, because },
    })),
  };
}

/** As many announced prefixes as wanted, ten a router; every hundredth is new, every two hundredth foreign. */
export function bigDay(size: number): Report {
  const routers = Array.from({ length: size / 10 }, (_, i): RouterSketch => ({
    id: `router-${i}`,
    name: `tenant-${i}`,
    gateways: [[i % 2 === 0 ? `203.0.113.${(i % 240) + 10}` : `198.51.100.${(i % 240) + 10}`]],
    subnets: Array.from({ length: 10 }, (__, j) => ({
      id: `subnet-${i}-${j}`,
      cidr: `10.${Math.floor((i * 10 + j) / 256)}.${(i * 10 + j) % 256}.0/24`,
    })),
  }));
  const mark = (routes: readonly InstalledRoute[]) =>
    routes.flatMap((route, i) => {
      if (i % 100 === 1) {
        return [];
      }
      return i % 200 === 2 ? [{ ...route, owned: false }] : [route];
    });
  return reportOf(routers, [
    {
      name: 'edge1',
      networkIds: new Set([PUBLIC]),
      routes: mark(routesOf(routers, '203')),
      pushed: false,
    },
    {
      name: 'edge2',
      networkIds: new Set([PARTNER]),
      routes: mark(routesOf(routers, '198')),
      pushed: false,
    },
  ]);
}

/** A board that one cycle after the other has ended on, a minute apart, the last one two seconds before NOW. */
export function boardOf(...reports: readonly Report[]): Board {
  const board = createBoard();
  reports.forEach((report, i) =>
    endCycle(board, report, NOW - 2000 - 60_000 * (reports.length - 1 - i)),
  );
  return board;
}

/** Ends a cycle with that report. */
export function endCycle({ observer }: Board, report: Report, finishedAt: number): void {
  const { run } = report;
  const startedAt = finishedAt - 1200;
  observer.cycleBegan({ run, at: startedAt });
  observer.cycleEnded({ run, startedAt, finishedAt, exitCode: 0, report, error: undefined });
}

/** Two runs of one upstream, the second of them unfinished, and a journal that is not sound. */
export function journals(): readonly UpstreamJournal[] {
  const begin = {
    kind: 'begin' as const,
    command: 'run',
    force: false,
    owner: 'prod-region-one',
    host: 'net1',
    user: HOSTILE,
    upstream: 'edge1',
    target: 'netns edge1',
    changes: 1,
  };
  const change: JournalChange = {
    action: 'add',
    prefix: '10.1.0.0/24',
    before: undefined,
    after: [{ address: parseAddress('203.0.113.10') }],
    origin: [originFor('10.1.0.0/24')],
    was: undefined,
  };
  const counts = { add: 1, replace: 0, remove: 0, adopt: 0 };
  const end = { added: 1, replaced: 0, removed: 0, failed: [], skipped: [], verified: true };
  return [
    {
      upstream: 'edge1',
      error: undefined,
      runs: [
        {
          at: '2026-01-05T11:00:00.000Z',
          begin: { ...begin, run: '20260105T110000Z-a' },
          counts,
          changes: [change],
          end: { ...end, kind: 'end', run: '20260105T110000Z-a', released: false },
        },
        {
          at: '2026-01-05T11:30:00.000Z',
          begin: { ...begin, run: '20260105T113000Z-b', force: true },
          counts,
          changes: [],
          end: undefined,
        },
      ],
    },
    {
      upstream: 'edge2',
      runs: [],
      error: { code: 'JOURNAL_BROKEN', message: 'edge2.jsonl, line 7, is no journal record' },
    },
  ];
}
