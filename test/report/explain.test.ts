import { expect } from 'chai';

import { find } from '../../src/report/explain.ts';
import { REPORT } from './sample.ts';

describe('find', () => {
  it('gives its answers in the same order, whatever order the cloud listed them in', () => {
    const turned = { ...REPORT, candidates: REPORT.candidates.toReversed() };
    const prefixes = (report: typeof REPORT): readonly string[] =>
      find('web', report).candidates.map(({ prefix }) => prefix.text);

    expect(prefixes(REPORT).length).to.be.above(2);
    expect(prefixes(turned)).to.deep.equal(prefixes(REPORT));
  });
});
