import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { InstalledRoute, UpstreamState } from '../../src/core/route.ts';
import type { CommandOutput, KernelScope } from '../../src/drivers/driver.ts';
import { parseState } from '../../src/drivers/linux/parse.ts';
import { SCOPE } from './routes.ts';
import { thrown } from './thrown.ts';

const NONE = answer('[]');
/** The addresses of a namespace that has none but its loopback interface. */
const LO = answer('[{"ifname":"lo","addr_info":[]}]');

function answer(stdout: string, rest: Partial<CommandOutput> = {}): CommandOutput {
  return { stdout, stderr: '', exitCode: 0, ...rest };
}

function recorded(name: string): CommandOutput {
  const file = new URL(`data/linux/iproute2-6.1/${name}.json`, import.meta.url);
  return answer(readFileSync(file, 'utf8'));
}

function parse(...outputs: readonly CommandOutput[]): UpstreamState {
  return parseState(SCOPE, outputs);
}

/** One line a route: whose, what kind, prefix, next hops. */
function summary({ owned, kind, prefix, nextHops, description }: InstalledRoute): string {
  const hops = nextHops.map(
    ({ address, device, onlink }) => `${address}%${device ?? ''}${onlink === true ? '!' : ''}`,
  );
  const words = [owned ? 'ours' : kind, prefix.text, ...hops];
  return `${words.join(' ')}: ${description}`;
}

const IPV4 = [
  'static 0.0.0.0/0 192.0.2.254%d0: via 192.0.2.254 dev d0 proto 16',
  'connected 10.0.0.2/32: dev d1 proto 2',
  'ours 10.1.0.0/24 192.0.2.2%d0: via 192.0.2.2 dev d0 proto 201 metric 1024',
  'ours 10.1.1.0/24 192.0.2.2%d0 192.0.2.3%d0: via 192.0.2.3 dev d0 via 192.0.2.2 dev d0 proto 201 metric 1024',
  'ours 10.1.2.0/24 10.9.9.9%d0!: via 10.9.9.9 dev d0 onlink proto 201 metric 1024',
  'static 10.1.3.0/24 192.0.2.2%d0: via 192.0.2.2 dev d0 proto 201 metric 1024 tos 0x10',
  'static 10.1.4.0/24 192.0.2.2%d0: via 192.0.2.2 dev d0 proto 201 metric 50',
  'static 10.1.5.0/24 192.0.2.2%d0: via 192.0.2.2 dev d0 proto 3',
  'static 10.1.6.0/24 192.0.2.2%d0: via 192.0.2.2 dev d0 proto 4 metric 1024',
  'static 10.1.7.0/24: blackhole proto 201 metric 1024',
  'static 10.1.8.0/24: via inet6 2001:db8::9 dev d0 proto 4',
  'ours 10.1.9.9/32 192.0.2.2%d0: via 192.0.2.2 dev d0 proto 201 metric 1024',
  'static 10.1.11.0/24 192.0.2.7%d0: via 192.0.2.7 dev d0 proto 196 metric 20',
  'connected 192.0.2.0/24: dev d0 proto 2',
];

const IPV6 = [
  'static ::ffff:0:0/96: unreachable dev lo proto 4 metric 1024',
  'connected 2001:db8::/64: dev d0 proto 2 metric 256',
  'ours 2001:db8:1::/64 2001:db8::2%d0: via 2001:db8::2 dev d0 proto 201 metric 1024',
  'ours 2001:db8:2::/64 2001:db8::2%d0 2001:db8::3%d0: via 2001:db8::3 dev d0 via 2001:db8::2 dev d0 proto 201 metric 1024',
  'ours 2001:db8:3::/64 fe80::2%d0: via fe80::2 dev d0 proto 201 metric 1024',
  'static 2001:db8:4::/64 2001:db8::2%d0: via 2001:db8::2 dev d0 proto 3 metric 1024',
  'static 2001:db8:5::1/128: dev d0 proto 9 metric 1024',
  'connected fe80::/64: dev d1 proto 2 metric 256',
  'connected fe80::/64: dev d0 proto 2 metric 256',
  'static ::/0 fe80::1%d0: via fe80::1 dev d0 proto 9 metric 100',
];

