/**
 * Every simulated router as tests take it: its driver, its model, how it refuses a line, and a configuration with an
 * interface 203.0.113.1/24 and 2001:db8:ffff::1/64, one 198.51.100.1/24 in VRF `red`, and a static route of somebody
 * else: 10.99.0.0/16 via 203.0.113.99.
 */
import { aristaEos } from '../../../src/drivers/arista-eos.ts';
import { ciscoIos } from '../../../src/drivers/cisco-ios.ts';
import { ciscoIosxr } from '../../../src/drivers/cisco-iosxr.ts';
import { ciscoNxos } from '../../../src/drivers/cisco-nxos.ts';
import type { DeviceScope, RouterDriver } from '../../../src/drivers/driver.ts';
import { huaweiVrp } from '../../../src/drivers/huawei-vrp.ts';
import { juniperJunos } from '../../../src/drivers/juniper-junos.ts';
import { mikrotikRouteros } from '../../../src/drivers/mikrotik-routeros.ts';
import { nokiaSros } from '../../../src/drivers/nokia-sros.ts';
import { vyos } from '../../../src/drivers/vyos.ts';
import type { TerminalOptions } from '../router-server-terminal.ts';
import { aristaEosModel } from './arista-eos.ts';
import { ciscoIosModel } from './cisco-ios.ts';
import { ciscoIosxrModel } from './cisco-iosxr.ts';
import { ciscoNxosModel } from './cisco-nxos.ts';
import { huaweiVrpModel } from './huawei-vrp.ts';
import { juniperJunosModel } from './juniper-junos.ts';
import { mikrotikRouterosModel } from './mikrotik-routeros.ts';
import { nokiaSrosModel } from './nokia-sros.ts';
import type { RouterModel } from './router.ts';
import { vyosModel } from './vyos.ts';

export interface Lab {
  readonly driver: RouterDriver<DeviceScope>;
  readonly model: RouterModel;
  readonly config: string;
  /** How the OS answers a line that it refuses. */
  readonly refusal: string;
  /** What is special of the scope; empty for the default dialect of an OS. */
  readonly scope: Pick<Partial<DeviceScope>, 'dialect' | 'distance'>;
  /** How its terminal differs from a plain one. */
  readonly terminal: Partial<TerminalOptions>;
}

const CISCO_IOS = `
vrf definition red
 address-family ipv4
 exit-address-family
 address-family ipv6
 exit-address-family
archive
 path bootflash:archive
interface GigabitEthernet0/0
 ip address 203.0.113.1 255.255.255.0
 ipv6 address 2001:DB8:FFFF::1/64
interface GigabitEthernet0/1
 vrf forwarding red
 ip address 198.51.100.1 255.255.255.0
ip route 10.99.0.0 255.255.0.0 203.0.113.99
end
`;

const CISCO_NXOS = `
vrf context red
ip route 10.99.0.0/16 203.0.113.99
interface Ethernet1/1
  no switchport
  ip address 203.0.113.1/24
  ipv6 address 2001:db8:ffff::1/64
interface Ethernet1/2
  no switchport
  vrf member red
  ip address 198.51.100.1/24
`;

const CISCO_IOSXR = `
vrf red
 address-family ipv4 unicast
!
interface GigabitEthernet0/0/0/0
 ipv4 address 203.0.113.1 255.255.255.0
 ipv6 address 2001:db8:ffff::1/64
!
interface GigabitEthernet0/0/0/1
 vrf red
 ipv4 address 198.51.100.1 255.255.255.0
!
router static
 address-family ipv4 unicast
  10.99.0.0/16 203.0.113.99
 !
!
`;

const ARISTA_EOS = `
vrf instance red
ip routing
interface Ethernet1
   no switchport
   ip address 203.0.113.1/24
   ipv6 address 2001:db8:ffff::1/64
interface Ethernet2
   no switchport
   vrf red
   ip address 198.51.100.1/24
ip route 10.99.0.0/16 203.0.113.99
end
`;

const JUNIPER_JUNOS = `
set system host-name edge1
set interfaces ge-0/0/0 unit 0 family inet address 203.0.113.1/24
set interfaces ge-0/0/0 unit 0 family inet6 address 2001:db8:ffff::1/64
set interfaces ge-0/0/1 unit 0 family inet address 198.51.100.1/24
set routing-instances red instance-type virtual-router
set routing-instances red interface ge-0/0/1.0
set routing-options static route 10.99.0.0/16 next-hop 203.0.113.99
`;

const VYOS = `
set interfaces ethernet eth0 address '203.0.113.1/24'
set interfaces ethernet eth0 address '2001:db8:ffff::1/64'
set interfaces ethernet eth0 vif 20 address '192.0.2.1/24'
set interfaces ethernet eth1 address '198.51.100.1/24'
set interfaces ethernet eth1 vrf 'red'
set interfaces loopback lo
set protocols static route 10.99.0.0/16 next-hop 203.0.113.99
set system host-name 'edge1'
set vrf name red table '100'
`;

