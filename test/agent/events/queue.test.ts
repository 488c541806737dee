import { expect } from 'chai';

import { ownQueue } from '../../../src/agent/events/queue.ts';

const SELF = { owner: 'prod', host: 'net1.example.org' };

describe('ownQueue', () => {
  it('has one name for ever where it is durable, and another for each connection where not', () => {
    expect(ownQueue('durable', SELF).name).to.equal('route-sync.prod.net1.example.org');
    const [one, two] = [ownQueue('exclusive', SELF).name, ownQueue('exclusive', SELF).name];

    expect(one)
      .to.match(/^route-sync\.prod\.net1\.example\.org\.[\da-f]{8}$/)
      .and.not.equal(two);
  });

  it('is bounded, and never refuses what Neutron sends', () => {
    for (const kind of ['durable', 'exclusive'] as const) {
      const { arguments: limits } = ownQueue(kind, SELF).options as {
        arguments: Readonly<Record<string, unknown>>;
      };

      expect(limits).to.include({ 'x-max-length': 10_000, 'x-overflow': 'drop-head' });
      expect(limits['x-max-length-bytes']).to.be.a('number');
      expect('x-expires' in limits).to.equal(kind === 'durable');
    }
  });

  it('makes a name of any host', () => {
    const { name } = ownQueue('durable', { owner: 'o'.repeat(63), host: 'ä b/'.repeat(100) });

    expect(name)
      .to.match(/^route-sync\.o{63}\.[\w.-]+$/)
      .and.have.length.below(255);
  });
});
