/**
 * Many routes on every simulated router, counted: what is typed, and how often it is waited for. 500 of them, because
 * some of the simulated routers copy their configuration with each line.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect } from 'chai';

import { generateClouds } from '../../bench/cloud.ts';
import { openLab } from '../../bench/router-lab.ts';
import { type Lab, LABS } from '../support/routers/labs.ts';

const SIZE = 500;
/** In `after` two prefixes come, one moves and two go. */
const CHANGED = 5;
/** Login, proof of rights, entering, commit and confirmation, and all reading: of one push. */
const AROUND = 60;
/** A character of the window is 1/32 of its lines; it is filled up when half of it is answered. */
const LINE_CHARACTERS = 32;
const FILLING = 3;

describe('a push of many routes', function suite() {
  this.timeout(120_000);
  const { before, after } = generateClouds(SIZE);
  let dir = '';

  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'route-sync-scale-'));
  });

  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  for (const [name, lab] of Object.entries(LABS)) {
    it(`types on ${name} what changes and nothing else, several lines at once`, async () => {
      const { cycle, router, close } = await openLab(lab, { dir });
      try {
        const push = await cycle(before);
        const noOp = await cycle(before);
        const change = await cycle(after);

        const { window = 1 } = lab.driver.session ?? {};
        const most = push.lines.join('\n').length / (window * LINE_CHARACTERS);
        const perRoute = (push.lines.length - AROUND) / SIZE;
        expect(push.result.added).to.equal(SIZE);
        expect(push.roundTrips).to.be.below(Math.min(push.lines.length, FILLING * most) + AROUND);
        expect(noOp.lines).to.deep.equal(questionsOf(lab));
        expect(change.result).to.include({ added: 2, replaced: 1, removed: 2 });
        expect(change.lines).to.have.length.below(Math.ceil(2 * perRoute + 1) * CHANGED + AROUND);
        expect(router.running()).to.have.length(SIZE + 1);
      } finally {
        await close();
      }
    });
  }
});

/** What reading alone types. */
function questionsOf({ driver, scope }: Lab): readonly string[] {
  const place = { vrf: undefined, distance: undefined, dialect: undefined, ...scope };
  const mark = { tag: 1, name: 'route-sync-bench' };
  return driver
    .gather({ ...place, mark, confirmSeconds: undefined })
    .flatMap((question) => ('lines' in question ? question.lines.map(({ text }) => text) : []));
}
