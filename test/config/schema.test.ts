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
      maxParallelUpstreams: 32,
      journal: { keepFiles: 16 },
      server: { listen: '127.0.0.1:9717' },
      cloud: {
        natModel: 'auto',
        requestTimeoutSeconds: 60,
        snapshotTimeoutSeconds: 300,
        retries: 3,
        maxConcurrentRequests: 8,
        maxLoadPercent: 25,
      },
      guard: {
        maxRemovals: { count: 20, percent: 20, free: 2 },
        maxReplaces: { count: 200, percent: 50, free: 10 },
        perHour: { removals: 200, replaces: 2000 },
      },
      removal: {
        snapshots: 2,
        graceSeconds: 60,
        windows: [],
        timezone: 'UTC',
      },
    });
    expect(policy satisfies Policy).to.deep.equal({
      mode: 'sync',
      allow: [{ ...RULE, prefix: parsePrefix('10.0.0.0/8'), minLength: 8, maxLength: 32 }],
      deny: [],
      reserved: [],
      foreignOverlap: 'warn',
      foreignCovering: 'ignore',
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
      },
    ]);
  });

  it('keeps the defaults of caps that the operator does not name', () => {
    const { guard } = configWith({ top: 'guard: { maxRemovals: { count: 5 } }' });

    expect(guard.maxRemovals).to.deep.equal({ count: 5, percent: 20, free: 2 });
  });

  for (const [given, removals, replaces] of [
    ['maxRemovals: { count: 5 }, maxReplaces: { count: 30 }', 50, 300],
    ['maxRemovals: { count: 0 }', 20, 2000],
    ['maxRemovals: { count: 5 }, perHour: { removals: 7 }', 7, 2000],
    ['perHour: { removals: 0, replaces: 1 }', 0, 1],
  ] as const) {
    it(`permits ${removals} removals and ${replaces} replaces an hour with ${given}`, () => {
      const { guard } = configWith({ top: `guard: { ${given} }` });

      expect(guard.perHour).to.deep.equal({ removals, replaces });
    });
  }

  it('has no caps by group or run but those that the operator names', () => {
    const { guard } = configWith({
      top: 'guard: { perProject: { maxRemovals: { count: 5 } }, perRun: { removals: 40 } }',
    });

    expect(guard.perProject).to.deep.equal({ maxRemovals: { count: 5, percent: 20, free: 2 } });
    expect(guard.perRun).to.deep.equal({ removals: 40 });
    expect(guard).not.to.have.any.keys('perExternalNetwork');
  });

  it('takes windows with and without days, and a zone', () => {
    const { removal } = configWith({
      top: [
        'removal:',
        '  windows: [{ days: [sat, sun], from: "22:00", to: 04:30 }, { from: 00:00, to: 00:00 }]',
        '  timezone: Europe/Berlin',
      ].join('\n'),
    });

    expect(removal.windows).to.deep.equal([
      { days: ['sat', 'sun'], from: '22:00', to: '04:30' },
      { from: '00:00', to: '00:00' },
    ]);
    expect(removal.timezone).to.equal('Europe/Berlin');
  });

  it('takes the zone of the system for windows without one', () => {
    const { removal } = configWith({
      top: 'removal: { windows: [{ from: "01:00", to: "02:00" }] }',
    });

    expect(removal.timezone).to.equal(new Intl.DateTimeFormat().resolvedOptions().timeZone);
  });

  it('takes a sentinel by either id, and where the secret is kept', () => {
    const id = '0f6e0f6e-0000-4000-8000-00000000000a';
    for (const sentinel of [{ router: id }, { network: id }, { router: id, network: id }]) {
      const top = `cloud: { sentinel: ${JSON.stringify(sentinel)} }`;

      expect(configWith({ top }).cloud.sentinel).to.deep.equal(sentinel);
    }
    const file = configWith({ top: 'cloud: { secretFile: ~/keystone }' });
    const command = configWith({ top: 'cloud: { secretCommand: [pass, show, openstack] }' });

    expect(file.cloud.secretFile).to.equal('~/keystone');
    expect(command.cloud.secretCommand).to.deep.equal(['pass', 'show', 'openstack']);
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
