/** The status page as routes of the agent's server. Everything is drawn here; the browser only swaps what has changed. */
import { reportToJson } from '../../report/json.ts';
import { escapeJson } from '../../report/escape.ts';
import type { Page, Route, RouteRequest } from '../server/route.ts';
import { loadAssets, type AssetLinks } from './assets.ts';
import type { Board } from './board.ts';
import { printDocument, type Frame } from './document.ts';
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
  const site: Site = { ...options, journal, links: assets.links, view: createViewer(board) };
  return [
    { path: '/', answer: overviewCache(site) },
    { path: '/routes', answer: (request) => routesPage(site, request) },
    { path: '/explain', answer: (request) => explainPage(site, request) },
    { path: '/journal', answer: async (request) => journalPage(site, request) },
    { path: '/api/report', answer: () => reportJson(board) },
    { path: '/events', answer: () => pageEvents({ board, subscribe: journal.subscribe }) },
    assets.route,
  ];
}

interface Site extends PageOptions {
  readonly journal: JournalWatch;
  readonly links: AssetLinks;
  readonly view: () => View;
}

/** No question is longer. */
const QUESTION_LENGTH = 300;

/** One drawing serves everybody who asks within a second: drawing takes time from the cycles. */
function overviewCache(site: Site): () => Page {
  let last: { readonly key: string; readonly page: Page } | undefined;
  return () => {
    const { version } = site.board.latest();
    const key = `${version} ${site.journal.version()} ${Math.floor(site.now() / 1000)}`;
    last = last?.key === key ? last : { key, page: overviewPage(site) };
    return last.page;
  };
}

function overviewPage(site: Site): Page {
  const view = site.view();
  const clock = { now: site.now(), nextCycle: site.nextCycle() };
  const body = overview(view, clock, recentRuns(site, view));
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

async function journalPage(site: Site, { query }: RouteRequest): Promise<Page> {
  const view = site.view();
  const run = query.get('run');
  const page = Number(query.get('page') ?? 1);
  if (run === null) {
    const body = html`<h1>Journal</h1>
      <div id="runs" data-live>${runsView(recentRuns(site, view), Infinity)}</div>`;
    return document(site, view, { here: 'journal', title: 'Journal · route-sync', body });
  }
  const changes = RUN_ID.test(run) ? await site.journal.changesOf(run) : [];
  if (changes === undefined) {
    return BUSY;
  }
  const body = runView(changes, { run, page, nameOf: view.nameOf });
  return document(site, view, { here: 'journal', title: 'Journal · route-sync', body });
}

/** Ids that we make, and those of older versions. */
const RUN_ID = /^[\w.:-]{1,64}$/;

/** So many read the journal that cycles would wait for them. */
const BUSY: Page = {
  status: 503,
  type: 'text/plain; charset=utf-8',
  body: 'Too many read the journal at this moment; try again.\n',
  headers: { 'Retry-After': '2' },
};

/** Other commands write into the journal too: it is read anew after this time at the latest. */
const JOURNAL_MS = 600_000;

function recentRuns({ journal, now }: Site, { board }: View): ReturnType<JournalWatch['recent']> {
  const changing = board.cycles.find(
    ({ added, replaced, removed, failed }) => added + replaced + removed + failed > 0,
  );
  return journal.recent(`${changing?.run ?? ''} ${Math.floor(now() / JOURNAL_MS)}`);
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
