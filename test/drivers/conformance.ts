/**
 * What every driver of a router with a CLI must do on a strict model of that router: one suite, called by one short file
 * per driver. It speaks through the real executor (agent/apply), line by line.
 */
import { expect } from 'chai';

import { applyChanges } from '../../src/agent/apply.ts';
import { gatherState } from '../../src/agent/gather.ts';
import { isAsWanted } from '../../src/core/next-hops.ts';
import { parseAddress, parsePrefix } from '../../src/core/prefix.ts';
import type {
  DesiredRoute,
  InstalledRoute,
  RouteChange,
  UpstreamState,
} from '../../src/core/route.ts';
import type { DeviceScope, RouterDriver } from '../../src/drivers/driver.ts';
import type { Rejection } from '../../src/drivers/driver.ts';
import type { SessionDefinition } from '../../src/drivers/session.ts';
import { modelTransport, type ModelTransport } from '../support/model-transport.ts';
import type { Router, RouterModel } from '../support/routers/router.ts';

export interface Conformance {
  readonly driver: RouterDriver<DeviceScope>;
  readonly model: RouterModel;
  /**
   * Startup configuration with an interface 203.0.113.1/24 and 2001:db8:ffff::1/64, a VRF `red` that has an interface
   * 198.51.100.1/24, and a static route of somebody else: 10.99.0.0/16 via 203.0.113.99.
   */
  readonly config: string;
  /** What is special of the scope: dialect, distance as mark, confirmSeconds. */
  readonly scope?: Partial<DeviceScope>;
  /** How the OS answers a line that it refuses. */
  readonly refusal: string;
}

const MARK = { tag: 4711, name: 'route-sync-test' };
const FOREIGN = '10.99.0.0/16';

interface Bench {
  readonly router: Router;
  readonly transport: ModelTransport;
  readonly push: (...changes: readonly RouteChange[]) => Promise<readonly Rejection[]>;
  readonly read: () => Promise<UpstreamState>;
  readonly owned: () => Promise<readonly string[]>;
}

