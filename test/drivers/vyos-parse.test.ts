import { expect } from 'chai';

import { readVyosPaths } from '../../src/drivers/vyos/parse.ts';
import { casesOf } from './cisco-ios-cases.ts';

describe('readVyosPaths', () => {
  for (const { name, text, paths } of casesOf('vyos')) {
    it(`reads ${name}`, () => {
      expect(readVyosPaths(text)).to.deep.equal(paths);
    });

    it(`reads ${name} with the line ends of a terminal`, () => {
      expect(readVyosPaths(text.replaceAll('\n', '\r\n'))).to.deep.equal(paths);
    });
  }

  it('finds nothing in text without routes', () => {
    expect(readVyosPaths('')).to.deep.equal([]);
  });

  it('reads through the codes of a pager', () => {
    const shown =
      '\u001b[?1h\u001b=\rset protocols static route 10.1.0.0/16 reject\u001b[m\r\n\u001b[K:';

    expect(readVyosPaths(shown)).to.have.lengthOf(1);
  });
});
