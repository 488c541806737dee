import { expect } from 'chai';
import { readCiscoNxosPaths } from '../../src/drivers/cisco-nxos/parse.ts';
import { casesOf } from './cisco-ios-cases.ts';

describe('readCiscoNxosPaths', () => {
  for (const { name, text, paths } of casesOf('cisco-nxos')) {
    it(`reads ${name}`, () => {
      expect(readCiscoNxosPaths(text)).to.deep.equal(paths);
    });

    it(`reads ${name} with the line ends of a terminal`, () => {
      expect(readCiscoNxosPaths(text.replaceAll('\n', '\r\n'))).to.deep.equal(paths);
    });
  }

  it('finds nothing in an empty text', () => {
    expect(readCiscoNxosPaths('')).to.deep.equal([]);
  });

  it('takes JSON that nests deeper than any display for nothing', () => {
    const deep = `${'['.repeat(50)}{"ipprefix": "10.1.0.0/24", "clientname": "static"}${']'.repeat(50)}`;

    expect(readCiscoNxosPaths(deep)).to.deep.equal([]);
  });

  it('reads what a pager left behind', () => {
    const text = 'vrf context RED\n--More--\r        \r  ip route 10.1.0.0/24 192.0.2.1\n';

    expect(readCiscoNxosPaths(text).map(({ vrf }) => vrf)).to.deep.equal(['RED']);
  });
});
