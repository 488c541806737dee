/** A router of the embedded cloud goes, with its interfaces; its subnets stay. */
import type { Cloud } from '../../src/demo/model.ts';

export function removeRouter(cloud: Cloud, router: { readonly id: string }): void {
  for (const port of cloud.list('ports')) {
    if (port.device_id === router.id && port.device_owner === 'network:router_interface') {
      port.fixed_ips.forEach(({ subnet_id: id }) => cloud.removeInterface(router, { id }));
    }
  }
  cloud.removeRouter(router);
}
