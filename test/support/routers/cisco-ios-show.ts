/** What Cisco IOS shows of itself (recorded output of CiscoTestAutomation/genieparser). */
import { SILENT, told } from './cisco-cli.ts';
import { addressesOf, WORD, type Configuration, type Interface } from './cisco-config.ts';
import { end, type Next } from './cisco-grammar.ts';
import { configurationText } from './cisco-ios-config.ts';
import type { Reply } from './router.ts';

/** A router with its two configurations. */
export interface Shown {
  running: Configuration;
  startup: Configuration;
}

/** What `show` has. */
export function showWords(device: Shown): Readonly<Record<string, Next<Reply>>> {
  const text = (of: () => Configuration, first: readonly string[]): Next<Reply> =>
    end(() => told(...first, ...configurationText(of())));
  return {
    'running-config': text(
      () => device.running,
      ['Building configuration...', '', 'Current configuration : 5230 bytes'],
    ),
    'startup-config': text(() => device.startup, ['Using 5230 out of 33554432 bytes']),
    version: end(() => told('Cisco IOS XE Software, Version 17.09.04a')),
    ip: () => ({ words: { interface: end(() => interfacesText(device, 4)) } }),
    ipv6: () => ({ words: { interface: end(() => interfacesText(device, 6)) } }),
    vrf: () => ({
      values: [{ name: 'name', fits: WORD, next: end(() => SILENT) }],
      run: () => SILENT,
    }),
  };
}

function interfacesText({ running }: Shown, family: 4 | 6): Reply {
  const blocks = [...running.interfaces].flatMap(([name, held]) => {
    const own = addressesOf(held, family);
    const state = held.isDown
      ? 'administratively down, line protocol is down'
      : 'up, line protocol is up';
    return own.length === 0 && family === 6
      ? []
      : [
          `${name} is ${state}`,
          ...(family === 4 ? ipv4Lines(own) : ipv6Lines(own)),
          ...vrfLine(held),
        ];
  });
  return blocks.length === 0 ? SILENT : told(...blocks);
}

type Own = ReturnType<typeof addressesOf>;

function ipv4Lines(own: Own): readonly string[] {
  return own.length === 0
    ? ['  Internet protocol processing disabled']
    : [
        ...own.map(
          ({ address, length }, at) =>
            `  ${at === 0 ? 'Internet address is' : 'Secondary address'} ${address}/${length}`,
        ),
        '  Broadcast address is 255.255.255.255',
        '  Helper address is not set',
      ];
}

function ipv6Lines(own: Own): readonly string[] {
  return [
    '  IPv6 is enabled, link-local address is FE80::250:56FF:FE8D:EF3D ',
    '  No Virtual link-local address(es):',
    '  Global unicast address(es):',
    ...own.map(
      ({ address, network }) => `    ${address.toUpperCase()}, subnet is ${network.toUpperCase()} `,
    ),
  ];
}

function vrfLine({ vrf }: Interface): readonly string[] {
  return vrf === undefined ? [] : [`  VPN Routing/Forwarding "${vrf}"`];
}
