/** What Arista EOS shows of itself; JSON as recorded by napalm-automation/napalm. */
import { configurationText } from './arista-eos-config.ts';
import { told, type AskingReply } from './cisco-cli.ts';
import { addressesOf, type Configuration, type Interface } from './cisco-config.ts';
import { end, type Next } from './cisco-grammar.ts';
import type { Reply } from './router.ts';

/** A switch with its two configurations. */
export interface Shown {
  running: Configuration;
  startup: Configuration;
}

/** What `show` has. */
export function showWords(device: Shown): Readonly<Record<string, Next<Reply>>> {
  const text = (of: () => Configuration, command: string): Next<Reply> =>
    end(() => told(...configurationText(of(), command)));
  const interfaces = (family: 4 | 6): Next<Reply> =>
    end((): AskingReply => ({ text: '', json: interfacesJson(device.running, family) }));
  return {
    'running-config': text(() => device.running, 'show running-config'),
    'startup-config': text(() => device.startup, 'show startup-config'),
    version: end(() => told('Arista vEOS-lab', 'Software image version: 4.29.2F')),
    ip: () => ({ words: { interface: interfaces(4) } }),
    ipv6: () => ({ words: { interface: interfaces(6) } }),
  };
}

function interfacesJson({ interfaces }: Configuration, family: 4 | 6): unknown {
  const shown = [...interfaces]
    .filter(([, held]) => family === 4 || addressesOf(held, 6).length > 0)
    .map(([name, held]) => {
      const own = family === 4 ? ipv4Json(held) : ipv6Json(held);
      return [name, { name, vrf: held.vrf ?? 'default', ...own }] as const;
    });
  return { interfaces: Object.fromEntries(shown) };
}

function ipv4Json(held: Interface): object {
  const [primaryIp = NONE, ...others] = addressesOf(held, 4).map(({ address, length }) => ({
    address,
    maskLen: Number(length),
  }));
  return { interfaceAddress: { primaryIp, secondaryIpsOrderedList: others, virtualIp: NONE } };
}

/** Stands where there is no address. */
const NONE = { address: '0.0.0.0', maskLen: 0 };

function ipv6Json(held: Interface): object {
  const addresses = addressesOf(held, 6).map(({ address, network }) => ({
    address,
    subnet: network,
    active: true,
  }));
  return { addresses, linkLocal: { address: 'fe80::1', subnet: 'fe80::/64' } };
}
