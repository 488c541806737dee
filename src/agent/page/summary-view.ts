/** The first thing to read: whether all is well, what is not, and what happens next. */
import type { Held } from '../../core/plan.ts';
import { prefixOf } from '../../core/route.ts';
import { counted, describeCloud } from '../../report/lines.ts';
import type { PushProgress } from '../observer.ts';
import type { BoardState } from './board.ts';
import { html, type Html } from './html.ts';
import { link } from './links.ts';
import { shape } from './marks.ts';
import { countdown, since } from './moments.ts';
import { STATES, STATE_TEXTS } from './route-state.ts';
import { verdictOf, type Level, type Verdict } from './verdict.ts';
import type { View } from './view.ts';

const SIGNS: Readonly<Record<Level, readonly [sign: string, word: string]>> = {
  good: ['✓', 'in order'],
  notice: ['!', 'to look at'],
  bad: ['✕', 'trouble'],
  waiting: ['…', 'waiting'],
};

/** What only those know who run the agent. */
export interface Clock {
  /** Unix milliseconds. */
  readonly now: number;
  /** When the next cycle is due, before jitter. */
  readonly nextCycle: number | undefined;
}

/** The title of the browser's tab. */
export function titleOf({ board }: View): string {
  const { level, title } = verdictOf(board);
  const owner = board.latest?.report.owner;
  return `${SIGNS[level][0]} ${title} · route-sync${owner === undefined ? '' : ` ${owner}`}`;
}

export function summaryView(view: View, clock: Clock): Html {
  const verdict = verdictOf(view.board);
  const [sign, word] = SIGNS[verdict.level];
  return html`<div class="verdict l-${verdict.level}">
    <h1>
      <span class="sign" aria-hidden="true">${sign}</span>
      <span id="verdict-title">${verdict.title}</span><span class="unseen"> (${word})</span>
    </h1>
    ${reasonList(verdict, view)} ${nextFacts(view, clock)}
  </div>`;
}

function reasonList({ reasons }: Verdict, view: View): Html {
  if (reasons.length === 0) {
    return html`<p class="reasons">${calmText(view)}</p>`;
  }
  return html`<ul class="reasons" tabindex="0" aria-label="What to know">
    ${reasons.map(
      ({ level, title, text }) =>
        html`<li class="l-${level}">
          ${reasons.length > 1 && html`<strong>${title}.</strong>`} ${text}
        </li>`,
    )}
  </ul>`;
}

function calmText({ board, counts, standing }: View): string {
  if (board.latest === undefined) {
    return 'Nothing is known yet. The first cycle reads the upstreams and the cloud.';
  }
  const waiting = counts.held + counts.pending;
  const upstreams = standing?.upstreams.length ?? 0;
  const routes = counts['in-sync'];
  const wanted = `${counted(routes, 'route')} ${routes === 1 ? 'stands' : 'stand'} as the cloud wants, on ${counted(upstreams, 'upstream')}${upstreams > 1 ? ' together' : ''}.`;
  return waiting === 0
    ? wanted
    : `${wanted} ${waiting === 1 ? '1 change waits' : `${waiting} changes wait`} for the time that the policy gives.`;
}

function nextFacts(view: View, { now, nextCycle }: Clock): Html {
  const { board } = view;
  const [last] = board.cycles;
  const due = nextDue(board, now);
  return html`<dl class="facts">
    <div>
      <dt>Now</dt>
      <dd id="progress">${workText(board)}</dd>
    </div>
    <div>
      <dt>Next cycle</dt>
      <dd>${nextCycle === undefined ? 'not scheduled' : countdown(nextCycle, now)}</dd>
    </div>
    <div>
      <dt>Last cycle</dt>
      <dd>${last === undefined ? 'none yet' : since(last.finishedAt, now)}</dd>
    </div>
    <div>
      <dt>Next due</dt>
      <dd>
        ${due === undefined ? 'nothing waits for a time' : html`${countdown(due.until, now)} <span class="what">${due.what}</span>`}
      </dd>
    </div>
    <div>
      <dt>Cloud</dt>
      <dd class="wide">${cloudText(view, now)}</dd>
    </div>
  </dl>`;
}

function workText({ underWay, progress }: BoardState): string {
  if (underWay === undefined) {
    return 'idle';
  }
  const pushes = [...progress.values()].map(progressText);
  return pushes.length === 0 ? 'a cycle is under way' : pushes.join(', ');
}

/** `edge1: 120 of 400 changes sent`. */
export function progressText({ upstream, done, total }: PushProgress): string {
  return `${upstream}: ${done} of ${total} changes sent`;
}

type Due = { readonly until: number; readonly what: string };

function nextDue({ latest }: BoardState, now: number): Due | undefined {
  const timed = (latest?.report.upstreams ?? []).flatMap(({ name, plan }) =>
    (plan?.held ?? []).flatMap((held) => dueOf(held, name)),
  );
  return timed.reduce<Due | undefined>(
    (least, due) =>
      due.until > now && (least === undefined || due.until < least.until) ? due : least,
    undefined,
  );
}

function dueOf({ until, change }: Held, upstream: string): readonly Due[] {
  return until === undefined ? [] : [{ until, what: `${prefixOf(change).text} on ${upstream}` }];
}

function cloudText({ board: { latest }, standing }: View, now: number): Html {
  if (latest === undefined) {
    return html`not read yet`;
  }
  const text = describeCloud(latest.report).replace(/^Cloud: /, '');
  return standing?.isOld === true && latest.at !== standing.at
    ? html`last read ${since(standing.at, now)}`
    : html`${text}`;
}

/** How many routes are in which state; each leads to its list. Nobody knows of a cloud that was never read. */
export function countsView({ counts, standing }: View): Html {
  const isKnown = standing?.isUnknown !== true;
  return html`<ul class="counts">
    ${STATES.map(
      (state) =>
        html`<li class="s-${state} ${isKnown && counts[state] > 0 ? 'some' : 'zero'}">
          <a href="${link('routes', { state })}"
            >${shape(state)}<b>${isKnown ? counts[state] : '–'}</b>
            <span>${STATE_TEXTS[state][0]}</span></a
          >
        </li>`,
    )}
  </ul>`;
}
