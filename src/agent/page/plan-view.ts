/** What the last cycle meant to do, what it keeps back and until when, and what is in the way. */
import type { Conflict } from '../../core/conflicts.ts';
import type { RouteWarning } from '../../core/desired.ts';
import type { Held } from '../../core/plan.ts';
import { prefixOf, type ChangeAction, type Origin, type RouteChange } from '../../core/route.ts';
import { describeChange } from '../../report/lines.ts';
import type { ReportedError, UpstreamReport } from '../../report/report.ts';
import { html, type Html } from './html.ts';
import { claimText, missingText, unchangedText } from './known.ts';
import { link } from './links.ts';
import { shape } from './marks.ts';
import { countdown } from './moments.ts';
import { nameLink, prefixLink } from './names.ts';
import { long, nothing, table } from './panels.ts';
import type { View } from './view.ts';

/** How many rows a panel shows; the rest is in the list of routes. */
const SHOWN = 100;

const SIGNS: Readonly<Record<ChangeAction, string>> = { add: '+', replace: '~', remove: '−' };

interface On<T> {
  readonly upstream: string;
  readonly it: T;
}

function onEach<T>(view: View, list: (upstream: UpstreamReport) => readonly T[]): readonly On<T>[] {
  const upstreams = view.board.latest?.report.upstreams ?? [];
  return upstreams.flatMap((upstream) =>
    list(upstream).map((it) => ({ upstream: upstream.name, it })),
  );
}

function rest(total: number, href: string): Html {
  return html`${total > SHOWN && html`<p class="rest"><a href="${href}">${total - SHOWN} more</a></p>`}`;
}

/** The changes of the last cycle, with what became of each. */
export function planView(view: View): Html {
  const changes = onEach(view, (upstream) => {
    const outcome = outcomesOf(upstream);
    return (upstream.plan?.changes ?? []).map((change) => ({ change, outcome: outcome(change) }));
  }).toSorted((a, b) => Number(b.it.outcome.isBad) - Number(a.it.outcome.isBad));
  if (changes.length === 0) {
    return nothing(unchangedText(view.board));
  }
  const rows = changes
    .slice(0, SHOWN)
    .map(({ upstream, it: { change, outcome } }) => [
      html`<span class="sign a-${change.action}" aria-hidden="true">${SIGNS[change.action]}</span
        ><span class="unseen">${change.action} </span>${prefixLink(prefixOf(change).text)}`,
      long(describeChange(change)),
      upstream,
      whyText(change, view),
      outcome.text,
    ]);
  return html`${table(
    [
      ['Route', 'c-prefix'],
      ['Change', 'c-text'],
      ['Upstream', 'c-name'],
      ['Why', 'c-text'],
      ['Outcome', 'c-outcome'],
    ],
    rows,
  )}${rest(changes.length, link('routes', { state: 'pending' }))}${unlisted(view)}`;
}

/** Of these upstreams the rows of a panel say nothing. */
function unlisted({ board }: View): Html {
  const text = missingText(board);
  return html`${text !== '' && html`<p class="rest">${text}</p>`}`;
}

interface Outcome {
  readonly text: Html | string;
  readonly isBad: boolean;
}

function outcomesOf({ result }: UpstreamReport): (change: RouteChange) => Outcome {
  if (result === undefined) {
    return () => ({ text: 'to do', isBad: false });
  }
  const index = (problems: typeof result.failed): ReadonlyMap<string, ReportedError> =>
    new Map(problems.map(({ change, error }) => [prefixOf(change).text, error]));
  const [failed, skipped] = [index(result.failed), index(result.skipped)];
  return (change) => {
    const { text } = prefixOf(change);
    const [failure, skip] = [failed.get(text), skipped.get(text)];
    if (failure !== undefined) {
      return {
        isBad: true,
        text: html`<span class="s-failed" title="${failure.message}"
          >${shape('failed')} ${failure.code}</span
        >`,
      };
    }
    return skip === undefined
      ? { isBad: false, text: 'done' }
      : { isBad: true, text: html`<span title="${skip.message}">left alone</span>` };
  };
}

