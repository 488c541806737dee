import { expect } from 'chai';

import { createBoard } from '../../../src/agent/page/board.ts';
import { blindDay, boardOf, calmDay, endCycle, NOW } from './scene.ts';

describe('createBoard', () => {
  it('keeps the newest report, and of older cycles only their numbers', () => {
    const board = createBoard();
    for (let i = 0; i < 50; i += 1) {
      endCycle(board, { ...calmDay(), run: `run ${i}` }, NOW + i);
    }
    const { latest, cycles } = board.latest();
    expect(latest?.report.run).to.equal('run 49');
    expect(cycles).to.have.length(20);
    expect(cycles[0]).to.include({ run: 'run 49', added: 1, removed: 1, held: 1 });
    expect(cycles.every((cycle) => !('report' in cycle))).to.equal(true);
  });

  it('remembers the last view of the cloud, and who served what, while the cloud cannot be read', () => {
    const { latest, seen, served } = boardOf(calmDay(), blindDay()).latest();
    expect(latest?.report.snapshot).to.equal(undefined);
    expect(seen?.report.candidates).to.have.length(calmDay().candidates.length);
    expect([...(served.get('edge2') ?? [])]).to.deep.equal(['net-partner']);
  });

  it('keeps the report where a cycle ends early, and tells why it did', () => {
    const board = boardOf(calmDay());
    const error = { code: 'LOCK_HELD', message: 'another process has it' };
    const cycle = { run: 'early', startedAt: NOW, finishedAt: NOW, exitCode: 1, error };
    board.observer.cycleEnded({ ...cycle, report: undefined });
    const { latest, cycles } = board.latest();
    expect(latest?.report.run).to.equal(calmDay().run);
    expect(cycles[0]).to.deep.include({ run: 'early', error });
  });

  it('knows a push only while its cycle is under way', () => {
    const board = createBoard();
    board.observer.cycleBegan({ run: 'a', at: NOW });
    board.observer.pushProgressed({ upstream: 'edge1', done: 1, total: 2 });
    expect([...board.latest().progress.keys()]).to.deep.equal(['edge1']);
    endCycle(board, calmDay(), NOW);
    expect(board.latest().progress.size).to.equal(0);
  });

  it('tells its readers until they leave', () => {
    const board = createBoard();
    const news: string[] = [];
    const leave = board.subscribe((each) => news.push(each));
    board.observer.cycleBegan({ run: 'a', at: NOW });
    board.observer.pushProgressed({ upstream: 'edge1', done: 1, total: 2 });
    leave();
    endCycle(board, calmDay(), NOW);
    expect(news).to.deep.equal(['cycle', 'progress']);
  });

  it('begins with the cycles that the status file remembers', () => {
    const upstream = { name: 'edge1', added: 1, replaced: 2, removed: 3, failed: 4, conflicts: 5 };
    const board = createBoard({
      earlier: ['old', 'new'].map((run) => ({
        run,
        startedAt: '2026-01-05T11:00:00.000Z',
        finishedAt: '2026-01-05T11:00:02.000Z',
        command: 'apply',
        exitCode: 3,
        upstreams: [upstream, upstream].map((each) => ({ ...each, heldTotal: 6, held: [] })),
      })),
    });
    const [newest] = board.latest().cycles;
    expect(newest).to.include({ run: 'new', added: 2, held: 12, conflicts: 10, exitCode: 3 });
    expect((newest?.finishedAt ?? 0) - (newest?.startedAt ?? 0)).to.equal(2000);
  });
});
