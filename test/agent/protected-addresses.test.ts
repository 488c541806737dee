import { networkInterfaces } from 'node:os';
import { expect } from 'chai';

import { protectedAddresses } from '../../src/agent/protected-addresses.ts';

describe('protectedAddresses', () => {
  it('are those of the API, by address or by name', async () => {
    const urls = ['https://203.0.113.5:5000/v3', 'http://[2001:db8::5]/', 'http://localhost:9696/'];

    const found = await protectedAddresses(urls.map((url) => new URL(url)));

    const api = found.filter(({ what }) => what.startsWith('the OpenStack API'));
    expect(api.map(({ address }) => address)).to.include.members(['203.0.113.5', '2001:db8::5']);
    expect(api.find(({ what }) => what.endsWith('localhost'))?.address).to.match(
      /^(127\.0\.0\.1|::1)$/,
    );
  });

  it('are those of this host, without zones', async () => {
    const found = await protectedAddresses([]);

    expect(found).to.have.length(Object.values(networkInterfaces()).flat().length);
    expect(found.map(({ address }) => address).join()).not.to.contain('%');
  });

  it('pass over a name that does not resolve', async () => {
    const found = await protectedAddresses([new URL('http://keystone.invalid/')]);

    expect(found.filter(({ what }) => what !== 'this host')).to.deep.equal([]);
  });
});
