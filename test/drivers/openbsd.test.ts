import { expect } from 'chai';
import { applyChanges, proveRights } from '../../src/agent/apply.ts';
import { gatherState, type UpstreamAccess } from '../../src/agent/gather.ts';
import { isAsWanted } from '../../src/core/next-hops.ts';
import type { InstalledRoute, RouteChange, UpstreamState } from '../../src/core/route.ts';
import type {
  CommandOutput,
  DeviceScope,
  Program,
  RenderedChunk,
} from '../../src/drivers/driver.ts';
import { readOpenbsdAddresses } from '../../src/drivers/openbsd/addresses.ts';
import { openbsd } from '../../src/drivers/openbsd.ts';
import type { OpenbsdKernel } from '../support/routers/openbsd-route.ts';
import { openbsdShell, type OpenbsdShell } from '../support/routers/openbsd-shell.ts';
import { add, desired, remove, replace } from './routes.ts';
import { rejected, thrown } from './thrown.ts';

const SIGNAL = new AbortController().signal;
const SCOPE: DeviceScope = {
  vrf: undefined,
  distance: undefined,
  mark: { tag: 4711, name: 'rs-test' },
  dialect: undefined,
  confirmSeconds: undefined,
};
const STATE: UpstreamState = { routes: [], addresses: [] };
const FOREIGN = {
  table: '0',
  destination: '10.99.0.0/16',
  gateway: '192.0.2.9',
  flags: 'UGS',
  priority: 8,
  device: 'em0',
  label: '',
};
const KERNEL: OpenbsdKernel = {
  root: true,
  tables: ['0', '2'],
  links: [
    { device: 'em0', table: '0', address: '192.0.2.1/24' },
    { device: 'em0', table: '0', address: '2001:db8::1/64' },
    { device: 'em1', table: '2', address: '198.51.100.1/24' },
  ],
  routes: [FOREIGN],
};

function answer(stdout: string, rest: Partial<CommandOutput> = {}): CommandOutput {
  return { stdout, stderr: '', exitCode: 0, ...rest };
}

function linesOf(
  changes: readonly RouteChange[],
  scope: Partial<DeviceScope> = {},
): readonly string[] {
  const [chunk] = openbsd.render({ ...SCOPE, ...scope }, changes, STATE);
  const { stdin } = (chunk as RenderedChunk).command as Program;
  return String(stdin)
    .split('\n')
    .filter((line) => line !== '');
}

