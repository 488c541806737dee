/**
 * The one table of metrics, under the conventions of Prometheus (base units, `_total`, `_seconds`). docs/metrics.md is
 * made of it. Every label takes its values from the configuration or from a fixed list, never from what tenants type.
 */

/** One metric. */
export interface MetricFacts {
  readonly name: `route_sync_${string}`;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds in seconds; of a histogram only. */
  readonly buckets?: readonly number[];
}

/** A cycle takes a second; a push through the CLI of a router takes minutes. */
const CYCLE_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800] as const;
/** Neutron answers in milliseconds, or lists for a minute. */
const REQUEST_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120] as const;
/** Neutron's times are whole seconds, and the usual schedule is half a minute. */
const CONVERGENCE_BUCKETS = [1, 2, 5, 10, 15, 30, 45, 60, 90, 120, 300, 600, 1800, 3600] as const;

/** Every metric that the agent itself has; those of its process come beside them. */
export const METRICS = {
  buildInfo: {
    name: 'route_sync_build_info',
    type: 'gauge',
    labels: ['version'],
    help: 'Always 1; the label tells the version.',
  },
  cycles: {
    name: 'route_sync_cycles_total',
    type: 'counter',
    labels: ['outcome'],
    help: 'Cycles that ended, by outcome.',
  },
  cycleDuration: {
    name: 'route_sync_cycle_duration_seconds',
    type: 'histogram',
    labels: ['outcome'],
    buckets: CYCLE_BUCKETS,
    help: 'How long cycles took, from opening the upstreams to the last read-back.',
  },
  cyclesSkipped: {
    name: 'route_sync_cycles_skipped_total',
    type: 'counter',
    labels: [],
    help: 'Cycles that were due while another one was under way.',
  },
  lastCycle: {
    name: 'route_sync_last_cycle_timestamp_seconds',
    type: 'gauge',
    labels: [],
    help: 'When the last cycle ended, whatever came of it; 0 before the first one.',
  },
  lastSuccess: {
    name: 'route_sync_last_success_timestamp_seconds',
    type: 'gauge',
    labels: [],
    help: 'When the last cycle with outcome ok or standby ended; 0 before the first one.',
  },
  leader: {
    name: 'route_sync_leader',
    type: 'gauge',
    labels: ['owner'],
    help: '1 while this agent may write: it holds the leader lock, or none is configured.',
  },
  disagreements: {
    name: 'route_sync_standby_disagreements',
    type: 'gauge',
    labels: [],
    help: 'Changes that this standby has long planned and the leader does not make.',
  },
  frozen: {
    name: 'route_sync_frozen',
    type: 'gauge',
    labels: [],
    help: '1 while the kill switch was on in the last cycle.',
  },
  cloudUp: {
    name: 'route_sync_cloud_up',
    type: 'gauge',
    labels: [],
    help: '1 if the last cycle knew the cloud: it was read whole, or what changed since was; absent before the first one.',
  },
  snapshotAge: {
    name: 'route_sync_snapshot_age_seconds',
    type: 'gauge',
    labels: [],
    help: 'Time since the last reading of the whole cloud began; absent before the first one.',
  },
  snapshotRead: {
    name: 'route_sync_snapshot_read_duration_seconds',
    type: 'gauge',
    labels: [],
    help: 'How long it took to read the cloud, the last time that it was read whole.',
  },
  snapshotObjects: {
    name: 'route_sync_snapshot_objects',
    type: 'gauge',
    labels: ['kind'],
    help: 'Objects in the last complete snapshot, by kind.',
  },
  requests: {
    name: 'route_sync_cloud_requests_total',
    type: 'counter',
    labels: ['method', 'status'],
    help: 'Requests to Keystone (POST) and Neutron (GET), each attempt counted; status none means that no answer came.',
  },
  requestDuration: {
    name: 'route_sync_cloud_request_duration_seconds',
    type: 'histogram',
    labels: ['method'],
    buckets: REQUEST_BUCKETS,
    help: 'How long these requests took, to the last byte of the answer.',
  },
  notificationsUp: {
    name: 'route_sync_notifications_up',
    type: 'gauge',
    labels: [],
    help: '1 while RabbitMQ delivers the notifications of Neutron; absent where none are configured.',
  },
  notifications: {
    name: 'route_sync_notifications_total',
    type: 'counter',
    labels: [],
    help: 'Notifications that named a router, port, subnet, network or floating IP, or what reaches further.',
  },
  upstreamUp: {
    name: 'route_sync_upstream_up',
    type: 'gauge',
    labels: ['upstream'],
    help: '1 if the last cycle could read the upstream, and write to it where it had to.',
  },
  lastGoodAge: {
    name: 'route_sync_last_good_age_seconds',
    type: 'gauge',
    labels: ['upstream'],
    help: 'Age of what the upstream is kept to: time since the cloud was last read for it.',
  },
  desired: {
    name: 'route_sync_desired_routes',
    type: 'gauge',
    labels: ['upstream'],
    help: 'Routes that the upstream should hold, when it was last read.',
  },
  installed: {
    name: 'route_sync_installed_routes',
    type: 'gauge',
    labels: ['upstream'],
    help: 'Routes with our mark on the upstream, after the push of the cycle that last read it.',
  },
  foreign: {
    name: 'route_sync_foreign_routes',
    type: 'gauge',
    labels: ['upstream'],
    help: 'Static routes of others on the upstream, when it was last read.',
  },
  conflicts: {
    name: 'route_sync_conflicts',
    type: 'gauge',
    labels: ['upstream', 'code'],
    help: 'Wanted routes that something stands in the way of, by what it is.',
  },
  held: {
    name: 'route_sync_held_changes',
    type: 'gauge',
    labels: ['upstream', 'code'],
    help: 'Changes that are kept back, by what keeps them.',
  },
  changes: {
    name: 'route_sync_changes_total',
    type: 'counter',
    labels: ['upstream', 'action', 'outcome'],
    help: 'Changes of routes: done and read back, failed, or skipped because the route was not as planned any more.',
  },
  refusals: {
    name: 'route_sync_refusals_total',
    type: 'counter',
    labels: ['upstream', 'code'],
    help: 'Plans that the guard refused, once for each cycle.',
  },
  unsaved: {
    name: 'route_sync_unsaved',
    type: 'gauge',
    labels: ['upstream'],
    help: '1 while changes on the router would not survive its restart.',
  },
  convergence: {
    name: 'route_sync_convergence_seconds',
    type: 'histogram',
    labels: ['upstream'],
    buckets: CONVERGENCE_BUCKETS,
    help: "Time from the newest updated_at of a route's Neutron objects to the read-back that showed it. Only of what changed in the cloud, and not of repairs, unless their objects changed in the same interval.",
  },
} as const satisfies Readonly<Record<string, MetricFacts>>;
