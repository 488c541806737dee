import { expect } from 'chai';

import { readMikrotikRouterosPaths } from '../../src/drivers/mikrotik-routeros/parse.ts';
import { casesOf } from './cisco-ios-cases.ts';

describe('readMikrotikRouterosPaths', () => {
  for (const { name, text, paths } of casesOf('mikrotik-routeros')) {
    it(`reads ${name}`, () => {
      expect(readMikrotikRouterosPaths(text)).to.deep.equal(paths);
    });

    it(`reads ${name} with the line ends of a terminal`, () => {
      expect(readMikrotikRouterosPaths(text.replaceAll(/\r?\n/g, '\r\n'))).to.deep.equal(paths);
    });
  }

  it('tells the keys of a path in the documented order', () => {
    const keys = casesOf('mikrotik-routeros')
      .flatMap(({ text }) => readMikrotikRouterosPaths(text))
      .map((path) => Object.keys(path).join(' '));

    expect(new Set(keys)).to.include(
      'vrf prefix nextHop interface distance tag name description discard',
    );
    expect(new Set(keys).size).to.be.lessThan(3);
  });

  it('finds nothing in JSON that was cut off', () => {
    const { text = '' } = casesOf('mikrotik-routeros').find(({ name }) => name === 'v7-rest') ?? {};

    expect(readMikrotikRouterosPaths(text.slice(0, 400))).to.deep.equal([]);
  });

  it('leaves out a destination that is no prefix', () => {
    const text = '/ip route add dst-address=office gateway=192.0.2.1';

    expect(readMikrotikRouterosPaths(text)).to.deep.equal([]);
  });

  it('reads a table without gateways', () => {
    const text = ['#     DST-ADDRESS  DISTANCE', '0 As  10.1.0.0/16         7', '              8'];

    const paths = readMikrotikRouterosPaths(text.join('\n'));

    expect(paths.map(({ prefix, nextHop, distance }) => [prefix, nextHop, distance])).to.deep.equal(
      [['10.1.0.0/16', null, 7]],
    );
  });

  it('finds nothing in an empty text', () => {
    expect(readMikrotikRouterosPaths('')).to.deep.equal([]);
  });
});
