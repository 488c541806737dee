import { expect } from 'chai';
import { readAristaEosAddresses } from '../../src/drivers/arista-eos/addresses.ts';
import { thrown } from './thrown.ts';

const IPV4 = {
  interfaces: {
    Vlan100: {
      name: 'Vlan100',
      vrf: 'default',
      interfaceAddress: {
        primaryIp: { address: '192.0.2.254', maskLen: 24 },
        secondaryIpsOrderedList: [{ address: '198.51.100.1', maskLen: 25 }],
        virtualIp: { address: '0.0.0.0', maskLen: 0 },
      },
    },
    Vlan200: {
      vrf: 'red',
      interfaceAddress: {
        primaryIp: { address: '203.0.113.1', maskLen: 24 },
        virtualIp: { address: '203.0.113.254', maskLen: 24 },
        virtualSecondaryIpsOrderedList: [{ address: '198.51.100.254', maskLen: 99 }],
      },
    },
  },
};

const IPV6 = {
  interfaces: {
    Vlan100: {
      vrf: 'default',
      linkLocal: { address: 'fe80::1', subnet: 'fe80::/64' },
      addresses: [{ address: '2001:db8:1::1', subnet: '2001:db8:1::/64', active: true }],
    },
  },
};

function read(answer: unknown, vrf?: string): readonly string[] {
  const text = `leaf1#show ip interface | json\n${JSON.stringify(answer, undefined, 4)}\nleaf1#`;
  return readAristaEosAddresses(text, vrf).map(
    ({ address, network }) => `${address} in ${network.text}`,
  );
}

describe('readAristaEosAddresses', () => {
  it('reads IPv4, secondary and virtual ones too', () => {
    expect(read(IPV4)).to.deep.equal([
      '192.0.2.254 in 192.0.2.0/24',
      '198.51.100.1 in 198.51.100.0/25',
    ]);
    expect(read(IPV4, 'red')).to.deep.equal([
      '203.0.113.1 in 203.0.113.0/24',
      '203.0.113.254 in 203.0.113.0/24',
    ]);
  });

  it('reads IPv6', () => {
    expect(read(IPV6)).to.deep.equal(['2001:db8:1::1 in 2001:db8:1::/64']);
  });

  it('finds nothing where no interface has an address', () => {
    expect(read({ interfaces: {} })).to.deep.equal([]);
    expect(read({ interfaces: { Ethernet1: { vrf: 'default' } } })).to.deep.equal([]);
  });

  it('refuses an answer that is cut off', () => {
    expect(thrown(() => readAristaEosAddresses('{ "interfaces": {', undefined))).to.include({
      code: 'UPSTREAM_OUTPUT_INVALID',
    });
  });
});
