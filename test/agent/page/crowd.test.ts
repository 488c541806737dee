import { expect } from 'chai';

import { drawQueue } from '../../../src/agent/page/draw-queue.ts';
import type { Page } from '../../../src/agent/server/route.ts';
import { badDay, bigDay, boardOf, calmDay, endCycle, NOW } from './scene.ts';
import { siteOf } from './site.ts';

/** Keeps the thread busy. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    // busy
  }
}

describe('a crowd', () => {
  it('leaves as much time to others as drawing takes', async () => {
    const draw = drawQueue();
    const times: number[] = [];
    const make = (): Page => {
      times.push(performance.now());
      work(20);
      return { status: 200, type: 'text/plain', body: '' };
    };
    await Promise.all(['a', 'b', 'c', 'd'].map(async (key) => draw(key, make)));
    expect(times).to.have.length(4);
    times.slice(1).forEach((time, i) => expect(time - (times[i] ?? 0)).to.be.at.least(38));
  });

  it('gets its turn, and whoever comes later too, where a drawing fails', async () => {
    const draw = drawQueue();
    const fail = (): Page => {
      throw new Error('cannot draw');
    };
    const ends = await Promise.allSettled([draw('a', fail), draw('b', fail), draw('b', fail)]);
    expect(ends.map(({ status }) => status)).to.deep.equal(Array(3).fill('rejected'));
    const page: Page = { status: 200, type: 'text/plain', body: '' };
    expect(await draw('b', () => page)).to.equal(page);
  });

  it('lets no crowd of readers walk through the journal', async () => {
    const { page } = await siteOf(boardOf(calmDay()));
    const asked = Array.from({ length: 40 }, async (_, i) => page(`/journal?run=r${i % 20}`));
    const answers = (await Promise.all(asked)).map(({ status }) => status);

    expect(new Set(answers)).to.deep.equal(new Set([200, 503]));
    expect(answers.filter((status) => status === 200)).to.have.length(16);
    expect((await page('/journal?run=r19')).status).to.equal(200);
  });

  it('draws the overview once for all who ask for the same', async () => {
    const board = boardOf(calmDay());
    const { page } = await siteOf(board);
    const first = await page('/');

    expect(await page('/')).to.equal(first);
    endCycle(board, badDay(), NOW);
    expect(await page('/')).not.to.equal(first);
  });

  it('draws a few pages at a time, and sends a crowd away', async () => {
    const { page } = await siteOf(boardOf(bigDay(10_000)));
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => page(`/routes?text=${i}`)),
    );
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused).to.have.length(91);
    expect(refused[0]?.headers).to.deep.equal({ 'Retry-After': '1' });
    expect((await page('/routes?text=9')).status).to.equal(200);
  });

  it('refuses nobody who asks for the same as others', async () => {
    const { page } = await siteOf(boardOf(bigDay(1000)));
    for (const path of ['/', '/routes', '/explain?q=tenant-1', '/api/report']) {
      const answers = await Promise.all(Array.from({ length: 50 }, async () => page(path)));
      expect(new Set(answers.map(({ status }) => status)), path).to.deep.equal(new Set([200]));
    }
  });
});
