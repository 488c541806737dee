/** The status page as routes of the agent's server. Everything is drawn here; the browser only swaps what has changed. */
import { reportToJson } from '../../report/json.ts';
import { escapeJson } from '../../report/escape.ts';
import type { Page, Route, RouteRequest } from '../server/route.ts';
import { loadAssets, type AssetLinks } from './assets.ts';
import type { Board } from './board.ts';
import { printDocument, type Frame } from './document.ts';
import { BUSY, drawQueue, type Draw } from './draw-queue.ts';
import { pageEvents } from './events.ts';
import { explainView } from './explain-view.ts';
import { html, type Html } from './html.ts';
import { runsView, runView } from './journal-view.ts';
import { watchJournal, type JournalWatch, type ReadJournal } from './journal-watch.ts';
import { overview } from './overview.ts';
import { filterForm, filterOf, routesView } from './routes-view.ts';
import { titleOf } from './summary-view.ts';
import { createViewer, type View } from './view.ts';

export interface PageOptions {
  readonly board: Board;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** When the next cycle is due, in Unix milliseconds, before jitter. */
  readonly nextCycle: () => number | undefined;
  readonly readJournal: ReadJournal;
}

/** `/`, `/routes`, `/explain`, `/journal`, `/events`, `/assets/*` and `/api/report`. */
export async function pageRoutes(options: PageOptions): Promise<readonly Route[]> {
  const { board } = options;
  const assets = await loadAssets();
  const journal = watchJournal(options.readJournal);
  const draw = drawQueue();
  const site: Site = { ...options, journal, draw, links: assets.links, view: createViewer(board) };
  const drawn =
    (page: (site: Site, request: RouteRequest) => Page): Route['answer'] =>
    async (request) =>
      draw(keyOf(request), () => page(site, request));
  return [
    { path: '/', answer: overviewCache(site) },
    { path: '/routes', answer: drawn(routesPage) },
    { path: '/explain', answer: drawn(explainPage) },
    { path: '/journal', answer: async (request) => journalPage(site, request) },
    { path: '/api/report', answer: async () => site.draw('/api/report', () => reportJson(board)) },
    { path: '/events', answer: () => pageEvents({ board, subscribe: journal.subscribe }) },
    assets.route,
  ];
}

interface Site extends PageOptions {
  readonly journal: JournalWatch;
  readonly draw: Draw;
  readonly links: AssetLinks;
  readonly view: () => View;
}

/** No question is longer. */
const QUESTION_LENGTH = 300;

function keyOf({ path, query }: RouteRequest): string {
  return `${path}?${query.toString()}`;
}

/** One drawing serves everybody who asks within a second: drawing takes time from the cycles. */
function overviewCache(site: Site): () => Promise<Page> {
  let last: { readonly key: string; readonly page: Page } | undefined;
  const present = (): Page | undefined => (last?.key === stateOf(site) ? last.page : undefined);
  return async () =>
    present() ??
    site.draw('/', () => {
      last = { key: stateOf(site), page: present() ?? overviewPage(site) };
      return last.page;
    });
}

function stateOf({ board, journal, now }: Site): string {
  return `${board.latest().version} ${journal.version()} ${Math.floor(now() / 1000)}`;
}

function overviewPage(site: Site): Page {
  const view = site.view();
  const clock = { now: site.now(), nextCycle: site.nextCycle() };
  const body = overview(view, clock, recentRuns(site));
  return document(site, view, { here: 'overview', title: titleOf(view), body });
}

function routesPage(site: Site, { query }: RouteRequest): Page {
  const view = site.view();
  const filter = filterOf(query);
  const body = html`<h1>Routes</h1>
    ${filterForm(view, filter)}
    <div id="list" data-live>${routesView(view, filter)}</div>`;
  return document(site, view, { here: 'routes', title: 'Routes · route-sync', body });
}

function explainPage(site: Site, { query }: RouteRequest): Page {
  const view = site.view();
  const question = (query.get('q') ?? '').trim().slice(0, QUESTION_LENGTH);
  const body = html`<div id="answers" data-live>${explainView(view, question)}</div>`;
  const title = question === '' ? 'Explain · route-sync' : `${question} · route-sync`;
  return document(site, view, { here: 'explain', title, question, body });
}

/** How long the first reading of the journal is waited for. */
const JOURNAL_WAIT_MS = 1000;

async function journalPage(site: Site, request: RouteRequest): Promise<Page> {
  const { query } = request;
  const title = 'Journal · route-sync';
  const run = query.get('run');
  if (run === null) {
    await site.journal.settled(journalKey(site), JOURNAL_WAIT_MS);
    return site.draw('/journal', () => {
      const body = html`<h1>Journal</h1>
        <div id="runs" class="runs" data-live>${runsView(recentRuns(site), Infinity)}</div>`;
      return document(site, site.view(), { here: 'journal', title, body });
    });
  }
  const changes = RUN_ID.test(run) ? await site.journal.changesOf(run) : [];
  if (changes === undefined) {
    return BUSY;
  }
  const page = Number(query.get('page') ?? 1);
  return site.draw(keyOf(request), () => {
    const view = site.view();
    const body = runView(changes, { run, page, nameOf: view.nameOf });
    return document(site, view, { here: 'journal', title, body });
  });
}

/** Ids that we make, and those of older versions. */
const RUN_ID = /^[\w.:-]{1,64}$/;

/** Other commands write into the journal too: it is read anew after this time at the latest. */
const JOURNAL_MS = 600_000;

function journalKey({ board, now }: Site): string {
  const changing = board
    .latest()
    .cycles.find(({ added, replaced, removed, failed }) => added + replaced + removed + failed > 0);
  return `${changing?.run ?? ''} ${Math.floor(now() / JOURNAL_MS)}`;
}

function recentRuns(site: Site): ReturnType<JournalWatch['recent']> {
  return site.journal.recent(journalKey(site));
}

type Content = Pick<Frame, 'here' | 'title' | 'question'> & { readonly body: Html };

function document({ now, links }: Site, { board }: View, content: Content): Page {
  const owner = board.latest?.report.owner ?? '';
  const { version } = board;
  const body = printDocument({ ...content, owner, version, now: now(), assets: links });
  return { status: 200, type: 'text/html; charset=utf-8', body };
}

function reportJson(board: Board): Page {
  const { latest } = board.latest();
  const type = 'application/json; charset=utf-8';
  return latest === undefined
    ? { status: 503, type, body: '{"error":"no cycle has ended yet"}\n' }
    : { status: 200, type, body: `${escapeJson(JSON.stringify(reportToJson(latest.report)))}\n` };
}
