import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';

import { parseConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import type { Policy } from '../../src/core/policy.ts';
import { parsePrefix } from '../../src/core/prefix.ts';

const examples = new URL('../../config/', import.meta.url);

const RULE = { externalNetworks: [], projects: [], addressScopes: [], subnetPools: [] };

function configWith({ allow = '{ prefix: 10.0.0.0/8 }', upstream = '', top = '' }): Config {
  return parseConfig(
    [
      'owner: lab',
      `policy: { mode: sync, allow: [${allow}] }`,
      `upstreams: [{ name: e, os: linux, externalNetworks: [public]${upstream} }]`,
      top,
    ].join('\n'),
    'route-sync.yaml',
  );
}

describe('configSchema', () => {
  for (const file of readdirSync(examples).filter((name) => name.endsWith('.yaml'))) {
    it(`accepts the example ${file}`, () => {
      const config = parseConfig(readFileSync(new URL(file, examples), 'utf8'), file);

      expect(config.upstreams).to.not.be.empty;
    });
  }

  it('fills every default in', () => {
    const { policy, upstreams, ...rest } = configWith({});

    expect(rest).to.deep.equal({
      owner: 'lab',
      schedule: '*/30 * * * * *',
      jitterSeconds: 3,
      cloud: {
        natModel: 'auto',
        requestTimeoutSeconds: 60,
        snapshotTimeoutSeconds: 300,
        retries: 3,
        maxConcurrentRequests: 8,
      },
      guard: {
        maxRemovals: { count: 20, percent: 20, free: 2 },
        maxReplaces: { count: 200, percent: 50, free: 10 },
      },
      removal: { snapshots: 2, graceSeconds: 60 },
    });
    expect(policy satisfies Policy).to.deep.equal({
      mode: 'sync',
      allow: [{ ...RULE, prefix: parsePrefix('10.0.0.0/8'), minLength: 8, maxLength: 32 }],
      deny: [],
      foreignOverlap: 'warn',
      tags: { optOut: 'route-sync:off' },
      extraRoutes: false,
      floatingIps: false,
      ecmp: false,
    });
    expect(upstreams).to.deep.equal([
      {
        name: 'e',
        os: 'linux',
        externalNetworks: ['public'],
        table: 'main',
        protocol: 201,
        metric: 1024,
      },
    ]);
  });

  it('keeps the defaults of caps that the operator does not name', () => {
    const { guard } = configWith({ top: 'guard: { maxRemovals: { count: 5 } }' });

    expect(guard.maxRemovals).to.deep.equal({ count: 5, percent: 20, free: 2 });
  });

  it('lets an IPv6 range reach to /128', () => {
    const [rule] = configWith({ allow: '{ prefix: "2001:db8::/32" }' }).policy.allow;

    expect(rule).to.include({ minLength: 32, maxLength: 128 });
  });

  it('takes the default route as a range of its family', () => {
    const { allow } = configWith({ allow: '{ prefix: 0.0.0.0/0 }, { prefix: "::/0" }' }).policy;

    expect(allow.map(({ minLength, maxLength }) => [minLength, maxLength])).to.deep.equal([
      [0, 32],
      [0, 128],
    ]);
  });

  for (const [given, want] of [
    ['100', '100'],
    ['"100"', '100'],
    ['254', 'main'],
    ['253', 'default'],
    ['tenants', 'tenants'],
    ['4294967295', '4294967295'],
  ] as const) {
    it(`reads table ${given} as ${want}`, () => {
      expect(configWith({ upstream: `, table: ${given}` }).upstreams[0]?.table).to.equal(want);
    });
  }

  for (const protocol of [19, 41, 43, 83, 85, 185, 199, 201, 255]) {
    it(`permits protocol ${protocol}`, () => {
      const [upstream] = configWith({ upstream: `, protocol: ${protocol}` }).upstreams;

      expect(upstream?.protocol).to.equal(protocol);
    });
  }

  for (const protocol of [1, 2, 5, 13, 18, 42, 84, 99, 186, 190, 192, 193, 198]) {
    it(`refuses protocol ${protocol}`, () => {
      expect(() => configWith({ upstream: `, protocol: ${protocol}` })).to.throw('belongs to');
    });
  }

  it('permits two upstreams on one table with two protocols', () => {
    const twin = '}, { name: f, os: linux, externalNetworks: [public], protocol: 202';

    expect(configWith({ upstream: twin }).upstreams).to.have.length(2);
  });

  it('fills onlink of a device in', () => {
    const [upstream] = configWith({ upstream: ', devices: { public: { dev: eth1 } }' }).upstreams;

    expect(upstream?.devices).to.deep.equal({ public: { dev: 'eth1', onlink: false } });
  });
});
