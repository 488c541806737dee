import { expect } from 'chai';

import { readHuaweiVrpPaths } from '../../src/drivers/huawei-vrp/parse.ts';
import { casesOf } from './cisco-ios-cases.ts';

describe('readHuaweiVrpPaths', () => {
  for (const { name, text, paths } of casesOf('huawei-vrp')) {
    it(`reads ${name}`, () => {
      expect(readHuaweiVrpPaths(text)).to.deep.equal(paths);
    });

    it(`reads ${name} with the line ends of a terminal`, () => {
      expect(readHuaweiVrpPaths(text.replaceAll(/\r?\n/g, '\r\n'))).to.deep.equal(paths);
    });
  }

  it('tells the keys of a path in the documented order', () => {
    const keys = casesOf('huawei-vrp')
      .flatMap(({ text }) => readHuaweiVrpPaths(text))
      .map((path) => Object.keys(path).join(' '));

    expect(new Set(keys)).to.include(
      'vrf prefix nextHop interface distance tag name description discard',
    );
    expect(new Set(keys).size).to.be.lessThan(3);
  });

  it('reads a path whose lines end before its next hop', () => {
    const text = 'Destination: 10.1.0.0/16\n  Protocol: Static   Process ID: 0';

    expect(readHuaweiVrpPaths(text).map(({ nextHop }) => nextHop)).to.deep.equal([null]);
  });

  it('finds nothing in an empty text', () => {
    expect(readHuaweiVrpPaths('')).to.deep.equal([]);
  });
});
