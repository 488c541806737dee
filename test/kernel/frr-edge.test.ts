/** The FRR driver on a real FRR and real kernel routes, in namespaces of its own; needs root and frr. */
import { execFileSync, spawn } from 'node:child_process';

import { expect } from 'chai';
import { applyChanges, proveRights } from '../../src/agent/apply.ts';
import { gatherState, type UpstreamAccess } from '../../src/agent/gather.ts';
import { isAsWanted } from '../../src/core/next-hops.ts';
import type { DesiredRoute, InstalledRoute, RouteChange } from '../../src/core/route.ts';
import type { Command, DeviceScope } from '../../src/drivers/driver.ts';
import { frr } from '../../src/drivers/frr.ts';
import { localTransport } from '../../src/transport/local.ts';
import { programOf, type Transport } from '../../src/transport/transport.ts';
import { add, desired } from '../drivers/routes.ts';
import { rejected } from '../drivers/thrown.ts';
import { until } from '../support/until.ts';
import { type FrrDaemon, makeFrr, whyNoFrr } from './frr-daemon.ts';
import { makeNamespace, type TestNamespace, whyNoNamespace } from './namespace.ts';

const SIGNAL = new AbortController().signal;
const FOREIGN = [
  'ip route 10.99.0.0/16 192.0.2.99',
  'ip route 10.98.0.0/16 192.0.2.99 tag 4712 20',
  'ip route 10.97.0.0/16 blackhole',
  'ip route 10.96.0.0/16 203.0.113.9',
  'ipv6 route 2001:db8:99::/48 2001:db8::99',
];

