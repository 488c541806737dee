/** The frame of every page: head, navigation, the field for questions, and the state of the live connection. */
import { html, printHtml, type Html } from './html.ts';
import { shapeSheet } from './marks.ts';
import type { AssetLinks } from './assets.ts';

export interface Frame {
  readonly title: string;
  /** Which entry of the navigation is the present one. */
  readonly here: 'overview' | 'routes' | 'journal' | 'explain';
  readonly owner: string;
  /** What stands in the field for questions. */
  readonly question?: string;
  /** Unix milliseconds. */
  readonly now: number;
  /** Which state of the board it shows. */
  readonly version: number;
  readonly assets: AssetLinks;
  readonly body: Html;
}

/** How often a browser without JavaScript asks again. */
const RELOAD_SECONDS = 30;

const PAGES = [
  ['overview', './', 'Overview'],
  ['routes', 'routes', 'Routes'],
  ['journal', 'journal', 'Journal'],
] as const;

export function printDocument(frame: Frame): string {
  const { title, here, owner, question = '', now, version, assets, body } = frame;
  const reload = html`<noscript
    ><meta http-equiv="refresh" content="${RELOAD_SECONDS}"
  /></noscript>`;
  const document = html`<html lang="en" data-now="${now}" data-version="${version}">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>${title}</title>
      <link rel="icon" href="${assets.icon}" type="image/svg+xml" />
      <link rel="stylesheet" href="${assets.style}" />
      <script type="module" src="${assets.script}"></script>
      ${here === 'overview' && reload}
    </head>
    <body>
      <a class="skip" href="#main">Skip to the content</a>
      ${shapeSheet()}
      <header class="top">
        <p class="brand">
          <a href="./">route-sync</a> <bdi class="owner" title="${owner}">${owner}</bdi>
        </p>
        <nav aria-label="Pages">
          <ul>
            ${PAGES.map(
              ([page, href, text]) =>
                html`<li>
                  <a href="${href}" ${page === here && html`aria-current="page"`}>${text}</a>
                </li>`,
            )}
          </ul>
        </nav>
        <form class="ask" action="explain" method="get" role="search">
          <label for="ask">Explain</label>
          <input
            id="ask"
            name="q"
            type="search"
            value="${question}"
            maxlength="300"
            placeholder="prefix, address, router or subnet"
            autocomplete="off"
            spellcheck="false"
            required
          />
          <button>Why?</button>
        </form>
        <p class="live" id="live">
          <span class="live-dot" aria-hidden="true"></span
          ><span id="live-text">as of ${clockText(now)}</span>
        </p>
      </header>
      <p class="unseen" id="news" role="status"></p>
      <main id="main" tabindex="-1">${body}</main>
    </body>
  </html>`;
  return `<!doctype html>\n${printHtml(document)}\n`;
}

function clockText(now: number): string {
  return `${new Date(now).toISOString().slice(11, 19)}Z`;
}
