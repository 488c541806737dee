import { expect } from 'chai';
import { readCiscoIosxrPaths } from '../../src/drivers/cisco-iosxr/parse.ts';
import { casesOf } from './cisco-ios-cases.ts';

describe('readCiscoIosxrPaths', () => {
  for (const { name, text, paths } of casesOf('cisco-iosxr')) {
    it(`reads ${name}`, () => {
      expect(readCiscoIosxrPaths(text)).to.deep.equal(paths);
    });

    it(`reads ${name} with the line ends of a terminal`, () => {
      expect(readCiscoIosxrPaths(text.replaceAll('\n', '\r\n'))).to.deep.equal(paths);
    });
  }

  it('finds nothing in an empty text', () => {
    expect(readCiscoIosxrPaths('')).to.deep.equal([]);
  });
});
