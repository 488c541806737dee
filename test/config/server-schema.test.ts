import { expect } from 'chai';

import { parseConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';

function configWith(section: string): Config {
  return parseConfig(
    `owner: o\npolicy: { mode: sync, allow: [{ prefix: 10.0.0.0/8 }] }\nupstreams: [{ name: e, os: linux, externalNetworks: [public] }]\n${section}\n`,
    'route-sync.yaml',
  );
}

describe('serverSchema', () => {
  it('listens on loopback until told otherwise', () => {
    expect(configWith('').server).to.deep.equal({ listen: '127.0.0.1:9717' });
  });

  for (const listen of ['off', '0.0.0.0:80', '[::]:9717', 'localhost:0', 'node-1.example:65535']) {
    it(`takes ${listen}`, () => {
      expect(configWith(`server: { listen: "${listen}" }`).server.listen).to.equal(listen);
    });
  }

  for (const listen of ['on', '127.0.0.1', ':9717', '::1:9717', '127.0.0.1:99999', 'a b:1']) {
    it(`refuses ${listen}`, () => {
      expect(() => configWith(`server: { listen: "${listen}" }`)).to.throw(/server\.listen/);
    });
  }
});

describe('leaderSchema', () => {
  it('is absent until somebody asks for it', () => {
    expect(configWith('').leader).to.equal(undefined);
  });

  it('has a lease of 15 s and a key of its own', () => {
    const { leader } = configWith('leader: { etcd: { endpoints: ["http://10.0.0.1:2379"] } }');

    expect(leader).to.deep.equal({
      leaseSeconds: 15,
      etcd: { endpoints: ['http://10.0.0.1:2379'], prefix: '/route-sync' },
    });
  });

  for (const [what, section] of [
    ['neither store', '{}'],
    ['both stores', '{ etcd: { endpoints: ["http://10.0.0.1:2379"] }, kubernetes: {} }'],
    ['no endpoint', '{ etcd: { endpoints: [] } }'],
    ['an endpoint that is no address', '{ etcd: { endpoints: ["10.0.0.1:2379"] } }'],
    ['a path at an endpoint', '{ etcd: { endpoints: ["http://10.0.0.1:2379/v3"] } }'],
    ['a user without a password', '{ etcd: { endpoints: ["http://10.0.0.1:2379"], user: u } }'],
    [
      'a key without a certificate',
      '{ etcd: { endpoints: ["http://10.0.0.1:2379"], keyFile: k } }',
    ],
    ['a lease that is too short', '{ kubernetes: {}, leaseSeconds: 1 }'],
    ['a Lease name that Kubernetes refuses', '{ kubernetes: { name: Route_Sync } }'],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => configWith(`leader: ${section}`)).to.throw(/leader/);
    });
  }
});