describe('openbsd.render', () => {
  for (const [what, change, lines] of [
    [
      'a route',
      add('10.1.0.0/24', '192.0.2.2'),
      ['route -T 0 -n add -inet -mpath -label rs-test 10.1.0.0/24 192.0.2.2'],
    ],
    [
      'one command for each next hop',
      add('2001:db8:1::/64', '2001:db8::2', '2001:db8::3'),
      [
        'route -T 0 -n add -inet6 -mpath -label rs-test 2001:db8:1::/64 2001:db8::2',
        'route -T 0 -n add -inet6 -mpath -label rs-test 2001:db8:1::/64 2001:db8::3',
      ],
    ],
    [
      'the interface of a link-local next hop',
      add('2001:db8:1::/64', 'fe80::2%em0'),
      ['route -T 0 -n add -inet6 -mpath -label rs-test 2001:db8:1::/64 fe80::2%em0'],
    ],
    [
      'no interface otherwise',
      add('10.1.0.0/24', '192.0.2.2%em0'),
      ['route -T 0 -n add -inet -mpath -label rs-test 10.1.0.0/24 192.0.2.2'],
    ],
    [
      'what is new before what goes, and nothing for what stays',
      replace('10.1.0.0/24', ['192.0.2.2', '192.0.2.3'], ['192.0.2.3', '192.0.2.4']),
      [
        'route -T 0 -n add -inet -mpath -label rs-test 10.1.0.0/24 192.0.2.4',
        'route -T 0 -n delete -inet 10.1.0.0/24 192.0.2.2',
      ],
    ],
    [
      'each next hop that goes',
      remove('10.1.0.0/24', '192.0.2.2', '192.0.2.3'),
      [
        'route -T 0 -n delete -inet 10.1.0.0/24 192.0.2.2',
        'route -T 0 -n delete -inet 10.1.0.0/24 192.0.2.3',
      ],
    ],
    [
      'nothing that would remove what is as it was',
      replace('10.1.0.0/24', ['192.0.2.2'], ['192.0.2.2']),
      ['route -T 0 -n add -inet -mpath -label rs-test 10.1.0.0/24 192.0.2.2'],
    ],
  ] as const) {
    it(`writes ${what}`, () => {
      expect(linesOf([change])).to.deep.equal(lines);
    });
  }

  it('writes the priority of the scope and the table of the VRF', () => {
    expect(linesOf([add('10.1.0.0/24', '192.0.2.2')], { vrf: '2', distance: 12 })).to.deep.equal([
      'route -T 2 -n add -inet -mpath -label rs-test -priority 12 10.1.0.0/24 192.0.2.2',
    ]);
    expect(linesOf([add('10.1.0.0/24', '192.0.2.2')], { distance: 8 })).to.deep.equal([
      'route -T 0 -n add -inet -mpath -label rs-test 10.1.0.0/24 192.0.2.2',
    ]);
  });

  it('moves a route to another priority by way of both', () => {
    expect(
      linesOf([replace('10.1.0.0/24', ['192.0.2.2'], ['192.0.2.2'])], { distance: 12 }),
    ).to.deep.equal([
      'route -T 0 -n add -inet -mpath -label rs-test -priority 12 10.1.0.0/24 192.0.2.2',
      'route -T 0 -n delete -inet -priority 8 10.1.0.0/24 192.0.2.2',
    ]);
  });

  it('ends each change with an empty line, and gives a thousand to one process', () => {
    const changes = Array.from({ length: 1001 }, (_, i) =>
      add(`10.${i >> 8}.${i & 255}.0/24`, '192.0.2.2'),
    );
    const chunks = openbsd.render(SCOPE, changes, STATE);

    expect(chunks.map((chunk) => chunk.changes.length)).to.deep.equal([1000, 1]);
    expect(chunks.at(-1)?.command)
      .to.have.property('stdin')
      .that.matches(/^route .*\n\n$/);
  });

  for (const [what, scope, words] of [
    ['a VRF that is no number', { vrf: 'red' }, 'to its number'],
    ['table 0 by its number', { vrf: '0' }, 'leave it out'],
    ['a VRF with a command', { vrf: '2; reboot' }, 'to its number'],
    ['a mark with a command', { mark: { tag: 1, name: 'x; reboot' } }, 'as a mark'],
    ['a mark that is too long', { mark: { tag: 1, name: 'x'.repeat(32) } }, 'takes 31'],
  ] as const) {
    it(`refuses ${what}`, () => {
      const error = thrown(() => linesOf([add('10.1.0.0/24', '192.0.2.2')], scope));

      expect(error.code).to.equal('UNSAFE_WORD');
      expect(error.message).to.contain(words);
    });
  }

  it('refuses a hostile interface', () => {
    const error = openbsd.unsupported(add('2001:db8:1::/64', 'fe80::2%em0 -reject'));

    expect(error?.code).to.equal('UNSAFE_WORD');
  });
});

