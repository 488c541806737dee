import { expect } from 'chai';

import {
  linesIn,
  maskLength,
  readAddress,
  readLoosePrefix,
  readMaskedPrefix,
} from '../../src/drivers/kit/text.ts';

describe('linesIn', () => {
  for (const [name, text, lines] of [
    ['line ends of any kind', 'a\r\nb\nc\r\r\nd', ['a', 'b', 'c', 'd']],
    ['escape sequences', '\u001B[?1h\u001B=a\u001B[0mb\u001B[m', ['ab']],
    [
      'a pager that wipes its prompt by backspaces',
      '--More--\b\b\b\b\b\b\b\b        \b\b\b\b\b\b\b\bx',
      ['x'],
    ],
    ['a pager that writes over its prompt', '--More--\r         \rx', ['x']],
    ['blanks at the end', 'a  \n', ['a', '']],
    ['blanks in front, which mean something', '  a', ['  a']],
  ] as const) {
    it(`sees through ${name}`, () => {
      expect(linesIn(text)).to.deep.equal(lines);
    });
  }
});

describe('readLoosePrefix', () => {
  for (const [text, prefix] of [
    ['10.1.2.3/24', '10.1.2.0/24'],
    ['10.1.2.3', '10.1.2.3/32'],
    ['2001:DB8:0:0::1/64', '2001:db8::/64'],
    ['2001:db8::1', '2001:db8::1/128'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['10.1.2.3/33', undefined],
    ['10.1.2.3/x', undefined],
    ['10.1.2.3/24/1', undefined],
    ['ten', undefined],
  ] as const) {
    it(`reads ${text} as ${prefix ?? 'nothing'}`, () => {
      expect(readLoosePrefix(text)).to.equal(prefix);
    });
  }
});

describe('readMaskedPrefix', () => {
  for (const [address, mask, prefix] of [
    ['10.1.2.3', '255.255.255.0', '10.1.2.0/24'],
    ['10.1.2.3', '255.255.255.255', '10.1.2.3/32'],
    ['0.0.0.0', '0.0.0.0', '0.0.0.0/0'],
    ['10.1.2.3', '255.0.255.0', undefined],
    ['10.1.2.3', 'mask', undefined],
    ['ten', '255.255.255.0', undefined],
    ['2001:db8::1', '255.255.255.0', undefined],
    ['10.1.2.3', 'ffff::', undefined],
  ] as const) {
    it(`reads ${address} ${mask} as ${prefix ?? 'nothing'}`, () => {
      expect(readMaskedPrefix(address, mask)).to.equal(prefix);
    });
  }
});

describe('maskLength', () => {
  it('counts the ones in front', () => {
    expect(['255.128.0.0', '0.0.0.0', '0.255.0.0'].map(maskLength)).to.deep.equal([
      9,
      0,
      undefined,
    ]);
  });
});

describe('readAddress', () => {
  it('drops the zone and takes nothing else', () => {
    expect([readAddress('fe80::1%eth0'), readAddress('192.0.2.300')]).to.deep.equal([
      'fe80::1',
      undefined,
    ]);
  });
});
