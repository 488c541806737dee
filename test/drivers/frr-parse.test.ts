import { expect } from 'chai';

import { readFrrPaths } from '../../src/drivers/frr/parse.ts';
import { casesOf } from './cisco-ios-cases.ts';
import { thrown } from './thrown.ts';

describe('readFrrPaths', () => {
  for (const { name, text, paths } of casesOf('frr')) {
    it(`reads ${name}`, () => {
      expect(readFrrPaths(text)).to.deep.equal(paths);
    });

    it(`reads ${name} with the line ends of a terminal`, () => {
      expect(readFrrPaths(text.replaceAll('\n', '\r\n'))).to.deep.equal(paths);
    });
  }

  it('finds nothing in text without routes', () => {
    expect(readFrrPaths('')).to.deep.equal([]);
  });

  it('refuses JSON that is cut off, for it may have lost routes', () => {
    for (const text of ['{\n  "10.1.0.0/24":[', '{\n  "10.1.0.0/24":[\n}']) {
      expect(thrown(() => readFrrPaths(text))).to.include({ code: 'UPSTREAM_OUTPUT_INVALID' });
    }
  });
});
