import { expect } from 'chai';
import { applyChanges, proveRights } from '../../src/agent/apply.ts';
import { gatherState, type UpstreamAccess } from '../../src/agent/gather.ts';
import type { RouteChange, UpstreamState } from '../../src/core/route.ts';
import { aristaEos } from '../../src/drivers/arista-eos.ts';
import type { CommandOutput } from '../../src/drivers/driver.ts';
import type { SessionDefinition } from '../../src/drivers/session.ts';
import { modelTransport, type ModelTransport } from '../support/model-transport.ts';
import { aristaEosModel } from '../support/routers/arista-eos.ts';
import { LABS } from '../support/routers/labs.ts';
import type { Router } from '../support/routers/router.ts';
import {
  changed,
  linesOf,
  masked,
  refuses,
  render,
  said,
  SCOPE,
  typed,
} from './cisco-ios-script.ts';
import { conformsTo } from './conformance.ts';
import { add, installed, remove, replace } from './routes.ts';
import { thrown } from './thrown.ts';

const LAB = LABS['arista-eos'];
const { config: CONFIG } = LAB;
const SESSION = aristaEos.session as SessionDefinition;
const FOREIGN = 'ip route 10.99.0.0/16 203.0.113.99';

interface Bench {
  readonly router: Router;
  readonly transport: ModelTransport;
  readonly clock: { now: number };
  readonly access: UpstreamAccess;
}

function bench(config = CONFIG): Bench {
  const clock = { now: 0 };
  const router = aristaEosModel.boot({ hostname: 'leaf1', config, now: () => clock.now });
  const transport = modelTransport(router, SESSION);
  const { signal } = new AbortController();
  const access = { driver: aristaEos, transport, scope: SCOPE, signal };
  return { router, transport, clock, access };
}

async function pushing(
  access: UpstreamAccess,
  ...changes: readonly RouteChange[]
): Promise<{ readonly changes: readonly RouteChange[]; readonly state: UpstreamState }> {
  return { changes, state: await gatherState(access) };
}

