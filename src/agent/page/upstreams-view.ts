/** One line for each upstream router: how it is, what it holds, and what was done last. */
import { summarizeResult } from '../../report/lines.ts';
import type { UpstreamReport } from '../../report/report.ts';
import { html, type Html } from './html.ts';
import { link } from './links.ts';
import { stateMark } from './marks.ts';
import { since } from './moments.ts';
import { long, nothing, table } from './panels.ts';
import { worstOf, type RouteState } from './route-state.ts';
import type { View } from './view.ts';

export function upstreamsView(view: View, now: number): Html {
  const upstreams = view.board.latest?.report.upstreams ?? [];
  if (upstreams.length === 0) {
    return nothing('No cycle has read an upstream yet.');
  }
  const states = Map.groupBy(view.rows, ({ upstream }) => upstream);
  const rows = upstreams.map((upstream) => {
    const { name, os, description, counts, plan } = upstream;
    const own = (states.get(name) ?? []).map(({ state }) => state);
    return [
      html`<a href="${link('routes', { upstream: name })}">${name}</a>`,
      stateMark(stateOf(upstream, own)),
      counts?.desired ?? '–',
      counts?.owned ?? '–',
      counts?.foreign ?? '–',
      plan?.held.length ?? '–',
      plan?.conflicts.length ?? '–',
      lastText(upstream, now),
      long(`${os}, ${description}`),
    ];
  });
  return table(
    [
      ['Upstream', 'c-name'],
      ['State', 'c-state'],
      ['Wanted', 'c-count'],
      ['Ours', 'c-count'],
      ['Foreign', 'c-count'],
      ['Held', 'c-count'],
      ['Conflicts', 'c-count'],
      ['Last cycle', 'c-text'],
      ['Where', 'c-where'],
    ],
    rows,
  );
}

function stateOf({ plan, error, result }: UpstreamReport, own: readonly RouteState[]): RouteState {
  if (plan === undefined) {
    return 'unreachable';
  }
  const isIll = error !== undefined || (result !== undefined && !result.verified);
  const worst = worstOf([...own, ...(isIll ? (['failed'] as const) : [])]);
  return worst === 'not-announced' ? 'in-sync' : worst;
}

function lastText({ error, plan, stale, result }: UpstreamReport, now: number): Html {
  if (error !== undefined) {
    return long(`${error.code}: ${error.message}`);
  }
  if (plan?.refused !== undefined) {
    return long(`refused, ${plan.refused.code}: ${plan.refused.message}`);
  }
  if (stale !== undefined) {
    return html`kept as of ${since(stale.at, now)}`;
  }
  return result === undefined
    ? html`nothing pushed`
    : long(summarizeResult(result).replace(/^Done: /, ''));
}
