import { expect } from 'chai';
import type { Candidate } from '../../src/core/eligibility.ts';
import { announcementOn } from '../../src/report/announcement.ts';
import { CANDIDATES, EDGE1, EDGE2, PLAN } from './sample.ts';

function candidateAt(prefix: string, router: string): Candidate {
  const candidate = CANDIDATES.find(
    (each) => each.prefix.text === prefix && each.router.id === router,
  );
  if (candidate === undefined) {
    throw new Error(`no candidate ${prefix} of ${router}`);
  }
  return candidate;
}

describe('announcementOn', () => {
  const cases = [
    ['10.1.0.0/24', 'rival', 'to-add'],
    ['10.1.0.0/24', 'web', 'conflict: duplicate'],
    ['10.2.0.0/24', 'web', 'to-replace'],
    ['10.3.0.0/24', 'web', 'conflict: foreign'],
    ['10.4.0.0/24', 'web', 'held: guard'],
    ['10.5.0.0/24', 'web', 'held: max-routes'],
    ['10.6.0.0/24', 'recipe', 'installed'],
    ['10.7.0.0/24', 'classic', 'held: grace'],
    ['10.8.0.0/24', 'inside', 'not-announced'],
    ['10.99.0.0/24', 'web', 'not-announced'],
  ] as const;
  for (const [prefix, router, state] of cases) {
    it(`says ${state} of ${prefix} of router ${router}`, () => {
      expect(announcementOn(EDGE1, candidateAt(prefix, router))).to.include({
        name: 'edge1',
        state,
      });
    });
  }

  it('gives the reason of a conflict and of what is held', () => {
    expect(announcementOn(EDGE1, candidateAt('10.1.0.0/24', 'web')).message).to.contain(
      'is also claimed by router rival',
    );
    expect(announcementOn(EDGE1, candidateAt('10.5.0.0/24', 'web')).message).to.equal(
      'maxRoutes 6 is reached',
    );
  });

  it('says to-remove of a route that may go', () => {
    const held = PLAN.held.find(({ code }) => code === 'grace');
    const plan = { ...PLAN, held: [], changes: held === undefined ? [] : [held.change] };

    const { state } = announcementOn({ ...EDGE1, plan }, candidateAt('10.7.0.0/24', 'classic'));

    expect(state).to.equal('to-remove');
  });

  it('says not-needed of a floating IP whose network the upstream is connected to', () => {
    const candidate = candidateAt('10.6.0.0/24', 'recipe');
    const plan = { ...PLAN, unneeded: [candidate.prefix] };

    expect(announcementOn({ ...EDGE1, plan }, candidate).state).to.equal('not-needed');
  });

  it('says not-announced of an eligible candidate that belongs to another upstream', () => {
    const upstream = { ...EDGE1, networkIds: new Set<string>() };

    expect(announcementOn(upstream, candidateAt('10.6.0.0/24', 'recipe')).state).to.equal(
      'not-announced',
    );
  });

  it('says unreachable where nothing is known, and why', () => {
    expect(announcementOn(EDGE2, candidateAt('10.6.0.0/24', 'recipe'))).to.deep.equal({
      name: 'edge2',
      state: 'unreachable',
      message: 'namespace edge2\nis gone',
    });
    expect(
      announcementOn({ ...EDGE2, error: undefined }, candidateAt('10.6.0.0/24', 'recipe')).message,
    ).to.equal(undefined);
  });
});