function whyText(change: RouteChange, { nameOf }: View): Html {
  const origin = change.action === 'remove' ? change.origin : change.after.origin;
  return origin.length === 0
    ? html`not in the ledger`
    : html`${change.action === 'remove' && 'no longer wanted; was '}${origin.map((each) => objectsText(each, nameOf))}`;
}

function objectsText({ router, subnet }: Origin, nameOf: View['nameOf']): Html {
  return html`router ${nameLink({ id: router, name: nameOf(router) })}, subnet
  ${nameLink({ id: subnet, name: nameOf(subnet) })} `;
}

/** Changes that are kept back, those that a time ends first. */
export function heldView(view: View, now: number): Html {
  const held = onEach<Held>(view, ({ plan }) => plan?.held ?? []).toSorted(
    (a, b) => (a.it.until ?? Infinity) - (b.it.until ?? Infinity) || 0,
  );
  if (held.length === 0) {
    return nothing(claimText(view.board, 'No change is held'));
  }
  const rows = held
    .slice(0, SHOWN)
    .map(({ upstream, it: { change, code, message, until } }) => [
      html`<span class="s-held">${shape('held')}</span> ${prefixLink(prefixOf(change).text)}`,
      `${change.action} on ${upstream}`,
      until === undefined ? 'no time ends it' : countdown(until, now),
      long(`${code}: ${message}`),
    ]);
  return html`${table(
    [
      ['Route', 'c-prefix'],
      ['Change', 'c-change'],
      ['Until', 'c-until'],
      ['Why', 'c-text'],
    ],
    rows,
  )}${rest(held.length, link('routes', { state: 'held' }))}${unlisted(view)}`;
}

/** Both sides of every conflict, and what stands beside our routes. */
export function conflictsView(view: View): Html {
  const conflicts = onEach<Conflict>(view, ({ plan }) => plan?.conflicts ?? []);
  const warnings = onEach<RouteWarning>(view, ({ plan }) => plan?.warnings ?? []);
  const total = conflicts.length + warnings.length;
  if (total === 0) {
    return nothing(claimText(view.board, 'Nothing is in the way of any route'));
  }
  const rows = [
    ...conflicts.map(({ upstream, it }) => conflictCells(it, upstream, view)),
    ...warnings.map(({ upstream, it: { prefix, code, message } }) => [
      html`${prefixLink(prefix.text)}`,
      upstream,
      'installed all the same',
      html`<strong>${code}</strong> ${message}`,
    ]),
  ];
  return html`<div class="wrap">
      ${table(
        [
          ['Route', 'c-prefix'],
          ['Upstream', 'c-name'],
          ['The cloud wants', 'c-side'],
          ['In the way', 'c-side'],
        ],
        rows.slice(0, SHOWN),
      )}
    </div>
    ${rest(total, link('routes', { state: 'conflict' }))}${unlisted(view)}`;
}

function conflictCells(
  { code, prefix, message, origin }: Conflict,
  upstream: string,
  { nameOf }: View,
): readonly (Html | string)[] {
  const [claimant] = origin;
  const winner = origin.find(({ router }) => router !== claimant?.router);
  const wants =
    claimant === undefined
      ? html`a route to it`
      : html`a route for ${objectsText(claimant, nameOf)}<span class="dim"
            >of project ${claimant.project}</span
          >`;
  const whose =
    winner === undefined
      ? html``
      : html` <span>${objectsText(winner, nameOf)}</span
          ><span class="dim">of project ${winner.project}</span>`;
  return [
    html`<span class="s-conflict">${shape('conflict')}</span> ${prefixLink(prefix.text)}`,
    upstream,
    wants,
    html`<strong>${code}</strong> ${message}${whose}`,
  ];
}
