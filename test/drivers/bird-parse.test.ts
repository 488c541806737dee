import { expect } from 'chai';
import { readBirdPaths, readNamedPaths } from '../../src/drivers/bird/parse.ts';
import { casesOf } from './cisco-ios-cases.ts';

describe('readBirdPaths', () => {
  for (const { name, text, paths } of casesOf('bird')) {
    it(`reads ${name}`, () => {
      expect(readBirdPaths(text)).to.deep.equal(paths);
    });

    it(`reads ${name} with the line ends of a terminal`, () => {
      expect(readBirdPaths(text.replaceAll('\n', '\r\n'))).to.deep.equal(paths);
    });
  }

  it('finds nothing in text without routes', () => {
    for (const text of [
      '',
      'BIRD 2.0.12 ready.\nNetwork not found\n',
      'protocol static {',
      '}}}} ; {{{{',
      '                     unicast [static1 07:18:38.030] * (200)\n\tvia 192.0.2.2 on eth0\n',
    ]) {
      expect(readBirdPaths(text)).to.deep.equal([]);
    }
  });

  it('is not led into the depth of a hostile text', () => {
    expect(readBirdPaths('protocol static x {'.repeat(100_000))).to.deep.equal([]);
    expect(readBirdPaths('{;'.repeat(100_000))).to.deep.equal([]);
  });
});

describe('readNamedPaths', () => {
  for (const [what, text, name] of [
    ['a block', 'protocol static rs4 { ipv4; route 10.1.0.0/16 via 192.0.2.2; }', 'rs4'],
    ['a quoted name', "protocol static 'rs-4' { route 10.1.0.0/16 via 192.0.2.2; }", 'rs-4'],
    ['a block without a name', 'protocol static { route 10.1.0.0/16 via 192.0.2.2; }', null],
    ['a bare line', 'route 10.1.0.0/16 via 192.0.2.2;', null],
    ['a table', '10.1.0.0/16 unicast [rs4 07:18:38.030] * (200)\n\tvia 192.0.2.2 on eth0', 'rs4'],
    ['a list', '10.1.0.0/16\n\tvia 192.0.2.2', null],
  ] as const) {
    it(`tells the protocol of ${what}`, () => {
      expect(readNamedPaths(text).map((path) => path.name)).to.deep.equal([name]);
    });
  }
});