/** Call it inside of a `describe` of the driver. */
export function conformsTo(conformance: Conformance): void {
  const { driver } = conformance;
  const bench = (scope: Partial<DeviceScope> = {}): Bench => benchOf(conformance, scope);

  it('reads the routes of others and the own addresses of a router that it never wrote to', async () => {
    const { routes, addresses } = await bench().read();

    expect(routes.map(shown)).to.deep.equal([`${FOREIGN} foreign 203.0.113.99`]);
    expect(addresses.map(({ address }) => address)).to.include.members([
      '203.0.113.1',
      '2001:db8:ffff::1',
    ]);
    const networks = addresses.map(({ network }) => network.text);
    expect(networks).to.include.members(['203.0.113.0/24', '2001:db8:ffff::/64']);
  });

  it('adds IPv4 and IPv6 routes, and a second look finds nothing to do', async () => {
    const { push, read, owned } = bench();
    const wanted = [
      route('10.1.0.0/24', '203.0.113.5'),
      route('10.2.0.1/32', '203.0.113.6'),
      route('2001:db8:1::/64', '2001:db8:ffff::5'),
    ];

    const refused = await push(...wanted.map(add));

    expect(refused).to.deep.equal([]);
    expect(await owned()).to.have.members([
      '10.1.0.0/24 203.0.113.5',
      '10.2.0.1/32 203.0.113.6',
      '2001:db8:1::/64 2001:db8:ffff::5',
    ]);
    const { routes } = await read();
    for (const after of wanted) {
      const have = routes.find(({ prefix }) => prefix.text === after.prefix.text);
      expect(have !== undefined && isAsWanted(after, have), after.prefix.text).to.equal(true);
    }
  });

  it('may be told the same twice', async () => {
    const { push, owned } = bench();

    await push(add(route('10.1.0.0/24', '203.0.113.5')));
    const refused = await push(add(route('10.1.0.0/24', '203.0.113.5')));

    expect(refused).to.deep.equal([]);
    expect(await owned()).to.deep.equal(['10.1.0.0/24 203.0.113.5']);
  });

  for (const [family, prefix, hops] of [
    ['IPv4', '10.1.0.0/24', ['203.0.113.5', '203.0.113.6', '203.0.113.7']],
    ['IPv6', '2001:db8:1::/64', ['2001:db8:ffff::5', '2001:db8:ffff::6', '2001:db8:ffff::7']],
  ] as const) {
    const [a, b, c] = hops;

    it(`replaces the next hop of an ${family} route without a moment without a path`, async () => {
      const { router, transport, push, read, owned } = bench();
      await push(add(route(prefix, a)));
      const gaps: string[] = [];
      transport.onLine = (line) => {
        if (!router.running().some((path) => path.prefix === prefix && !path.disabled)) {
          gaps.push(line);
        }
      };

      const refused = await push(replace(await installed(read, prefix), route(prefix, b)));

      expect(refused).to.deep.equal([]);
      expect(gaps).to.deep.equal([]);
      expect(await owned()).to.deep.equal([`${prefix} ${b}`]);
    });

    it(`keeps several next hops of an ${family} route, and changes and removes only those named`, async () => {
      const { push, read, owned } = bench();
      await push(add(route(prefix, a, b)));
      expect(await owned()).to.deep.equal([`${prefix} ${a} ${b}`]);

      await push(replace(await installed(read, prefix), route(prefix, b, c)));
      expect(await owned()).to.deep.equal([`${prefix} ${b} ${c}`]);

      await push(remove(await installed(read, prefix)));
      expect(await owned()).to.deep.equal([]);
    });
  }

  it('removes exactly what it is told, and nothing of others', async () => {
    const { router, push, read, owned } = bench();
    await push(add(route('10.1.0.0/24', '203.0.113.5')), add(route('10.2.0.0/24', '203.0.113.5')));

    const refused = await push(remove(await installed(read, '10.1.0.0/24')));

    expect(refused).to.deep.equal([]);
    expect(await owned()).to.deep.equal(['10.2.0.0/24 203.0.113.5']);
    expect(router.running().some(({ prefix }) => prefix === FOREIGN)).to.equal(true);
  });

  it('takes the removal of what is gone already for done', async () => {
    const { push, read, owned } = bench();
    await push(add(route('10.1.0.0/24', '203.0.113.5')));
    const before = await installed(read, '10.1.0.0/24');
    await push(remove(before));

    const refused = await push(remove(before));

    expect(refused).to.deep.equal([]);
    expect(await owned()).to.deep.equal([]);
  });

  it('changes the distance of what it finds', async () => {
    const first = bench();
    await first.push(add(route('10.1.0.0/24', '203.0.113.5')));
    const scope = scopeOf(conformance, { distance: 77 });
    if (first.router.running().some(({ distance }) => distance === conformance.scope?.distance)) {
      return;
    }
    const access = { driver, transport: first.transport, scope, signal: SIGNAL };
    const state = await gatherState(access);
    const before = state.routes.find(({ owned }) => owned);
    expect(before?.differs).to.equal(true);

    const changes = [replace(before as InstalledRoute, route('10.1.0.0/24', '203.0.113.5'))];
    expect(await applyChanges({ ...access, changes, state })).to.deep.equal([]);

    const after = (await gatherState(access)).routes.find(({ owned }) => owned);
    expect(after?.differs).to.equal(undefined);
    expect(after?.nextHops.map(({ distance }) => distance)).to.deep.equal([77]);
  });

  it('loses one change where the router refuses a line of it, and none of the others', async () => {
    const { transport, push, owned } = bench();
    transport.refuses = /10\.66\.0\.0/;

    const refused = await push(
      add(route('10.1.0.0/24', '203.0.113.5')),
      add(route('10.66.0.0/24', '203.0.113.5')),
      add(route('10.2.0.0/24', '203.0.113.6')),
    );

    expect(refused.map(({ error }) => error.code)).to.deep.equal(['ROUTE_REJECTED']);
    expect(refused[0]?.error.message).to.match(
      /^add 10\.66\.0\.0\/24: the upstream says ".*" to ".*10\.66/,
    );
    expect(await owned()).to.have.members(['10.1.0.0/24 203.0.113.5', '10.2.0.0/24 203.0.113.6']);
  });

  if (driver.capabilities.vrf) {
    it('writes to a VRF and leaves the global table alone', async () => {
      const { router, push, owned } = bench({ vrf: 'red' });

      const refused = await push(add(route('10.1.0.0/24', '198.51.100.5')));

      expect(refused).to.deep.equal([]);
      expect(await owned()).to.deep.equal(['10.1.0.0/24 198.51.100.5']);
      expect(router.running().map(({ vrf, prefix }) => `${vrf} ${prefix}`)).to.have.members([
        'red 10.1.0.0/24',
        `null ${FOREIGN}`,
      ]);
    });

    it('is told that a VRF does not exist, and leaves nothing behind', async () => {
      const { router, push } = bench({ vrf: 'nowhere' });

      await push(add(route('10.1.0.0/24', '198.51.100.5'))).catch(() => undefined);

      const left = router.running().filter(({ vrf }) => vrf !== 'nowhere');
      expect(left.map(({ prefix }) => prefix)).to.deep.equal([FOREIGN]);
    });
  }

  for (const [what, scope] of [
    ['a VRF', { vrf: 'red\nreload' }],
    ['a VRF', { vrf: 'red; reload' }],
    ['a VRF', { vrf: 'red | no more' }],
    ['a mark', { mark: { tag: 4711, name: 'x"; reload; "' } }],
  ] as const) {
    it(`refuses ${what} such as ${JSON.stringify(scope)}`, () => {
      const marks = driver.capabilities.mark !== 'tag' || 'vrf' in scope;
      const render = (): unknown =>
        driver.render(scopeOf(conformance, scope), [add(route('10.1.0.0/24', '203.0.113.5'))], {
          routes: [],
          addresses: [],
        });

      if (marks && ('mark' in scope || driver.capabilities.vrf)) {
        expect(render).to.throw(/cannot be used/);
      }
    });
  }

  it('needs the right to configure for its probe, and changes nothing by it', async () => {
    const { router, transport } = bench();
    const scope = scopeOf(conformance, {});
    const before = router.running();

    driver.probed(scope, await transport.run(driver.probe(scope), SIGNAL));

    expect(router.running()).to.deep.equal(before);
  });

  it('says so when it may not configure', async () => {
    const { router, transport } = benchOf(conformance, {}, { readOnly: true });
    const scope = scopeOf(conformance, {});

    let code = 'nothing thrown';
    try {
      driver.probed(scope, await transport.run(driver.probe(scope), SIGNAL));
    } catch (error) {
      ({ code } = error as { code: string });
    }

    expect(code).to.equal('UPSTREAM_NOT_PERMITTED');
    expect(router.running().map(({ prefix }) => prefix)).to.deep.equal([FOREIGN]);
  });
}

