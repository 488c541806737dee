import { expect } from 'chai';
import { areSameOrigins, type Origin } from '../../src/core/route.ts';

const ORIGIN: Origin = {
  router: 'r',
  subnet: 's',
  project: 'p',
  port: 'i',
  leg: 'g',
  network: 'n',
  floatingIp: 'f',
};

describe('areSameOrigins', () => {
  it('goes by the ids, not by the objects', () => {
    expect(areSameOrigins([ORIGIN], [ORIGIN])).to.equal(true);
    expect(areSameOrigins([{ ...ORIGIN }], [ORIGIN])).to.equal(true);
    expect(areSameOrigins([], [])).to.equal(true);
  });

  it('is false for more or fewer of them, and for another order', () => {
    const other = { ...ORIGIN, router: 'other' };
    expect(areSameOrigins([ORIGIN], [])).to.equal(false);
    expect(areSameOrigins([], [ORIGIN])).to.equal(false);
    expect(areSameOrigins([ORIGIN, other], [other, ORIGIN])).to.equal(false);
  });

  for (const field of Object.keys(ORIGIN)) {
    it(`is false where the ${field} is another one`, () => {
      expect(areSameOrigins([{ ...ORIGIN, [field]: 'other' }], [ORIGIN])).to.equal(false);
    });
  }
});
