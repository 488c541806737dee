/** `route-sync init`: what it writes loads as it stands, gives a first plan, and says no more than the cloud shows. */
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';

import { initialConfig, type InitialConfig } from '../../src/config/init-document.ts';
import { proposeRanges } from '../../src/config/init-ranges.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import { parsePrefix } from '../../src/core/prefix.ts';
import type { ServeOptions } from '../../src/demo/cloud.ts';
import { createCloud, type Cloud } from '../../src/demo/model.ts';
import { escapeText } from '../../src/report/escape.ts';
import { newRouter, THIS_HOST } from './fake-ip.ts';
import { openScene, type Run, type Scene } from './scene.ts';
import { webAndDatabase } from './small-cloud.ts';

const HOSTILE = 'public\nowner: evil # "\u{1b}[31m\u{202e}';

interface Site {
  readonly cloud: Cloud;
  readonly external: { readonly id: string };
}

/** `public` and a network of the same name as a pool; three subnets of 10.20.0.0/22, one of them behind NAT. */
function site(names: { readonly network?: string; readonly pool?: string } = {}): Site {
  const cloud = createCloud();
  const external = cloud.addExternalNetwork(names.network ?? 'public');
  cloud.addSubnet({ network: external, cidr: '203.0.113.0/24' });
  const project = cloud.addProject('blue');
  const pool = cloud.addSubnetPool({ name: names.pool ?? 'tenants', prefixes: ['172.20.0.0/14'] });
  const add = (cidr: string, address: string, options: object = {}): void => {
    const { enableSnat, ...more } = { enableSnat: false, ...options };
    const router = cloud.addRouter({ name: cidr, project });
    cloud.setGateway(router, { network: external, enableSnat, addresses: [address] });
    const network = cloud.addNetwork({ name: cidr, project });
    cloud.addInterface(router, cloud.addSubnet({ network, cidr, ...more }));
  };
  add('10.20.0.0/24', '203.0.113.10');
  add('10.20.3.0/26', '203.0.113.11');
  add('10.99.0.0/24', '203.0.113.12', { enableSnat: true });
  add('172.20.8.0/24', '203.0.113.13', { pool });
  add('2001:db8:7::/64', '203.0.113.14');
  return { cloud, external };
}

