import { expect } from 'chai';
import fc from 'fast-check';
import { PrefixIndex } from '../../src/core/prefix-index.ts';
import { contains, parsePrefix, type Prefix } from '../../src/core/prefix.ts';
import { anyPrefix, tenantPrefix } from './arbitraries.ts';

const texts = (values: Iterable<Prefix>): readonly string[] =>
  Array.from(values, ({ text }) => text).sort();

function indexOf(prefixes: readonly Prefix[]): PrefixIndex<Prefix> {
  const index = new PrefixIndex<Prefix>();
  prefixes.forEach((prefix) => index.add(prefix, prefix));
  return index;
}

function model(entries: readonly Prefix[], asked: Prefix): Record<string, readonly string[]> {
  const others = entries.filter(({ text }) => text !== asked.text);
  const at = entries.filter(({ text }) => text === asked.text);
  const around = others.filter((entry) => contains(entry, asked));
  const inside = others.filter((entry) => contains(asked, entry));
  return {
    at: texts(at),
    around: texts(around),
    inside: texts(inside),
    overlapping: texts([...at, ...around, ...inside]),
  };
}

function answers(index: PrefixIndex<Prefix>, asked: Prefix): Record<string, readonly string[]> {
  return {
    at: texts(index.at(asked)),
    around: texts(index.around(asked)),
    inside: texts(index.inside(asked)),
    overlapping: texts(index.overlapping(asked)),
  };
}

describe('PrefixIndex', () => {
  it('agrees with a plain list, also for entries that come after the first question', () => {
    const prefix = fc.oneof(tenantPrefix, anyPrefix);
    fc.assert(
      fc.property(fc.array(prefix), fc.array(prefix), prefix, (early, late, asked) => {
        const index = indexOf(early);

        expect(answers(index, asked)).to.deep.equal(model(early, asked));

        late.forEach((each) => index.add(each, each));

        expect(answers(index, asked)).to.deep.equal(model([...early, ...late], asked));
      }),
      { numRuns: 500 },
    );
  });

  it('keeps several values at one prefix, in the order they came', () => {
    const index = new PrefixIndex<string>();
    const prefix = parsePrefix('10.0.0.0/8');
    ['b', 'a', 'c'].forEach((value) => index.add(prefix, value));

    expect(index.at(prefix)).to.deep.equal(['b', 'a', 'c']);
  });

  it('keeps the families apart, even where length and number are equal', () => {
    const index = indexOf([parsePrefix('0.0.0.0/0'), parsePrefix('::/0')]);

    expect(texts(index.around(parsePrefix('10.0.0.0/8')))).to.deep.equal(['0.0.0.0/0']);
    expect(texts(index.around(parsePrefix('2001:db8::/32')))).to.deep.equal(['::/0']);
  });
});
