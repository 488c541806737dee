import { expect } from 'chai';
import { safeWord, type WordKind } from '../../src/drivers/kit/word.ts';
import { thrown } from './thrown.ts';

const SAFE: readonly (readonly [WordKind, string])[] = [
  ['address', '192.0.2.1'],
  ['address', '2001:db8::1'],
  ['prefix', '10.0.0.0/8'],
  ['prefix', '::/0'],
  ['device', 'eth0'],
  ['device', 'br-ex.100@if2'],
  ['table', 'main'],
  ['table', '4294967295'],
  ['table', 'vrf_blue.1'],
  ['number', '0'],
];

const UNSAFE: readonly (readonly [WordKind, string])[] = [
  ['address', ''],
  ['address', '192.0.2.1 dev eth0'],
  ['address', 'fe80::1%eth0'],
  ['prefix', '10.0.0.0'],
  ['prefix', '10.0.0.0/8\nroute flush table main'],
  ['device', ''],
  ['device', '-batch'],
  ['device', 'eth0 proto 4'],
  ['device', 'eth0#'],
  ['device', '"eth0"'],
  ['device', 'eth0\\'],
  ['device', 'eth\u001B[2J'],
  ['device', 'sixteencharacter'],
  ['table', 'all'],
  ['table', 'cache'],
  ['table', 'help'],
  ['table', 'unspec'],
  ['table', '0'],
  ['table', '0x10'],
  ['table', '010'],
  ['table', 'main proto 4'],
  ['table', 'main\n'],
  ['number', '1e21'],
  ['number', '-1'],
  ['number', 'NaN'],
];

describe('safeWord', () => {
  for (const [kind, text] of SAFE) {
    it(`lets the ${kind} ${text} through`, () => {
      expect(safeWord(kind, text)).to.equal(text);
    });
  }

  for (const [kind, text] of UNSAFE) {
    it(`refuses the ${kind} ${JSON.stringify(text)}`, () => {
      const error = thrown(() => safeWord(kind, text));

      expect(error.code).to.equal('UNSAFE_WORD');
      expect(error.message).to.contain(JSON.stringify(text)).and.not.contain('\n');
    });
  }
});
