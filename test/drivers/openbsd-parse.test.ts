import { expect } from 'chai';
import { readOpenbsdPaths } from '../../src/drivers/openbsd/parse.ts';
import { casesOf } from './cisco-ios-cases.ts';

describe('readOpenbsdPaths', () => {
  for (const { name, text, paths } of casesOf('openbsd')) {
    it(`reads ${name}`, () => {
      expect(readOpenbsdPaths(text)).to.deep.equal(paths);
    });

    it(`reads ${name} with the line ends of a terminal`, () => {
      expect(readOpenbsdPaths(text.replaceAll('\n', '\r\n'))).to.deep.equal(paths);
    });
  }

  it('finds nothing in text without routes', () => {
    for (const text of [
      '',
      'Routing tables\n',
      'fw# route add 10.1/16 192.0.2.2\nadd net 10.1/16: gateway 192.0.2.2\n',
    ]) {
      expect(readOpenbsdPaths(text)).to.deep.equal([]);
    }
  });
});