describe('frr on a real FRR', () => {
  const path = process.env['PATH'];
  let namespace: TestNamespace;
  let daemon: FrrDaemon;

  before(() => {
    const reason = whyNoNamespace() ?? whyNoFrr();
    if (reason !== undefined) {
      throw new Error(reason);
    }
  });

  beforeEach(async () => {
    namespace = makeNamespace();
    daemon = makeFrr(namespace.name);
    process.env['PATH'] = `${daemon.bin}:${path}`;
    await daemon.start('zebra');
    await daemon.start('staticd');
    daemon.load(FOREIGN);
  });

  afterEach(async () => {
    process.env['PATH'] = path;
    await daemon.close();
    namespace.close();
  });

  function accessOf(special: Partial<DeviceScope> = {}) {
    const scope: DeviceScope = {
      vrf: undefined,
      distance: undefined,
      mark: { tag: 4711, name: 'route-sync-test' },
      dialect: 'shell',
      confirmSeconds: undefined,
      ...special,
    };
    const local = localTransport({ netns: namespace.name });
    const transport = scope.dialect === 'vtysh' ? loginShell(local) : local;
    return { driver: frr, transport, scope, signal: SIGNAL } satisfies UpstreamAccess;
  }

  async function push(changes: readonly RouteChange[], special: Partial<DeviceScope> = {}) {
    const access = accessOf(special);
    const refused = await applyChanges({ ...access, changes, state: await gatherState(access) });
    return refused.map(({ error }) => error.message);
  }

  async function owned(special: Partial<DeviceScope> = {}): Promise<readonly InstalledRoute[]> {
    return (await gatherState(accessOf(special))).routes.filter((route) => route.owned);
  }

  async function replaceBy(after: DesiredRoute, special: Partial<DeviceScope> = {}) {
    const before = (await owned(special)).find(({ prefix }) => prefix.text === after.prefix.text);
    return push([{ action: 'replace', before: before as InstalledRoute, after }], special);
  }

  async function removeAll(special: Partial<DeviceScope> = {}) {
    const routes = await owned(special);
    return push(
      routes.map((before) => ({ action: 'remove', before, origin: [] })),
      special,
    );
  }

  function inKernel(...words: readonly string[]): readonly string[] {
    return namespace
      .ip(...words)
      .split('\n')
      .filter((line) => line !== '');
  }

  function foreignLines(): readonly string[] {
    return daemon
      .vtysh('show running-config')
      .split('\n')
      .filter((line) => line.includes('ip') && line.includes('route') && !line.includes('4711'));
  }

  it('reads the routes of others, also those that cannot be resolved, and the own addresses', async () => {
    namespace.ip('address', 'add', '10.200.0.1', 'peer', '10.200.0.2/32', 'dev', 'd1');

    const { routes, addresses } = await gatherState(accessOf());

    expect(routes.map(shown)).to.have.members([
      '10.99.0.0/16 foreign 192.0.2.99',
      '10.98.0.0/16 foreign 192.0.2.99',
      '10.97.0.0/16 foreign ',
      '10.96.0.0/16 foreign 203.0.113.9',
      '2001:db8:99::/48 foreign 2001:db8::99',
    ]);
    expect(
      addresses.map(({ address, network }) => `${address} ${network.text}`),
    ).to.include.members([
      '192.0.2.1 192.0.2.0/24',
      '198.51.100.1 198.51.100.0/24',
      '2001:db8::1 2001:db8::/64',
      '10.200.0.1 10.200.0.2/32',
    ]);
  });

  for (const dialect of ['shell', 'vtysh']) {
    it(`adds, replaces and removes (${dialect}), and leaves the routes of others alone`, async () => {
      const before = foreignLines();
      const wanted = [
        desired('10.1.0.0/24', '192.0.2.2'),
        desired('10.2.0.0/24', '192.0.2.2', '192.0.2.3'),
        desired('10.3.0.1/32', '192.0.2.2%d0'),
        desired('2001:db8:1::/64', '2001:db8::2'),
        desired('2001:db8:2::/64', 'fe80::2%d0'),
      ];

      expect(
        await push(
          wanted.map((after) => ({ action: 'add', after })),
          { dialect },
        ),
      ).to.deep.equal([]);
      const have = await owned({ dialect });
      expect(have).to.have.lengthOf(wanted.length);
      for (const after of wanted) {
        const route = have.find(({ prefix }) => prefix.text === after.prefix.text);
        expect(isAsWanted(after, route as InstalledRoute), after.prefix.text).to.equal(true);
      }
      await until(() => inKernel('route', 'show', 'proto', '196').length >= 7);

      expect(
        await replaceBy(desired('10.2.0.0/24', '192.0.2.3', '192.0.2.4'), { dialect }),
      ).to.deep.equal([]);
      const second = (await owned({ dialect })).find(({ prefix }) => prefix.text === '10.2.0.0/24');
      expect(second?.nextHops.map(({ address }) => address)).to.deep.equal([
        '192.0.2.3',
        '192.0.2.4',
      ]);

      expect(await removeAll({ dialect })).to.deep.equal([]);
      expect(await owned({ dialect })).to.deep.equal([]);
      expect(foreignLines()).to.deep.equal(before);
    });
  }

  it('never leaves the kernel without the route while its next hop or its distance changes', async () => {
    await push([add('10.1.0.0/24', '192.0.2.2')]);
    await until(() => inKernel('route', 'show', '10.1.0.0/24').length > 0);
    const monitor = spawn('ip', ['-n', namespace.name, 'monitor', 'route'], { stdio: 'pipe' });
    let seen = '';
    monitor.stdout.on('data', (text: Buffer) => (seen += text.toString()));

    await replaceBy(desired('10.1.0.0/24', '192.0.2.3'));
    await until(() => seen.includes('192.0.2.3'));
    seen = '';
    await replaceBy(desired('10.1.0.0/24', '192.0.2.3'), { distance: 77 });
    namespace.ip('route', 'add', '10.250.0.0/24', 'dev', 'd0');
    await until(() => seen.includes('10.250.0.0/24'));
    monitor.kill();

    expect(seen).to.not.match(/Deleted 10\.1\.0\.0\/24/);
    const [route] = await owned({ distance: 77 });
    expect(route?.nextHops.map(({ distance }) => distance)).to.deep.equal([77]);
    expect(route?.differs).to.equal(undefined);
  });

  it('removes a path of ours from a prefix that somebody else has a path of', async () => {
    await push([add('10.1.0.0/24', '192.0.2.2')]);
    daemon.load(['ip route 10.1.0.0/24 192.0.2.9 tag 9']);

    expect(await removeAll()).to.deep.equal([]);

    expect(foreignLines()).to.include('ip route 10.1.0.0/24 192.0.2.9 tag 9');
    expect(await owned()).to.deep.equal([]);
  });

  it('takes the removal of what is gone for done', async () => {
    await push([add('10.1.0.0/24', '192.0.2.2')]);
    const [before] = (await owned()) as [InstalledRoute];
    daemon.load(['no ip route 10.1.0.0/24 192.0.2.2']);

    expect(await push([{ action: 'remove', before, origin: [] }])).to.deep.equal([]);
  });

  it('writes to a VRF and leaves the global table alone', async () => {
    const other = makeNamespace();
    try {
      const vrf = other.name;
      await until(() => daemon.vtysh(`show interface vrf ${vrf}`).includes('198.51.100.1/24'));

      expect(await push([add('10.1.0.0/24', '198.51.100.5')], { vrf })).to.deep.equal([]);

      expect((await owned({ vrf })).map(shown)).to.deep.equal(['10.1.0.0/24 ours 198.51.100.5']);
      expect(await owned()).to.deep.equal([]);
      await until(() => other.ip('route', 'show', '10.1.0.0/24').includes('198.51.100.5'));
      expect(await removeAll({ vrf })).to.deep.equal([]);
      expect(await owned({ vrf })).to.deep.equal([]);
    } finally {
      await daemon.kill('zebra');
      other.close();
    }
  });

  it('says that a VRF does not exist', async () => {
    const error = await rejected(gatherState(accessOf({ vrf: 'nowhere' })));

    expect(error).to.include({ code: 'UPSTREAM_TABLE_UNKNOWN' });
  });

  it('takes no configuration for empty because staticd is not there', async () => {
    await push([add('10.1.0.0/24', '192.0.2.2')]);
    await daemon.kill('staticd');

    const error = await rejected(gatherState(accessOf()));
    const refused = await rejected(
      applyChanges({
        ...accessOf(),
        changes: [add('10.2.0.0/24', '192.0.2.2')],
        state: { routes: [], addresses: [] },
      }).then(([rejection]) => Promise.reject(rejection?.error)),
    );

    expect(error).to.include({ code: 'UPSTREAM_COMMAND_FAILED' });
    expect(refused).to.include({ code: 'UPSTREAM_COMMAND_FAILED' });
  });

  it('proves its rights, and saves', async () => {
    for (const dialect of ['shell', 'vtysh']) {
      await proveRights(accessOf({ dialect }));
    }
    const { transport, scope } = accessOf();

    await push([add('10.1.0.0/24', '192.0.2.2')]);
    frr.probed(scope, await transport.run(frr.save(scope) as Command, SIGNAL));
    const saved = frr.readPaths(daemon.startup()).filter(({ tag }) => tag === 4711);

    expect(saved.map(({ prefix }) => prefix)).to.deep.equal(['10.1.0.0/24']);
  });

  it('loads 10,000 routes as one transaction, and all of them again after staticd was lost', async () => {
    const routes = Array.from({ length: 10_000 }, (_, i) =>
      add(`10.${Math.floor(i / 256)}.${i % 256}.0/24`, `192.0.2.${2 + (i % 200)}`),
    );
    const lost = push(routes);
    await until(() => daemon.isLoading());
    await daemon.kill('staticd');
    await lost;
    await daemon.start('staticd');
    daemon.load(FOREIGN);
    const have = new Set((await owned()).map(({ prefix }) => prefix.text));

    const refused = await push(
      routes.filter((change) => change.action === 'add' && !have.has(change.after.prefix.text)),
    );

    expect(refused).to.deep.equal([]);
    expect(await owned()).to.have.lengthOf(10_000);
    await until(() => inKernel('route', 'show', 'proto', '196').length >= 10_000);
  });

  it('has its routes reflected to three other routers by BGP', async () => {
    const others = [2, 3, 4].map(() => makeNamespace());
    const daemons = others.map(({ name }) => makeFrr(name));
    try {
      for (const [index, other] of others.entries()) {
        const network = `10.240.${index}`;
        execFileSync('ip', [
          '-n',
          namespace.name,
          'link',
          'add',
          `r${index}`,
          'type',
          'veth',
          'peer',
          'name',
          'e0',
          'netns',
          other.name,
        ]);
        namespace.ip('link', 'set', `r${index}`, 'up');
        namespace.ip('address', 'add', `${network}.1/30`, 'dev', `r${index}`);
        other.ip('link', 'set', 'e0', 'up');
        other.ip('address', 'add', `${network}.2/30`, 'dev', 'e0');
      }
      await daemon.start('bgpd');
      daemon.load([
        'router bgp 64500',
        ' bgp router-id 192.0.2.1',
        ...others.map((_, i) => ` neighbor 10.240.${i}.2 remote-as 64500`),
        ...others.map((_, i) => ` neighbor 10.240.${i}.2 timers connect 1`),
        ' address-family ipv4 unicast',
        '  redistribute static route-map OURS',
        ...others.flatMap((_, i) => [
          `  neighbor 10.240.${i}.2 route-reflector-client`,
          `  neighbor 10.240.${i}.2 next-hop-self`,
        ]),
        'route-map OURS permit 10',
        ' match tag 4711',
      ]);
      for (const [i, far] of daemons.entries()) {
        await far.start('zebra');
        await far.start('bgpd');
        far.load([
          'router bgp 64500',
          ` bgp router-id 10.240.${i}.2`,
          ` neighbor 10.240.${i}.1 remote-as 64500`,
          ` neighbor 10.240.${i}.1 timers connect 1`,
        ]);
      }

      await push([add('10.1.0.0/24', '192.0.2.2'), add('10.2.0.0/24', '192.0.2.3')]);
      const learned = (): readonly string[] => daemons.map((far) => far.vtysh('show ip bgp'));
      await until(() =>
        learned().every((table) => table.includes('10.1.0.0/24') && table.includes('10.2.0.0/24')),
      );
      expect(learned().some((table) => table.includes('10.99.0.0'))).to.equal(false);

      await removeAll();
      await until(() => learned().every((table) => !table.includes('10.1.0.0/24')));
    } finally {
      for (const far of daemons) {
        await far.close();
      }
      others.forEach((other) => other.close());
    }
  });
});

/** What SSH makes of a program where the login shell is vtysh. */
function loginShell(local: Transport): Transport {
  return {
    ...local,
    run: async (command, signal) => {
      const { argv, ...rest } = programOf(command);
      const words = argv[0] === '' ? [] : ['-c', argv.join(' ')];
      return local.run({ ...rest, argv: ['vtysh', ...words] }, signal);
    },
  };
}

function shown({ prefix, owned, nextHops }: InstalledRoute): string {
  const hops = nextHops.map(({ address }) => address).join(' ');
  return `${prefix.text} ${owned ? 'ours' : 'foreign'} ${hops}`;
}
