import { expect } from 'chai';

import type { UpstreamPlan } from '../../../src/core/plan.ts';
import type { UpstreamReport } from '../../../src/report/report.ts';
import { badDay, blindDay, boardOf, calmDay } from './scene.ts';
import { partOf, siteOf } from './site.ts';

describe('the page', () => {
  describe('calls nothing in order that is not known', () => {
    const [edge1, edge2] = calmDay().upstreams;
    if (edge1?.plan === undefined || edge2?.plan === undefined) {
      throw new Error('this day has two upstreams');
    }
    const empty = { changes: [], held: [], conflicts: [], warnings: [] };
    const still = [edge1, edge2].map((upstream) => ({
      ...upstream,
      plan: upstream.plan && { ...upstream.plan, ...empty },
      result: undefined,
    }));
    const [calm1, calm2] = still as [UpstreamReport, UpstreamReport];
    const without = (upstream: UpstreamReport, code: string): UpstreamReport => ({
      ...upstream,
      plan: undefined,
      counts: undefined,
      error: { code, message: 'for a reason' },
    });
    const withPlan = (change: Partial<UpstreamPlan>): UpstreamReport => ({
      ...calm1,
      plan: calm1.plan && { ...calm1.plan, ...change },
    });
    const { held } = edge1.plan;
    const conflicts = badDay().upstreams[0]?.plan?.conflicts ?? [];
    const away = 'no plan for edge1: it could not be read';
    const locked = 'no plan for edge2: another route-sync works on it';
    const broken = "no plan for edge1: the agent's own state of it cannot be used";

    for (const [what, report, plan, others] of [
      ['all is in order', {}, 'Nothing to change: the upstreams hold what they should.', '.'],
      [
        'nothing has a plan',
        { upstreams: [without(calm1, 'STATE_CORRUPT'), without(calm2, 'LOCKED')] },
        `No change was made; ${broken}; ${locked}.`,
        `Nothing is known; ${broken}; ${locked}.`,
      ],
      [
        'one is away',
        { upstreams: [without(calm1, 'UPSTREAM_UNREACHABLE'), calm2] },
        `No change was made; ${away}.`,
        ` on edge2; ${away}.`,
      ],
      [
        'something is held',
        { upstreams: [withPlan({ held }), calm2] },
        'No change was made; edge1: 1 change is held.',
        undefined,
      ],
      [
        'something is in the way',
        { upstreams: [withPlan({ conflicts: conflicts.slice(0, 2) }), calm2] },
        'No change was made; edge1: 2 conflicts.',
        undefined,
      ],
      [
        'the guard refuses',
        {
          upstreams: [
            withPlan({ refused: { code: 'GUARD_REMOVALS', message: 'too many' } }),
            calm2,
          ],
        },
        'No change was made; edge1: the guard refuses changes.',
        '.',
      ],
      [
        'the cloud is down',
        { snapshot: undefined, blind: { code: 'CLOUD_UNREACHABLE', message: 'down' } },
        'No change was made; the cloud could not be read.',
        '; the cloud could not be read.',
      ],
    ] as const) {
      it(`where ${what}`, async () => {
        const board = boardOf({ ...calmDay(), upstreams: still, ...report });
        const page = await (await siteOf(board)).text('/');
        expect(partOf(page, 'plan').trim()).to.equal(plan);
        if (others !== undefined) {
          const claims = ['No change is held', 'Nothing is in the way of any route'];
          ['held', 'conflicts'].forEach((id, i) => {
            const text = partOf(page, id).trim();
            const isWhole = others.startsWith('Nothing');
            expect(text).to.equal(isWhole ? others : `${claims[i]}${others}`);
          });
        }
      });
    }

    it('and tells beside what is held of which upstream there is no plan', async () => {
      const upstreams = [withPlan({ held }), without(calm2, 'LOCKED')];
      const page = await (await siteOf(boardOf({ ...calmDay(), upstreams }))).text('/');
      expect(partOf(page, 'held')).to.contain('N' + locked.slice(1));
    });

    it('and does not call a router unreachable that was not asked', async () => {
      const upstreams = [without(calm1, 'JOURNAL_BROKEN'), without(calm2, 'LOCKED')];
      const page = await (await siteOf(boardOf({ ...calmDay(), upstreams }))).text('/');
      const text = partOf(page, 'upstreams');
      expect(text).to.match(/edge1 own state – .* edge2 locked – /);
      expect(text).not.to.contain('unreachable');
    });
  });

  describe('does not speak of a cloud that it never saw', () => {
    const [edge1] = calmDay().upstreams;
    const site = async () => {
      const plan = edge1?.plan && { ...edge1.plan, changes: [], held: [] };
      const kept = edge1 && { ...edge1, plan, result: undefined, networkIds: new Set<string>() };
      return siteOf(boardOf({ ...blindDay(), upstreams: kept === undefined ? [] : [kept] }));
    };

    it('on the map, in the counts, and of its upstreams', async () => {
      const page = await (await site()).text('/');
      expect(page).to.contain('the cloud was not read since the agent started');
      expect(partOf(page, 'counts').split('</ul>')[0]).not.to.match(/\b0\b/);
      expect(partOf(page, 'counts')).to.contain('– in sync');
      expect(partOf(page, 'upstreams')).to.match(/edge1 kept \d+ \d+ /);
    });

    it('in lists and explanations', async () => {
      const { text } = await site();
      expect(await text('/explain?q=web')).to.contain('nothing is known of it');
      expect(await text('/routes')).to.contain('nothing is known of its routes');
      expect(await text('/routes')).not.to.contain('No route fits.');
    });

    it('but knows it again after a cycle that read it', async () => {
      const page = await (await siteOf(boardOf(blindDay(), calmDay()))).text('/');
      expect(partOf(page, 'counts')).to.contain('14 in sync');
    });
  });
});
