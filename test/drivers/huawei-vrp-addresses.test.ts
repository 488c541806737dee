import { expect } from 'chai';

import { readHuaweiVrpAddresses } from '../../src/drivers/huawei-vrp/addresses.ts';

const TEXT = `#
interface GigabitEthernet0/1/0
 description ip address 10.9.9.9 255.255.255.0
 ip address 192.0.2.1 255.255.255.0
 ip address 198.51.100.1 255.255.255.252 sub
 ipv6 enable
 ipv6 address 2001:DB8:1::1/64
 ipv6 address 2001:DB8:2::1 48
 ipv6 address 2001:DB8:3::/64 eui-64
 ipv6 address auto link-local
 ip address dhcp-alloc
#
interface Vlanif20
 ip binding vpn-instance red
 ip address 203.0.113.1 255.255.255.0
 ipv6 address FE80::20/10 tag 3
 ip address 10.1.0.1 255.0.255.0
#
interface LoopBack0
 shutdown
#
`;

function own(vrf?: string): readonly string[] {
  return readHuaweiVrpAddresses(TEXT, vrf).map(
    ({ address, network }) => `${address} ${network.text}`,
  );
}

describe('readHuaweiVrpAddresses', () => {
  it('reads the addresses outside of VPN instances, with masks and lengths', () => {
    expect(own()).to.deep.equal([
      '192.0.2.1 192.0.2.0/24',
      '198.51.100.1 198.51.100.0/30',
      '2001:db8:1::1 2001:db8:1::/64',
      '2001:db8:2::1 2001:db8:2::/48',
    ]);
  });

  it('reads the addresses of a VPN instance, up to the next interface', () => {
    expect(own('red')).to.deep.equal(['203.0.113.1 203.0.113.0/24', 'fe80::20 fe80::/10']);
  });
});
