import { expect } from 'chai';

import { readMikrotikRouterosAddresses } from '../../src/drivers/mikrotik-routeros/addresses.ts';

const ADDRESSES = [
  ' 0   address=192.0.2.1/24 network=192.0.2.0 interface=ether1 actual-interface=ether1',
  ' 1 D comment=from the provider address=203.0.113.9/30 network=203.0.113.8 interface=my wan actual-interface=my wan',
  ' 2 X address=192.0.2.99/24 network=192.0.2.0 interface=ether1 actual-interface=ether1',
  ' 3 I address=192.0.2.98/24 network=192.0.2.0 interface=*9 actual-interface=*9',
  ' 4   address=198.51.100.1/24 network=198.51.100.0 interface=ether2 actual-interface=bridge',
  ' 5   address=10.0.0.1/24 network=10.0.0.0 interface=ether5 actual-interface=ether5',
  ' 0  G address=2001:db8::1/64 from-pool="" interface=ether1 actual-interface=ether1 eui-64=no',
  ' 1 DL address=fe80::1/64 interface=ether2 actual-interface=ether2',
  ' 2    address=nothing interface=ether1',
];

function own(vrfs: string, vrf?: string): readonly string[] {
  const text = [vrfs, ...ADDRESSES].join('\n');
  return readMikrotikRouterosAddresses(text, vrf).map(
    ({ address, network }) => `${address} ${network.text}`,
  );
}

describe('readMikrotikRouterosAddresses', () => {
  const vrfs = [
    ['version 7', '/ip vrf add interfaces=ether2,ether5 name=red'],
    ['version 6', '/ip route vrf add interfaces=ether2,ether5 routing-mark=red'],
  ] as const;
  const main = [
    '192.0.2.1 192.0.2.0/24',
    '203.0.113.9 203.0.113.8/30',
    '2001:db8::1 2001:db8::/64',
  ];

  for (const [version, line] of vrfs) {
    it(`reads the addresses of a VRF and of none in ${version}`, () => {
      expect(own(line, 'red')).to.deep.equal([
        '198.51.100.1 198.51.100.0/24',
        '10.0.0.1 10.0.0.0/24',
        'fe80::1 fe80::/64',
      ]);
      expect(own(line)).to.deep.equal(main);
    });
  }

  it('gives a routing table that is no VRF the addresses outside of VRFs', () => {
    expect(own(vrfs[0][1], 'guest')).to.deep.equal(main);
  });
});
