/// <reference lib="dom" />
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect } from 'chai';
import type axeCore from 'axe-core';
import type { Browser, Page } from 'playwright-core';

import { createBoard, type Board } from '../../src/agent/page/board.ts';
import type { RunningServer } from '../../src/agent/server/server.ts';
import {
  badDay,
  bigDay,
  blindDay,
  boardOf,
  calmDay,
  endCycle,
  journals,
  NOW,
} from '../agent/page/scene.ts';
import { openChromium } from './chromium.ts';
import { servePage } from './page-server.ts';

/** Every page with something of everything on it. */
const PATHS = [
  '/',
  '/routes',
  '/routes?state=held',
  '/explain?q=10.1.0.0%2F24',
  '/explain?q=10.60.0.0%2F24',
  '/explain?q=nothing-fits',
  '/journal',
  '/journal?run=20260105T110000Z-a',
] as const;

describe('the status page in a browser', () => {
  let browser: Browser;
  let board: Board;
  let server: RunningServer;
  /** What a page must never do: errors, refusals of the policy, dialogs, requests elsewhere. */
  let offences: string[];

  before(async () => {
    browser = await openChromium();
  });
  after(async () => browser.close());

  beforeEach(async () => {
    offences = [];
    board = boardOf(calmDay(), badDay());
    server = await servePage(board, journals());
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map(async (context) => context.close()));
    await server.close();
    expect(offences).to.deep.equal([]);
  });

  async function open(path: string, options: Parameters<Browser['newPage']>[0] = {}) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options });
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        offences.push(`console: ${message.text()}`);
      }
    });
    page.on('pageerror', (error) => offences.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => {
      offences.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url)) {
        offences.push(`elsewhere: ${request.url()}`);
      }
    });
    await page.goto(server.url + path);
    return page;
  }

  /** Opens the page, and waits until it hears the agent. */
  async function openLive(path: string): Promise<Page> {
    const page = await open(path);
    await page.locator('#live[data-state="live"]').waitFor();
    return page;
  }

  describe('without JavaScript', () => {
    const off = { javaScriptEnabled: false };

    it('shows verdict, map, plan, held changes and conflicts', async () => {
      const page = await open('/', off);
      expect(await page.locator('h1').textContent()).to.contain('guard refuses changes on edge1');
      expect(await page.locator('#map a.node').count()).to.be.above(20);
      expect(await page.locator('#plan tbody tr').count()).to.equal(4);
      expect(await page.locator('#held tbody tr').count()).to.equal(17);
      expect(await page.locator('#conflicts tbody tr').count()).to.be.at.least(3);
    });

    it('explains, filters and pages through plain forms and links', async () => {
      const page = await open('/', off);
      await page.getByLabel('Explain').fill('10.60.0.0/24');
      await page.getByRole('button', { name: 'Why?' }).click();
      expect(await page.locator('.answer .fails').textContent()).to.contain('enable_snat is on');
      await page.getByRole('link', { name: 'Routes' }).click();
      await page.getByLabel('State').selectOption('conflict');
      await page.getByRole('button', { name: 'Filter' }).click();
      expect(await page.locator('#rows tbody tr').count()).to.equal(3);
    });
  });

  describe('live', () => {
    it('shows a new cycle without a reload, and nothing on the page moves', async () => {
      const page = await openLive('/');
      await watchShifts(page);
      await page.evaluate(() => Object.assign(globalThis, { sameDocument: true }));
      for (const report of [calmDay(), blindDay(), badDay(), calmDay()]) {
        const title = await page.locator('#verdict-title').textContent();
        endCycle(board, report, NOW);
        await page.waitForFunction(
          (old) => document.getElementById('verdict-title')?.textContent !== old,
          title,
        );
        await paint(page);
      }
      expect(await page.locator('h1').textContent()).to.contain('All is well');
      expect(await page.evaluate(() => 'sameDocument' in globalThis)).to.equal(true);
      expect(await shiftsOf(page)).to.equal(0);
    });

    it('shows no layout shift on a telephone either', async () => {
      const page = await open('/', { viewport: { width: 390, height: 800 } });
      await page.locator('#live[data-state="live"]').waitFor();
      await watchShifts(page);
      for (const top of [0, 400, 900, 1600]) {
        await page.evaluate((y) => scrollTo({ top: y, behavior: 'instant' }), top);
        for (const report of [calmDay(), badDay()]) {
          endCycle(board, report, NOW);
          await caughtUp(page, board);
        }
      }
      expect(await shiftsOf(page)).to.equal(0);
    });

    it('keeps focus, scroll position, typed text and open details', async () => {
      const page = await openLive('/');
      await page.getByLabel('Explain').fill('half a quest');
      await page.locator('#map summary').click();
      await page.locator('#held').evaluate((slot) => slot.scrollTo({ top: 120 }));
      const link = page.locator('#plan a.prefix', { hasText: '10.34.0.0/24' });
      await link.focus();

      const { upstreams, ...rest } = badDay();
      const [edge1] = upstreams;
      endCycle(board, { ...rest, upstreams: edge1 === undefined ? [] : [edge1] }, NOW);
      await caughtUp(page, board);
      expect(await page.locator('#upstreams tbody tr').count()).to.equal(1);
      expect(await link.evaluate((element) => element === document.activeElement)).to.equal(true);
      expect(await page.locator('#held').evaluate(({ scrollTop }) => scrollTop)).to.equal(120);
      expect(await page.locator('#map details').getAttribute('open')).to.equal('');
      expect(await page.getByLabel('Explain').inputValue()).to.equal('half a quest');
    });

    it('leaves alone what did not change', async () => {
      const page = await openLive('/');
      const row = await page.locator('#plan tbody tr').first().elementHandle();
      endCycle(board, badDay(), NOW);
      await caughtUp(page, board);
      expect(await row?.evaluate(({ isConnected }) => isConnected)).to.equal(true);
    });

    it('does not grow over a hundred updates', async () => {
      const page = await openLive('/');
      const count = async (): Promise<number> =>
        page.evaluate(() => document.getElementsByTagName('*').length);
      endCycle(board, badDay(), NOW);
      await caughtUp(page, board);
      for (let i = 0; i < 30; i += 1) {
        endCycle(board, calmDay(), NOW + i);
        endCycle(board, badDay(), NOW + i);
      }
      endCycle(board, badDay(), NOW);
      await caughtUp(page, board);
      const before = await count();
      for (let i = 0; i < 50; i += 1) {
        endCycle(board, calmDay(), NOW + i);
        endCycle(board, badDay(), NOW + i);
        await caughtUp(page, board);
      }
      expect(await count()).to.equal(before);
    });

    it('tells how far a push is', async () => {
      const page = await openLive('/');
      board.observer.cycleBegan({ run: 'next', at: NOW });
      await page.getByText('a cycle is under way').waitFor();
      board.observer.pushProgressed({ upstream: 'edge1', done: 120, total: 400 });
      await page.getByText('edge1: 120 of 400 changes sent').waitFor();
    });

    it('counts down', async () => {
      endCycle(board, calmDay(), NOW);
      const page = await openLive('/');
      const span = page.locator('#held [data-until]').first();
      const text = await span.textContent();
      expect(text).to.match(/^in 8 min \d\d s$/);
      await page.waitForFunction(
        (old) => document.querySelector('#held [data-until]')?.textContent !== old,
        text,
      );
    });

    it('tells a screen reader of a new verdict, and only of that', async () => {
      const page = await openLive('/');
      expect(await page.getByRole('status').textContent()).to.equal('');
      endCycle(board, badDay(), NOW);
      await caughtUp(page, board);
      expect(await page.getByRole('status').textContent()).to.equal('');
      endCycle(board, calmDay(), NOW);
      await caughtUp(page, board);
      expect(await page.getByRole('status').textContent()).to.equal('All is well');
    });

    it('gives its stream back while nobody sees it, and catches up afterwards', async () => {
      const page = await openLive('/');
      const turn = async (isHidden: boolean): Promise<void> =>
        page.evaluate((hidden) => {
          Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
          document.dispatchEvent(new Event('visibilitychange'));
        }, isHidden);
      await turn(true);
      const old = await page.title();
      endCycle(board, calmDay(), NOW);
      await paint(page);
      expect(await page.title()).to.equal(old);
      await turn(false);
      await caughtUp(page, board);
      expect(await page.title()).to.match(/^✓ All is well/);
    });

    it('loads itself anew where another version of the agent answers', async () => {
      const page = await openLive('/');
      await page.evaluate(() => {
        document.querySelector('script')?.setAttribute('src', 'assets/page.of-before.js');
      });
      const loaded = page.waitForEvent('load');
      endCycle(board, calmDay(), NOW);
      await loaded;
      expect(await page.title()).to.match(/^✓ All is well/);
    });

    it('says so when the agent is gone', async () => {
      const page = await openLive('/');
      await server.close();
      await page.getByText(/^no answer since/).waitFor();
      // The browser tells of the connection that it lost, and of those that it tries anew.
      expect(offences.every((each) => each.includes('ERR_'))).to.equal(true);
      offences = [];
      server = await servePage(board);
    });
  });

  describe('hostile names', () => {
    it('stay text on every page', async () => {
      endCycle(board, badDay(), NOW);
      for (const path of [
        ...PATHS,
        '/explain?q=hostile',
        '/explain?q=%3Cimg%20src%3Dx%20onerror%3Dalert(3)%3E',
      ]) {
        const page = await openLive(path);
        expect(
          await page.locator('img, script:not([src]), iframe, [onerror], b b').count(),
          path,
        ).to.equal(0);
        expect(await page.evaluate(() => document.body.innerText), path).not.to.match(
          /[\u202a-\u202e\u2066-\u2069]/,
        );
        await page.close();
      }
    });

    it('of the greatest length do not widen the page', async () => {
      const page = await open('/explain?q=hostile', { viewport: { width: 390, height: 800 } });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).to.be.at.most(390);
    });
  });

  describe('by keyboard alone', () => {
    it('reaches everything, with a visible focus, and skips the map', async () => {
      const page = await openLive('/');
      await page.keyboard.press('Tab');
      expect(await focusedText(page)).to.equal('Skip to the content');
      await page.keyboard.press('Enter');
      expect(await page.evaluate(() => document.activeElement?.id)).to.equal('main');
      const seen: string[] = [];
      for (let i = 0; i < 40 && seen.at(-1) !== 'Skip the map'; i += 1) {
        await page.keyboard.press('Tab');
        seen.push(await focusedText(page));
        expect(await hasVisibleFocus(page), seen.at(-1)).to.equal(true);
      }
      expect(seen).to.include('Skip the map');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      expect(await focusedText(page)).to.equal('edge1');
    });

    it('asks a question', async () => {
      const page = await openLive('/');
      await page.getByLabel('Explain').focus();
      await page.keyboard.type('web');
      await page.keyboard.press('Enter');
      await page.waitForURL(/explain\?q=web$/);
      expect(await page.locator('.answer').count()).to.equal(2);
    });
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has no violation that axe finds, in ${colorScheme} colours, on any page in any state`, async () => {
      const axe = await readFile(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
      for (const [state, now] of [
        ['bad', board],
        ['calm', boardOf(calmDay())],
        ['blind', boardOf(badDay(), blindDay())],
        ['new', createBoard()],
      ] as const) {
        const other = await servePage(now, journals());
        for (const path of state === 'bad' ? PATHS : PATHS.slice(0, 4)) {
          const page = await browser.newPage({ colorScheme, bypassCSP: true });
          await page.goto(other.url + path);
          await page
            .locator('details')
            .evaluateAll((all) => all.forEach((each) => each.setAttribute('open', '')));
          await page.addScriptTag({ content: axe });
          const found = await page.evaluate(async () => {
            const { axe: engine } = globalThis as unknown as { readonly axe: typeof axeCore };
            const { violations } = await engine.run();
            return violations.map(
              ({ id, nodes }) =>
                `${id}: ${nodes
                  .map((node) => node.html)
                  .slice(0, 3)
                  .join(' | ')}`,
            );
          });
          expect(found, `${state} ${path}`).to.deep.equal([]);
          await page.close();
        }
        await other.close();
      }
    });
  }

  for (const width of [390, 600, 1200]) {
    it(`leads from the journal to a run, and never scrolls sideways, ${width} pixels wide`, async () => {
      const viewport = { width, height: 800 };
      for (const path of ['/', '/journal']) {
        const page = await open(path, { viewport });
        const runs = page.locator(path === '/' ? '#journal' : '#runs');
        const link = runs.locator('tbody a').first();
        await link.waitFor();
        expect((await link.boundingBox())?.width).to.be.above(100);
        const cell = await runs.locator('tbody td').nth(2).boundingBox();
        expect(cell?.width, 'by whom').to.be.above(100);
        expect(await widthOf(page), path).to.be.at.most(width);
        await link.click();
        await page.waitForURL(/journal\?run=/);
        expect(await widthOf(page), 'the run').to.be.at.most(width);
        await page.close();
      }
    });
  }

  it('shows the journal at the first visit, also without JavaScript', async () => {
    const page = await open('/journal', { javaScriptEnabled: false });
    expect(await page.locator('#runs tbody tr').count()).to.equal(2);
  });

  it('asks again where too many others ask', async () => {
    const page = await openLive('/');
    let refusals = 0;
    await page.route(server.url, async (route) => {
      refusals += 1;
      await (refusals < 2 ? route.fulfill({ status: 503, body: 'busy' }) : route.continue());
    });
    endCycle(board, calmDay(), NOW);
    await caughtUp(page, board);
    expect(refusals).to.be.at.least(2);
    expect(await page.locator('#live').getAttribute('data-state')).to.equal('live');
    // The browser itself tells of the refusal.
    expect(offences.every((each) => each.includes('503'))).to.equal(true);
    offences = [];
  });

  it('works below a path of a proxy', async () => {
    const proxy = createServer((request, response) => {
      void passOn(server.url + (request.url ?? '').replace(/^\/deep\/down/, ''), response);
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    const { port } = proxy.address() as AddressInfo;
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/deep/down/`);
    await page.locator('#live[data-state="live"]').waitFor();
    await page.getByRole('link', { name: 'Routes' }).click();
    expect(page.url()).to.equal(`http://127.0.0.1:${port}/deep/down/routes`);
    await page.close();
    proxy.closeAllConnections();
    proxy.close();
  });

  it('reports how long 10,000 routes take to their first paint', async () => {
    endCycle(board, bigDay(10_000), NOW);
    const cold = await open('/');
    const paints = [
      `first after the cycle: ${await paintOf(cold)}`,
      `again: ${await paintOf(await open('/'))}`,
      `the list of routes: ${await paintOf(await open('/routes'))}`,
    ];
    process.stdout.write(paints.map((line) => `      ${line}\n`).join(''));
    expect(await cold.locator('#map a.node').count()).to.be.below(400);
    const list = await open('/routes?page=2');
    expect(await list.locator('#rows tbody tr').count()).to.equal(200);
  });
});

