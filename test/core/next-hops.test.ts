import { expect } from 'chai';
import { compareNextHops, isSameNextHop, sameNextHops } from '../../src/core/next-hops.ts';
import { parseAddress } from '../../src/core/prefix.ts';
import type { NextHop } from '../../src/core/route.ts';

function hop(address: string, device?: string, onlink?: boolean): NextHop {
  return {
    address: parseAddress(address),
    ...(device === undefined ? {} : { device }),
    ...(onlink === undefined ? {} : { onlink }),
  };
}

describe('isSameNextHop', () => {
  const cases: readonly (readonly [string, NextHop, NextHop, boolean])[] = [
    ['equal addresses', hop('192.0.2.1'), hop('192.0.2.1'), true],
    ['other addresses', hop('192.0.2.1'), hop('192.0.2.2'), false],
    ['a device that nobody asked for', hop('192.0.2.1'), hop('192.0.2.1', 'eth0'), true],
    ['the wanted device', hop('fe80::1', 'eth0'), hop('fe80::1', 'eth0'), true],
    ['another device', hop('fe80::1', 'eth0'), hop('fe80::1', 'eth1'), false],
    ['a missing device', hop('fe80::1', 'eth0'), hop('fe80::1'), false],
    ['another onlink', hop('192.0.2.1', 'eth0', true), hop('192.0.2.1', 'eth0'), true],
  ];
  for (const [title, want, have, same] of cases) {
    it(`takes ${title} for ${same ? 'the same' : 'another'}`, () => {
      expect(isSameNextHop(want, have)).to.equal(same);
    });
  }
});

describe('sameNextHops', () => {
  const [a, b] = [hop('192.0.2.1'), hop('192.0.2.2')];
  const cases: readonly (readonly [string, readonly NextHop[], readonly NextHop[], boolean])[] = [
    ['any order', [a, b], [b, a], true],
    ['one more', [a], [a, b], false],
    ['one less', [a, b], [a], false],
    ['one other', [a, b], [a, hop('192.0.2.3')], false],
    ['one twice, wanted', [a, a], [a, b], false],
    ['one twice, installed', [a, b], [a, a], false],
    ['a blackhole', [a], [], false],
  ];
  for (const [title, desired, have, same] of cases) {
    it(`takes ${title} for ${same ? 'the same' : 'others'}`, () => {
      expect(sameNextHops(desired, have)).to.equal(same);
    });
  }
});

describe('compareNextHops', () => {
  it('sorts by address as a number, then by device, none first', () => {
    const sorted = [
      hop('192.0.2.9'),
      hop('192.0.2.10'),
      hop('192.0.2.10', 'eth0'),
      hop('192.0.2.10', 'eth1'),
    ];

    expect(sorted.toReversed().sort(compareNextHops)).to.deep.equal(sorted);
    expect(sorted.toSorted(compareNextHops)).to.deep.equal(sorted);
    expect(compareNextHops(hop('fe80::1', 'eth0'), hop('fe80::1', 'eth0'))).to.equal(0);
  });
});
