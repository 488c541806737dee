import { expect } from 'chai';
import { readCiscoIosAddresses } from '../../src/drivers/cisco-ios/addresses.ts';

const IPV4 = `
GigabitEthernet0/0 is up, line protocol is up
  Internet address is 192.0.2.254/24
  Broadcast address is 255.255.255.255
  Address determined by DHCP
  Secondary address 198.51.100.1/25
  Helper address is not set
GigabitEthernet0/1 is administratively down, line protocol is down
  Internet address is 203.0.113.1/24
  VPN Routing/Forwarding "red"
Tunnel0 is up, line protocol is up
  Interface is unnumbered. Using address of GigabitEthernet0/0 (192.0.2.254)
Dialer1 is up, line protocol is up
  Internet address will be negotiated using IPCP
Serial0 is up, line protocol is up
  Internet address is 192.0.2.9/99
`;

const IPV6 = `
GigabitEthernet0/0 is up, line protocol is up
  IPv6 is enabled, link-local address is FE80::F816:3EFF:FE19:ABBA
  No Virtual link-local address(es):
  Global unicast address(es):
    2001:DB8:1::1, subnet is 2001:DB8:1::/64 [EUI/TEN]
GigabitEthernet0/1 is up, line protocol is up
    2001:DB8:2::1, subnet is 2001:DB8:2::/64
  VPN Routing/Forwarding "red"
`;

function read(text: string, vrf?: string): readonly string[] {
  return readCiscoIosAddresses(text, vrf).map(
    ({ address, network }) => `${address} in ${network.text}`,
  );
}

describe('readCiscoIosAddresses', () => {
  it('reads IPv4, secondary ones and those of interfaces that are down too', () => {
    expect(read(IPV4)).to.deep.equal([
      '192.0.2.254 in 192.0.2.0/24',
      '198.51.100.1 in 198.51.100.0/25',
    ]);
    expect(read(IPV4, 'red')).to.deep.equal(['203.0.113.1 in 203.0.113.0/24']);
  });

  it('reads IPv6 in canonical form', () => {
    expect(read(IPV6)).to.deep.equal(['2001:db8:1::1 in 2001:db8:1::/64']);
    expect(read(IPV6, 'red')).to.deep.equal(['2001:db8:2::1 in 2001:db8:2::/64']);
  });

  it('finds nothing on a router without that family', () => {
    expect(read('')).to.deep.equal([]);
  });
});