/** Answers what the server answers; of an event stream only one event. */
async function passOn(url: string, response: ServerResponse): Promise<void> {
  const answer = await fetch(url);
  const type = answer.headers.get('content-type') ?? '';
  response.writeHead(answer.status, { 'Content-Type': type });
  if (type.startsWith('text/event-stream')) {
    response.write('event: update\ndata: 1\n\n');
    await answer.body?.cancel();
  } else {
    response.end(Buffer.from(await answer.arrayBuffer()));
  }
}

async function paintOf(page: Page): Promise<string> {
  const name = 'first-contentful-paint';
  await page.waitForFunction((of) => performance.getEntriesByName(of).length > 0, name);
  const [ms, length] = await page.evaluate(async (of) => {
    const [entry] = performance.getEntriesByName(of);
    const text = await (await fetch(location.href)).text();
    return [entry?.startTime ?? Number.NaN, text.length] as const;
  }, name);
  return `first contentful paint after ${Math.round(ms)} ms, ${Math.round(length / 1000)} kB of HTML`;
}

/** Sums up every layout shift from now on. */
async function watchShifts(page: Page): Promise<void> {
  await page.evaluate(() => {
    const state = { sum: 0 };
    Object.assign(globalThis, { shifts: state });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        state.sum += 'value' in entry ? Number(entry.value) : 0;
      }
    }).observe({ type: 'layout-shift' });
  });
}

async function shiftsOf(page: Page): Promise<number> {
  await paint(page);
  return page.evaluate(() => (globalThis as unknown as { shifts: { sum: number } }).shifts.sum);
}

async function widthOf(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth);
}

/** Waits until what is on the page was drawn, and what was observed is told. */
async function paint(page: Page): Promise<void> {
  await page.evaluate(
    async () =>
      new Promise((resolve) => {
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 0)));
      }),
  );
}

/** Waits until the page shows what the board has now. */
async function caughtUp(page: Page, board: Board): Promise<void> {
  const version = String(board.latest().version);
  await page.waitForFunction((now) => document.documentElement.dataset['version'] === now, version);
  await paint(page);
}

async function focusedText(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
}

async function hasVisibleFocus(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const { activeElement } = document;
    return activeElement !== null && getComputedStyle(activeElement).outlineStyle !== 'none';
  });
}
