/**
 * The one error base class of route-sync and the table of its stable codes. Messages say what failed, on which
 * object, with which value, and what to do; they never carry a secret.
 */

/** Every code that route-sync itself raises, with its meaning; docs/errors.md is generated from this table. */
export const ERROR_CODES = {
  CONFIG_NOT_FOUND: 'No configuration file at the given or the default places',
  CONFIG_INVALID: 'The configuration file breaks the schema or a rule across its fields',
  CLOUD_VIEW_NARROWED:
    'The token does not see every project, so the desired routes would be too few',
  CLOUD_NAT_MODEL_UNKNOWN: 'The API does not tell whether ML2/OVS or ML2/OVN does the NAT',
  CLOUD_NETWORK_UNKNOWN:
    'A configured external network does not exist in the cloud, or its name is ambiguous',
  POLICY_SELECTOR_UNKNOWN:
    'A name or id in policy.allow, policy.deny or policy.reserved fits no object of the cloud, or several',
  SNAPSHOT_INCOMPLETE: 'The cloud answered with objects that refer to objects it did not show',
  SNAPSHOT_PENDING:
    'The cloud is being read for the first time since the start, and that takes long: until then the last good state is kept',
  SNAPSHOT_DEADLINE: 'The snapshot of the cloud took longer than cloud.snapshotTimeoutSeconds',
  UPSTREAM_TOOL_MISSING: 'A program that the upstream needs is not installed',
  UPSTREAM_UNREACHABLE: 'The upstream (its namespace, host or session) cannot be reached',
  UPSTREAM_TABLE_UNKNOWN: 'The routing table name is not known on the upstream',
  UPSTREAM_NOT_PERMITTED:
    'The upstream refuses changes for lack of rights (CAP_NET_ADMIN on Linux)',
  UPSTREAM_COMMAND_FAILED: 'A command failed on the upstream in a way that no other code describes',
  UPSTREAM_HOST_KEY:
    'The SSH host key of the upstream is unknown, has changed, or is not the pinned one',
  UPSTREAM_LOGIN:
    'The upstream, or a jump host before it, refused the login or the privileged mode',
  UPSTREAM_SESSION: 'The CLI of the upstream ended, or answered in a way that its OS never does',
  UPSTREAM_BUSY: 'Another session holds the configuration of the upstream at this moment',
  UPSTREAM_OUTPUT_INVALID: 'The upstream answered in a form that the driver does not understand',
  UPSTREAM_UNKNOWN: '--upstream names no upstream of the configuration',
  ROUTE_REJECTED: 'The upstream refused one route',
  ROUTE_EXISTS: 'A route that is not ours appeared at the prefix between reading and writing',
  ROUTE_NOT_FOUND: 'The route was gone before it could be removed',
  ROUTE_UNVERIFIED: 'The read-back after the push does not show what was pushed',
  ROUTES_INVALID:
    'The file of changes for render is not of the documented form, or a change in it must be refused',
  UNSAFE_WORD: 'A word that would enter a command has characters outside its allowed set',
  GUARD_REMOVALS: 'More removals than guard.maxRemovals permits',
  GUARD_REPLACES: 'More replaces than guard.maxReplaces permits',
  PLAN_STALE: 'The reviewed plan is not what would be done now',
  PLAN_INVALID: 'The plan file is not a plan of this tool',
  STATE_CORRUPT: 'A file in the state directory cannot be read as route-sync wrote it',
  STATE_FOREIGN: 'A file in the state directory belongs to another owner or another mark',
  STATE_UNWRITABLE: 'The state directory cannot be written',
  STATE_UNREADABLE: 'A file in the state directory exists but cannot be opened or read',
  LOCKED: 'Another route-sync process is working on this upstream',
  STATE_OUTDATED:
    'The last good state was computed for another policy, so it is not used while the cloud cannot be read',
  STATE_INSECURE: 'The state directory or a file in it may be changed by other users',
  FROZEN: 'Writes are frozen by the kill switch (route-sync freeze)',
  JOURNAL_BROKEN: 'The hash chain of a journal does not hold: it was changed, cut or reordered',
  JOURNAL_RUN_UNKNOWN: 'No journal has changes of this run',
  ROUTE_CHANGED: 'The route is not what the plan saw any more, so it was left alone',
  NOTHING_TO_ADOPT: 'The named prefix is not a foreign route that the cloud wants as it stands',
  LEADER_UNREACHABLE:
    'The store of the leader lock (etcd or Kubernetes) does not answer, or refuses us',
  NOT_LEADER: 'Another agent holds the leader lock, so nothing was written',
  NOTIFICATIONS_SETTINGS: 'A file that cloud.notifications names cannot be used',
  NOTIFICATIONS_UNREACHABLE:
    'RabbitMQ (cloud.notifications) does not answer; only the schedule finds changes until it does',
  NOTIFICATIONS_CERTIFICATE:
    'The certificate of RabbitMQ is not trusted or is for another name, or ours is refused',
  NOTIFICATIONS_LOGIN: 'RabbitMQ refused the user, the password or the virtual host',
  NOTIFICATIONS_EXCHANGE:
    'The exchange of cloud.notifications does not exist: wrong name, or Neutron sent nothing yet',
  NOTIFICATIONS_QUEUE:
    'RabbitMQ refuses our own queue: no right to it, another agent reads it, or it was made otherwise',
  SERVER_FAILED: 'The HTTP server of the agent cannot listen, or its token cannot be read',
  AGENT_NOT_READY: 'The agent answers that it is not ready, or does not answer',
  NOT_CONFIRMED: 'A question that needs a yes was not answered with one',
  CANCELLED: 'A signal asked route-sync to stop, and it left before anything was changed',
  USAGE: 'The command line is not understood',
  INTERNAL: 'A defect of route-sync',
} as const satisfies Record<string, string>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorOptions {
  /** JSON-safe facts for logs and reports. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** The base of everything route-sync throws on purpose. */
export class RouteSyncError extends Error {
  override readonly name = 'RouteSyncError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }
}
