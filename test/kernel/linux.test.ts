/** The Linux driver on real kernel routes, in namespaces of its own; needs root. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { applyChanges, proveRights, type Push } from '../../src/agent/apply.ts';
import { gatherState } from '../../src/agent/gather.ts';
import { verifyChanges } from '../../src/agent/verify.ts';
import type { RouteChange } from '../../src/core/route.ts';
import type { KernelScope } from '../../src/drivers/driver.ts';
import { linux } from '../../src/drivers/linux.ts';
import { localTransport } from '../../src/transport/local.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { add, remove, replace, SCOPE } from '../drivers/routes.ts';
import { rejected } from '../drivers/thrown.ts';
import { makeNamespace, type TestNamespace, whyNoNamespace } from './namespace.ts';

const SIGNAL = new AbortController().signal;

/** Foreign routes of every kind; the changes of the tests are around, beside and inside them. */
const FOREIGN = [
  'route add default via 192.0.2.254 proto 16',
  'route add 10.0.0.0/8 via 192.0.2.9',
  'route add 10.1.0.0/25 via 192.0.2.9 proto 4',
  'route add 10.1.0.0/24 via 192.0.2.9 proto 201 metric 50',
  'route add 10.1.0.0/24 via 192.0.2.9 proto 201 metric 1024 table 77',
  'route add 10.1.0.0/24 via 192.0.2.9 proto 4 metric 2000',
  'route add 10.2.0.0/24 via 192.0.2.9 proto 201 metric 1024 tos 0x10',
  'route append 10.2.0.0/24 via 192.0.2.9 proto 4 metric 1024',
  'route add blackhole 10.3.0.0/16 proto 4',
  'route add prohibit 10.4.0.0/24 proto 186',
  'route add 10.5.0.0/24 proto 196 metric 20 nexthop via 192.0.2.8 nexthop via 192.0.2.9',
  'route add 10.6.0.0/24 via inet6 2001:db8::9 dev d0 proto 4',
  'route add 10.7.0.0/24 dev d1 proto 4',
  'route add local 10.8.0.0/24 dev lo proto 4',
  '-6 route add default via fe80::9 dev d0 proto 9 metric 100',
  '-6 route add 2001:db8:1::/48 via 2001:db8::9 proto 4',
  '-6 route add 2001:db8:1::/64 via 2001:db8::9 proto 201 metric 50',
  '-6 route add 2001:db8:1::/64 via 2001:db8::9 proto 201 metric 1024 table 77',
  '-6 route add unreachable 2001:db8:3::/48 proto 4',
  '-6 route add unreachable ::ffff:0:0/96 proto 4',
  '-6 route add 2001:db8:5::/64 proto 186 nexthop via 2001:db8::8 nexthop via 2001:db8::9',
  '-6 route add 2001:db8:7::/64 dev d1 proto 9',
];

