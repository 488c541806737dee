/** The simulated routers that a real SSH client can log in to: each with an address, and a route of somebody else. */
import type { TerminalOptions } from './router-server-terminal.ts';
import { aristaEosModel } from './routers/arista-eos.ts';
import { ciscoIosModel } from './routers/cisco-ios.ts';
import { ciscoIosxrModel } from './routers/cisco-iosxr.ts';
import { ciscoNxosModel } from './routers/cisco-nxos.ts';
import { huaweiVrpModel } from './routers/huawei-vrp.ts';
import { juniperJunosModel } from './routers/juniper-junos.ts';
import { mikrotikRouterosModel } from './routers/mikrotik-routeros.ts';
import { nokiaSrosModel } from './routers/nokia-sros.ts';
import type { RouterModel } from './routers/router.ts';
import { vyosModel } from './routers/vyos.ts';

export interface RouterSystem {
  readonly model: RouterModel;
  readonly dialect?: string;
  /** Interface 203.0.113.1/24, and 10.99.0.0/16 via 203.0.113.99. */
  readonly config: string;
  readonly terminal?: Partial<TerminalOptions>;
}

const IOS_ROUTE = 'ip route 10.99.0.0 255.255.0.0 203.0.113.99';
const VRP = `#
interface GigabitEthernet0/1/0
 ip address 203.0.113.1 255.255.255.0
#
ip route-static 10.99.0.0 255.255.0.0 203.0.113.99
#
`;

export const ROUTER_SYSTEMS: readonly RouterSystem[] = [
  {
    model: ciscoIosModel,
    config: `interface GigabitEthernet0/0\n ip address 203.0.113.1 255.255.255.0\n${IOS_ROUTE}\nend\n`,
    terminal: { wrap: 'scroll' },
  },
  {
    model: ciscoNxosModel,
    config:
      'ip route 10.99.0.0/16 203.0.113.99\ninterface Ethernet1/1\n  no switchport\n  ip address 203.0.113.1/24\n',
  },
  {
    model: ciscoIosxrModel,
    config: `interface GigabitEthernet0/0/0/0
 ipv4 address 203.0.113.1 255.255.255.0
!
router static
 address-family ipv4 unicast
  10.99.0.0/16 203.0.113.99
 !
!
`,
  },
  {
    model: aristaEosModel,
    config:
      'ip routing\ninterface Ethernet1\n   no switchport\n   ip address 203.0.113.1/24\nip route 10.99.0.0/16 203.0.113.99\nend\n',
    terminal: { wrap: 'readline' },
  },
  {
    model: juniperJunosModel,
    config:
      'set system host-name edge1\nset interfaces ge-0/0/0 unit 0 family inet address 203.0.113.1/24\nset routing-options static route 10.99.0.0/16 next-hop 203.0.113.99\n',
  },
  {
    model: vyosModel,
    dialect: '1.4',
    config:
      "set interfaces ethernet eth0 address '203.0.113.1/24'\nset protocols static route 10.99.0.0/16 next-hop 203.0.113.99\n",
    terminal: { ansi: true, wrap: 'readline' },
  },
  {
    model: mikrotikRouterosModel,
    dialect: '7',
    config:
      '/ip address\nadd address=203.0.113.1/24 interface=ether1\n/ip route\nadd dst-address=10.99.0.0/16 gateway=203.0.113.99\n',
    terminal: { redraws: true },
  },
  {
    model: nokiaSrosModel,
    dialect: 'md',
    config: `/configure router "Base" interface "to-core" ipv4 primary address 203.0.113.1 prefix-length 24
/configure router "Base" static-routes route 10.99.0.0/16 route-type unicast next-hop "203.0.113.99" admin-state enable
`,
  },
  {
    model: nokiaSrosModel,
    dialect: 'classic',
    config: `configure router interface "to-core" address 203.0.113.1/24
configure router static-route-entry 10.99.0.0/16 next-hop 203.0.113.99 no shutdown
`,
  },
  { model: huaweiVrpModel, dialect: '8', config: VRP },
  { model: huaweiVrpModel, dialect: '5', config: VRP },
];
