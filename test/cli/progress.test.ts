import { expect } from 'chai';

import { progressLine } from '../../src/cli/progress.ts';

const ERASE = '\r\u001b[K';

describe('progressLine', () => {
  let written: string[];
  let now: number;

  beforeEach(() => {
    written = [];
    now = 0;
  });

  function over(terminal: { isTTY?: boolean; columns?: number } = { isTTY: true }, env = {}) {
    const write = (text: string): boolean => {
      written.push(text);
      return true;
    };
    return progressLine({ ...terminal, write }, { env, now: () => now });
  }

  it('tells how far a long push is, how fast it goes and how long it will take', () => {
    const line = over();
    line.pushProgressed({ upstream: 'edge1', done: 0, total: 10_000 });
    now = 12_000;
    line.pushProgressed({ upstream: 'edge1', done: 4200, total: 10_000 });

    expect(written).to.deep.equal([`${ERASE}edge1 4200/10000 routes, 350/s, 17 s left`]);
  });

  it('knows no pace before the first answer, and tells long times in minutes', () => {
    const line = over();
    line.pushProgressed({ upstream: 'edge1', done: 0, total: 10_000 });
    now = 1001;
    line.pushProgressed({ upstream: 'edge1', done: 0, total: 10_000 });
    now = 4000;
    line.pushProgressed({ upstream: 'edge1', done: 10, total: 10_000 });

    expect(written).to.deep.equal([
      `${ERASE}edge1 0/10000 routes`,
      `${ERASE}edge1 10/10000 routes, 2.5/s, 67 min left`,
    ]);
  });

  it('is silent while a push is short', () => {
    const line = over();
    line.pushProgressed({ upstream: 'edge1', done: 0, total: 100 });
    now = 1000;
    line.pushProgressed({ upstream: 'edge1', done: 50, total: 100 });
    line.pushProgressed({ upstream: 'edge1', done: 100, total: 100 });
    line.end();

    expect(written).to.deep.equal([]);
  });

  it('writes at most four times a second', () => {
    const line = over();
    line.pushProgressed({ upstream: 'edge1', done: 0, total: 5000 });
    for (now = 2000; now < 4000; now += 1) {
      line.pushProgressed({ upstream: 'edge1', done: now, total: 5000 });
    }

    expect(written).to.have.length(8);
  });

  it('shows several upstreams on one line, and each until it is done', () => {
    const line = over();
    for (const upstream of ['edge1', 'edge2']) {
      line.pushProgressed({ upstream, done: 0, total: 100 });
    }
    now = 10_000;
    line.pushProgressed({ upstream: 'edge1', done: 50, total: 100 });
    now = 11_000;
    line.pushProgressed({ upstream: 'edge2', done: 11, total: 100 });
    line.pushProgressed({ upstream: 'edge1', done: 100, total: 100 });

    expect(written.map((text) => text.replace(ERASE, '').split(' | ').length)).to.deep.equal([
      2, 2, 1,
    ]);
    expect(written[2]).to.match(/edge2 11\/100 routes/);
  });

  for (const [columns, width] of [
    [20, 19],
    [0, 37],
    [undefined, 37],
  ] as const) {
    it(`never fills the line of ${columns} columns, which would move the terminal on`, () => {
      const line = over({ isTTY: true, ...(columns !== undefined && { columns }) });
      line.pushProgressed({ upstream: 'edge1', done: 0, total: 100 });
      now = 10_000;
      line.pushProgressed({ upstream: 'edge1', done: 50, total: 100 });

      expect(written[0]?.replace(ERASE, '')).to.have.length(width);
    });
  }

  it('goes away for other output and at the end, once each', () => {
    const line = over();
    const show = (): void => line.pushProgressed({ upstream: 'edge1', done: 50, total: 100 });
    line.pushProgressed({ upstream: 'edge1', done: 0, total: 100 });
    now = 10_000;
    show();
    line.clear();
    line.clear();
    now = 11_000;
    show();
    line.end();
    line.end();

    expect(written.map((text) => text === ERASE)).to.deep.equal([false, true, false, true]);
  });

  for (const { name, terminal, env } of [
    { name: 'where there is no terminal', terminal: { isTTY: false }, env: {} },
    { name: 'on a stream that cannot tell', terminal: {}, env: {} },
    { name: 'on a dumb terminal', terminal: { isTTY: true }, env: { TERM: 'dumb' } },
  ]) {
    it(`is silent ${name}`, () => {
      const line = over(terminal, env);
      line.pushProgressed({ upstream: 'edge1', done: 0, total: 100 });
      now = 10_000;
      line.pushProgressed({ upstream: 'edge1', done: 50, total: 100 });
      line.end();

      expect(written).to.deep.equal([]);
    });
  }
});