describe('route-sync init', function suite() {
  this.timeout(60_000);
  let scene: Scene | undefined;

  afterEach(async () => {
    await scene?.close();
    scene = undefined;
  });

  async function open(cloud: Cloud, options?: ServeOptions): Promise<Scene> {
    scene = await openScene(cloud, options);
    scene.ip.routers.set(THIS_HOST, await newRouter());
    return scene;
  }

  async function written(cloud: Cloud, ...args: readonly string[]): Promise<Config> {
    const { run } = await open(cloud);
    const { stdout, stderr, exitCode } = await run(['init', '--print', ...args]);
    expect(exitCode, stderr).to.equal(0);
    return parseConfig(stdout, 'stdout');
  }

  it('writes a file that gives a first plan without being edited', async () => {
    const { run, folder } = await open(site().cloud);
    const init = await run(['init', 'new.yaml']);
    const plan = await run(['plan', '--config', 'new.yaml']);

    expect(init.exitCode, init.stderr).to.equal(0);
    expect(init.stdout).to.include('wrote new.yaml: 1 external network, 2 ranges to allow');
    expect(init.stdout).to.include('route-sync plan --config new.yaml');
    expect(plan.exitCode, plan.stderr).to.equal(0);
    expect(plan.stdout).to.include('Plan: 3 to add');
    expect((await lstat(path.join(folder, 'new.yaml'))).mode & 0o777 & ~0o644).to.equal(0);
  });

  it('allows what is behind routers without NAT, as tightly as it can', async () => {
    const { policy } = await written(site().cloud);

    expect(policy.mode).to.equal('upsert-only');
    expect(
      policy.allow.map(({ prefix, minLength, maxLength, subnetPools }) => ({
        range: `${prefix.text} ${minLength}-${maxLength}`,
        subnetPools,
      })),
    ).to.deep.equal([
      { range: '10.20.0.0/22 24-26', subnetPools: [] },
      { range: '172.20.8.0/24 24-24', subnetPools: ['tenants'] },
    ]);
  });

  it('names what is left out in comments alone', async () => {
    const { run } = await open(webAndDatabase().cloud);
    const { stdout } = await run(['init', '--print']);
    const { policy } = parseConfig(stdout, 'stdout');

    expect(stdout).to.include('# - { prefix: "2001:db8:a::/64", maxLength: 64 }  (1 subnet today)');
    expect(policy.allow.map(({ prefix }) => prefix.text)).to.deep.equal(['192.0.2.0/32']);
  });

  it('takes the owner from cloud and region, and the cloud from OS_CLOUD', async () => {
    const { run, folder, server } = await open(site().cloud);
    const { OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME } = server.env;
    const auth = {
      auth_url: OS_AUTH_URL,
      username: OS_USERNAME,
      password: OS_PASSWORD,
      project_name: OS_PROJECT_NAME,
      user_domain_name: 'Default',
      project_domain_name: 'Default',
    };
    const file = path.join(folder, 'clouds.yaml');
    await writeFile(
      file,
      JSON.stringify({ clouds: { 'Prod é': { auth, region_name: 'RegionOne' } } }),
    );
    await chmod(file, 0o600);
    const { stdout, stderr } = await run(['init', '--print'], { OS_CLOUD: 'Prod é' });
    const { owner, cloud } = parseConfig(stdout, stderr);

    expect(owner).to.equal('prod-regionone');
    expect(cloud.name).to.equal('Prod é');
  });

  it('writes a router over SSH', async () => {
    const args = ['--os', 'juniper-junos', '--host', '2001:db8::1', '--nat-model', 'ovn'];
    const { upstreams, cloud } = await written(site().cloud, ...args);

    expect(upstreams).to.have.lengthOf(1);
    expect(upstreams[0]).to.include({ name: '2001-db8-1', os: 'juniper-junos' });
    expect(upstreams[0]?.via?.ssh?.host).to.equal('2001:db8::1');
    expect(cloud.natModel).to.equal('ovn');
  });

  it('writes ids where names are hostile or shared', async () => {
    const { cloud, external } = site({ network: HOSTILE, pool: HOSTILE });
    const twins = [cloud.addExternalNetwork('twin'), cloud.addExternalNetwork('twin')];
    const named = cloud.addExternalNetwork('- plain: {name} #1');
    const { run } = await open(cloud);
    const { stdout } = await run(['init', '--print']);
    const { upstreams, policy, owner } = parseConfig(stdout, 'stdout');
    const plan = await run(['init', 'x.yaml']).then(() => run(['plan', '--config', 'x.yaml']));

    expect(owner).to.equal('regionone');
    expect(upstreams[0]?.externalNetworks).to.have.members([
      external.id,
      ...twins.map(({ id }) => id),
      named.name,
    ]);
    expect(policy.allow[1]?.subnetPools[0]).to.match(/^[0-9a-f-]{36}$/);
    expect(escapeText(stdout.replaceAll('\n', ''))).to.equal(stdout.replaceAll('\n', ''));
    expect(plan.stdout, plan.stderr).to.include('Plan: 3 to add');
  });

  const REFUSALS: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    [
      'a router that needs SSH without --host',
      ['new.yaml', '--os', 'cisco-ios'],
      64,
      /needs --host HOST/,
    ],
    ['a host that is none', ['new.yaml', '--host=-oProxyCommand=x'], 78, /via\.ssh\.host/],
    ['a folder that is not there', ['no/such/file.yaml'], 64, /ENOENT.*--print/],
  ];

  for (const [what, args, exitCode, message] of REFUSALS) {
    it(`refuses ${what}`, async () => {
      const { run } = await open(site().cloud);
      const refused = await run(['init', ...args]);
      expect(refused).to.include({ exitCode, stdout: '' });
      expect(refused.stderr).to.match(message);
    });
  }

  it('overwrites nothing: no file, no folder, no link, not even one to nowhere', async () => {
    const { run, folder, server } = await open(site().cloud);
    await writeFile(path.join(folder, 'file.yaml'), 'mine');
    await mkdir(path.join(folder, 'folder.yaml'));
    await symlink('elsewhere', path.join(folder, 'link.yaml'));
    const tries: Run[] = [];
    for (const name of ['file.yaml', 'folder.yaml', 'link.yaml']) {
      tries.push(await run(['init', name]));
    }

    for (const { exitCode, stderr } of tries) {
      expect(exitCode).to.equal(64);
      expect(stderr).to.match(/is there already, and init overwrites nothing.*\(USAGE\)\n$/);
    }
    expect(await readFile(path.join(folder, 'file.yaml'), 'utf8')).to.equal('mine');
    expect(server.requests.map(({ method }) => method)).not.to.include('PUT');
  });

  it('writes nothing for a user who does not see every project', async () => {
    const { cloud } = site();
    const project = cloud.addProject('green');
    const user = cloud.identity.addUser({ name: 'g', password: 'g', project, roles: ['member'] });
    const { run, server, folder } = await open(cloud);
    const { exitCode, stderr } = await run(['init', 'new.yaml'], server.envOf(user));

    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/admin role.*\(CLOUD_VIEW_NARROWED\)\n$/);
    expect(existsSync(path.join(folder, 'new.yaml'))).to.equal(false);
  });

  it('asks for --nat-model where the API does not tell', async () => {
    const { run } = await open(site().cloud, {
      onRequest: ({ url }) => (url.includes('/agents') ? { status: 404 } : undefined),
    });
    const silent = await run(['init', '--print']);
    const told = await run(['init', '--print', '--nat-model', 'ovn']);

    expect(silent.exitCode).to.equal(1);
    expect(silent.stderr).to.include('init with --nat-model ovs');
    expect(parseConfig(told.stdout, told.stderr).cloud.natModel).to.equal('ovn');
  });

  it('says what is missing where the cloud has no external network', async () => {
    const { run } = await open(createCloud());
    const { exitCode, stderr } = await run(['init', 'new.yaml']);

    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/no external network.*\(CLOUD_NETWORK_UNKNOWN\)/);
  });
});

