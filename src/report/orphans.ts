/** Routes of ours that the cloud no longer asks for: installed, and on their way out. */
import { prefixOf, type Origin } from '../core/route.ts';
import type { UpstreamReport } from './report.ts';
import type { Question } from './question.ts';

export interface Orphan {
  readonly upstream: string;
  readonly prefix: string;
  /** `to-remove`, or `held: CODE`. */
  readonly state: string;
  readonly message: string;
  readonly origin: readonly Origin[];
}

/** The removals, due or held, that fit the question. */
export function orphansFor(upstream: UpstreamReport, fits: Question): readonly Orphan[] {
  const { name, plan } = upstream;
  const due = (plan?.changes ?? []).map((change) => ({
    change,
    state: 'to-remove',
    message: 'nothing in the cloud asks for it any more',
  }));
  const held = (plan?.held ?? []).map(({ change, code, message }) => ({
    change,
    state: `held: ${code}`,
    message,
  }));
  return [...due, ...held].flatMap(({ change, state, message }) => {
    if (change.action !== 'remove') {
      return [];
    }
    const prefix = prefixOf(change);
    const names = change.origin.flatMap(({ router, subnet }) => [router, subnet]);
    return fits(prefix, names)
      ? [{ upstream: name, prefix: prefix.text, state, message, origin: change.origin }]
      : [];
  });
}
