import { expect } from 'chai';
import { parsePrefix } from '../../src/core/prefix.ts';
import type { Adoption, CommandOutput, Stranger } from '../../src/drivers/driver.ts';
import { linux } from '../../src/drivers/linux.ts';
import { desired, hop, SCOPE } from './routes.ts';
import { thrown } from './thrown.ts';

const NONE = answer([]);
const MARK = 'proto 201 metric 1024 table main';

function answer(rows: readonly object[]): CommandOutput {
  return { stdout: JSON.stringify(rows), stderr: '', exitCode: 0 };
}

/** A route as `ip -N -details -json` shows one that was made by hand. */
function row(dst: string, change: object = {}): object {
  const gateway = dst.includes(':') ? '2001:db8::9' : '192.0.2.9';
  return { type: '1', dst, gateway, dev: 'd0', protocol: '3', scope: '0', flags: [], ...change };
}

function members(...list: readonly object[]): object {
  const nexthops = list.map((each) => ({ dev: 'd0', weight: 1, flags: [], ...each }));
  return { gateway: undefined, dev: undefined, nexthops };
}

function strangers(...rows: readonly object[]): readonly Stranger[] {
  const [ipv4, ipv6] = [rows.filter((each) => !isIpv6(each)), rows.filter(isIpv6)].map(answer);
  const prefixes = rows.flatMap((each) =>
    'dst' in each ? [parsePrefix(String(each.dst)).text] : [],
  );
  return linux.strangersAt(SCOPE, [ipv4 ?? NONE, ipv6 ?? NONE, NONE], new Set(prefixes));
}

function isIpv6(each: object): boolean {
  return 'dst' in each && String(each.dst).includes(':');
}

function stranger(dst: string, change: object = {}): Stranger {
  const [found] = strangers(row(dst, change));
  if (found === undefined) {
    throw new Error('no stranger was found');
  }
  return found;
}

