/** The BIRD driver on a real BIRD and real kernel routes, in namespaces of its own; needs root and bird2. */
import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { setTimeout } from 'node:timers/promises';
import { applyChanges, proveRights } from '../../src/agent/apply.ts';
import { gatherState } from '../../src/agent/gather.ts';
import type { InstalledRoute, RouteChange, UpstreamState } from '../../src/core/route.ts';
import { bird } from '../../src/drivers/bird.ts';
import type { DeviceScope, Rejection } from '../../src/drivers/driver.ts';
import { localTransport } from '../../src/transport/local.ts';
import { add, desired } from '../drivers/routes.ts';
import { rejected } from '../drivers/thrown.ts';
import { makeBird, whyNoBird, type BirdDaemon } from './bird-daemon.ts';
import { makeNamespace, whyNoNamespace, type TestNamespace } from './namespace.ts';

const SIGNAL = new AbortController().signal;

const CONFIGURATION = `
router id 192.0.2.1;
protocol device { scan time 1; }
protocol kernel { ipv4 { export where source = RTS_STATIC; import none; }; merge paths; scan time 1; }
protocol kernel { ipv6 { export where source = RTS_STATIC; import none; }; merge paths; scan time 1; }
protocol static theirs { ipv4; route 10.99.0.0/16 via 192.0.2.9; }
protocol static 'route-sync-test4' {
  ipv4;
  include "FILE4";
}
protocol static 'route-sync-test6' {
  ipv6;
  include "FILE6";
}
`;

const PEERING = `
protocol bgp uplink { local 192.0.2.1 as 64500; neighbor 192.0.2.2 as 64501; ipv4 { export where source = RTS_STATIC; import none; }; }
`;
const FAR = `
router id 192.0.2.2;
protocol device { scan time 1; }
protocol bgp edge { local 192.0.2.2 as 64501; neighbor 192.0.2.1 as 64500; connect delay time 1; ipv4 { import all; export none; }; }
`;

