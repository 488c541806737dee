import { expect } from 'chai';

import { layOut, NODE_HEIGHT } from '../../../src/agent/page/map-layout.ts';
import { mapOf } from '../../../src/agent/page/map.ts';
import { createViewer } from '../../../src/agent/page/view.ts';
import type { Report } from '../../../src/report/report.ts';
import { badDay, bigDay, boardOf, calmDay } from './scene.ts';

function mapOn(...days: readonly Report[]) {
  return mapOf(createViewer(boardOf(...days))());
}

describe('mapOf', () => {
  it('draws upstreams, networks, routers and prefixes with the worst of what is below them', () => {
    const { upstreams, networks } = mapOn(calmDay(), badDay());
    expect(upstreams.map(({ name, state }) => `${name} ${state}`)).to.deep.equal([
      'edge1 failed',
      'edge2 unreachable',
    ]);
    expect(networks.map(({ name, state }) => `${name} ${state}`)).to.deep.equal([
      'public failed',
      'partner unreachable',
      ' not-announced',
    ]);
    expect(networks[0]?.routers.slice(0, 4).map(({ id, state }) => `${id} ${state}`)).to.deep.equal(
      ['hostile failed', 'shop conflict', 'web conflict', 'left held'],
    );
  });

  it('draws some dozens of 1000 routers, those in trouble, and counts the others', () => {
    const { networks } = mapOn(bigDay(10_000));
    const drawn = networks.flatMap(({ routers }) => routers);
    const rest = networks.flatMap(({ more }) => [...more.values()]);
    expect(drawn).to.have.length(40);
    expect(drawn.every(({ state }) => state === 'conflict')).to.equal(true);
    expect(drawn.length + rest.reduce((sum, count) => sum + count, 0)).to.equal(1000);
  });
});

describe('layOut', () => {
  for (const [name, day] of [
    ['a calm day', calmDay()],
    ['a bad day', badDay()],
    ['10,000 routes', bigDay(10_000)],
  ] as const) {
    it(`lets nothing overlap or leave the drawing on ${name}`, () => {
      const { nodes, height } = layOut(mapOn(day));
      for (const column of Map.groupBy(nodes, ({ kind }) => kind).values()) {
        const ys = column.map(({ y }) => y).sort((a, b) => a - b);
        ys.forEach((y, i) => {
          expect(y + NODE_HEIGHT / 2).to.be.below(height);
          expect(y - (ys[i - 1] ?? -Infinity)).to.be.at.least(NODE_HEIGHT);
        });
      }
      expect(nodes.length).to.be.below(250);
    });
  }
});