describe('linux.strangersAt', () => {
  it('reads what names a route, next hops in the order of the kernel', () => {
    const found = stranger(
      '10.1.0.0/24',
      members({ gateway: '192.0.2.9', flags: ['onlink'] }, { gateway: '192.0.2.8' }),
    );

    expect(found).to.deep.equal({
      route: {
        prefix: parsePrefix('10.1.0.0/24'),
        nextHops: [hop('192.0.2.8%d0'), hop('192.0.2.9%d0!')],
        owned: false,
        kind: 'static',
        description: 'via 192.0.2.9 dev d0 onlink via 192.0.2.8 dev d0 proto 3',
      },
      nextHops: [hop('192.0.2.9%d0!'), hop('192.0.2.8%d0')],
      protocol: 3,
      metric: 0,
      obstacle: undefined,
    });
  });

  it('leaves out what is ours, what is elsewhere, what the kernel keeps for itself, and the other family', () => {
    const rows = [
      row('10.1.0.0/24', { protocol: '201', metric: 1024 }),
      row('10.1.1.0/24'),
      row('10.1.2.0/24', { type: '2', protocol: '2' }),
      row('10.1.0.0/24', { metric: 7 }),
    ];
    const prefixes = new Set(['10.1.0.0/24', '10.1.2.0/24']);

    const found = linux.strangersAt(SCOPE, [answer(rows), answer(rows), NONE], prefixes);

    expect(found.map(({ route, metric }) => [route.prefix.text, metric])).to.deep.equal([
      ['10.1.0.0/24', 7],
    ]);
  });

  it('finds both families, and nothing where an answer is missing', () => {
    const found = strangers(row('10.1.0.0/24'), row('2001:db8:1::/64', { metric: 50 }));

    expect(found.map(({ route }) => route.prefix.text)).to.deep.equal([
      '10.1.0.0/24',
      '2001:db8:1::/64',
    ]);
    expect(linux.strangersAt(SCOPE, [], new Set(['10.1.0.0/24']))).to.deep.equal([]);
  });

  const free: Readonly<Record<string, object>> = {
    'of protocol boot': {},
    'of protocol static': { protocol: '4' },
    'of our protocol with another metric': { protocol: '201', metric: 5 },
    'with our metric': { metric: 1024 },
    'without flags': { flags: undefined },
    'that hardware forwards': { flags: ['offload', 'rt_offload', 'trap', 'rt_trap', 'onlink'] },
    'of several next hops': members({ gateway: '192.0.2.8' }, { gateway: '192.0.2.9' }),
  };
  for (const [name, change] of Object.entries(free)) {
    it(`takes a route ${name}`, () => {
      expect(stranger('10.1.0.0/24', change).obstacle).to.equal(undefined);
    });
  }

  it('takes an IPv6 route, and a set of another metric', () => {
    const set = members({ gateway: '2001:db8::8' }, { gateway: '2001:db8::9' });
    const found = strangers(
      row('2001:db8:1::/64', { metric: 1024, pref: 'medium' }),
      row('2001:db8:2::/64', { metric: 50, pref: 'medium', ...set }),
    );

    expect(found.map(({ obstacle }) => obstacle)).to.deep.equal([undefined, undefined]);
  });

  const many = Array.from({ length: 33 }, (_, i) => ({ gateway: `192.0.2.${i + 1}` }));
  const refused: readonly (readonly [string, string, object, RegExp])[] = [
    ['of the kernel', '10.1.0.0/24', { protocol: '2' }, /^is of protocol 2, so another program/],
    ['of a daemon', '10.1.0.0/24', { protocol: '186' }, /protocol 186,.*protocol 201 are taken/],
    ['of another mark', '10.1.0.0/24', { protocol: '202' }, /protocol 202/],
    ['of no protocol', '10.1.0.0/24', { protocol: undefined }, /protocol unknown/],
    ['of another type', '10.1.0.0/24', { type: '6', gateway: undefined }, /type blackhole/],
    ['of a type of service', '10.1.0.0/24', { tos: '0x10' }, /\(tos\)$/],
    ['with metrics', '10.1.0.0/24', { metrics: [{ mtu: 1400 }] }, /would not have \(metrics\)$/],
    ['with a source', '10.1.0.0/24', { prefsrc: '192.0.2.1' }, /\(prefsrc\)$/],
    ['with a realm', '10.1.0.0/24', { flow: { to: '5' } }, /\(flow\)$/],
    ['of a nexthop object', '10.1.0.0/24', { nhid: 7, nh_info: {} }, /\(nhid, nh_info\)$/],
    ['that expires', '2001:db8:1::/64', { expires: 599 }, /\(expires\)$/],
    ['for some sources', '2001:db8:1::/64', { from: '2001:db8::/64' }, /\(from\)$/],
    ['of a preference', '2001:db8:1::/64', { pref: 'high' }, /\(pref\)$/],
    ['of a scope', '10.1.0.0/24', { scope: '200' }, /\(scope\)$/],
    ['that is down', '10.1.0.0/24', { flags: ['dead', 'linkdown'] }, /\(dead, linkdown\)$/],
    [
      'of unequal weights',
      '10.1.0.0/24',
      members({ gateway: '192.0.2.8', weight: 2 }, { gateway: '192.0.2.9' }),
      /\(weight\)$/,
    ],
    [
      'with a tunnel on one next hop',
      '10.1.0.0/24',
      members({ gateway: '192.0.2.8', encap: 'mpls' }, { gateway: '192.0.2.9' }),
      /\(encap\)$/,
    ],
    ['through the other family', '10.1.0.0/24', { gateway: undefined, via: {} }, /own family/],
    ['of a device alone', '10.1.0.0/24', { gateway: undefined }, /without a gateway/],
    [
      'of a gateway and a device alone',
      '10.1.0.0/24',
      members({ gateway: '192.0.2.8' }, {}),
      /without a gateway/,
    ],
    ['of 33 next hops', '10.1.0.0/24', members(...many), /more than 32/],
    ['on a device of a strange name', '10.1.0.0/24', { dev: 'a b' }, /device whose name/],
    ['without a device', '10.1.0.0/24', { dev: undefined }, /device whose name/],
    ['of our protocol without metric', '10.1.0.0/24', { protocol: '201' }, /and no metric/],
    [
      'of an IPv6 set at our metric',
      '2001:db8:1::/64',
      { metric: 1024, ...members({ gateway: '2001:db8::8' }, { gateway: '2001:db8::9' }) },
      /several next hops at our metric 1024/,
    ],
  ];
  for (const [name, dst, change, reason] of refused) {
    it(`refuses a route ${name}`, () => {
      expect(stranger(dst, change).obstacle).to.match(reason);
    });
  }

  it('is not misled by the second dst that iproute2 prints for a tunnel', () => {
    const stdout =
      '[{"type":"1","dst":"10.1.9.0/24","encap":"ip","id":5,"src":"0.0.0.0","dst":"10.0.0.1","ttl":0,"gateway":"192.0.2.9","dev":"d0","protocol":"3","flags":[]}]';
    const output = { stdout, stderr: '', exitCode: 0 };

    const [found] = linux.strangersAt(SCOPE, [output], new Set(['10.1.9.0/24']));
    const { routes } = linux.parse(SCOPE, [
      output,
      NONE,
      { ...NONE, stdout: '[{"ifname":"lo","addr_info":[]}]' },
    ]);

    expect(found?.obstacle).to.match(/encap, id, src, encap_dst, ttl/);
    expect(routes.map(({ prefix }) => prefix.text)).to.deep.equal(['10.1.9.0/24']);
  });
});