describe('aristaEos', () => {
  conformsTo(LAB);

  it('types one session, one line for each next hop, adds before removals', () => {
    const lines = typed(
      aristaEos,
      {},
      remove('10.3.0.0/24', '192.0.2.1', '192.0.2.2'),
      replace('10.2.0.0/16', ['192.0.2.1', '192.0.2.2'], ['192.0.2.2', '192.0.2.3']),
      add('10.1.0.1/32', '192.0.2.1', '192.0.2.2'),
      add('2001:db8:1::/48', '2001:db8::1'),
    );

    expect(lines).to.deep.equal([
      'configure session route-sync-lab',
      'ip route 10.1.0.1/32 192.0.2.1 name route-sync-lab',
      'ip route 10.1.0.1/32 192.0.2.2 name route-sync-lab',
      'ipv6 route 2001:db8:1::/48 2001:db8::1 name route-sync-lab',
      'ip route 10.2.0.0/16 192.0.2.3 name route-sync-lab',
      'no ip route 10.2.0.0/16 192.0.2.1',
      'no ip route 10.3.0.0/24 192.0.2.1',
      'no ip route 10.3.0.0/24 192.0.2.2',
      'commit',
    ]);
  });

  it('names the VRF, the interface and the distance', () => {
    const scope = { vrf: 'red', distance: 200 };

    expect(
      changed(
        aristaEos,
        scope,
        add('10.1.0.0/19', '192.0.2.1'),
        add('2001:db8:1::/48', 'fe80::1%Ethernet1'),
        remove('10.2.0.0/24', '192.0.2.1%Vlan7'),
      ),
    ).to.deep.equal([
      'ip route vrf red 10.1.0.0/19 192.0.2.1 200 name route-sync-lab',
      'ipv6 route vrf red 2001:db8:1::/48 Ethernet1 fe80::1 200 name route-sync-lab',
      'no ip route vrf red 10.2.0.0/24 Vlan7 192.0.2.1',
    ]);
  });

  it('removes the old distance once the new one stands, where the old one is known', () => {
    const before = installed('10.1.0.0/24', '192.0.2.1');
    const found = { ...before, nextHops: before.nextHops.map((hop) => ({ ...hop, distance: 9 })) };
    const change = { ...replace('10.1.0.0/24', ['192.0.2.1'], ['192.0.2.1']), before: found };

    expect(changed(aristaEos, { distance: 30 }, change)).to.deep.equal([
      'ip route 10.1.0.0/24 192.0.2.1 30 name route-sync-lab',
      'no ip route 10.1.0.0/24 192.0.2.1 9',
    ]);
  });

  it('removes every distance before it adds its own, where the old one is not known', () => {
    const change = replace('10.1.0.0/24', ['192.0.2.1'], ['192.0.2.1']);

    expect(changed(aristaEos, { distance: 30 }, change)).to.deep.equal([
      'no ip route 10.1.0.0/24 192.0.2.1',
      'ip route 10.1.0.0/24 192.0.2.1 30 name route-sync-lab',
    ]);
  });

  it('takes no tag for a mark, for the last line of a prefix sets it for all', async () => {
    const { router, access } = bench(CONFIG.replace(FOREIGN, `${FOREIGN} tag 4711`));
    const { state } = await pushing(access);

    expect(state.routes.map(({ owned }) => owned)).to.deep.equal([false]);
    await applyChanges({
      ...access,
      ...(await pushing(access, add('10.1.0.0/24', '203.0.113.5'))),
    });
    expect(router.running().map(({ tag }) => tag)).to.deep.equal([4711, null]);
  });

  for (const [distance, others] of [
    ['200', ''],
    ['', '200'],
  ] as const) {
    it(`removes its next hop of distance "${distance}" and leaves that of somebody else of "${others}"`, async () => {
      const ours = `ip route 10.1.0.0/24 203.0.113.5 ${distance} name route-sync-lab`;
      const theirs = `ip route 10.1.0.0/24 203.0.113.5 ${others} name theirs`;
      const { router, access } = bench(CONFIG.replace(FOREIGN, `${theirs}\n${ours}`));
      const { routes } = await gatherState(access);
      const before = routes.find(({ owned }) => owned);

      expect(before?.nextHops).to.have.length(1);
      const change: RouteChange = {
        action: 'remove',
        before: before ?? installed('10.1.0.0/24'),
        origin: [],
      };
      await applyChanges({ ...access, ...(await pushing(access, change)) });

      expect(router.running().map(({ name }) => name)).to.deep.equal(['theirs']);
    });
  }

  it('does not commit what a session of ours left behind when it was cut off', async () => {
    const { router, access } = bench();
    const cli = router.login('route-sync');
    for (const line of ['enable', 'configure session route-sync-lab', `no ${FOREIGN}`]) {
      expect(cli.enter(line).text).to.equal('');
    }
    cli.hangUp();

    await proveRights(access);
    await applyChanges({
      ...access,
      ...(await pushing(access, add('10.1.0.0/24', '203.0.113.5'))),
    });

    expect(router.running().map(({ prefix }) => prefix)).to.deep.equal([
      '10.99.0.0/16',
      '10.1.0.0/24',
    ]);
  });

  it('is told of a route that discards at its prefix', async () => {
    const { router, access } = bench(CONFIG.replace(FOREIGN, 'ip route 10.1.0.0/24 Null0'));

    const [refused] = await applyChanges({
      ...access,
      ...(await pushing(access, add('10.1.0.0/24', '203.0.113.5'))),
    });

    expect(refused?.error).to.include({ code: 'ROUTE_EXISTS' });
    expect(router.running()).to.have.length(1);
  });

  for (const [words, code] of [
    ['% VRF nowhere does not exist', 'UPSTREAM_TABLE_UNKNOWN'],
    ['% Cannot ECMP to Null0 interface.', 'ROUTE_EXISTS'],
    ['% Invalid nexthop: 192.0.2.1', 'ROUTE_REJECTED'],
    ["% Invalid input (at token 3: 'nmae')", 'ROUTE_REJECTED'],
    ['% Incomplete command', 'ROUTE_REJECTED'],
    ['% Ambiguous command', 'ROUTE_REJECTED'],
    ['% Unavailable command (not supported on this hardware platform)', 'ROUTE_REJECTED'],
    ['% Error: something else', 'ROUTE_REJECTED'],
  ] as const) {
    it(`knows the refusal "${words}"`, () => {
      const line = 'ip route 10.1.0.0/24 192.0.2.1 name route-sync-lab';
      const error = aristaEos.refusal(add('10.1.0.0/24', '192.0.2.1'), {
        line,
        text: words,
        refused: true,
      });

      expect(refuses(SESSION, words)).to.equal(true);
      expect(error.code).to.equal(code);
      expect(error.message).to.include(words).and.to.include(line);
    });
  }

  for (const [text, code] of [
    ["% Authorization denied for command 'configure'", 'UPSTREAM_NOT_PERMITTED'],
    ['% Invalid input (privileged mode required)', 'UPSTREAM_NOT_PERMITTED'],
    [
      '% Maximum number of pending sessions has been reached. Please commit or abort previous sessions before creating a new one.',
      'UPSTREAM_BUSY',
    ],
    ['% Configuration is locked by user joe', 'UPSTREAM_BUSY'],
    ['% Cannot commit session route-sync-lab', 'UPSTREAM_COMMAND_FAILED'],
  ] as const) {
    it(`tells ${code} from "${text}"`, () => {
      const answers = [{ line: 'configure session x', text, refused: refuses(SESSION, text) }];
      const output: CommandOutput = { stdout: text, stderr: '', exitCode: 1, answers };

      expect(answers[0]?.refused).to.equal(true);
      expect(thrown(() => aristaEos.probed(SCOPE, output)).code).to.equal(code);
    });
  }

  it('knows its prompts from banners', () => {
    const { prompt, configuring } = SESSION;
    expect(prompt.test('leaf1#')).to.equal(true);
    for (const line of ['leaf1(config)#', 'leaf1(config-s-route-)#', 'leaf1(config-if-Et1/1)#']) {
      expect(configuring?.test(line), line).to.equal(true);
      expect(prompt.test(line), line).to.equal(false);
    }
    expect(prompt.test('Authorized access only #')).to.equal(false);
  });

  it('hides the secrets of a configuration', () => {
    const line = 'username admin privilege 15 role network-admin secret sha512 $6$hush';

    expect(masked(SESSION, line)).to.not.include('hush');
  });

  it('saves, and asks for the startup configuration', () => {
    expect(said(aristaEos.save(SCOPE))).to.deep.equal(['write memory']);
    expect(aristaEos.gatherSaved(SCOPE)?.flatMap(said)[0]).to.equal(
      'show startup-config | include ^ip.* route',
    );
  });
});