describe('linux on the kernel', () => {
  let namespace: TestNamespace;
  let transport: Transport;

  before(() => {
    const reason = whyNoNamespace();
    if (reason !== undefined) {
      throw new Error(reason);
    }
  });

  beforeEach(() => {
    namespace = makeNamespace();
    transport = localTransport({ netns: namespace.name });
  });

  afterEach(() => {
    namespace.close();
  });

  function push(...changes: readonly RouteChange[]): Push {
    const state = { routes: [], addresses: [] };
    return { driver: linux, transport, scope: SCOPE, signal: SIGNAL, changes, state };
  }

  function ip(line: string): string {
    return namespace.ip(...line.split(' '));
  }

  /** Every route as the kernel shows it, but those that carry our mark in table main. */
  function foreignRoutes(): string {
    return ['-4', '-6']
      .flatMap((family) => ip(`-details ${family} -oneline route show table all`).split('\n'))
      .filter((line) => !/proto 201 .*metric 1024/.test(line) || /table 77|tos /.test(line))
      .join('\n');
  }

  async function owned(scope: KernelScope = SCOPE): Promise<readonly string[]> {
    const { routes } = await gatherState({ ...push(), scope });
    return routes
      .filter((route) => route.owned)
      .map(({ prefix, nextHops }) =>
        [prefix.text, ...nextHops.map(({ address, device }) => `${address}%${device ?? ''}`)].join(
          ' ',
        ),
      );
  }

  async function pushed(...changes: readonly RouteChange[]) {
    const rejected = await applyChanges(push(...changes));
    const { failed } = await verifyChanges(push(...changes));
    return [...rejected, ...failed].map(({ error }) => error.message);
  }

  it('adds, replaces and removes beside foreign routes of every kind, which stay as they are', async () => {
    FOREIGN.forEach(ip);
    const before = foreignRoutes();

    const first = await pushed(
      add('10.1.0.0/24', '192.0.2.2'),
      add('10.3.1.0/24', '192.0.2.2', '192.0.2.3'),
      add('10.9.0.0/24', '10.99.0.1%d0!'),
      add('2001:db8:1::/64', '2001:db8::2'),
      add('2001:db8:3:1::/64', '2001:db8::2', '2001:db8::3'),
      add('2001:db8:9::/64', 'fe80::2%d0'),
    );
    expect(first).to.deep.equal([]);
    expect(await owned()).to.have.members([
      '10.1.0.0/24 192.0.2.2%d0',
      '10.3.1.0/24 192.0.2.2%d0 192.0.2.3%d0',
      '10.9.0.0/24 10.99.0.1%d0',
      '2001:db8:1::/64 2001:db8::2%d0',
      '2001:db8:3:1::/64 2001:db8::2%d0 2001:db8::3%d0',
      '2001:db8:9::/64 fe80::2%d0',
    ]);
    expect(foreignRoutes()).to.equal(before);

    const second = await pushed(
      replace('10.1.0.0/24', ['192.0.2.2'], ['192.0.2.3', '192.0.2.4']),
      replace('10.3.1.0/24', ['192.0.2.2', '192.0.2.3'], ['192.0.2.3']),
      replace('2001:db8:1::/64', ['2001:db8::2'], ['2001:db8::3', '2001:db8::4']),
      replace('2001:db8:3:1::/64', ['2001:db8::2', '2001:db8::3'], ['2001:db8::4']),
    );
    expect(second).to.deep.equal([]);
    expect(await owned()).to.include.members([
      '10.1.0.0/24 192.0.2.3%d0 192.0.2.4%d0',
      '10.3.1.0/24 192.0.2.3%d0',
      '2001:db8:1::/64 2001:db8::3%d0 2001:db8::4%d0',
      '2001:db8:3:1::/64 2001:db8::4%d0',
    ]);
    expect(foreignRoutes()).to.equal(before);

    const third = await pushed(
      remove('10.1.0.0/24', '192.0.2.3%d0', '192.0.2.4%d0'),
      remove('10.3.1.0/24', '192.0.2.3%d0'),
      remove('10.9.0.0/24', '10.99.0.1%d0!'),
      remove('2001:db8:1::/64', '2001:db8::3%d0', '2001:db8::4%d0'),
      remove('2001:db8:3:1::/64', '2001:db8::4%d0'),
      remove('2001:db8:9::/64', 'fe80::2%d0'),
    );
    expect(third).to.deep.equal([]);
    expect(await owned()).to.deep.equal([]);
    expect(foreignRoutes()).to.equal(before);
  });

  it('never touches a foreign route at the same prefix and metric', async () => {
    ip('route add 10.1.0.0/24 via 192.0.2.9 proto 4 metric 1024');
    ip('-6 route add 2001:db8:1::/64 via 2001:db8::9 proto 4 metric 1024');
    ip('-6 route add 2001:db8:2::/64 dev d1 proto 4 metric 1024');
    ip('-6 route add blackhole 2001:db8:3::/64 proto 4 metric 1024');
    const before = foreignRoutes();
    const changes = [
      add('10.1.0.0/24', '192.0.2.2'),
      add('2001:db8:1::/64', '2001:db8::2'),
      add('2001:db8:2::/64', '2001:db8::2'),
      add('2001:db8:3::/64', '2001:db8::2'),
    ];

    const added = await applyChanges(push(...changes));
    const removed = await applyChanges(
      push(
        remove('10.1.0.0/24', '192.0.2.9%d0'),
        remove('10.1.0.0/24', '192.0.2.8', '192.0.2.9'),
        remove('2001:db8:1::/64', '2001:db8::9%d0'),
        remove('2001:db8:1::/64', '2001:db8::8', '2001:db8::9'),
        remove('2001:db8:2::/64'),
      ),
    );

    expect(added.map(({ error }) => error.code)).to.deep.equal(changes.map(() => 'ROUTE_EXISTS'));
    expect(removed).to.deep.equal([]);
    expect(foreignRoutes()).to.equal(before);
  });

  it("replaces beside a stranger's route of the same prefix and metric, which stays", async () => {
    await applyChanges(push(add('10.1.0.0/24', '192.0.2.2')));
    ip('route prepend 10.1.0.0/24 via 192.0.2.9 proto 4 metric 1024');
    const before = foreignRoutes();

    expect(await pushed(replace('10.1.0.0/24', ['192.0.2.2%d0'], ['192.0.2.3']))).to.deep.equal([]);

    expect(await owned()).to.deep.equal(['10.1.0.0/24 192.0.2.3%d0']);
    expect(foreignRoutes()).to.equal(before);
  });

  it('locks a namespace by one name, from outside and from inside', async () => {
    const inside = ['-L', '-c', '%d:%i', '/proc/self/ns/net'];
    const { stdout } = spawnSync('ip', ['netns', 'exec', namespace.name, 'stat', ...inside], {
      encoding: 'utf8',
    });

    expect(await transport.lockTarget()).to.equal(`network namespace ${stdout.trim()}`);
    expect(await transport.lockTarget()).not.to.equal(await localTransport().lockTarget());
  });

  it("keeps a stranger's member of an IPv6 set through replace and remove", async () => {
    await applyChanges(push(add('2001:db8:1::/64', '2001:db8::2')));
    ip('-6 route append 2001:db8:1::/64 via 2001:db8::9 proto 4 metric 1024');

    const messages = await pushed(
      replace('2001:db8:1::/64', ['2001:db8::2', '2001:db8::9'], ['2001:db8::3']),
    );
    expect(messages.join()).to.match(/another program/);
    await pushed(remove('2001:db8:1::/64', '2001:db8::3', '2001:db8::9'));

    expect(ip('-6 route show 2001:db8:1::/64').trim()).to.equal(
      '2001:db8:1::/64 via 2001:db8::9 dev d0 proto static metric 1024 pref medium',
    );
  });

  it("leaves nothing of ours behind in an IPv6 set that shows a stranger's mark", async () => {
    await applyChanges(push(add('2001:db8:1::/64', '2001:db8::2')));
    ip('-6 route append 2001:db8:1::/64 via 2001:db8::9 proto 4 metric 1024');

    const messages = await pushed(
      replace('2001:db8:1::/64', ['2001:db8::2%d0', '2001:db8::9%d0'], ['2001:db8::3']),
    );

    expect(messages.join()).to.match(/another program holds this prefix/);
    expect(ip('-6 route show 2001:db8:1::/64').trim()).to.equal(
      '2001:db8:1::/64 via 2001:db8::9 dev d0 proto static metric 1024 pref medium',
    );
  });

  it('keeps an IPv6 set in use when its new member is refused', async () => {
    await applyChanges(push(add('2001:db8:1::/64', '2001:db8::2', '2001:db8::3')));

    const failed = await applyChanges(
      push(replace('2001:db8:1::/64', ['2001:db8::2', '2001:db8::3'], ['2001:db8:ffff::1'])),
    );

    expect(failed.map(({ error }) => error.code)).to.deep.equal(['ROUTE_REJECTED']);
    expect(await owned()).to.deep.equal(['2001:db8:1::/64 2001:db8::2%d0 2001:db8::3%d0']);
  });

  it('maps every refusal to its route, and the others go in', async () => {
    const changes = [
      add('10.1.0.0/24', '10.99.0.1'),
      add('10.2.0.0/24', '192.0.2.2'),
      add('10.3.0.0/24', '192.0.2.2%d9'),
      add('10.4.0.0/24', '10.99.0.1%d0'),
      remove('10.5.0.0/24', '192.0.2.2'),
      add('2001:db8:1::/64', '2001:db8:ffff::1'),
      add('2001:db8:2::/64', '2001:db8::2'),
      add('2001:db8:3::/64', '2001:db8::1'),
      add('2001:db8:4::/64', 'fe80::1'),
    ];

    const failed = await applyChanges(push(...changes));

    const texts = new Map(
      failed.map(({ change, error }) => [
        changes.indexOf(change),
        `${error.code} ${error.message}`,
      ]),
    );
    expect([...texts.keys()]).to.have.members([0, 2, 3, 5, 7, 8]);
    expect(texts.get(0)).to.match(/^ROUTE_REJECTED .*invalid gateway.*connect the upstream/);
    expect(texts.get(2)).to.match(/^ROUTE_REJECTED .*Cannot find device "d9"/);
    expect(texts.get(3)).to.match(/^ROUTE_REJECTED .*invalid gateway/);
    expect(texts.get(5)).to.match(/^ROUTE_REJECTED .*No route to host/);
    expect(texts.get(7)).to.match(/^ROUTE_REJECTED .*local address/);
    expect(texts.get(8)).to.match(/^ROUTE_REJECTED .*link-local/);
    expect(await owned()).to.have.length(2);
  });

  it('takes 32 next hops in one line, in both families', async () => {
    const ipv4 = Array.from({ length: 32 }, (_, i) => `192.0.2.${i + 2}%d0!`);
    const ipv6 = Array.from({ length: 32 }, (_, i) => `2001:db8::${(i + 2).toString(16)}%d0!`);

    expect(
      await pushed(add('10.1.0.0/24', ...ipv4), add('2001:db8:1::/64', ...ipv6)),
    ).to.deep.equal([]);
  });

  it('reads and writes a table number that nobody used before', async () => {
    const scope = { ...SCOPE, table: '4242' };

    expect(await owned(scope)).to.deep.equal([]);
    await applyChanges({ ...push(add('10.1.0.0/24', '192.0.2.2')), scope });
    expect(await owned(scope)).to.deep.equal(['10.1.0.0/24 192.0.2.2%d0']);
    expect(await owned()).to.deep.equal([]);
  });

  for (const table of ['no-such-table', '4294967296']) {
    it(`knows no table ${table}, neither to read nor to write`, async () => {
      const upstream = { ...push(add('10.1.0.0/24', '192.0.2.2')), scope: { ...SCOPE, table } };

      expect((await rejected(gatherState(upstream))).code).to.equal('UPSTREAM_TABLE_UNKNOWN');
      expect((await rejected(proveRights(upstream))).code).to.equal('UPSTREAM_TABLE_UNKNOWN');
    });
  }

  it('has the words of a kernel without CAP_NET_ADMIN right', () => {
    const unprivileged = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    function run(argv: readonly string[], input?: string) {
      const { stdout, stderr, status } = spawnSync(
        'ip',
        ['netns', 'exec', namespace.name, ...unprivileged, ...argv],
        { encoding: 'utf8', ...(input !== undefined && { input }) },
      );
      return { stdout, stderr, exitCode: status ?? -1 };
    }
    const [chunk] = linux.render(SCOPE, [add('10.1.0.0/24', '192.0.2.2')]);

    expect(() => {
      linux.probed(SCOPE, run(linux.probe(SCOPE).argv));
    }).to.throw('CAP_NET_ADMIN');
    expect(chunk).not.to.equal(undefined);
    if (chunk !== undefined) {
      const output = run(chunk.command.argv, chunk.command.stdin);
      expect(() => linux.rejections(chunk, output)).to.throw('CAP_NET_ADMIN');
    }
    const [ipv4, ipv6, addresses] = linux.gather(SCOPE).map(({ argv }) => run(argv));
    expect([ipv4, ipv6, addresses].map((output) => output?.exitCode)).to.deep.equal([0, 0, 0]);
  });

  it('proves its rights without a change', async () => {
    const before = ip('route show table all');

    linux.probed(SCOPE, await transport.run(linux.probe(SCOPE), SIGNAL));

    expect(ip('route show table all')).to.equal(before);
  });

  it('says which namespace is missing', async () => {
    const missing = { ...push(), transport: localTransport({ netns: 'rs-test-missing' }) };

    const error = await rejected(gatherState(missing));

    expect(error.code).to.equal('UPSTREAM_UNREACHABLE');
    expect(error.message).to.contain('"rs-test-missing"').and.to.contain('ip netns list');
  });

  it('reads the addresses with their networks', async () => {
    const { addresses } = await gatherState(push());

    expect(
      addresses.map(({ address, network }) => `${address} ${network.text}`),
    ).to.include.members([
      '192.0.2.1 192.0.2.0/24',
      '2001:db8::1 2001:db8::/64',
      '127.0.0.1 127.0.0.0/8',
    ]);
  });
});