describe('parseState', () => {
  it('reads every recorded IPv4 route, and only table, protocol and metric together are our mark', () => {
    const { routes } = parse(recorded('routes4'), NONE, LO);

    expect(routes.map(summary)).to.deep.equal(IPV4);
  });

  it('reads every recorded IPv6 route, also an embedded IPv4 address', () => {
    const { routes } = parse(NONE, recorded('routes6'), LO);

    expect(routes.map(summary)).to.deep.equal(IPV6);
  });

  it("leaves out the kernel's own entries of table local, and keeps what somebody added there", () => {
    const { routes } = parse(recorded('local4'), recorded('local6'), LO);

    expect(routes.map(summary)).to.deep.equal(['static 10.1.10.0/24: local dev lo proto 4']);
  });

  it('reads the addresses, and the network of the peer on a point-to-point link', () => {
    const { addresses } = parse(NONE, NONE, recorded('addresses'));

    expect(
      addresses.map(({ address, network }) => `${address} ${network.text}`),
    ).to.include.members([
      '127.0.0.1 127.0.0.0/8',
      '::1 ::1/128',
      '10.0.0.1 10.0.0.2/32',
      '192.0.2.1 192.0.2.0/24',
      '2001:db8::1 2001:db8::/64',
      'fe80::8856:16ff:fe8b:5fda fe80::/64',
    ]);
  });

  it('passes over an interface without addresses', () => {
    const { addresses } = parse(NONE, NONE, answer('[{},{"ifname":"d0","addr_info":[]}]'));

    expect(addresses).to.deep.equal([]);
  });

  it('takes a metric that is not shown as 0', () => {
    const scope: KernelScope = { ...SCOPE, metric: 0 };
    const row = '[{"dst":"10.1.0.0/24","gateway":"192.0.2.2","protocol":"201"}]';

    const { routes } = parseState(scope, [answer(row), NONE, LO]);

    expect(routes.map(({ owned, nextHops }) => ({ owned, nextHops }))).to.deep.equal([
      { owned: true, nextHops: [{ address: '192.0.2.2' }] },
    ]);
  });

  it('keeps the name of a type that it does not know', () => {
    const { routes } = parse(answer('[{"type":"xresolve","dst":"10.1.0.0/24"}]'), NONE, LO);

    expect(routes.map(summary)).to.deep.equal(['static 10.1.0.0/24: xresolve']);
  });

  for (const type of ['1\n', ' 1', '1e0', '0x1', '+1', '01.0', '']) {
    it(`takes no route for ours whose type is spelled ${JSON.stringify(type)}`, () => {
      const route = { type, dst: '10.1.0.0/24', protocol: '201', metric: 1024 };

      const { routes } = parse(answer(JSON.stringify([route])), NONE, LO);

      expect(routes.map(({ owned }) => owned)).to.deep.equal([false]);
    });
  }

  for (const [what, change] of [
    ['a default route', { dst: 'default' }],
    ['a route over a nexthop object', { nhid: 7 }],
    ['a route for a type of service', { tos: '0x10' }],
  ] as const) {
    it(`takes ${what} for nobody's but its owner's, whatever mark it carries`, () => {
      const fields = { dst: '10.1.0.0/24', gateway: '192.0.2.2', protocol: '201', metric: 1024 };

      const { routes } = parse(
        answer(JSON.stringify([fields, { ...fields, ...change }])),
        NONE,
        LO,
      );

      expect(routes.map(({ owned }) => owned)).to.deep.equal([true, false]);
    });
  }

  it('takes an IPv4 route in the IPv6 answer for none, so that no route counts twice', () => {
    const row = '[{"dst":"10.1.0.0/24","gateway":"192.0.2.2","protocol":"201","metric":1024}]';

    expect(parse(NONE, answer(row), LO).routes).to.deep.equal([]);
  });

  it('shows no control character of a device name', () => {
    const { routes } = parse(answer('[{"dst":"10.1.0.0/24","dev":"\\u001b[2J"}]'), NONE, LO);

    expect(routes.map(summary)).to.deep.equal(['static 10.1.0.0/24: dev ?[2J']);
  });

  it('reads a table number that was never used as empty', () => {
    const unused = answer('[', {
      stderr: 'Error: ipv4: FIB table does not exist.\nDump terminated\n',
      exitCode: 2,
    });

    expect(parse(unused, unused, LO).routes).to.deep.equal([]);
  });
});

