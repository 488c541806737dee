import { expect } from 'chai';
import { readLinuxPaths } from '../../src/drivers/linux/paths.ts';
import type { StaticPath } from '../../src/drivers/static-path.ts';
import { casesOf } from './cisco-ios-cases.ts';

function shown({ vrf, prefix, nextHop, interface: device, distance }: StaticPath): string {
  return [vrf, prefix, nextHop, device, distance].map((value) => value ?? '-').join(' ');
}

describe('readLinuxPaths', () => {
  for (const { name, text, paths } of casesOf('linux')) {
    it(`reads ${name}`, () => {
      expect(readLinuxPaths(text)).to.deep.equal(paths);
    });

    it(`reads ${name} with the line ends of a terminal`, () => {
      expect(readLinuxPaths(text.replaceAll('\n', '\r\n'))).to.deep.equal(paths);
    });
  }

  for (const proto of ['kernel', 'ra', 'dhcp', 'redirect', 'zebra', 'bird', 'bgp', '186', '0']) {
    it(`takes proto ${proto} for a route that nobody configured`, () => {
      expect(readLinuxPaths(`10.1.0.0/16 via 192.0.2.2 dev d0 proto ${proto}`)).to.deep.equal([]);
    });
  }

  for (const proto of ['static', 'boot', '3', '4', '77', '196', 'keepalived']) {
    it(`takes proto ${proto} for a static route`, () => {
      const paths = readLinuxPaths(`10.1.0.0/16 via 192.0.2.2 dev d0 proto ${proto}`);

      expect(paths.map(shown)).to.deep.equal(['- 10.1.0.0/16 192.0.2.2 d0 -']);
    });
  }

  for (const [what, route, prefix] of [
    ['an IPv6 gateway', '{"dst":"default","gateway":"fe80::1","dev":"d0","flags":[]}', '::/0'],
    ['a preference', '{"dst":"default","dev":"d0","flags":[],"pref":"medium"}', '::/0'],
    ['an IPv6 source', '{"dst":"default","dev":"d0","prefsrc":"2001:db8::1"}', '::/0'],
    ['IPv6 members', '{"dst":"default","nexthops":[{"gateway":"fe80::1","dev":"d0"}]}', '::/0'],
    [
      'an IPv6 gateway of IPv4',
      '{"dst":"default","via":{"family":"inet6","host":"fe80::1"},"dev":"d0"}',
      '0.0.0.0/0',
    ],
    ['nothing at all', '{"dst":"default","dev":"d0","flags":[]}', '0.0.0.0/0'],
  ] as const) {
    it(`knows the family of a default route by ${what}`, () => {
      expect(readLinuxPaths(`[${route}]`).map((path) => path.prefix)).to.deep.equal([prefix]);
    });
  }

  it('takes the family of a default route that does not show it from the route before', () => {
    const text = '2001:db8::/64 dev d0 proto static\ndefault dev d1 metric 5\n';

    expect(readLinuxPaths(text).map(({ prefix }) => prefix)).to.deep.equal([
      '2001:db8::/64',
      '::/0',
    ]);
  });

  it("tells a tunnel's far end and table from those of the route", () => {
    const text = `[ {
        "dst": "10.16.0.0/16", "encap": "ip", "id": 100, "dst": "198.51.100.1", "dev": "d0"
    },{
        "dst": "2001:db8:7::1", "encap": "seg6local", "table": "100", "dev": "d0", "table": "7"
    } ]`;

    expect(readLinuxPaths(text).map(shown)).to.deep.equal([
      '- 10.16.0.0/16 - d0 -',
      '7 2001:db8:7::1/128 - d0 -',
    ]);
  });

  it('finds nothing in other text', () => {
    for (const text of [
      '',
      'Error: argument "x" is wrong: Invalid VRF\n',
      '[{"ifname":"d0","addr_info":[{"local":"192.0.2.1"}]}]',
      '[{"dst":"10.0.0.0/8","dev":"d0"',
      '[{]}]',
      '[{"type":"blue","dst":"10.0.0.0/8","dev":"d0"}]',
      '[{"dst":5,"dev":"d0"}]',
      '10.0.0.1\n',
      'nexthop via 192.0.2.1 dev d0\ncache\n',
    ]) {
      expect(readLinuxPaths(text)).to.deep.equal([]);
    }
  });

  it('reads a table of any size', () => {
    const rows = Array.from({ length: 200_000 }, () => '{"dst":"10.1.0.0/16","dev":"d0"}');

    expect(readLinuxPaths(`[${rows.join(',')}]`)).to.have.lengthOf(200_000);
  });

  it('is not led into the depth of a hostile text', () => {
    expect(readLinuxPaths('[{'.repeat(100_000))).to.deep.equal([]);
    expect(readLinuxPaths('[{\n'.repeat(100_000))).to.deep.equal([]);
  });
});