describe('initialConfig', () => {
  const any = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });
  const trap = fc.constantFrom(
    HOSTILE,
    '# x',
    'a: b',
    '*alias',
    '&anchor',
    '!!js/function x',
    'null',
    'true',
    '0x1f',
    '1e3',
    '- x',
    '? x',
    '{a',
    '%YAML 1.1',
    '---',
    '...',
    '\u{85}\u{2028}x',
    ' x ',
    '~',
    '<<',
    '\u{feff}x',
    "'",
    '"',
  );
  const name = fc.oneof(any, trap).filter((text) => text.isWellFormed() && text.length <= 255);

  it('says exactly what it was given, whatever the names are', () => {
    const given = fc.record({ cloudName: name, network: name, pool: name, note: name });
    fc.assert(
      fc.property(given, ({ cloudName, network, pool, note }) => {
        const prefix = parsePrefix('10.0.0.0/24');
        const config: InitialConfig = {
          owner: 'test',
          cloudName,
          natModel: 'auto',
          seen: note,
          proposal: proposeRanges([{ prefix, pool }]),
          externalNetworks: [{ value: network, note }],
          pools: [note],
          scopes: [note],
          upstream: { name: 'edge1', os: 'linux', host: undefined },
        };
        const text = initialConfig(config, escapeText);
        const loaded = parseConfig(text, 'test');
        expect(loaded.owner).to.equal('test');
        expect(loaded.cloud.name).to.equal(cloudName);
        expect(loaded.upstreams.map(({ externalNetworks }) => externalNetworks)).to.deep.equal([
          [network],
        ]);
        expect(loaded.policy.allow.map(({ subnetPools }) => subnetPools)).to.deep.equal([[pool]]);
      }),
      { numRuns: 500 },
    );
  });

  it('lists at most twenty names in a comment', () => {
    const many = Array.from({ length: 25 }, (_, index) => `pool ${index}.`);
    const text = initialConfig(
      {
        owner: 'test',
        cloudName: undefined,
        natModel: 'ovs',
        seen: 'nothing',
        proposal: proposeRanges([]),
        externalNetworks: [{ value: 'public', note: 'no subnets' }],
        pools: many,
        scopes: [],
        upstream: { name: 'edge1', os: 'linux', host: undefined },
      },
      escapeText,
    );

    expect(text).to.include('# - pool 19.\n  # ... and 5 more\n').and.not.to.include('pool 20.');
  });
});