describe('aristaEos under a commit timer', () => {
  conformsTo({ ...LAB, scope: { confirmSeconds: 300 } });

  for (const [seconds, time] of [
    [0.5, '00:00:01'],
    [300, '00:05:00'],
    [3725, '01:02:05'],
    [1_000_000, '23:59:59'],
  ] as const) {
    it(`gives ${time} for ${seconds} seconds`, () => {
      const change = add('10.1.0.0/24', '192.0.2.1');
      const [chunk] = render(aristaEos, { confirmSeconds: seconds }, [change]);

      expect(typed(aristaEos, { confirmSeconds: seconds }, change).at(-1)).to.equal(
        `commit timer ${time}`,
      );
      expect(said(chunk?.confirm)).to.deep.equal(['configure session route-sync-lab commit']);
      expect(said(chunk?.revert)).to.deep.equal(['configure session route-sync-lab abort']);
    });
  }

  it('is taken back by the switch unless it is confirmed', async () => {
    const { router, transport, clock, access } = bench();
    const change = add('10.1.0.0/24', '203.0.113.5');
    const lines = render(aristaEos, { confirmSeconds: 60 }, [change]).flatMap(linesOf);

    await transport.run({ lines }, access.signal);
    expect(router.running()).to.have.length(2);

    clock.now = 60_000;
    expect(router.running()).to.have.length(1);
  });
});
