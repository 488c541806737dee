import { expect } from 'chai';
import { ownedInOrder, ownedRoutesOf } from '../../src/core/owned.ts';
import { installed, stateOf } from './world.ts';

describe('ownedRoutesOf', () => {
  it('groups our routes by prefix and leaves the others out', () => {
    const ours = installed('10.1.0.0/24', ['203.0.113.10']);
    const others = installed('10.1.0.0/24', ['203.0.113.99'], 'foreign');

    expect([...ownedRoutesOf(stateOf([others, ours]))]).to.deep.equal([['10.1.0.0/24', [ours]]]);
  });

  it('gives several routes at one prefix in one order, whatever order they came in', () => {
    const prefix = '2001:db8:1::/64';
    const low = installed(prefix, ['2001:db8::1']);
    const high = installed(prefix, ['2001:db8::2']);
    const device = { ...low, nextHops: low.nextHops.map((hop) => ({ ...hop, device: 'eth1' })) };
    const routes = [low, high, installed(prefix, []), device];

    const forth = ownedRoutesOf(stateOf(routes));
    const back = ownedRoutesOf(stateOf(routes.toReversed()));

    expect([...forth]).to.deep.equal([...back]);
    expect(forth.get(prefix)).to.have.length(4);
  });
});

describe('ownedInOrder', () => {
  it('gives our routes by prefix, whatever order they came in, and leaves the others out', () => {
    const prefixes = ['10.1.0.0/16', '10.1.0.0/24', '10.2.0.0/24', '2001:db8:1::/64'];
    const ours = prefixes.map((prefix) => installed(prefix, []));
    const others = installed('10.1.1.0/24', ['203.0.113.99'], 'foreign');

    expect(ownedInOrder(stateOf([...ours, others]))).to.deep.equal(ours);
    expect(ownedInOrder(stateOf([others, ...ours].toReversed()))).to.deep.equal(ours);
  });

  it('has several routes at one prefix in the order of ownedRoutesOf', () => {
    const prefix = '2001:db8:1::/64';
    const high = installed(prefix, ['2001:db8::2']);
    const low = installed(prefix, ['2001:db8::1']);
    const state = stateOf([high, low]);

    expect(ownedInOrder(state)).to.deep.equal([low, high]);
    expect(ownedInOrder(state)).to.deep.equal(ownedRoutesOf(state).get(prefix));
  });
});