describe('linux.takeOver', () => {
  function adoption(found: Stranger): Adoption {
    const after = { prefix: found.route.prefix, nextHops: found.route.nextHops, origin: [] };
    return { stranger: found, after };
  }

  const cases: readonly (readonly [string, Stranger, string])[] = [
    [
      'adds beside an IPv4 route of another metric',
      stranger('10.1.0.0/24'),
      `add 10.1.0.0/24 via 192.0.2.9 dev d0 ${MARK}`,
    ],
    [
      'appends to an IPv4 route of our metric',
      stranger('10.1.0.0/24', { metric: 1024, flags: ['onlink'] }),
      `append 10.1.0.0/24 via 192.0.2.9 dev d0 onlink ${MARK}`,
    ],
    [
      'adds beside an IPv6 route of another metric',
      stranger('2001:db8:1::/64', { metric: 50 }),
      `add 2001:db8:1::/64 via 2001:db8::9 dev d0 ${MARK}`,
    ],
    [
      'changes an IPv6 route of our metric in one step',
      stranger('2001:db8:1::/64', { metric: 1024 }),
      `change 2001:db8:1::/64 via 2001:db8::9 dev d0 ${MARK}`,
    ],
    [
      'keeps every next hop',
      stranger('10.1.0.0/24', members({ gateway: '192.0.2.9' }, { gateway: '192.0.2.8' })),
      `add 10.1.0.0/24 ${MARK} nexthop via 192.0.2.8 dev d0 weight 1 nexthop via 192.0.2.9 dev d0 weight 1`,
    ],
  ];
  for (const [name, found, line] of cases) {
    it(name, () => {
      const [chunk] = linux.takeOver(SCOPE, [adoption(found)]);

      expect(chunk?.command.stdin).to.equal(`route ${line}\n`);
      expect(chunk?.changes).to.deep.equal([{ action: 'add', after: adoption(found).after }]);
    });
  }

  it('makes one command per family, and none for nothing', () => {
    const chunks = linux.takeOver(
      SCOPE,
      strangers(row('10.1.0.0/24'), row('10.2.0.0/24'), row('2001:db8:1::/64')).map(adoption),
    );

    expect(chunks.map(({ command }) => command.argv.join(' '))).to.deep.equal([
      'ip -4 -force -batch -',
      'ip -6 -force -batch -',
    ]);
    expect(linux.takeOver(SCOPE, [])).to.deep.equal([]);
  });

  it('lets the answer be mapped to the route by rejections', () => {
    const [chunk] = linux.takeOver(
      SCOPE,
      strangers(row('10.1.0.0/24'), row('10.2.0.0/24')).map(adoption),
    );
    const stderr = 'RTNETLINK answers: File exists\nCommand failed -:2\n';

    const rejections =
      chunk === undefined ? [] : linux.rejections(chunk, { stdout: '', stderr, exitCode: 1 });

    expect(rejections.map(({ change, error }) => [change, error.code])).to.deep.equal([
      [chunk?.changes[1], 'ROUTE_EXISTS'],
    ]);
  });

  it('refuses a word that is unsafe', () => {
    const after = desired('10.1.0.0/24', '192.0.2.9%a b');
    const found = stranger('10.1.0.0/24');

    const error = thrown(() => linux.takeOver(SCOPE, [{ stranger: found, after }]));

    expect(error.code).to.equal('UNSAFE_WORD');
  });
});

describe('linux.release', () => {
  const cases: readonly (readonly [Stranger, string])[] = [
    [stranger('10.1.0.0/24'), '10.1.0.0/24 via 192.0.2.9 dev d0 proto 3 metric 0 table main'],
    [
      stranger('2001:db8:1::/64', { protocol: '4', metric: 50 }),
      '2001:db8:1::/64 via 2001:db8::9 dev d0 proto 4 metric 50 table main',
    ],
    [
      stranger('10.1.0.0/24', members({ gateway: '192.0.2.9' }, { gateway: '192.0.2.8' })),
      '10.1.0.0/24 proto 3 metric 0 table main nexthop via 192.0.2.9 dev d0 weight 1 nexthop via 192.0.2.8 dev d0 weight 1',
    ],
  ];
  for (const [found, words] of cases) {
    it(`names all of ${found.route.prefix.text} ${found.route.description}`, () => {
      const [chunk] = linux.release(SCOPE, [found]);

      expect(chunk?.command.stdin).to.equal(`route del ${words}\n`);
      expect(chunk?.changes).to.deep.equal([{ action: 'remove', before: found.route, origin: [] }]);
    });
  }

  it('refuses a protocol or metric that is no number', () => {
    const found = { ...stranger('10.1.0.0/24'), metric: Number.NaN };

    expect(thrown(() => linux.release(SCOPE, [found])).code).to.equal('UNSAFE_WORD');
  });
});
