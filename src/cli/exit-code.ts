/** What the shell learns. Scripts depend on these numbers; docs/cli.md and the man page list them. */
import { RouteSyncError, type ErrorCode } from '../errors.ts';
import { isCloudConfigError } from '../openstack-client-lite/index.ts';
import type { ReportedError, UpstreamReport } from '../report/report.ts';

/** 64, 75 and 78 are EX_USAGE, EX_TEMPFAIL and EX_CONFIG of sysexits.h. */
export const EXIT = {
  ok: 0,
  failure: 1,
  changes: 2,
  refused: 3,
  partial: 4,
  usage: 64,
  locked: 75,
  config: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each means, for the documents. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'in sync, or done',
  failure:
    'failure: the cloud could not be read (also where the last good state repaired an upstream), or no upstream could; for health: not ready',
  changes: 'changes are pending (plan --detailed-exitcode only)',
  refused:
    'refused by the guard: removals or replaces were withheld, everything else went out; or, for what is done by hand, by the kill switch or because there is nothing to adopt',
  partial: 'partial: one of several upstreams failed, or some route could not be installed',
  usage: 'the command line is not understood, or init would overwrite a file',
  locked: 'another route-sync is working on this upstream, or leads on another machine',
  config: 'configuration: the file, clouds.yaml or OS_*',
};

const BY_CODE: Partial<Record<ErrorCode, ExitCode>> = {
  CONFIG_NOT_FOUND: EXIT.config,
  CONFIG_INVALID: EXIT.config,
  USAGE: EXIT.usage,
  UPSTREAM_UNKNOWN: EXIT.usage,
  LOCKED: EXIT.locked,
  NOT_LEADER: EXIT.locked,
  FROZEN: EXIT.refused,
  NOTHING_TO_ADOPT: EXIT.refused,
};

/** For an error that ended the command. */
export function exitCodeOfError(error: unknown): ExitCode {
  if (isCloudConfigError(error)) {
    return EXIT.config;
  }
  return (error instanceof RouteSyncError ? BY_CODE[error.code] : undefined) ?? EXIT.failure;
}

interface Outcome {
  readonly upstreams: readonly UpstreamReport[];
  readonly blind?: ReportedError | undefined;
}

/** What it means when every upstream ended with the same error. */
const WHOLE: Readonly<Record<string, ExitCode>> = {
  LOCKED: EXIT.locked,
  NOT_LEADER: EXIT.locked,
  FROZEN: EXIT.refused,
};

/** For a report: what could not be done comes before what was refused. */
export function exitCodeOfReport({ upstreams, blind }: Outcome): ExitCode {
  if (blind !== undefined) {
    return EXIT.failure;
  }
  const broken = upstreams.filter(({ error }) => error !== undefined);
  if (broken.length > 0 && broken.length === upstreams.length) {
    const codes = new Set(broken.map(({ error }) => error?.code));
    return (codes.size === 1 && WHOLE[[...codes].join()]) || EXIT.failure;
  }
  if (broken.length > 0 || upstreams.some(hasFailedChanges)) {
    return EXIT.partial;
  }
  return upstreams.some(({ plan }) => plan?.refused !== undefined) ? EXIT.refused : EXIT.ok;
}

export function hasChanges({ upstreams }: Outcome): boolean {
  return upstreams.some(({ plan }) => (plan?.changes.length ?? 0) > 0);
}

function hasFailedChanges({ result }: UpstreamReport): boolean {
  return (result?.failed.length ?? 0) > 0;
}
