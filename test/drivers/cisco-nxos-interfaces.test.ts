import { expect } from 'chai';
import { readInterfaceAddresses } from '../../src/drivers/kit/interface-addresses.ts';

const NXOS = `
!Command: show running-config
interface Ethernet1/1
  no switchport
  ip address 203.0.113.1/24
  ip address 203.0.113.129/25 secondary tag 5
  ipv6 address 2001:DB8:ffff::1/64
  ipv6 address use-link-local-only
interface Ethernet1/2
  vrf member red
  ip address 198.51.100.1/24
interface mgmt0
  ip address dhcp
vrf context red
  ip address 192.0.2.1/24
`;
const IOSXR = `
interface Loopback0
 ipv4 address 10.0.0.1 255.255.255.255
!
interface GigabitEthernet0/0/0/0
 description ipv4 address 192.0.2.1 255.255.255.0
 ipv4 address 203.0.113.1 255.255.255.0
 ipv6 address fe80::1 link-local
 ipv6 address 2001:db8:1::/64 eui-64
!
interface GigabitEthernet0/0/0/1
 ipv4 address 198.51.100.1/24
 vrf red
!
`;

describe('readInterfaceAddresses', () => {
  for (const [os, text, vrf, expected] of [
    [
      'NX-OS',
      NXOS,
      undefined,
      [
        '203.0.113.1 in 203.0.113.0/24',
        '203.0.113.129 in 203.0.113.128/25',
        '2001:db8:ffff::1 in 2001:db8:ffff::/64',
      ],
    ],
    ['NX-OS', NXOS, 'red', ['198.51.100.1 in 198.51.100.0/24']],
    ['NX-OS', NXOS, 'blue', []],
    [
      'IOS XR',
      IOSXR,
      undefined,
      [
        '10.0.0.1 in 10.0.0.1/32',
        '203.0.113.1 in 203.0.113.0/24',
        '2001:db8:1:: in 2001:db8:1::/64',
      ],
    ],
    ['IOS XR', IOSXR, 'red', ['198.51.100.1 in 198.51.100.0/24']],
  ] as const) {
    it(`reads the addresses of ${os} in ${vrf ?? 'the global table'}`, () => {
      const read = readInterfaceAddresses(text, vrf);

      expect(read.map(({ address, network }) => `${address} in ${network.text}`)).to.deep.equal(
        expected,
      );
    });
  }
});
