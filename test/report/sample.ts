/** Reports for the printers' tests: one with something of everything, and its parts. */
import { planUpstream, withhold, type UpstreamPlan } from '../../src/core/plan.ts';
import { desiredFor } from '../../src/core/desired.ts';
import { checksOf, judge, type EligibilityInput } from '../../src/core/eligibility.ts';
import type { KnownRoute } from '../../src/core/hold.ts';
import { prefixOf } from '../../src/core/route.ts';
import type { Report, UpstreamReport } from '../../src/report/report.ts';
import { cloudOf, installed, policyOf, PUBLIC, stateOf } from '../core/world.ts';

const INPUT: EligibilityInput = {
  snapshot: cloudOf([
    {
      id: 'web',
      gateways: [['203.0.113.10']],
      subnets: ['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24', '10.4.0.0/24', '10.5.0.0/24'],
      routes: [['10.99.0.0/24', '192.0.2.1']],
    },
    { id: 'recipe', legs: [['203.0.113.20']], subnets: ['10.6.0.0/24'] },
    { id: 'rival', gateways: [['203.0.113.11']], subnets: ['10.1.0.0/24'] },
    { id: 'classic', gateways: [['203.0.113.12']], enableSnat: true, subnets: ['10.7.0.0/24'] },
    { id: 'inside', subnets: ['10.8.0.0/24'] },
  ]),
  policy: policyOf({ extraRoutes: true }),
  servedNetworks: new Set([PUBLIC]),
  protectedAddresses: [],
};

export const CANDIDATES = judge(INPUT);

const STATE = stateOf([
  installed('10.2.0.0/24', ['203.0.113.99']),
  installed('10.3.0.0/24', ['203.0.113.77'], 'foreign'),
  installed('10.4.0.128/25', ['203.0.113.77'], 'foreign'),
  installed('10.6.0.0/24', ['203.0.113.20']),
  installed('10.7.0.0/24', ['203.0.113.12']),
  installed('10.9.0.0/24', []),
]);

const LEDGER: ReadonlyMap<string, KnownRoute> = new Map([
  ['10.9.0.0/24', { origin: [], nextHops: [] }],
  [
    '10.7.0.0/24',
    {
      nextHops: ['203.0.113.12'],
      origin: [
        {
          router: 'classic',
          subnet: 'sub-classic-10.7.0.0/24',
          project: 'project-blue',
          port: 'port-classic-sub-classic-10.7.0.0/24',
          leg: 'classic-gateway-0',
          network: PUBLIC,
          floatingIp: '',
        },
      ],
    },
  ],
]);

/** Adds, a replace, a removal, an unchanged route, two conflicts, a warning and three held changes. */
export const PLAN: UpstreamPlan = planOf();

function planOf(): UpstreamPlan {
  const upstream = { name: 'edge1', networkIds: new Set([PUBLIC]), devices: new Map() };
  const { policy } = INPUT;
  const desired = desiredFor({
    upstream,
    candidates: CANDIDATES,
    state: STATE,
    ledger: LEDGER,
    policy,
  });
  const draft = planUpstream({
    upstream: 'edge1',
    desired,
    state: STATE,
    reading: 'whole',
    mode: 'sync',
    removal: { snapshots: 2, graceSeconds: 60 },
    windows: { windows: [], timezone: 'UTC' },
    maxRoutes: 6,
    missing: new Map([['10.9.0.0/24', { since: 0, snapshots: 1 }]]),
    ledger: LEDGER,
    now: Date.UTC(2026, 0, 1),
  });
  return {
    ...withhold(draft, (change) =>
      prefixOf(change).text === '10.4.0.0/24'
        ? { code: 'guard', message: 'kept back | by the guard', until: undefined }
        : undefined,
    ),
    refused: { code: 'GUARD_REMOVALS', message: 'too many \u001b[31mremovals' },
  };
}

export const EDGE1: UpstreamReport = {
  name: 'edge1',
  os: 'linux',
  description: 'this host, table main, protocol 201, metric 1024',
  error: undefined,
  networkIds: new Set([PUBLIC]),
  plan: PLAN,
  counts: undefined,
  stale: undefined,
  result: undefined,
};

export const EDGE2: UpstreamReport = {
  name: 'edge2',
  os: 'linux',
  description: 'netns edge2, table main, protocol 201, metric 1024',
  error: { code: 'UPSTREAM_UNREACHABLE', message: 'namespace edge2\nis gone' },
  networkIds: new Set(),
  plan: undefined,
  counts: undefined,
  stale: undefined,
  result: undefined,
};

export const REPORT: Report = {
  owner: 'prod-region-one',
  run: '20260101T000000Z-1',
  snapshot: {
    natModel: 'ovn',
    routers: 5,
    ports: 12,
    subnets: 12,
    externalNetworks: 2,
    readMs: 41,
  },
  blind: undefined,
  freeze: undefined,
  upstreams: [EDGE1, EDGE2],
  candidates: CANDIDATES,
  isVerbose: false,
  checksOf: (some) => checksOf(some, INPUT),
  externalNetworks: INPUT.snapshot.externalNetworks,
  exitCode: undefined,
};

/** The same with every check. */
export const VERBOSE_REPORT: Report = { ...REPORT, isVerbose: true };

/** After a push of which one change failed. */
export const APPLIED_REPORT: Report = {
  ...REPORT,
  upstreams: [
    {
      ...EDGE1,
      result: {
        added: 0,
        replaced: 1,
        removed: 1,
        failed: PLAN.changes.slice(0, 1).map((change) => ({
          change,
          error: { code: 'ROUTE_REJECTED', message: 'Nexthop has invalid gateway' },
        })),
        skipped: PLAN.changes.slice(2, 3).map((change) => ({
          change,
          error: { code: 'ROUTE_CHANGED', message: 'left alone' },
        })),
        verified: false,
        verifiedAt: Date.UTC(2026, 0, 1),
      },
    },
  ],
  exitCode: 4,
};

/** On a day on which the cloud cannot be read and writes are frozen. */
export const BAD_DAY_REPORT: Report = {
  ...REPORT,
  snapshot: undefined,
  blind: { code: 'CLOUD_UNREACHABLE', message: 'no connection\nto Keystone' },
  freeze: { by: 'ops@edge', at: '2026-01-01T00:00:00.000Z', reason: 'who\u{1b}[2J knows' },
  candidates: [],
  upstreams: [
    {
      ...EDGE1,
      stale: {
        at: Date.UTC(2025, 11, 31),
        ageSeconds: 86_400,
        because: { code: 'CLOUD_UNREACHABLE', message: 'no connection' },
      },
    },
  ],
};
