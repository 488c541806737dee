import { expect } from 'chai';

import {
  connectUpstreams,
  describeUpstream,
  ledgerKey,
  lockTarget,
  markOf,
  type Upstream,
} from '../../src/agent/upstream.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { UpstreamConfig } from '../../src/config/schema.ts';

const NETWORKS = new Map(
  [
    { id: 'id-1', name: 'public' },
    { id: 'id-2', name: 'partner' },
    { id: 'id-3', name: 'twin' },
    { id: 'id-4', name: 'twin' },
    { id: 'id-5', name: 'id-1' },
  ].map((network) => [network.id, { ...network, subnetIds: [] }]),
);

function configOf(change: object = {}): UpstreamConfig {
  const upstream = { name: 'edge1', os: 'linux', externalNetworks: ['public'], ...change };
  const policy = { mode: 'sync', allow: [{ prefix: '198.51.100.0/24' }] };
  const { upstreams } = parseConfig(
    JSON.stringify({ owner: 'test', policy, upstreams: [upstream] }),
    'test.yaml',
  );
  const [config] = upstreams;
  if (config === undefined) {
    throw new Error('no upstream');
  }
  return config;
}

async function connect(change: object = {}): Promise<Upstream> {
  const [upstream] = await connectUpstreams({ owner: 'test', upstreams: [configOf(change)] });
  if (upstream === undefined) {
    throw new Error('no upstream');
  }
  return upstream;
}

describe('connectUpstreams', () => {
  it('says for people where and what is written', async () => {
    const upstream = await connect({ via: { netns: 'blue' }, table: 77 });

    expect(describeUpstream(upstream)).to.equal('netns blue, table 77, protocol 201, metric 1024');
  });

  it('locks what is written to, whatever the mark, and keeps a ledger by mark', async () => {
    const [one, other] = await Promise.all(
      [201, 202].map(async (protocol) => connect({ protocol })),
    );
    const elsewhere = await connect({ via: { netns: 'blue' } });

    expect(one && (await lockTarget(one))).to.equal(other && (await lockTarget(other)));
    expect(one && ledgerKey(one)).not.to.deep.equal(other && ledgerKey(other));
    expect(one && markOf(one)).not.to.equal(other && markOf(other));
    expect(elsewhere.transport.target).not.to.equal(one?.transport.target);
  });
});

describe('Upstream.viewOf', () => {
  it('knows networks by name and by id, and devices by either', async () => {
    const devices = { public: { dev: 'eth1' }, 'id-2': { dev: 'eth2', onlink: true } };

    const view = (await connect({ externalNetworks: ['public', 'id-2'], devices })).viewOf(
      NETWORKS,
    );

    expect([...view.networkIds]).to.deep.equal(['id-1', 'id-2']);
    expect(view.devices.get('id-1')).to.deep.equal({ dev: 'eth1', onlink: false });
    expect(view.devices.get('id-2')).to.deep.equal({ dev: 'eth2', onlink: true });
  });

  it('takes an id for an id, even where another network has it as its name', async () => {
    const view = (await connect({ externalNetworks: ['id-1'] })).viewOf(NETWORKS);

    expect([...view.networkIds]).to.deep.equal(['id-1']);
  });

  for (const { name, problem } of [
    { name: 'pubic', problem: /"pubic" is not an external network of the cloud/ },
    { name: 'twin', problem: /"twin" is the name of 2 external networks; use the id/ },
  ]) {
    it(`refuses ${name}`, async () => {
      const upstream = await connect({ externalNetworks: [name] });

      expect(() => upstream.viewOf(NETWORKS))
        .to.throw(problem)
        .that.includes({ code: 'CLOUD_NETWORK_UNKNOWN' });
    });
  }
});

describe('Upstream.driver', () => {
  const answers = (dst: string) => [
    { stdout: `[{"dst":"${dst}","gateway":"203.0.113.9"}]`, stderr: '', exitCode: 0 },
    { stdout: '[]', stderr: '', exitCode: 0 },
    { stdout: '[{"ifname":"lo","addr_info":[]}]', stderr: '', exitCode: 0 },
  ];

  it('gives the same state for equal answers, and another one for others', async () => {
    const { driver, scope } = await connect();

    const first = driver.parse(scope, answers('198.51.100.0/24'));

    expect(driver.parse(scope, answers('198.51.100.0/24'))).to.equal(first);
    expect(driver.parse(scope, answers('198.51.101.0/24')).routes[0]?.prefix.text).to.equal(
      '198.51.101.0/24',
    );
  });
});
