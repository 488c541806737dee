/** One line for each upstream router: how it is, what it holds, and what was done last. */
import { summarizeResult } from '../../report/lines.ts';
import type { UpstreamReport } from '../../report/report.ts';
import { isOwnTrouble } from '../own-trouble.ts';
import { html, type Html } from './html.ts';
import { link } from './links.ts';
import { shape, stateMark } from './marks.ts';
import { since } from './moments.ts';
import { long, nothing, table } from './panels.ts';
import { worstOf, type RouteState } from './route-state.ts';
import { afterPush } from './standing.ts';
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
      stateCell(upstream, own, view),
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

function stateCell(upstream: UpstreamReport, own: readonly RouteState[], { standing }: View): Html {
  const { plan, error } = upstream;
  if (plan === undefined && error?.code === 'LOCKED') {
    return wordMark('locked', 'another route-sync works on it; the router was not asked');
  }
  if (plan === undefined && error !== undefined && isOwnTrouble(error.code)) {
    return wordMark('own state', "the agent's own state cannot be used; the router was not asked");
  }
  const state = stateOf(upstream, own);
  return state === 'in-sync' && standing?.isUnknown === true
    ? html`<span title="the cloud was not read since the agent started">kept</span>`
    : stateMark(state);
}

/** Nothing is known of the router, which may be as well as ever. */
function wordMark(word: string, meaning: string): Html {
  return html`<span class="state s-unreachable" title="${meaning}"
    >${shape('unreachable')} ${word}</span
  >`;
}

function stateOf(upstream: UpstreamReport, own: readonly RouteState[]): RouteState {
  const { plan, error, result } = upstream;
  if (plan === undefined) {
    return 'unreachable';
  }
  const isIll = error !== undefined || (result !== undefined && !result.verified);
  // What only repairs is of a cloud that no row is of.
  const left = afterPush(upstream).plan ?? plan;
  const worst = worstOf([
    ...own,
    ...(isIll ? (['failed'] as const) : []),
    ...(left.conflicts.length > 0 ? (['conflict'] as const) : []),
    ...(left.held.length > 0 ? (['held'] as const) : []),
    ...(left.changes.length > 0 ? (['pending'] as const) : []),
  ]);
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
