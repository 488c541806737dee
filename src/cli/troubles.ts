/** What was wrong when a cycle ended, each thing with a key that stays the same while it lasts. */
import type { CycleEnd } from '../agent/observer.ts';
import { prefixOf } from '../core/route.ts';
import type { Report, ReportedError, UpstreamReport } from '../report/report.ts';

export interface Trouble {
  /** What it is about; undefined where that is no single upstream. */
  readonly upstream: string | undefined;
  readonly kind: 'cycle' | 'cloud' | 'freeze' | 'upstream' | 'guard' | 'route' | 'save';
  /** `error`: routes are not as wanted, or somebody must act. `warn`: they will be, or somebody wants it so. */
  readonly level: 'error' | 'warn';
  readonly message: string;
  readonly code: string;
  readonly why: string;
  /** What else tells it apart. */
  readonly fields?: Readonly<Record<string, string>>;
}

export interface Troubles {
  readonly found: ReadonlyMap<string, Trouble>;
  /** About one of an earlier cycle that was not found now; `gone` is what nobody asks about any more. */
  readonly fateOf: (trouble: Trouble) => 'over' | 'unknown' | 'gone';
}

/** What passes by itself, or is wanted by somebody. */
const WARNINGS: ReadonlySet<string> = new Set([
  'LOCKED',
  'UPSTREAM_BUSY',
  'NOT_LEADER',
  'FROZEN',
  'SNAPSHOT_PENDING',
]);

export function troublesOf({ report, error }: CycleEnd): Troubles {
  const found = report === undefined ? ofCycle(error) : ofReport(report);
  return {
    found: new Map(found.map((trouble) => [keyOf(trouble), trouble])),
    fateOf: (trouble) => (report === undefined ? 'unknown' : fateIn(report, trouble)),
  };
}

function keyOf({ upstream = '', kind, fields = {} }: Trouble): string {
  return [kind, upstream, ...Object.values(fields)].join(' ');
}

function ofCycle(error: ReportedError | undefined): readonly Trouble[] {
  return error === undefined || error.code === 'CANCELLED'
    ? []
    : [{ ...about(error), upstream: undefined, kind: 'cycle', message: CYCLE_ENDED }];
}

const CYCLE_ENDED = 'the cycle ended, nothing was changed';
const CLOUD_UNREAD = 'the cloud cannot be read, the last good state is kept';

function ofReport({ blind, freeze, upstreams }: Report): readonly Trouble[] {
  const whole: Trouble[] = [];
  if (blind !== undefined) {
    whole.push({ ...about(blind), upstream: undefined, kind: 'cloud', message: CLOUD_UNREAD });
  }
  if (freeze !== undefined) {
    const { by, at, reason } = freeze;
    const frozen = about({ code: 'FROZEN', message: reason });
    const message = 'writes are frozen';
    whole.push({ ...frozen, upstream: undefined, kind: 'freeze', message, fields: { by, at } });
  }
  return [...whole, ...upstreams.flatMap(ofUpstream)];
}

function ofUpstream({ name: upstream, error, plan, result }: UpstreamReport): readonly Trouble[] {
  const all: Trouble[] = [];
  if (error !== undefined) {
    all.push({ ...about(error), upstream, kind: 'upstream', message: 'the upstream failed' });
  }
  if (plan?.refused !== undefined) {
    const message = 'the guard withheld changes';
    all.push({ ...about(plan.refused), upstream, kind: 'guard', message });
  }
  if (result?.save?.error !== undefined) {
    const message = 'the router did not save its configuration';
    all.push({ ...about(result.save.error), upstream, kind: 'save', message, level: 'warn' });
  }
  const failed = result?.failed ?? [];
  return [
    ...all,
    ...failed.map(({ change, error: refusal }): Trouble => {
      const fields = { action: change.action, prefix: prefixOf(change).text };
      return { ...about(refusal), upstream, kind: 'route', message: 'a route failed', fields };
    }),
  ];
}

function about({ code, message }: ReportedError): Pick<Trouble, 'code' | 'why' | 'level'> {
  return { code, why: message, level: WARNINGS.has(code) ? 'warn' : 'error' };
}

/** What was not tried in a cycle is not known to be over. */
function fateIn(
  { upstreams, freeze }: Report,
  { upstream: name, kind, fields }: Trouble,
): ReturnType<Troubles['fateOf']> {
  if (name === undefined) {
    return 'over';
  }
  const upstream = upstreams.find((each) => each.name === name);
  if (upstream === undefined) {
    return 'gone';
  }
  const { plan, result } = upstream;
  if (kind === 'upstream') {
    return 'over';
  }
  if (kind === 'save') {
    return result === undefined || result.save?.saved === false ? 'unknown' : 'over';
  }
  const isHeld = plan?.held.some(({ change }) => prefixOf(change).text === fields?.['prefix']);
  return result === undefined || freeze !== undefined || isHeld === true ? 'unknown' : 'over';
}
