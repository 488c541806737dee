import { expect } from 'chai';
import { readAristaEosPaths } from '../../src/drivers/arista-eos/parse.ts';
import { casesOf } from './cisco-ios-cases.ts';
import { thrown } from './thrown.ts';

describe('readAristaEosPaths', () => {
  for (const { name, text, paths } of casesOf('arista-eos')) {
    it(`reads ${name}`, () => {
      expect(readAristaEosPaths(text)).to.deep.equal(paths);
    });
  }

  it('finds nothing in text without routes', () => {
    expect(readAristaEosPaths('')).to.deep.equal([]);
    expect(readAristaEosPaths('{"vrfs": {}}')).to.deep.equal([]);
  });

  it('refuses JSON that is cut off, for it may have lost routes', () => {
    expect(thrown(() => readAristaEosPaths('{\n  "vrfs": {'))).to.include({
      code: 'UPSTREAM_OUTPUT_INVALID',
    });
  });
});
