import { expect } from 'chai';
import { readNokiaSrosPaths } from '../../src/drivers/nokia-sros/parse.ts';
import { casesOf } from './cisco-ios-cases.ts';

describe('readNokiaSrosPaths', () => {
  for (const { name, text, paths } of casesOf('nokia-sros')) {
    it(`reads ${name}`, () => {
      expect(readNokiaSrosPaths(text)).to.deep.equal(paths);
    });

    it(`reads ${name} with the line ends of a terminal`, () => {
      expect(readNokiaSrosPaths(text.replaceAll('\n', '\r\n'))).to.deep.equal(paths);
    });
  }

  it('finds nothing in an empty text', () => {
    expect(readNokiaSrosPaths('')).to.deep.equal([]);
  });
});