describe('openbsd on a modelled OpenBSD', () => {
  let shell: OpenbsdShell;

  beforeEach(() => {
    shell = openbsdShell(KERNEL);
  });

  afterEach(() => {
    shell.close();
  });

  function accessOf(special: Partial<DeviceScope> = {}): UpstreamAccess {
    return {
      driver: openbsd,
      transport: shell.transport,
      scope: { ...SCOPE, ...special },
      signal: SIGNAL,
    };
  }

  async function read(special: Partial<DeviceScope> = {}): Promise<UpstreamState> {
    return gatherState(accessOf(special));
  }

  async function push(changes: readonly RouteChange[], special: Partial<DeviceScope> = {}) {
    return applyChanges({ ...accessOf(special), changes, state: await read(special) });
  }

  async function owned(special: Partial<DeviceScope> = {}): Promise<readonly string[]> {
    return (await read(special)).routes
      .filter((route) => route.owned)
      .map(({ prefix, nextHops }) =>
        [prefix.text, ...nextHops.map(({ address }) => address)].join(' '),
      );
  }

  async function installedAt(prefix: string): Promise<InstalledRoute> {
    const { routes } = await read();
    return routes.find((route) => route.owned && route.prefix.text === prefix) as InstalledRoute;
  }

  it('reads the routes of others and its own addresses', async () => {
    const { routes, addresses } = await read();

    expect(routes.map(({ prefix, owned: ours }) => [prefix.text, ours])).to.deep.equal([
      ['10.99.0.0/16', false],
    ]);
    expect(addresses.map(({ address, network }) => `${address} ${network.text}`)).to.deep.equal([
      '192.0.2.1 192.0.2.0/24',
      '2001:db8::1 2001:db8::/64',
    ]);
  });

  it('adds, replaces and removes, never without a path, and finds nothing to do afterwards', async () => {
    const wanted = [
      desired('10.1.0.0/24', '192.0.2.2'),
      desired('10.2.0.1/32', '192.0.2.2', '192.0.2.3'),
      desired('2001:db8:1::/64', '2001:db8::2'),
    ];
    expect(await push(wanted.map((after) => ({ action: 'add', after })))).to.deep.equal([]);
    const { routes } = await read();
    for (const after of wanted) {
      const have = routes.find(({ prefix }) => prefix.text === after.prefix.text);
      expect(have !== undefined && isAsWanted(after, have), after.prefix.text).to.equal(true);
    }
    const steps = shell.history().length;

    const before = await installedAt('10.2.0.1/32');
    const gone = await installedAt('10.1.0.0/24');
    const refused = await push([
      { action: 'replace', before, after: desired('10.2.0.1/32', '192.0.2.4') },
      { action: 'remove', before: gone, origin: [] },
    ]);

    expect(refused).to.deep.equal([]);
    expect(await owned()).to.deep.equal(['10.2.0.1/32 192.0.2.4', '2001:db8:1::/64 2001:db8::2']);
    for (const { line, kernel } of shell.history().slice(steps)) {
      expect(
        kernel.routes.some(({ destination }) => destination === '10.2.0.1/32'),
        line,
      ).to.equal(true);
    }
    expect(shell.kernel().routes).to.deep.include(FOREIGN);
  });

  it('may be told the same twice, and takes the removal of what is gone for done', async () => {
    const change = add('10.1.0.0/24', '192.0.2.2');
    await push([change]);
    expect(await push([change])).to.deep.equal([]);
    const before = await installedAt('10.1.0.0/24');
    await push([{ action: 'remove', before, origin: [] }]);

    expect(await push([{ action: 'remove', before, origin: [] }])).to.deep.equal([]);
    expect(await owned()).to.deep.equal([]);
  });

  it('changes the priority of what it finds', async () => {
    await push([add('10.1.0.0/24', '192.0.2.2')]);
    const special = { distance: 12 };
    const [, before] = (await read(special)).routes.toSorted(
      (a, b) => Number(a.owned) - Number(b.owned),
    );
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

    const ours = shell.kernel().routes.filter(({ label }) => label === 'rs-test');
    expect(ours.map(({ priority }) => priority)).to.deep.equal([12]);
    expect((await read(special)).routes.find((route) => route.owned)?.differs).to.equal(undefined);
  });

  it('keeps the old path where the new one is refused, and loses no other change', async () => {
    await push([add('10.1.0.0/24', '192.0.2.2')]);
    const before = await installedAt('10.1.0.0/24');

    const refused = await push([
      { action: 'replace', before, after: desired('10.1.0.0/24', '203.0.113.5') },
      add('10.2.0.0/24', '192.0.2.3'),
    ]);

    expect(refused.map(({ error }) => [error.code, error.message])).to.deep.equal([
      [
        'ROUTE_REJECTED',
        'replace 10.1.0.0/24: the upstream says "add net 10.1.0.0/24: gateway 203.0.113.5: Network is unreachable" to "route -T 0 -n add -inet -mpath -label rs-test 10.1.0.0/24 203.0.113.5"; connect the router to the network of the next hop (is its link up?), or set dev under devices of the upstream',
      ],
    ]);
    expect(await owned()).to.deep.equal(['10.1.0.0/24 192.0.2.2', '10.2.0.0/24 192.0.2.3']);
  });

  it('writes to a routing table and leaves the others alone', async () => {
    const special = { vrf: '2' };
    expect(await push([add('10.1.0.0/24', '198.51.100.5')], special)).to.deep.equal([]);

    expect(await owned(special)).to.deep.equal(['10.1.0.0/24 198.51.100.5']);
    expect((await read(special)).addresses.map(({ address }) => address)).to.deep.equal([
      '198.51.100.1',
    ]);
    expect(await owned()).to.deep.equal([]);
  });

  it('is told that a routing table does not exist', async () => {
    const error = await rejected(read({ vrf: '9' }));

    expect(error.message).to.contain('routing table 9: No such file or directory');
  });

  it('proves its rights and changes nothing by it', async () => {
    await proveRights(accessOf());
    expect(shell.kernel()).to.deep.equal(KERNEL);

    shell.set({ ...KERNEL, root: false });
    expect((await rejected(proveRights(accessOf()))).code).to.equal('UPSTREAM_NOT_PERMITTED');
    const [refused] = await push([add('10.1.0.0/24', '192.0.2.2')]);
    expect(refused?.error.code).to.equal('UPSTREAM_NOT_PERMITTED');
  });
});

