import { expect } from 'chai';

import { rowsOf } from '../../../src/agent/page/rows.ts';
import { compareStates } from '../../../src/agent/page/route-state.ts';
import { standingOf } from '../../../src/agent/page/standing.ts';
import { announcementOn } from '../../../src/report/announcement.ts';
import type { Report } from '../../../src/report/report.ts';
import { badDay, bigDay, blindDay, boardOf, calmDay } from './scene.ts';

function standing(...reports: readonly Report[]) {
  const found = standingOf(boardOf(...reports).latest());
  if (found === undefined) {
    throw new Error('the board has a report');
  }
  return found;
}

/** `10.1.0.0/24 edge1 conflict: duplicate`, without those that are as they should be. */
function unusual(...reports: readonly Report[]) {
  return rowsOf(standing(...reports))
    .filter(({ state }) => state !== 'in-sync')
    .map(({ prefix, upstream = '-', detail }) => `${prefix.text} ${upstream} ${detail}`);
}

describe('rowsOf', () => {
  it('counts what a push has done as done', () => {
    expect(unusual(calmDay())).to.deep.equal([
      '10.90.0.0/24 edge1 held: grace',
      '10.60.0.0/24 edge1 snat',
      '10.80.0.0/24 - no-external-leg',
    ]);
  });

  it('tells failures, conflicts, holds and what cannot be reached, in this order', () => {
    const rows = unusual(calmDay(), badDay());
    expect(rows.slice(0, 7)).to.deep.equal([
      '10.33.0.0/24 edge1 failed: ROUTE_REJECTED',
      '10.1.0.0/24 edge1 conflict: duplicate',
      '10.1.1.0/24 edge1 conflict: foreign',
      '10.2.0.0/24 edge1 conflict: overlap',
      '10.70.0.0/24 edge2 unreachable',
      '10.70.1.0/24 edge2 unreachable',
      '10.2.0.0/24 edge1 held: guard',
    ]);
    expect(rows.filter((row) => row.includes('held: '))).to.have.length(17);
  });

  it('shows the last view of the cloud while nobody can read it', () => {
    expect(standing(calmDay(), badDay(), blindDay()).isOld).to.equal(true);
    expect(unusual(calmDay(), badDay(), blindDay())).to.deep.equal(unusual(calmDay(), badDay()));
  });

  it('gives the same answers as explain does, candidate by candidate', () => {
    const found = standing(bigDay(1000));
    const details = new Map(
      rowsOf(found).map(({ prefix, upstream = '', detail }) => [
        `${prefix.text} ${upstream}`,
        detail,
      ]),
    );
    for (const candidate of found.candidates) {
      const serving = found.upstreams.find(({ networkIds }) =>
        networkIds.has(candidate.leg?.networkId ?? ''),
      );
      expect(serving).not.to.equal(undefined);
      if (serving !== undefined) {
        const { state } = announcementOn(serving, candidate);
        expect(details.get(`${candidate.prefix.text} ${serving.name}`)).to.equal(state);
      }
    }
  });

  it('puts trouble first', () => {
    const states = rowsOf(standing(bigDay(1000))).map(({ state }) => state);
    expect(states).to.deep.equal(states.toSorted(compareStates));
    expect(states[0]).to.equal('conflict');
  });
});
