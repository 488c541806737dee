import { expect } from 'chai';

import { createBoard } from '../../../src/agent/page/board.ts';
import { pageRoutes } from '../../../src/agent/page/page-routes.ts';
import { badDay, bigDay, blindDay, boardOf, calmDay, endCycle, journals, NOW } from './scene.ts';
import { partOf, siteOf } from './site.ts';

describe('pageRoutes', () => {
  it('shows on a new agent that nothing is known yet, on every page', async () => {
    const { text } = await siteOf(createBoard());
    expect(await text('/')).to.contain('Waiting for the first cycle to end');
    expect(await text('/routes')).to.contain('No route fits.');
    expect(await text('/explain?q=web')).to.contain('Nothing is known before the first cycle.');
  });

  it('says on a calm day what will happen next, and when', async () => {
    const page = await (await siteOf(boardOf(calmDay()))).text('/');
    const summary = partOf(page, 'summary');
    expect(summary).to.contain('All is well');
    expect(summary).to.contain('Next cycle 12:00:45Z in 45 s');
    expect(summary).to.contain('12:08:20Z in 8 min 20 s 10.90.0.0/24 on edge1');
    expect(partOf(page, 'held')).to.contain('remove on edge1 12:08:20Z in 8 min 20 s grace: ');
    expect(partOf(page, 'plan')).to.match(
      /10\.6\.1\.0\/24 via 203\.0\.113\.15 edge1 router vpn .* done/,
    );
    expect(partOf(page, 'conflicts')).to.contain('Nothing is in the way');
  });

  it('names routers that are gone as they were called', async () => {
    const before = calmDay();
    const named = before.candidates.map((each) => ({
      ...each,
      router: { ...each.router, id: 'left', name: 'the left one' },
    }));
    const board = boardOf({ ...before, candidates: named });
    const { text } = await siteOf(board);
    await text('/');
    endCycle(board, badDay(), NOW);
    const page = await text('/');
    expect(partOf(page, 'map')).to.contain('the left one');
    expect(await text('/routes?state=held')).to.contain('the left one');
  });

  it('says in words how each cycle ended', async () => {
    const board = createBoard();
    const cycle = { startedAt: NOW, finishedAt: NOW, report: calmDay(), error: undefined };
    [0, 1, 3, 4, 75, 78].forEach((exitCode) =>
      board.observer.cycleEnded({ ...cycle, run: `${exitCode}`, exitCode }),
    );
    const cycles = partOf(await (await siteOf(board)).text('/'), 'cycles');
    for (const words of [
      'in order',
      'failed',
      'refused',
      'partly done',
      'locked',
      'configuration',
    ]) {
      expect(cycles).to.contain(words);
    }
    expect(cycles).not.to.contain('exit code');
  });

  it('counts the routes of several upstreams together', async () => {
    const page = await (await siteOf(boardOf(calmDay()))).text('/');
    expect(partOf(page, 'summary')).to.contain(
      '14 routes stand as the cloud wants, on 2 upstreams together. 1 change waits',
    );
  });

  it('waits for the first reading of the journal where that is asked for', async () => {
    const { text } = await siteOf(boardOf(calmDay()));
    expect(partOf(await text('/journal'), 'runs')).to.contain('UNFINISHED');
  });

  it('shows both sides of every conflict, and what became of every change', async () => {
    const page = await (await siteOf(boardOf(calmDay(), badDay()))).text('/');
    const conflicts = partOf(page, 'conflicts');
    expect(conflicts).to.match(
      /10\.1\.0\.0\/24 edge1 a route for router web .* duplicate .* router rival , subnet sub-rival/,
    );
    expect(conflicts).to.match(
      /10\.1\.1\.0\/24 edge1 a route for router web .* foreign the upstream holds .* not ours/,
    );
    expect(conflicts).to.contain('installed all the same');
    expect(partOf(page, 'plan')).to.match(/^ Route .* 10\.33\.0\.0\/24 .* ROUTE_REJECTED/);
    expect(partOf(page, 'upstreams')).to.match(/edge2 unreachable – – – – – UPSTREAM_UNREACHABLE/);
  });

  it('says how old the picture is while the cloud cannot be read', async () => {
    const page = await (await siteOf(boardOf(calmDay(), badDay(), blindDay()))).text('/');
    expect(partOf(page, 'summary')).to.contain('Cloud last read 11:58:58Z 1 min 02 s ago');
    expect(page).to.contain('as the cloud was at');
  });

  it('reads the journal once a cycle, and only when somebody looks', async () => {
    const board = boardOf(calmDay());
    let reads = 0;
    const routes = await pageRoutes({
      board,
      now: () => NOW,
      nextCycle: () => undefined,
      readJournal: async () => {
        reads += 1;
        return journals();
      },
    });
    const look = async (): Promise<string> => {
      const answer = await routes[0]?.answer({
        path: '/',
        query: new URLSearchParams(),
        isTrusted: true,
      });
      return answer !== undefined && 'body' in answer ? partOf(String(answer.body), 'journal') : '';
    };
    expect(reads).to.equal(0);
    expect(await look()).to.contain('The journal is being read.');
    await new Promise(setImmediate);
    expect(await look()).to.match(/UNFINISHED.*verified/);
    expect(await look()).to.contain('JOURNAL_BROKEN');
    expect(reads).to.equal(1);
    endCycle(board, { ...calmDay(), run: 'another' }, NOW);
    await look();
    await new Promise(setImmediate);
    expect(reads).to.equal(2);
  });

  it('shows the changes of one run, and says so where there is none', async () => {
    const { text } = await siteOf(boardOf(calmDay()));
    expect(partOf(await text('/journal?run=20260105T110000Z-a'), 'main')).to.match(
      /add 10\.1\.0\.0\/24 edge1 nothing → 203\.0\.113\.10 router left/,
    );
    expect(await text('/journal?run=%3Cb%3E')).to.contain('No journal has changes of this run.');
  });

  describe('/routes', () => {
    const count = (page: string): number => page.split('<tbody>')[1]?.split('<tr>').length ?? 1;

    it('pages through 10,000 routes, 200 at a time', async () => {
      const { text } = await siteOf(boardOf(bigDay(10_000)));
      const first = await text('/routes');
      expect(count(first) - 1).to.equal(200);
      expect(first).to.contain('1 to 200 of 10000').and.to.contain('href="routes?page=50"');
      expect(await text('/routes?page=50')).to.contain('9801 to 10000 of 10000');
      expect(await text('/routes?page=51')).to.contain('9801 to 10000 of 10000');
      expect(await text('/routes?page=-1')).to.contain('1 to 200 of 10000');
      expect(await text('/routes?page=x')).to.contain('1 to 200 of 10000');
    });

    for (const [query, total] of [
      ['state=conflict', 50],
      ['state=pending&upstream=edge1', 50],
      ['text=TENANT-721&state=conflict', 1],
      ['text=subnet-12-3', 1],
      ['text=10.0.7.0%2F24', 1],
      ['text=net-partner', 5000],
      ['text=%3Cscript%3E', 0],
      ['state=nonsense', 10_000],
    ] as const) {
      it(`finds ${total} with ${query}`, async () => {
        const { text } = await siteOf(boardOf(bigDay(10_000)));
        const page = await text(`/routes?${query}`);
        expect(page).to.match(new RegExp(total === 0 ? 'none' : `of ${total}<`));
      });
    }

    it('keeps the filter in the links to other pages', async () => {
      const { text } = await siteOf(boardOf(bigDay(10_000)));
      const page = await text('/routes?text=net-partner&state=in-sync&upstream=edge2');
      expect(page).to.contain(
        'href="routes?text=net-partner&amp;state=in-sync&amp;upstream=edge2&amp;page=2"',
      );
      expect(page).to.contain('<option value="in-sync" selected>in sync<');
    });
  });

  describe('/explain', () => {
    it('shows every rule passed or failed, and the fate on each upstream', async () => {
      const { text } = await siteOf(boardOf(calmDay()));
      const answers = partOf(await text('/explain?q=classic'), 'answers');
      expect(answers).to.contain('failed: snat enable_snat is on');
      expect(answers).to.contain('17 of 18 rules passed');
      expect(answers).to.contain('on edge1 : not-announced');
    });

    it('explains a route that nothing asks for any more', async () => {
      const { text } = await siteOf(boardOf(calmDay()));
      expect(partOf(await text('/explain?q=10.90.0.1'), 'answers')).to.contain('no longer wanted');
    });

    it('counts a change that the push has made as made', async () => {
      const { text } = await siteOf(boardOf(calmDay()));
      expect(partOf(await text('/explain?q=10.6.1.0/24'), 'answers')).to.contain(
        'on edge1 : installed',
      );
    });

    it('gives the first thirty of many answers', async () => {
      const { text } = await siteOf(boardOf(bigDay(1000)));
      const page = await text('/explain?q=10.0.0.0/8');
      expect(page.split('<article').length - 1).to.equal(30);
      expect(page).to.contain('The first 30 of 1000 answers.');
    });

    it('leads to the list of routes where nothing fits', async () => {
      const { text } = await siteOf(boardOf(calmDay()));
      expect(await text('/explain?q=we%26')).to.contain('href="routes?text=we%26"');
    });
  });

  it('serves its assets under names that change with their content', async () => {
    const { page, text } = await siteOf(createBoard());
    const html = await text('/');
    const [, script = ''] = /src="([^"]+)"/.exec(html) ?? [];
    expect(script).to.match(/^assets\/page\.[0-9a-f]{16}\.js$/);
    const asset = await page(`/${script}`);
    expect(asset).to.include({ status: 200, type: 'text/javascript; charset=utf-8' });
    expect(asset.headers?.['Cache-Control']).to.contain('immutable');
    expect((await page('/assets/page.js')).status).to.equal(404);
  });

  it('gives machines the report as JSON', async () => {
    const { page } = await siteOf(boardOf(badDay()));
    const { status, body } = await page('/api/report');
    expect(status).to.equal(200);
    expect(JSON.parse(String(body))).to.include({ version: 1, owner: 'prod-region-one' });
    expect((await (await siteOf(createBoard())).page('/api/report')).status).to.equal(503);
  });

  it('holds no inline script, style or handler, on no page', async () => {
    const { text } = await siteOf(boardOf(calmDay(), badDay()));
    for (const path of ['/', '/routes', '/explain?q=hostile', '/journal']) {
      const page = await text(path);
      expect(page, path).not.to.match(/<style|\sstyle=|<script(?! type="module" src="assets\/)/);
      expect(page.replaceAll(/"[^"]*"/g, ''), path).not.to.match(/<[^>]*\son\w+=/);
    }
  });

  it('tells an open page of each cycle, and of progress now and then, until it leaves', async () => {
    const board = boardOf(calmDay());
    const stream = await (await siteOf(board)).answer('/events');
    const sent: string[] = [];
    const ended = new AbortController();
    if ('start' in stream) {
      stream.start((event, data) => sent.push(`${event} ${data}`), ended.signal);
    }
    const { version } = board.latest();
    board.observer.cycleBegan({ run: 'next', at: NOW });
    for (let done = 1; done <= 100; done += 1) {
      board.observer.pushProgressed({ upstream: 'edge1', done, total: 100 });
    }
    endCycle(board, calmDay(), NOW);
    ended.abort();
    endCycle(board, calmDay(), NOW);
    expect(sent).to.deep.equal([
      `update ${version}`,
      `update ${version + 1}`,
      `update ${version + 102}`,
      `update ${version + 103}`,
    ]);
  });
});