const ROUTEROS_PLACES = `
/ip address
add address=203.0.113.1/24 interface=ether1
add address=198.51.100.1/24 interface=ether2
/ipv6 address
add address=2001:db8:ffff::1/64 advertise=no interface=ether1
/ip route
add comment="somebody else" dst-address=10.99.0.0/16 gateway=203.0.113.99
`;
const ROUTEROS_7 = `/ip vrf\nadd interfaces=ether2 name=red\n${ROUTEROS_PLACES}`;
const ROUTEROS_6 = `/ip route vrf\nadd interfaces=ether2 routing-mark=red\n${ROUTEROS_PLACES}`;

const SROS_MD = `
/configure router "Base" interface "to-core" ipv4 primary address 203.0.113.1 prefix-length 24
/configure router "Base" interface "to-core" ipv6 address 2001:db8:ffff::1 prefix-length 64
/configure service vprn "red" service-id 10
/configure service vprn "red" customer 1
/configure service vprn "red" interface "lan" ipv4 primary address 198.51.100.1 prefix-length 24
/configure router "Base" static-routes route 10.99.0.0/16 route-type unicast next-hop "203.0.113.99" admin-state enable
`;

const SROS_CLASSIC = `
configure router interface "to-core" address 203.0.113.1/24
configure router interface "to-core" ipv6 address 2001:db8:ffff::1/64
configure service vprn red customer 1 create
configure service vprn red interface "lan" address 198.51.100.1/24
configure router static-route-entry 10.99.0.0/16 next-hop 203.0.113.99 no shutdown
`;

const HUAWEI_VRP = `#
ip vpn-instance red
 ipv4-family
#
interface GigabitEthernet0/1/0
 undo shutdown
 ip address 203.0.113.1 255.255.255.0
 ipv6 enable
 ipv6 address 2001:DB8:FFFF::1/64
#
interface GigabitEthernet0/1/1
 undo shutdown
 ip binding vpn-instance red
 ip address 198.51.100.1 255.255.255.0
#
ip route-static 10.99.0.0 255.255.0.0 203.0.113.99
#
return
`;

const IOS: Lab = {
  driver: ciscoIos,
  model: ciscoIosModel,
  config: CISCO_IOS,
  refusal: '%Inconsistent address and mask',
  scope: {},
  terminal: { wrap: 'scroll' },
};

const NXOS: Lab = {
  driver: ciscoNxos,
  model: ciscoNxosModel,
  config: CISCO_NXOS,
  refusal: "                 ^\n% Invalid command at '^' marker.",
  scope: {},
  terminal: {},
};

const IOSXR: Lab = {
  driver: ciscoIosxr,
  model: ciscoIosxrModel,
  config: CISCO_IOSXR,
  refusal: "                  ^\n% Invalid input detected at '^' marker.",
  scope: {},
  terminal: {},
};

const EOS: Lab = {
  driver: aristaEos,
  model: aristaEosModel,
  config: ARISTA_EOS,
  refusal: '% Invalid input',
  scope: {},
  terminal: { wrap: 'readline' },
};

function junos(dialect: 'tag' | 'group'): Lab {
  return {
    driver: juniperJunos,
    model: juniperJunosModel,
    config: JUNIPER_JUNOS,
    refusal: "error: prefix '10.66.0.0/24' has host bits set",
    scope: { dialect },
    terminal: {},
  };
}

function vyosLab(scope: Lab['scope']): Lab {
  return {
    driver: vyos,
    model: vyosModel,
    config: VYOS,
    refusal: '\n  Invalid value\n  Value validation failed\n  Set failed\n\n',
    scope,
    terminal: { ansi: true, wrap: 'readline' },
  };
}

function routeros(dialect: '7' | '6'): Lab {
  return {
    driver: mikrotikRouteros,
    model: mikrotikRouterosModel,
    config: dialect === '7' ? ROUTEROS_7 : ROUTEROS_6,
    refusal: 'failure: not now',
    scope: { dialect },
    terminal: { redraws: true },
  };
}

function sros(dialect: 'md' | 'classic'): Lab {
  return {
    driver: nokiaSros,
    model: nokiaSrosModel,
    config: dialect === 'md' ? SROS_MD : SROS_CLASSIC,
    refusal: "MINOR: MGMT_CORE #2301: Invalid element value - '10.66.0.0/24'",
    scope: { dialect },
    terminal: {},
  };
}

function vrp(dialect: '8' | '5'): Lab {
  return {
    driver: huaweiVrp,
    model: huaweiVrpModel,
    config: HUAWEI_VRP,
    refusal: "Error: Wrong parameter found at '^' position.",
    scope: { dialect },
    terminal: {},
  };
}

/** By OS, and dialect where it has several. */
export const LABS = {
  'cisco-ios': IOS,
  'cisco-nxos': NXOS,
  'cisco-iosxr': IOSXR,
  'arista-eos': EOS,
  'juniper-junos tag': junos('tag'),
  'juniper-junos group': junos('group'),
  'vyos 1.4': vyosLab({ dialect: '1.4' }),
  'vyos 1.3': vyosLab({ dialect: '1.3', distance: 200 }),
  'mikrotik-routeros 7': routeros('7'),
  'mikrotik-routeros 6': routeros('6'),
  'nokia-sros md': sros('md'),
  'nokia-sros classic': sros('classic'),
  'huawei-vrp 8': vrp('8'),
  'huawei-vrp 5': vrp('5'),
} as const satisfies Readonly<Record<string, Lab>>;