describe('openbsd.rejections', () => {
  const changes = [add('10.1.0.0/24', '192.0.2.2'), add('10.2.0.0/24', '192.0.2.2')];
  const [chunk] = openbsd.render(SCOPE, changes, STATE) as readonly [RenderedChunk];

  for (const [words, code] of [
    ['route: writing to routing socket: File exists', 'ROUTE_EXISTS'],
    ['add net 10.2.0.0/24: gateway 192.0.2.2: File exists', 'ROUTE_EXISTS'],
    ['route: writing to routing socket: No such process', 'ROUTE_NOT_FOUND'],
    ['delete net 10.2.0.0/24: gateway 192.0.2.2: not in table', 'ROUTE_NOT_FOUND'],
    ['add net 10.2.0.0/24: gateway 192.0.2.2: Network is unreachable', 'ROUTE_REJECTED'],
    ['add net 10.2.0.0/24: gateway 192.0.2.2: routing table overflow', 'ROUTE_REJECTED'],
    ['route: routing table 9: No such file or directory', 'UPSTREAM_TABLE_UNKNOWN'],
    ['route: 192.0.2.300: bad address', 'ROUTE_REJECTED'],
    ['route: botched keyword: mpaht', 'ROUTE_REJECTED'],
    ['something new', 'ROUTE_REJECTED'],
  ] as const) {
    it(`maps "${words}" to its change`, () => {
      const [rejection, ...more] = openbsd.rejections(chunk, answer(`3\t${words}\n`));

      expect(more).to.deep.equal([]);
      expect(rejection?.change).to.equal(changes[1]);
      expect(rejection?.error.code).to.equal(code);
    });
  }

  it('finds nothing wrong with silence, nor with a line that names no change', () => {
    expect(openbsd.rejections(chunk, answer(''))).to.deep.equal([]);
    expect(openbsd.rejections(chunk, answer('2\twords\n99\twords\n'))).to.deep.equal([]);
  });

  it('fails as a whole for lack of rights, or where the shell fails', () => {
    const of = (output: CommandOutput): string =>
      thrown(() => openbsd.rejections(chunk, output)).code;

    expect(
      of(answer('1\troute: must be root to alter routing table: Permission denied\n')),
    ).to.equal('UPSTREAM_NOT_PERMITTED');
    expect(of(answer('', { stderr: 'sh: route: not found', exitCode: 127 }))).to.equal(
      'UPSTREAM_COMMAND_FAILED',
    );
  });
});

describe('readOpenbsdAddresses', () => {
  const TEXT = `lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 32768
	index 3 priority 0 llprio 3
	inet6 ::1 prefixlen 128
	inet6 fe80::1%lo0 prefixlen 64 scopeid 0x3
	inet 127.0.0.1 netmask 0xff000000
em1: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> rdomain 2 mtu 1500
	inet 198.51.100.1 netmask 0xffffffe0 broadcast 198.51.100.31
gre0: flags=8051<UP,POINTOPOINT,RUNNING,MULTICAST> mtu 1476
	tunnel: inet6 2001:db8::a --> 2001:db8::d ttl 64 nodf ecn
	inet 10.255.0.1 --> 10.255.0.2 netmask 0xffffffff
	inet6 fe80::5%gre0 -->  prefixlen 64 scopeid 0x16
	inet6 2001:db8:ffff:: -->  prefixlen 127
	inet 10.255.1.1
`;

  function read(vrf?: string): readonly string[] {
    return readOpenbsdAddresses(TEXT, vrf).map(
      ({ address, network }) => `${address} ${network.text}`,
    );
  }

  it('reads addresses, masks and the far ends of tunnels', () => {
    expect(read()).to.deep.equal([
      '::1 ::1/128',
      'fe80::1 fe80::/64',
      '127.0.0.1 127.0.0.0/8',
      '10.255.0.1 10.255.0.2/32',
      'fe80::5 fe80::/64',
      '2001:db8:ffff:: 2001:db8:ffff::/127',
      '10.255.1.1 10.255.1.1/32',
    ]);
  });

  it('tells those in a routing domain; another table belongs to domain 0', () => {
    expect(read('2')).to.deep.equal(['198.51.100.1 198.51.100.0/27']);
    expect(read('5')).to.deep.equal(read());
  });

  it('takes an answer without addresses for none', () => {
    for (const text of ['', 'ifconfig: not found', 'em1: flags=8843<UP> rdomain 2 mtu 1500\n']) {
      expect(thrown(() => readOpenbsdAddresses(text, undefined)).code).to.equal(
        'UPSTREAM_OUTPUT_INVALID',
      );
    }
  });
});