describe('bird on a real BIRD', () => {
  let namespace: TestNamespace;
  let daemon: BirdDaemon;

  before(() => {
    const reason = whyNoNamespace() ?? whyNoBird();
    if (reason !== undefined) {
      throw new Error(reason);
    }
  });

  beforeEach(async () => {
    namespace = makeNamespace();
    daemon = makeBird(namespace.name, CONFIGURATION);
    await daemon.start();
  });

  afterEach(async () => {
    await daemon.close();
    namespace.close();
  });

  function accessOf(special: Partial<DeviceScope> = {}) {
    const scope: DeviceScope = {
      vrf: undefined,
      distance: undefined,
      mark: { tag: 4711, name: 'route-sync-test' },
      dialect: undefined,
      confirmSeconds: 30,
      bird: daemon.places,
      ...special,
    };
    const transport = localTransport({ netns: namespace.name });
    return { driver: bird, transport, scope, signal: SIGNAL };
  }

  async function read(special: Partial<DeviceScope> = {}): Promise<UpstreamState> {
    return gatherState(accessOf(special));
  }

  async function push(
    changes: readonly RouteChange[],
    special: Partial<DeviceScope> = {},
  ): Promise<readonly Rejection[]> {
    return applyChanges({ ...accessOf(special), changes, state: await read(special) });
  }

  async function owned(): Promise<readonly string[]> {
    return (await read()).routes.filter((route) => route.owned).map(shown);
  }

  async function installed(prefix: string): Promise<InstalledRoute> {
    const { routes } = await read();
    return routes.find((route) => route.owned && route.prefix.text === prefix) as InstalledRoute;
  }

  /** The kernel follows within BIRD's own time. */
  async function kernelShows(prefix: string, ...words: readonly string[]): Promise<void> {
    const family = prefix.includes(':') ? '-6' : '-4';
    let text = '';
    for (let tries = 0; tries < 250; tries += 1) {
      text = namespace.ip(family, 'route', 'show', prefix);
      if (words.length === 0 ? text === '' : words.every((word) => text.includes(word))) {
        return;
      }
      await setTimeout(20);
    }
    expect.fail(`${prefix}: ${text}`);
  }

  it('tells the routes of others and its own addresses before it ever wrote', async () => {
    const { routes, addresses } = await read();

    expect(routes.map(shown)).to.deep.equal(['theirs 10.99.0.0/16 192.0.2.9%d0']);
    expect(addresses.map(({ network }) => network.text)).to.include.members([
      '192.0.2.0/24',
      '2001:db8::/64',
    ]);
    await proveRights(accessOf());
  });

  for (const confirmSeconds of [30, undefined]) {
    it(`adds, replaces and removes, ${confirmSeconds === undefined ? 'at once' : 'under its timer'}`, async () => {
      const special = { confirmSeconds };
      const refused = await push(
        [
          add('10.1.0.0/24', '192.0.2.2'),
          add('10.2.0.0/24', '192.0.2.2', '192.0.2.3'),
          add('2001:db8:1::/64', '2001:db8::2'),
          add('2001:db8:2::/64', 'fe80::2%d0'),
        ],
        special,
      );

      expect(refused).to.deep.equal([]);
      expect(await owned()).to.deep.equal([
        'ours 10.1.0.0/24 192.0.2.2',
        'ours 10.2.0.0/24 192.0.2.2 192.0.2.3',
        'ours 2001:db8:1::/64 2001:db8::2',
        'ours 2001:db8:2::/64 fe80::2%d0',
      ]);
      await kernelShows('10.2.0.0/24', '192.0.2.2', '192.0.2.3');
      await kernelShows('2001:db8:2::/64', 'fe80::2');

      const before = await installed('10.1.0.0/24');
      const gone = await installed('10.2.0.0/24');
      await push(
        [
          { action: 'replace', before, after: desired('10.1.0.0/24', '192.0.2.4') },
          { action: 'remove', before: gone, origin: [] },
        ],
        special,
      );

      expect(await owned()).to.deep.equal([
        'ours 10.1.0.0/24 192.0.2.4',
        'ours 2001:db8:1::/64 2001:db8::2',
        'ours 2001:db8:2::/64 fe80::2%d0',
      ]);
      await kernelShows('10.1.0.0/24', '192.0.2.4');
      await kernelShows('10.2.0.0/24');
      await kernelShows('10.99.0.0/16', '192.0.2.9');
      expect(daemon.birdc('configure', 'undo')).to.contain('Reconfigured');
    });
  }

  it('gives its routes the preference of the scope, and sees that another one stands there', async () => {
    await push([add('10.1.0.0/24', '192.0.2.2')]);
    const special = { distance: 150 };
    const [before] = (await read(special)).routes;
    expect(before?.differs).to.equal(true);

    await push(
      [
        {
          action: 'replace',
          before: before as InstalledRoute,
          after: desired('10.1.0.0/24', '192.0.2.2'),
        },
      ],
      special,
    );

    const [after] = (await read(special)).routes;
    expect(after?.differs).to.equal(undefined);
    expect(daemon.birdc('show', 'route', '10.1.0.0/24')).to.contain('(150)');
  });

  it('reports a next hop on no connected network as dormant', async () => {
    await push([add('10.1.0.0/24', '192.0.2.2', '10.9.9.9')]);

    const route = await installed('10.1.0.0/24');
    expect(route.description).to.equal('protocol route-sync-test4, dormant: 10.9.9.9');
  });

  it('loses one line that BIRD refuses, and none of the others', async () => {
    const strange = add('10.66.0.0/24', '192.0.2.2%d0/1');
    const refused = await push([
      add('10.1.0.0/24', '192.0.2.2'),
      strange,
      add('10.2.0.0/24', '192.0.2.3'),
    ]);

    expect(refused.map(({ change, error }) => [change, error.code])).to.deep.equal([
      [strange, 'ROUTE_REJECTED'],
    ]);
    expect(await owned()).to.deep.equal([
      'ours 10.1.0.0/24 192.0.2.2',
      'ours 10.2.0.0/24 192.0.2.3',
    ]);
  });

  it('leaves files and routes as they were where the configuration does not hold for other reasons', async () => {
    await push([add('10.1.0.0/24', '192.0.2.2')]);
    const file = daemon.file(4);
    daemon.write(`${CONFIGURATION}\nbogus;\n`);

    const refused = await push([add('10.2.0.0/24', '192.0.2.2')]);

    expect(refused.map(({ error }) => error.message)).to.have.lengthOf(1);
    expect(refused[0]?.error.message).to.match(
      /the upstream says ".*bird\.conf:\d+:\d+ syntax error/,
    );
    expect(daemon.file(4)).to.equal(file);
    expect(await owned()).to.deep.equal(['ours 10.1.0.0/24 192.0.2.2']);
    expect((await rejected(proveRights(accessOf()))).message).to.contain('syntax error');
  });

  it('takes a push back where it is reverted or not confirmed, in the files too', async () => {
    await push([add('10.1.0.0/24', '192.0.2.2')]);
    const file = daemon.file(4);
    for (const confirmSeconds of [30, 1]) {
      const access = accessOf({ confirmSeconds });
      const state = await read();
      const [chunk] = bird.render(access.scope, [add('10.2.0.0/24', '192.0.2.2')], state);
      await access.transport.run(chunk?.command as never, SIGNAL);
      expect(await owned()).to.have.lengthOf(2);
      if (confirmSeconds === 1) {
        while (daemon.birdc('show', 'static', "'route-sync-test4'").includes('10.2.0.0/24')) {
          await setTimeout(50);
        }
      }
      const end = confirmSeconds === 1 ? chunk?.confirm : chunk?.revert;
      const { stdout, exitCode } = await access.transport.run(end as never, SIGNAL);

      expect(`${exitCode} ${stdout}`).to.match(
        confirmSeconds === 1 ? /^1 [^]*Nothing to do/ : /^0 /,
      );
      expect(await owned()).to.deep.equal(['ours 10.1.0.0/24 192.0.2.2']);
      expect(daemon.file(4)).to.equal(file);
    }
  });

  it('sees what somebody wrote into its file, and writes it as it should be', async () => {
    await push([add('10.1.0.0/24', '192.0.2.2')]);
    const text = daemon.file(4).replace('via 192.0.2.2', 'via 192.0.2.7');
    writeFileSync(daemon.places.file4, text);

    expect((await installed('10.1.0.0/24')).differs).to.equal(true);
    daemon.birdc('configure');
    expect(await owned()).to.deep.equal(['ours 10.1.0.0/24 192.0.2.7']);

    const before = await installed('10.1.0.0/24');
    await push([{ action: 'replace', before, after: desired('10.1.0.0/24', '192.0.2.2') }]);
    expect(await owned()).to.deep.equal(['ours 10.1.0.0/24 192.0.2.2']);
  });

  it('says what is wrong where BIRD is down, and holds its routes after it is back', async () => {
    await push([add('10.1.0.0/24', '192.0.2.2')]);
    await daemon.kill();

    expect((await rejected(read())).message).to.contain('control socket');
    expect((await rejected(proveRights(accessOf()))).message).to.contain('control socket');

    await daemon.start();
    expect(await owned()).to.deep.equal(['ours 10.1.0.0/24 192.0.2.2']);
    await kernelShows('10.1.0.0/24', '192.0.2.2');
  });

  for (const [what, from, to, code, words] of [
    [
      'has another name',
      "'route-sync-test6'",
      "'other6'",
      'UPSTREAM_COMMAND_FAILED',
      /no protocol static 'route-sync-test6'/,
    ],
    ['is disabled', 'ipv6;\n', 'disabled; ipv6;\n', 'UPSTREAM_COMMAND_FAILED', /switched off/],
    [
      'is in another table',
      'ipv6;\n',
      'ipv6 { table red6; };\n',
      'UPSTREAM_TABLE_UNKNOWN',
      /table red6|in red6/,
    ],
  ] as const) {
    it(`says so where its block ${what}`, async () => {
      daemon.write(`ipv6 table red6;\n${CONFIGURATION.replace(from, to)}`);
      daemon.birdc('configure');

      const error = await rejected(read());

      expect(error.code).to.equal(code);
      expect(error.message).to.match(words);
    });
  }

  it('writes to the tables of a VRF where the blocks are in them', async () => {
    daemon.write(
      `ipv4 table red4; ipv6 table red6;\n${CONFIGURATION.replace('ipv4;\n', 'ipv4 { table red4; };\n').replace('ipv6;\n', 'ipv6 { table red6; };\n')}`,
    );
    daemon.birdc('configure');
    const special = { vrf: 'red' };

    expect(await push([add('10.1.0.0/24', '192.0.2.2')], special)).to.deep.equal([]);

    expect((await read(special)).routes.map(shown)).to.deep.equal(['ours 10.1.0.0/24 192.0.2.2']);
  });

  it('holds 10,000 routes', async () => {
    const changes = Array.from({ length: 10_000 }, (_, i) =>
      add(`10.${100 + (i >> 8)}.${i & 255}.0/24`, '192.0.2.2', '192.0.2.3'),
    );

    expect(await push(changes)).to.deep.equal([]);

    expect(await owned()).to.have.lengthOf(10_000);
  });

  it('announces what is pushed to its BGP neighbour', async () => {
    const far = makeNamespace();
    const neighbour = makeBird(far.name, FAR);
    try {
      far.ip('link', 'del', 'd0');
      namespace.ip('link', 'set', 'd0-far', 'netns', far.name);
      far.ip('link', 'set', 'd0-far', 'up');
      far.ip('address', 'add', '192.0.2.2/24', 'dev', 'd0-far');
      daemon.write(CONFIGURATION + PEERING);
      daemon.birdc('configure');
      await neighbour.start();

      await push([add('10.1.0.0/24', '192.0.2.4'), add('10.2.0.0/24', '192.0.2.3')]);
      await neighbourShows(neighbour, /10\.1\.0\.0\/24 .*edge/, /10\.2\.0\.0\/24 .*edge/);
      await push([{ action: 'remove', before: await installed('10.1.0.0/24'), origin: [] }]);
      await neighbourShows(neighbour, /^(?![^]*10\.1\.0\.0)/, /10\.2\.0\.0\/24 .*edge/);
    } finally {
      await neighbour.close();
      far.close();
    }
  });
});

async function neighbourShows(neighbour: BirdDaemon, ...words: readonly RegExp[]): Promise<void> {
  let text = '';
  for (let tries = 0; tries < 1000; tries += 1) {
    text = neighbour.birdc('show', 'route');
    if (words.every((word) => word.test(text))) {
      return;
    }
    await setTimeout(50);
  }
  expect.fail(text);
}

function shown({ owned, description, prefix, nextHops }: InstalledRoute): string {
  const hops = nextHops.map(
    ({ address, device }) => `${address}${device === undefined ? '' : `%${device}`}`,
  );
  const whose = owned ? 'ours' : /name (\S+)/.exec(description)?.[1];
  return [whose, prefix.text, ...hops].join(' ');
}
