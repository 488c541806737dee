/** What no announced prefix may cover. */
import { networkInterfaces } from 'node:os';
import { expect } from 'chai';

import { protectedAddresses, type Resolve } from '../../src/agent/protected-addresses.ts';

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

  describe('when the name server', () => {
    const url = new URL('https://api.example:5000/v3');
    const own = new Set(Object.values(networkInterfaces()).flatMap((entries) => entries ?? []));

    async function found(resolve: Resolve, at = url): Promise<readonly string[]> {
      const all = await protectedAddresses([at], resolve);
      expect(all).to.have.length.of.at.least(own.size);
      return all.filter(({ what }) => what !== 'this host').map(({ address }) => address);
    }

    const both: Resolve = async () => ['203.0.113.6', '2001:db8::6', '203.0.113.5'];
    const failing: Resolve = async () => Promise.reject(new Error('EAI_AGAIN'));

    it('knows several addresses, of both families: all count, in the same order each time', async () => {
      const want = ['2001:db8::6', '203.0.113.5', '203.0.113.6'];

      expect(await found(both)).to.deep.equal(want);
      expect(await found(async () => (await both('')).toReversed())).to.deep.equal(want);
    });

    for (const [what, resolve] of Object.entries({
      'does not answer': failing,
      'answers with nothing': async () => [],
    })) {
      it(`${what} any more: what was known before stays protected`, async () => {
        const before = await found(both);

        expect(await found(resolve)).to.deep.equal(before);
        expect(before).to.have.length(3);
      });
    }

    it('gives other addresses: those count from now on', async () => {
      await found(both);

      expect(await found(async () => ['203.0.113.7'])).to.deep.equal(['203.0.113.7']);
    });

    it('fails from the start: nothing is known, as behind a proxy', async () => {
      expect(await found(failing, new URL('http://new.example/'))).to.deep.equal([]);
    });
  });

  it('pass over a name that does not resolve', async () => {
    const found = await protectedAddresses([new URL('http://keystone.invalid/')]);

    expect(found.filter(({ what }) => what !== 'this host')).to.deep.equal([]);
  });
});
