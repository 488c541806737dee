import { expect } from 'chai';
import fc from 'fast-check';

import { proposeRanges, type ProposedRange } from '../../src/config/init-ranges.ts';
import { contains, parseAddress, parsePrefix, prefixAt } from '../../src/core/prefix.ts';

function propose(prefixes: readonly string[], pool?: string): ReturnType<typeof proposeRanges> {
  return proposeRanges(prefixes.map((text) => ({ prefix: parsePrefix(text), pool })));
}

/** `10.0.0.0/22 le 23-24 (3)`. */
function textOf({ prefix, minLength, maxLength, subnets }: ProposedRange): string {
  return `${prefix.text} ${minLength}-${maxLength} (${subnets})`;
}

const POOL = 'tenants';

describe('proposeRanges', () => {
  const CASES = [
    ['one subnet is its own range', ['10.1.2.0/24'], ['10.1.2.0/24 24-24 (1)']],
    [
      'neighbours are drawn together, as tightly as they permit',
      ['10.1.0.0/24', '10.1.2.0/24', '10.1.3.0/26'],
      ['10.1.0.0/22 24-26 (3)'],
    ],
    [
      'what lies far apart stays apart',
      ['10.1.2.0/24', '10.200.3.0/24', '192.168.7.0/24', 'fd00:1::/64', 'fd00:2::/64'],
      [
        '10.1.2.0/24 24-24 (1)',
        '10.200.3.0/24 24-24 (1)',
        '192.168.7.0/24 24-24 (1)',
        'fd00:1::/64 64-64 (1)',
        'fd00:2::/64 64-64 (1)',
      ],
    ],
    [
      'unless there are many of them',
      Array.from({ length: 12 }, (_, index) => `10.${16 + index}.0.0/24`),
      ['10.16.0.0/12 24-24 (12)'],
    ],
    [
      'a subnet around others is a range of its own length',
      ['10.0.0.0/14', '10.1.0.0/24'],
      ['10.0.0.0/14 14-14 (1)', '10.1.0.0/24 24-24 (1)'],
    ],
    ['nothing gives nothing', [], []],
  ] as const;

  for (const [rule, seen, expected] of CASES) {
    it(rule, () => {
      const { allow, outside } = propose(seen);
      expect(allow.map(textOf)).to.deep.equal(expected);
      expect(outside).to.deep.equal([]);
    });
  }

  it('leaves what is neither private nor from a pool to a person', () => {
    const seen = ['198.51.100.0/24', '100.64.1.0/24', '2001:db8:1::/64', '10.0.0.0/24'];
    const { allow, outside } = propose(seen);

    expect(allow.map(textOf)).to.deep.equal(['10.0.0.0/24 24-24 (1)']);
    expect(outside.map(({ prefix }) => prefix.text)).to.deep.equal([
      '100.64.1.0/24',
      '198.51.100.0/24',
      '2001:db8:1::/64',
    ]);
  });

  it('takes what is from a pool, and only for that pool', () => {
    const { allow, outside } = propose(['198.51.100.0/26', '198.51.100.64/26'], POOL);

    expect(outside).to.deep.equal([]);
    expect(allow.map(({ pool }) => pool)).to.deep.equal([POOL]);
    expect(allow.map(textOf)).to.deep.equal(['198.51.100.0/25 26-26 (2)']);
  });

  it('is never wide open, and forgets nothing', () => {
    const v4 = fc
      .tuple(fc.ipV4(), fc.integer({ min: 8, max: 32 }))
      .map(([address, length]) => prefixAt(parseAddress(address), length));
    const v6 = fc
      .tuple(fc.ipV6(), fc.integer({ min: 16, max: 128 }))
      .map(([address, length]) => prefixAt(parseAddress(address), length));
    const subnet = fc.record({
      prefix: fc.oneof(v4, v6),
      pool: fc.constantFrom(undefined, 'a', 'b'),
    });

    fc.assert(
      fc.property(fc.array(subnet, { maxLength: 40 }), (seen) => {
        const { allow, outside } = proposeRanges(seen);
        const ranges = [...allow, ...outside];
        for (const { prefix } of ranges) {
          expect(prefix.length).to.be.at.least(prefix.family === 4 ? 8 : 16);
        }
        for (const { prefix, pool } of seen) {
          const around = ranges.filter(
            (range) =>
              range.pool === pool &&
              contains(range.prefix, prefix) &&
              range.minLength <= prefix.length &&
              prefix.length <= range.maxLength,
          );
          expect(around).not.to.deep.equal([]);
        }
        expect(ranges.reduce((sum, { subnets }) => sum + subnets, 0)).to.equal(seen.length);
      }),
    );
  });
});
