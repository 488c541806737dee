import { expect } from 'chai';
import fc from 'fast-check';
import { sortedByPrefix } from '../../src/core/prefix-order.ts';
import { comparePrefixes, parsePrefix, type Prefix } from '../../src/core/prefix.ts';
import { anyPrefix, tenantPrefix } from './arbitraries.ts';

interface Item {
  readonly at: Prefix;
  readonly index: number;
}

function sorted(prefixes: readonly Prefix[]): readonly Item[] {
  return sortedByPrefix(
    prefixes.map((at, index) => ({ at, index })),
    ({ at }) => at,
  );
}

describe('sortedByPrefix', () => {
  it('agrees with a stable sort by comparison', () => {
    const prefixes = fc.array(fc.oneof(tenantPrefix, anyPrefix), { maxLength: 200 });
    fc.assert(
      fc.property(prefixes, (list) => {
        const model = list
          .map((at, index) => ({ at, index }))
          .sort((a, b) => comparePrefixes(a.at, b.at));

        expect(sorted(list)).to.deep.equal(model);
      }),
      { numRuns: 500 },
    );
  });

  it('puts IPv4 first, then the lower address, then the shorter prefix', () => {
    const texts = [
      '::/0',
      '2001:db8:0:1::/64',
      '2001:db8::/64',
      '2001:db8::/48',
      'ffff::/16',
      '10.1.0.0/24',
      '10.1.0.0/16',
      '9.255.255.255/32',
      '240.0.0.0/4',
      '0.0.0.0/0',
    ];

    expect(sorted(texts.map(parsePrefix)).map(({ at }) => at.text)).to.deep.equal([
      '0.0.0.0/0',
      '9.255.255.255/32',
      '10.1.0.0/16',
      '10.1.0.0/24',
      '240.0.0.0/4',
      '::/0',
      '2001:db8::/48',
      '2001:db8::/64',
      '2001:db8:0:1::/64',
      'ffff::/16',
    ]);
  });

  it('gives nothing for nothing', () => {
    expect(sorted([])).to.deep.equal([]);
  });
});
