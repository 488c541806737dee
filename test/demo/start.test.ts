/** The demo as a whole: the real client reads the story, and nothing is left of it afterwards. */
import { access, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { readSnapshot } from '../../src/agent/snapshot.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import { type Candidate, judge, VERDICTS } from '../../src/core/eligibility.ts';
import { type Demo, startDemo } from '../../src/demo/start.ts';
import { createStory } from '../../src/demo/story.ts';
import { createOpenStackClient, loadCloudConfig } from '../../src/openstack-client-lite/index.ts';

/** They need another configuration or another cloud than the demo's. */
const NOT_SHOWN = new Set([
  'not-opted-in',
  'scope-mismatch',
  'covers-protected',
  'prefix-reserved',
]);

async function configOf({ configFile }: Demo): Promise<Config> {
  return parseConfig(await readFile(configFile, 'utf8'), configFile);
}

/** Reads and judges the demo's cloud through its API, as a cycle does. */
async function judgeDemo(demo: Demo): Promise<readonly Candidate[]> {
  const { policy } = await configOf(demo);
  const { env } = demo;
  const cloud = await loadCloudConfig({
    env,
    cwd: dirname(demo.configFile),
    homeDir: dirname(demo.configFile),
  });
  const client = createOpenStackClient(cloud, { requestTimeoutMs: 5000, retries: 0, env });
  try {
    const signal = AbortSignal.timeout(5000);
    const snapshot = await readSnapshot({ client, policy, natModel: 'auto', signal });
    const networks = [...snapshot.externalNetworks.values()];
    const served = networks.filter(({ name }) => name === 'public').map(({ id }) => id);
    return judge({
      snapshot,
      policy,
      servedNetworks: new Set(served),
      protectedAddresses: [],
    });
  } finally {
    await client.close();
  }
}

function eligiblePrefixes(candidates: readonly Candidate[]): readonly string[] {
  const eligible = candidates.filter(({ verdict }) => verdict === 'eligible');
  return eligible.map(({ prefix }) => prefix.text);
}

describe('createStory', () => {
  it('is the same every time', () => {
    const ids = (): readonly string[] =>
      createStory()
        .cloud.list('ports')
        .map(({ id }) => id);

    expect(ids()).to.deep.equal(ids());
  });
});

describe('startDemo', () => {
  let demo: Demo;
  beforeEach(async () => {
    demo = await startDemo(['memory']);
  });
  afterEach(async () => {
    await demo.close();
  });

  it('writes a configuration that route-sync accepts, whose upstream is nowhere on this machine', async () => {
    const { owner, upstreams } = await configOf(demo);

    expect(owner).to.equal('demo');
    expect(upstreams.map(({ name, via }) => [name, via?.netns])).to.deep.equal([
      ['edge1', 'route-sync-demo-edge1'],
    ]);
  });

  it('shows every verdict that its configuration allows, and every warning', async () => {
    const candidates = await judgeDemo(demo);

    const verdicts = new Set(candidates.map(({ verdict }) => verdict));
    const warnings = new Set(candidates.flatMap((candidate) => candidate.warnings));
    const expected = [...VERDICTS.keys()].filter((verdict) => !NOT_SHOWN.has(verdict));
    expect([...verdicts]).to.have.members(expected);
    expect([...warnings]).to.have.members(['one-way', 'return-path']);
  });

  it('lets a tenant add one subnet and remove another', async () => {
    const before = eligiblePrefixes(await judgeDemo(demo));

    const scenes = [demo.story.tenantAddsSubnet(), demo.story.tenantRemovesSubnet()];

    const after = eligiblePrefixes(await judgeDemo(demo));
    expect(after.filter((prefix) => !before.includes(prefix))).to.deep.equal([scenes[0]?.prefix]);
    expect(before.filter((prefix) => !after.includes(prefix))).to.deep.equal([scenes[1]?.prefix]);
  });

  it('leaves no file and no listener behind, also when it is closed twice', async () => {
    await demo.close();
    await demo.close();

    const gone: unknown = await access(dirname(demo.configFile)).catch((error: unknown) => error);
    const refused: unknown = await fetch(demo.server.url).catch((error: unknown) => error);
    expect(gone).to.have.property('code', 'ENOENT');
    expect(refused).to.be.instanceOf(TypeError);
  });
});
