import { readFileSync } from 'node:fs';
import { expect } from 'chai';

import { eventsBetween } from '../../bench/bird-alone.ts';
import { significant } from '../../bench/markdown.ts';
import { childrenCpuSeconds, cpuSeconds, peakMiB, rssMiB } from '../../bench/process-memory.ts';
import { eventOf } from '../../bench/routing-table.ts';

describe('memory and CPU time out of /proc', () => {
  const status = 'Name:\tnode\nVmPeak:\t  999 kB\nVmHWM:\t   2048 kB\nVmRSS:\t   1536 kB\n';

  it('are in MiB', () => {
    expect([peakMiB(status), rssMiB(status)]).to.deep.equal([2, 1.5]);
  });

  it('are refused where they are not told', () => {
    expect(() => rssMiB('Name:\tkthreadd\n')).to.throw('/proc tells no VmRSS');
  });

  it('are what this process itself says', () => {
    const mine = rssMiB(readFileSync('/proc/self/status', 'utf8'));

    expect(mine / (process.memoryUsage.rss() / 2 ** 20)).to.be.within(0.5, 2);
  });

  it('sum over the threads, in seconds', () => {
    expect(cpuSeconds(['1500000000 5 3', '500000000 1 1'])).to.equal(2);
  });

  it('of ended children are found behind any name', () => {
    const stat = '42 (a ) 1 name) S 1 42 42 0 -1 4194304 100 200 0 0 11 12 130 120 20 0 1 0 5 6 7';

    expect(childrenCpuSeconds(stat)).to.equal(2.5);
  });
});

describe('what ip monitor tells', () => {
  const EVENTS: Readonly<Record<string, string>> = {
    '10.0.0.0/28 via 172.16.0.2 dev d0 proto bird metric 32 ': '10.0.0.0/28 172.16.0.2',
    'Deleted 10.0.0.0/28 via 172.16.0.2 dev d0 proto bird ': 'gone 10.0.0.0/28',
    'Deleted blackhole 198.51.100.255 ': 'gone 198.51.100.255',
    '2001:db8:5::/64 via 2001:db8::2 dev d0 metric 32 pref medium': '2001:db8:5::/64 2001:db8::2',
  };

  for (const [line, event] of Object.entries(EVENTS)) {
    it(`"${line}" is ${event}`, () => {
      expect(eventOf(line)).to.equal(event);
    });
  }

  it('is expected for routes that come, go and move', () => {
    const before = [
      { prefix: '10.1.0.0/28', via: '172.16.0.2' },
      { prefix: '10.2.0.0/28', via: '172.16.0.2' },
      { prefix: '10.3.0.0/28', via: '172.16.0.2' },
    ];
    const after = [
      { prefix: '10.1.0.0/28', via: '172.16.0.2' },
      { prefix: '10.2.0.0/28', via: '172.16.0.3' },
      { prefix: '10.4.0.0/28', via: '172.16.0.2' },
    ];

    expect([...eventsBetween(before, after)].sort()).to.deep.equal([
      '10.2.0.0/28 172.16.0.3',
      '10.4.0.0/28 172.16.0.2',
      'gone 10.3.0.0/28',
    ]);
  });
});

describe('a number for people', () => {
  const SHOWN: readonly (readonly [number | undefined, string])[] = [
    [undefined, '-'],
    [Number.NaN, '-'],
    [0, '0'],
    [0.05342, '0.0534'],
    [1.2345, '1.23'],
    [56.78, '56.8'],
    [2462.4, '2,462'],
    [1_234_567, '1,234,567'],
  ];

  for (const [value, text] of SHOWN) {
    it(`${value} is ${text}`, () => {
      expect(significant(value)).to.equal(text);
    });
  }
});
