/** The cloud of the kernel tests: external network `edge` is 192.0.2.0/24 and 2001:db8::/64, as the test namespaces have it. */
import { type SmallCloud, smallCloud } from '../cli/small-cloud.ts';

/** Two routers without NAT, `web` and `database`, with one tenant subnet of each family. */
export function edgeCloud(): SmallCloud {
  const small = smallCloud();
  const external = small.cloud.addExternalNetwork('edge');
  small.cloud.addSubnet({ network: external, cidr: '192.0.2.0/24' });
  small.cloud.addSubnet({ network: external, cidr: '2001:db8::/64' });
  for (const [name, address, cidr] of [
    ['web', '192.0.2.10', '203.0.112.0/27'],
    ['database', '192.0.2.11', '203.0.112.32/27'],
  ] as const) {
    const router = small.cloud.addRouter({ name, project: small.project });
    const addresses = [address, address.replace('192.0.2.', '2001:db8::')];
    small.cloud.setGateway(router, { network: external, enableSnat: false, addresses });
    small.addSubnet(router, cidr);
    small.addSubnet(router, name === 'web' ? '2001:db8:a::/64' : '2001:db8:b::/64');
  }
  return small;
}