const SIGNAL = new AbortController().signal;

function benchOf(
  conformance: Conformance,
  special: Partial<DeviceScope>,
  boot: { readonly readOnly?: boolean } = {},
): Bench {
  const { driver, model, config } = conformance;
  const scope = scopeOf(conformance, special);
  const dialect = scope.dialect ?? driver.capabilities.dialects?.[0];
  const router = model.boot({
    hostname: 'edge1',
    config,
    now: () => 0,
    enableSecret: 'enable-secret',
    ...(dialect === undefined ? {} : { dialect }),
    ...boot,
  });
  const transport = modelTransport(router, driver.session as SessionDefinition);
  transport.refusal = conformance.refusal;
  const access = { driver, transport, scope, signal: SIGNAL };
  const read = async (): Promise<UpstreamState> => gatherState(access);
  return {
    router,
    transport,
    read,
    push: async (...changes) => applyChanges({ ...access, changes, state: await read() }),
    owned: async () =>
      (await read()).routes
        .filter(({ owned }) => owned)
        .map(({ prefix, nextHops }) =>
          [prefix.text, ...nextHops.map(({ address }) => address)].join(' '),
        ),
  };
}

function scopeOf({ scope, driver }: Conformance, special: Partial<DeviceScope>): DeviceScope {
  return {
    vrf: undefined,
    distance: undefined,
    mark: MARK,
    dialect: driver.capabilities.dialects?.[0],
    confirmSeconds: undefined,
    ...scope,
    ...special,
  };
}

function shown({ prefix, owned, nextHops }: InstalledRoute): string {
  const hops = nextHops.map(({ address }) => address).join(' ');
  return `${prefix.text} ${owned ? 'ours' : 'foreign'} ${hops}`;
}

async function installed(
  read: () => Promise<UpstreamState>,
  prefix: string,
): Promise<InstalledRoute> {
  const found = (await read()).routes.find((each) => each.owned && each.prefix.text === prefix);
  if (found === undefined) {
    throw new Error(`${prefix} is not installed`);
  }
  return found;
}

function route(prefix: string, ...addresses: readonly string[]): DesiredRoute {
  const nextHops = addresses.map((address) => ({ address: parseAddress(address) }));
  return { prefix: parsePrefix(prefix), nextHops, origin: [] };
}

function add(after: DesiredRoute): RouteChange {
  return { action: 'add', after };
}

function replace(before: InstalledRoute, after: DesiredRoute): RouteChange {
  return { action: 'replace', before, after };
}

function remove(before: InstalledRoute): RouteChange {
  return { action: 'remove', before, origin: [] };
}
