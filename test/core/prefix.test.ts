/** The prefix code against netmask's traps, and against a model that knows nothing but bigints. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  bitsOf,
  compareAddresses,
  comparePrefixes,
  contains,
  familyOf,
  firstAt,
  hostPrefix,
  overlaps,
  parseAddress,
  parsePrefix,
  prefixAt,
  PrefixError,
  type Prefix,
} from '../../src/core/prefix.ts';
import { anyPrefix, ipv4Text, ipv6Text, toInterval } from './arbitraries.ts';

const RUNS = { numRuns: 500 };

const NO_ADDRESSES: readonly string[] = [
  '',
  ' ',
  '10',
  '1.2',
  '1.2.3',
  '1.2.3.',
  '1.2.3.4.',
  '.1.2.3.4',
  '1..2.3',
  '1.2.3.4.5',
  '010.0.0.1',
  '1.2.3.04',
  '00.0.0.0',
  '0x0a.0.0.1',
  '0x0a000001',
  '167772161',
  '256.0.0.1',
  '1.2.3.-4',
  '1.2.3.4 ',
  ' 1.2.3.4',
  '1.2.3.4\n',
  '1.2.3.4garbage',
  '1.2.3.4%eth0',
  '١.2.3.4',
  ':',
  ':::',
  '1:::2',
  '1::2::3',
  ':1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '::1:2:3:4:5:6:7:8',
  '1:2:3:4::5:6:7:8',
  '12345::',
  '::g',
  '::1g',
  '0x1::',
  '::-1',
  '::+1',
  ':: 1',
  '2001:db8::1 ',
  'fe80::1%eth0',
  'fe80::1%1',
  'fe80::%',
  '::1.2.3',
  '::01.2.3.4',
  '::1.2.3.256',
  '1.2.3.4::',
  '::1.2.3.4:5',
  '1:2:3:4:5:6:7:1.2.3.4',
  '::\n1.2.3.4',
  '[::1]',
  '1.2.3.4/32',
  ':'.repeat(100_000),
  '1'.repeat(100_000),
  `${'a:'.repeat(50_000)}1.2.3.4`,
  `::${'1.'.repeat(50_000)}`,
];

describe('parseAddress', () => {
  for (const text of NO_ADDRESSES) {
    it(`refuses ${JSON.stringify(text.slice(0, 30))} of ${text.length} characters`, () => {
      expect(() => parseAddress(text)).to.throw(PrefixError, 'is not an IP address');
    });
  }

  const cases = [
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['10.0.0.1', '10.0.0.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8::A', '2001:db8::a'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4:5:6:c000:201'],
    ['::192.0.2.1', '::c000:201'],
  ] as const;
  for (const [text, canonical] of cases) {
    it(`reads ${text} as ${canonical} (RFC 5952)`, () => {
      expect(parseAddress(text)).to.equal(canonical);
    });
  }

  it('is idempotent', () => {
    fc.assert(
      fc.property(fc.oneof(ipv4Text, ipv6Text), (text) => {
        const address = parseAddress(text);

        expect(parseAddress(address)).to.equal(address);
      }),
      RUNS,
    );
  });
});

describe('parsePrefix', () => {
  const missing = ['10.0.0.0', '10', '::', ''];
  for (const text of missing) {
    it(`asks for the length of "${text}"`, () => {
      expect(() => parsePrefix(text)).to.throw(PrefixError, 'the length is missing');
    });
  }

  const badLengths = [
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/00',
    '10.0.0.0/-1',
    '10.0.0.0/+8',
    '10.0.0.0/8 ',
    '10.0.0.0/ 8',
    '10.0.0.0/8.0',
    '10.0.0.0/8e0',
    '10.0.0.0/0x8',
    '10.0.0.0/24garbage',
    '10.0.0.0/24/8',
    '10.0.0.0/255.0.0.0',
    '10.0.0.0/٨',
    `10.0.0.0/${'8'.repeat(10_000)}`,
    '::/129',
    '::/064',
    '::/-1',
    '::/1000',
  ];
  for (const text of badLengths) {
    it(`refuses the length of ${text.slice(0, 30)}`, () => {
      expect(() => parsePrefix(text)).to.throw(PrefixError, 'the length must be 0 to');
    });
  }

  const badAddresses = ['10/8', '010.0.0.0/8', '1.2.3/24', '0x0a000000/8', '/8', ' ::/0', ':::/0'];
  for (const text of badAddresses) {
    it(`refuses the address of ${text}`, () => {
      expect(() => parsePrefix(text)).to.throw(PrefixError, 'is not a prefix such as');
    });
  }

  const hostBits = [
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.0.0.1/31', '10.0.0.0/31'],
    ['128.0.0.0/0', '0.0.0.0/0'],
    ['2001:db8::1/64', '2001:db8::/64'],
    ['::1/0', '::/0'],
    ['2001:db8:0:ff::/57', '2001:db8:0:80::/57'],
  ] as const;
  for (const [text, meant] of hostBits) {
    it(`refuses the host bits of ${text} and proposes ${meant}`, () => {
      expect(() => parsePrefix(text))
        .to.throw(PrefixError, `"${text}" has host bits set; did you mean ${meant}?`)
        .with.property('suggestion', meant);
    });
  }

  const good = [
    ['0.0.0.0/0', 4, 0, 0],
    ['128.0.0.0/1', 4, 1, 2 ** 31],
    ['255.255.255.255/32', 4, 32, 2 ** 32 - 1],
    ['10.1.0.0/16', 4, 16, 0x0a010000],
    ['::/0', 6, 0, 0n],
    ['::1/128', 6, 128, 1n],
    ['8000::/1', 6, 1, 1n << 127n],
    ['2001:db8::/32', 6, 32, 0x20010db8n << 96n],
  ] as const;
  for (const [text, family, length, first] of good) {
    it(`reads ${text}`, () => {
      expect(parsePrefix(text)).to.deep.equal({ text, family, length, first });
    });
  }

  it('gives equal texts for equal prefixes, however they are written', () => {
    expect(parsePrefix('2001:DB8:0:0::/64')).to.deep.equal(parsePrefix('2001:db8::/64'));
    expect(parsePrefix('::ffff:192.0.2.0/120').text).to.equal('::ffff:c000:200/120');
  });

  it('is idempotent, and its host bits are zero', () => {
    fc.assert(
      fc.property(anyPrefix, (prefix) => {
        const hostCount = BigInt(bitsOf(prefix.family) - prefix.length);

        expect(parsePrefix(prefix.text)).to.deep.equal(prefix);
        expect(BigInt(prefix.first) % (1n << hostCount)).to.equal(0n);
      }),
      RUNS,
    );
  });

  it('never takes a text that it would not print, but for case and zero groups', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'0123456789abcfx.:/% '.split('')) }),
        (text) => {
          let prefix: Prefix;
          try {
            prefix = parsePrefix(text);
          } catch (error) {
            expect(error).to.be.instanceOf(PrefixError);
            return;
          }
          expect(parsePrefix(prefix.text)).to.deep.equal(prefix);
          expect(prefix.family === 6 || prefix.text === text).to.equal(true);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('prefixAt', () => {
  it('clears the host bits of an address', () => {
    expect(prefixAt(parseAddress('10.1.2.3'), 22).text).to.equal('10.1.0.0/22');
    expect(prefixAt(parseAddress('10.1.2.3'), 0).text).to.equal('0.0.0.0/0');
    expect(prefixAt(parseAddress('2001:db8::ffff'), 112).text).to.equal('2001:db8::/112');
    expect(prefixAt(parseAddress('2001:db8::'), 64).text).to.equal('2001:db8::/64');
  });
});

describe('hostPrefix', () => {
  it('is the longest prefix of an address', () => {
    expect(hostPrefix(parseAddress('192.0.2.7')).text).to.equal('192.0.2.7/32');
    expect(hostPrefix(parseAddress('2001:db8::7')).text).to.equal('2001:db8::7/128');
  });
});

describe('familyOf and bitsOf', () => {
  it('tell the families apart', () => {
    expect([familyOf('10.0.0.0/8'), bitsOf(4)]).to.deep.equal([4, 32]);
    expect([familyOf('::ffff:192.0.2.1'), bitsOf(6)]).to.deep.equal([6, 128]);
  });
});

describe('contains and overlaps', () => {
  it('agree with intervals of bigints', () => {
    fc.assert(
      fc.property(anyPrefix, anyPrefix, (a, b) => {
        const [x, y] = [toInterval(a), toInterval(b)];
        const sameFamily = a.family === b.family;

        expect(contains(a, b)).to.equal(sameFamily && x.first <= y.first && y.last <= x.last);
        expect(overlaps(a, b)).to.equal(sameFamily && x.first <= y.last && y.first <= x.last);
        expect(overlaps(b, a)).to.equal(overlaps(a, b));
      }),
      { numRuns: 2000 },
    );
  });

  it('take a prefix to contain itself, and the default route everything of its family', () => {
    const prefix = parsePrefix('255.255.255.255/32');

    expect(contains(prefix, prefix)).to.equal(true);
    expect(contains(parsePrefix('0.0.0.0/0'), prefix)).to.equal(true);
    expect(contains(parsePrefix('::/0'), prefix)).to.equal(false);
  });
});

describe('firstAt', () => {
  it('is the first address of the wider prefix', () => {
    fc.assert(
      fc.property(anyPrefix, fc.nat(128), (prefix, cut) => {
        const length = Math.min(cut, prefix.length);
        const size = 1n << BigInt(bitsOf(prefix.family) - length);

        const first = firstAt(prefix, length);

        expect(BigInt(first)).to.equal((BigInt(prefix.first) / size) * size);
      }),
      RUNS,
    );
  });
});

describe('comparePrefixes', () => {
  it('sorts by family, first address and length', () => {
    const sorted = ['0.0.0.0/0', '9.0.0.0/8', '10.0.0.0/8', '10.0.0.0/9', '10.0.1.0/24', '::/0'];
    const shuffled = ['::/0', '10.0.1.0/24', '10.0.0.0/9', '0.0.0.0/0', '10.0.0.0/8', '9.0.0.0/8'];

    const result = shuffled.map(parsePrefix).sort(comparePrefixes);

    expect(result.map(({ text }) => text)).to.deep.equal(sorted);
  });

  it('is a total order: antisymmetric, and zero only for equal prefixes', () => {
    fc.assert(
      fc.property(anyPrefix, anyPrefix, (a, b) => {
        const order = comparePrefixes(a, b);

        expect(Math.sign(comparePrefixes(b, a)) + Math.sign(order)).to.equal(0);
        expect(order === 0).to.equal(a.text === b.text);
      }),
      RUNS,
    );
  });
});

describe('compareAddresses', () => {
  it('sorts by number, not by text', () => {
    const texts = ['2001:db8::10', '10.0.0.10', '2001:db8::9', '10.0.0.9'];

    const sorted = texts.map(parseAddress).sort(compareAddresses);

    expect(sorted).to.deep.equal(['10.0.0.9', '10.0.0.10', '2001:db8::9', '2001:db8::10']);
  });
});
