/** The journal's runs, newest first, and the changes of one of them. */
import type { JournalChange } from '../journal-facts.ts';
import type { JournalRun } from '../journal-runs.ts';
import type { NextHop } from '../../core/route.ts';
import type { ReportedError } from '../../report/report.ts';
import { html, type Html } from './html.ts';
import { link } from './links.ts';
import { dateTime } from './moments.ts';
import { nameLink, prefixLink } from './names.ts';
import { CHANGE_COLUMNS, long, nothing, table } from './panels.ts';
import { pagerView, pageOf } from './paging.ts';

/** One upstream's journal, or why it cannot be read. */
export interface UpstreamJournal {
  readonly upstream: string;
  readonly runs: readonly JournalRun[];
  readonly error: ReportedError | undefined;
}

/** The runs of all upstreams; undefined while they are being read for the first time. */
export function runsView(journals: readonly UpstreamJournal[] | undefined, limit: number): Html {
  if (journals === undefined) {
    return nothing('The journal is being read.');
  }
  const runs = journals
    .flatMap(({ upstream, runs: own }) => own.map((run) => ({ upstream, run })))
    .sort((a, b) => (a.run.at < b.run.at ? 1 : -1))
    .slice(0, limit);
  const broken = journals.flatMap(({ upstream, error }) =>
    error === undefined
      ? []
      : [html`<p class="l-bad">${upstream}: ${error.code}: ${error.message}</p>`],
  );
  if (runs.length === 0) {
    return html`${broken}${broken.length === 0 && nothing('The journal has no runs yet.')}`;
  }
  return html`${broken}${table(
    [
      ['Began', 'c-time'],
      ['Upstream', 'c-name'],
      ['Run', 'c-text'],
      ...CHANGE_COLUMNS,
      ['Outcome', 'c-state'],
    ],
    runs.map(({ upstream, run }) => runCells(upstream, run)),
  )}`;
}

function runCells(upstream: string, run: JournalRun): readonly (Html | string | number)[] {
  const { at, begin, counts, end } = run;
  const by = `${begin.command}${begin.force ? ', FORCED,' : ''} by ${begin.user}@${begin.host}`;
  return [
    html`<a href="${link('journal', { run: begin.run })}" title="${begin.run}"
      >${dateTime(Date.parse(at))}</a
    >`,
    upstream,
    long(by),
    counts.add + counts.adopt,
    counts.replace,
    counts.remove,
    outcomeText(end),
  ];
}

function outcomeText(end: JournalRun['end']): Html | string {
  if (end === undefined) {
    return html`<span class="l-bad">UNFINISHED</span>`;
  }
  if (end.kind === 'recovered') {
    return html`<span class="l-notice"
      >cut short: ${end.standing} stand, ${end.missing.length} do not</span
    >`;
  }
  const { failed, skipped, verified } = end;
  const parts = [
    ...(failed.length === 0 ? [] : [`${failed.length} failed`]),
    ...(skipped.length === 0 ? [] : [`${skipped.length} left alone`]),
    ...(verified ? [] : ['NOT verified']),
  ];
  return parts.length === 0 ? 'verified' : html`<span class="l-bad">${parts.join(', ')}</span>`;
}

export interface RunQuery {
  readonly run: string;
  readonly page: number;
  /** The name of a router or subnet by its id. */
  readonly nameOf: (id: string) => string;
}

/** All changes of one run, a page at a time. */
export function runView(
  journals: readonly UpstreamJournal[],
  { run, page, nameOf }: RunQuery,
): Html {
  const found = journals.flatMap(({ upstream, runs }) =>
    runs.filter(({ begin }) => begin.run === run).map((each) => ({ upstream, run: each })),
  );
  const changes = found.flatMap(({ upstream, run: { changes: own } }) =>
    own.map((change) => ({ upstream, change })),
  );
  const part = pageOf(changes, page);
  return html`<h1>Run ${run}</h1>
    <p><a href="journal">All runs</a></p>
    ${
      found.length === 0
        ? nothing('No journal has changes of this run.')
        : html`<div class="runs">
              ${runsView(
                found.map(({ upstream, run: each }) => ({
                  upstream,
                  runs: [each],
                  error: undefined,
                })),
                found.length,
              )}
            </div>
            <h2>Changes</h2>
            ${pagerView(part, (to) => link('journal', { run, page: to }))}
            <div class="scroller">
              ${table(
                [
                  ['Route', 'c-prefix'],
                  ['Upstream', 'c-name'],
                  ['Change', 'c-text'],
                  ['Why', 'c-text'],
                ],
                part.items.map(({ upstream, change }) => changeCells(upstream, change, nameOf)),
              )}
            </div>`
    }`;
}

function changeCells(
  upstream: string,
  { action, prefix, before, after, origin }: JournalChange,
  nameOf: RunQuery['nameOf'],
): readonly (Html | string)[] {
  const object = (id: string): Html => nameLink({ id, name: nameOf(id) });
  const why = origin.map(
    ({ router, subnet }) => html`router ${object(router)}, subnet ${object(subnet)} `,
  );
  return [
    html`${action} ${prefixLink(prefix)}`,
    upstream,
    long(`${viaText(before)} → ${viaText(after)}`),
    html`${why}`,
  ];
}

function viaText(nextHops: readonly NextHop[] | undefined): string {
  if (nextHops === undefined) {
    return 'nothing';
  }
  return nextHops.length === 0 ? 'no next hop' : nextHops.map(({ address }) => address).join(', ');
}
