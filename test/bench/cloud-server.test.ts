import { expect } from 'chai';
import { tmpdir } from 'node:os';

import { generateClouds } from '../../bench/cloud.ts';
import { type CloudProcess, startCloudProcess } from '../../bench/cloud-process.ts';
import { INTERFACE_OWNERS } from '../../src/agent/snapshot.ts';
import {
  createOpenStackClient,
  loadCloudConfig,
  type OpenStackClient,
} from '../../src/openstack-client-lite/index.ts';

const SIZE = 200;

describe('the generated cloud as a process', () => {
  const { before: inMemory } = generateClouds(SIZE);
  let cloud: CloudProcess;
  let client: OpenStackClient;

  before(async () => {
    cloud = await startCloudProcess({ size: SIZE, delayMs: 0, pageSize: 30 });
    const search = { env: cloud.env, cwd: tmpdir(), homeDir: tmpdir() };
    client = createOpenStackClient(await loadCloudConfig(search), {
      requestTimeoutMs: 10_000,
      retries: 0,
      env: cloud.env,
    });
  });

  after(async () => {
    await client.close();
    await cloud.close();
  });

  for (const collection of ['routers', 'subnets', 'networks'] as const) {
    it(`has the same ${collection} as the one in memory, page by page`, async () => {
      expect(await client.network.list(collection)).to.deep.equal(
        await inMemory.network.list(collection),
      );
    });
  }

  for (const owners of [INTERFACE_OWNERS, ['network:router_gateway']]) {
    it(`has the same ports of ${owners.join(' and ')}`, async () => {
      const filters = { device_owner: owners };

      expect(await client.network.list('ports', filters)).to.deep.equal(
        await inMemory.network.list('ports', filters),
      );
    });
  }

  it('finds some by what is in them', async () => {
    const [, , , fourth] = await inMemory.network.list('ports', { device_owner: INTERFACE_OWNERS });
    const router = fourth?.device_id ?? '';

    const found = await client.network.list('ports', { device_id: [router] });

    // 50 prefixes and the gateway.
    expect(found.map(({ device_id }) => device_id)).to.deep.equal(Array(51).fill(router));
  });

  it('finds one by its id, and says where there is none', async () => {
    const [subnet] = (await inMemory.network.list('subnets')).slice(-1);

    expect(await client.network.get('subnets', subnet?.id ?? '')).to.deep.equal(subnet);
    expect(await client.network.get('subnets', 'no-such-subnet')).to.equal(undefined);
  });
});