describe('parseState on a bad answer', () => {
  const unknown = 'Error: argument "blue" is wrong: table id value is invalid\n\n';
  const cases: readonly (readonly [string, CommandOutput, string, string])[] = [
    [
      'an unknown table name',
      answer('', { stderr: unknown, exitCode: 255 }),
      'UPSTREAM_TABLE_UNKNOWN',
      'routing table "main"',
    ],
    [
      'another failure',
      answer('', { stderr: 'Dump\n terminated\n', exitCode: 2 }),
      'UPSTREAM_COMMAND_FAILED',
      'status 2: Dump terminated',
    ],
    [
      'a failure without words',
      answer('', { exitCode: 2 }),
      'UPSTREAM_COMMAND_FAILED',
      'no message',
    ],
    ['nothing', answer(''), 'UPSTREAM_OUTPUT_INVALID', 'not JSON'],
    ['cut JSON', answer('[{"dst":"10.1.0.0/24"'), 'UPSTREAM_OUTPUT_INVALID', 'not JSON'],
    ['a long text', answer('x'.repeat(5000)), 'UPSTREAM_OUTPUT_INVALID', `${'x'.repeat(300)}...`],
    ['an object', answer('{}'), 'UPSTREAM_OUTPUT_INVALID', 'not a list'],
    ['a list of texts', answer('["10.1.0.0/24"]'), 'UPSTREAM_OUTPUT_INVALID', 'not a list'],
    ['a list with null', answer('[null]'), 'UPSTREAM_OUTPUT_INVALID', 'not a list'],
    ['a route without dst', answer('[{}]'), 'UPSTREAM_OUTPUT_INVALID', 'no dst'],
    ['a bad dst', answer('[{"dst":"10.1.0.0/33"}]'), 'UPSTREAM_OUTPUT_INVALID', '10.1.0.0/33'],
    [
      'a bad gateway',
      answer('[{"dst":"10.1.0.0/24","gateway":"x"}]'),
      'UPSTREAM_OUTPUT_INVALID',
      '"x"',
    ],
    [
      'a protocol that is no text',
      answer('[{"dst":"10.1.0.0/24","protocol":201}]'),
      'UPSTREAM_OUTPUT_INVALID',
      'protocol',
    ],
    [
      'nexthops that are no list',
      answer('[{"dst":"10.1.0.0/24","nexthops":1}]'),
      'UPSTREAM_OUTPUT_INVALID',
      'list of objects',
    ],
    [
      'flags that are nested beyond all reason',
      answer(`[{"dst":"10.1.0.0/24","flags":${'['.repeat(20_000)}${']'.repeat(20_000)}}]`),
      'UPSTREAM_OUTPUT_INVALID',
      'nested too deeply',
    ],
    [
      'nexthops that are no objects',
      answer('[{"dst":"10.1.0.0/24","nexthops":[1]}]'),
      'UPSTREAM_OUTPUT_INVALID',
      'list of objects',
    ],
  ];

  for (const [name, output, code, words] of cases) {
    it(`fails with ${code} on ${name}`, () => {
      const error = thrown(() => parse(output, NONE, LO));

      expect(error.code).to.equal(code);
      expect(error.message).to.contain(words).and.not.contain('\n');
      expect(error.retryable).to.equal(false);
    });
  }

  const addressCases = [
    '[]',
    '[{}]',
    '[{"gateway":"192.0.2.1"}]',
    '[{"ifname":"d0"}]',
    '[{"addr_info":[]}]',
    '[{"ifname":"d0","addr_info":[{"prefixlen":24}]}]',
    '[{"ifname":"d0","addr_info":[{"local":"192.0.2.1"}]}]',
    '[{"ifname":"d0","addr_info":[{"local":"192.0.2.1","prefixlen":33}]}]',
    '[{"ifname":"d0","addr_info":[{"local":"192.0.2.1","prefixlen":-1}]}]',
    '[{"ifname":"d0","addr_info":[{"local":"192.0.2","prefixlen":24}]}]',
    '[{"ifname":"d0","addr_info":{}}]',
  ];
  for (const stdout of addressCases) {
    it(`fails on the address ${stdout}`, () => {
      expect(thrown(() => parse(NONE, NONE, answer(stdout))).code).to.equal(
        'UPSTREAM_OUTPUT_INVALID',
      );
    });
  }

  it('asks for another reading when the table changed meanwhile, though ip exits with 0', () => {
    const stderr = 'Dump was interrupted and may be inconsistent.\n';

    const error = thrown(() => parse(answer('[]', { stderr }), NONE, LO));

    expect(error).to.include({ code: 'UPSTREAM_OUTPUT_INVALID', retryable: true });
  });

  it('fails when an answer is missing', () => {
    expect(thrown(() => parse(NONE, LO)).code).to.equal('UPSTREAM_OUTPUT_INVALID');
  });
});
