/** What one command found and did, as a value; the printers of this folder turn it into text, JSON or Markdown. */
import type { Candidate, Check } from '../core/eligibility.ts';
import type { UpstreamPlan } from '../core/plan.ts';
import type { ExternalNetwork, NatModel } from '../core/snapshot.ts';
import type { RouteChange } from '../core/route.ts';

export interface Report {
  readonly owner: string;
  /** Id of this run: sortable by time. */
  readonly run: string;
  /** Undefined where the cloud could not be read. */
  readonly snapshot: SnapshotFacts | undefined;
  /** When the cloud was last read whole, in Unix milliseconds; what changed since was read object by object. */
  readonly wholeAt?: number | undefined;
  /** Why the cloud could not be read. */
  readonly blind: ReportedError | undefined;
  /** The kill switch, while it is on. */
  readonly freeze: FreezeFacts | undefined;
  /** Set where another agent leads, or nobody can tell who does: then nothing is written. */
  readonly standby?: StandbyFacts | undefined;
  readonly upstreams: readonly UpstreamReport[];
  /** Every judged candidate. */
  readonly candidates: readonly Candidate[];
  /** Whether candidates are to be printed one by one, with their checks. */
  readonly isVerbose: boolean;
  /** All checks of some of the candidates, in their order. */
  readonly checksOf: (candidates: readonly Candidate[]) => readonly (readonly Check[])[];
  /** The external networks of the cloud by id; empty where it could not be read. */
  readonly externalNetworks: ReadonlyMap<string, ExternalNetwork>;
  /** When each router, router port and subnet was last changed in the cloud, in Unix milliseconds, by id. */
  readonly updatedAt?: Pick<ReadonlyMap<string, number>, 'get'>;
  /** Present after a push. */
  readonly exitCode: number | undefined;
}

export interface FreezeFacts {
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
  readonly reason: string;
}

export interface StandbyFacts {
  /** Undefined where nobody leads, or the store of the leader lock does not tell. */
  readonly leader: { readonly host: string; readonly since: string } | undefined;
}

export interface SnapshotFacts {
  readonly natModel: NatModel;
  readonly routers: number;
  readonly ports: number;
  readonly subnets: number;
  readonly externalNetworks: number;
  readonly readMs: number;
}

export interface UpstreamReport {
  readonly name: string;
  readonly os: string;
  /** Where and what is written: `netns upstream, table main, protocol 201, metric 1024`. */
  readonly description: string;
  /** Why the upstream could not be read or written as a whole. */
  readonly error: ReportedError | undefined;
  /** Ids of the external networks whose routes belong here; empty when the upstream could not be read. */
  readonly networkIds: ReadonlySet<string>;
  /** Undefined when the upstream could not be read. */
  readonly plan: UpstreamPlan | undefined;
  /** Undefined when the upstream could not be read. */
  readonly counts: RouteCounts | undefined;
  /** Set where the cloud did not say what to hold: the plan then repairs the last good state, and removes nothing. */
  readonly stale: StaleFacts | undefined;
  readonly result: ApplyResult | undefined;
}

/** How many routes an upstream should hold, and how many it held before the push, ours and those of others. */
export interface RouteCounts {
  readonly desired: number;
  readonly owned: number;
  readonly foreign: number;
}

export interface StaleFacts {
  /** Unix milliseconds at which the cloud was last read whole for this upstream. */
  readonly at: number;
  readonly ageSeconds: number;
  readonly because: ReportedError;
}

export interface ReportedError {
  readonly code: string;
  readonly message: string;
}

/** What a push did on one upstream. */
export interface ApplyResult {
  readonly added: number;
  readonly replaced: number;
  readonly removed: number;
  readonly failed: readonly RouteProblem[];
  /** Removals of routes that changed since they were planned (ROUTE_CHANGED): left alone, and no failure. */
  readonly skipped: readonly RouteProblem[];
  /** True if the read-back shows every change that did not fail. */
  readonly verified: boolean;
  /** When the read-back showed what was added and replaced, in Unix milliseconds; undefined where nothing was. */
  readonly verifiedAt?: number | undefined;
  /** Present where the router keeps what runs and what it starts with apart, and the two differ or did. */
  readonly save?: SaveFacts;
}

export interface SaveFacts {
  /** False while the changes would not survive a restart of the router. */
  readonly saved: boolean;
  /** Why saving failed. */
  readonly error: ReportedError | undefined;
}

export interface RouteProblem {
  readonly change: RouteChange;
  readonly error: ReportedError;
}
