import { expect } from 'chai';
import { readCiscoIosPaths } from '../../src/drivers/cisco-ios/parse.ts';
import { casesOf } from './cisco-ios-cases.ts';

describe('readCiscoIosPaths', () => {
  for (const { name, text, paths } of casesOf('cisco-ios')) {
    it(`reads ${name}`, () => {
      expect(readCiscoIosPaths(text)).to.deep.equal(paths);
    });

    it(`reads ${name} with the line ends of a terminal`, () => {
      expect(readCiscoIosPaths(text.replaceAll(/\r?\n/g, '\r\n'))).to.deep.equal(paths);
    });
  }

  it('finds nothing in text without routes', () => {
    expect(readCiscoIosPaths('')).to.deep.equal([]);
    expect(readCiscoIosPaths('% Subnet not in table\nedge1#')).to.deep.equal([]);
  });
});
