import { expect } from 'chai';

import { applyChanges } from '../../src/agent/apply.ts';
import { gatherState, type UpstreamAccess } from '../../src/agent/gather.ts';
import type { InstalledRoute, RouteChange } from '../../src/core/route.ts';
import type { CommandOutput, DeviceScope } from '../../src/drivers/driver.ts';
import { HUAWEI_VRP_SESSION as SESSION } from '../../src/drivers/huawei-vrp/session.ts';
import { huaweiVrp } from '../../src/drivers/huawei-vrp.ts';
import { modelTransport } from '../support/model-transport.ts';
import { huaweiVrpModel } from '../support/routers/huawei-vrp.ts';
import { LABS } from '../support/routers/labs.ts';
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

const { config: CONFIG } = LABS['huawei-vrp 8'];
const ROUTE = add('10.1.0.0/24', '203.0.113.5');
/** Ours as it should be, but for its preference. */
const DISTANT: InstalledRoute = { ...installed('10.1.0.0/24', '192.0.2.1'), differs: true };

describe('huaweiVrp', () => {
  for (const [what, lab] of [
    ['VRP 8', LABS['huawei-vrp 8']],
    [
      'VRP 8 with trial runs',
      { ...LABS['huawei-vrp 8'], scope: { dialect: '8', confirmSeconds: 300 } },
    ],
    ['VRP 5', LABS['huawei-vrp 5']],
  ] as const) {
    describe(what, () => {
      conformsTo(lab);
    });
  }

  it('types one line for each next hop, adds before removals', () => {
    const lines = typed(
      huaweiVrp,
      {},
      remove('10.3.0.0/24', '192.0.2.1', '192.0.2.2'),
      replace('10.2.0.0/16', ['192.0.2.1', '192.0.2.2'], ['192.0.2.2', '192.0.2.3']),
      add('10.1.0.1/32', '192.0.2.1', '192.0.2.2'),
      add('2001:db8:1::/48', '2001:db8::1'),
    );

    expect(lines).to.deep.equal([
      'system-view',
      'ip route-static 10.1.0.1 255.255.255.255 192.0.2.1 tag 4711',
      'ip route-static 10.1.0.1 255.255.255.255 192.0.2.2 tag 4711',
      'ipv6 route-static 2001:db8:1:: 48 2001:db8::1 tag 4711',
      'ip route-static 10.2.0.0 255.255.0.0 192.0.2.3 tag 4711',
      'undo ip route-static 10.2.0.0 255.255.0.0 192.0.2.1',
      'undo ip route-static 10.3.0.0 255.255.255.0 192.0.2.1',
      'undo ip route-static 10.3.0.0 255.255.255.0 192.0.2.2',
      'commit',
      'return',
    ]);
  });

  it('commits nothing in VRP 5, where every line counts at once', () => {
    const scope = { dialect: '5', confirmSeconds: 300 };

    expect(typed(huaweiVrp, scope, add('10.1.0.0/19', '192.0.2.1'))).to.deep.equal([
      'system-view',
      'ip route-static 10.1.0.0 255.255.224.0 192.0.2.1 tag 4711',
      'return',
    ]);
    expect(render(huaweiVrp, scope, [ROUTE])[0]).to.not.have.property('confirm');
  });

  it('names the VPN instance, the interface and the preference', () => {
    const scope = { vrf: 'red', distance: 200, dialect: '5' };

    expect(
      changed(
        huaweiVrp,
        scope,
        add('10.1.0.0/24', '192.0.2.1'),
        add('2001:db8:1::/48', 'fe80::1%100GE1/0/1'),
        remove('10.2.0.0/24', '192.0.2.1%GigabitEthernet0/0/0.7'),
      ),
    ).to.deep.equal([
      'ip route-static vpn-instance red 10.1.0.0 255.255.255.0 192.0.2.1 preference 200 tag 4711',
      'ipv6 route-static vpn-instance red 2001:db8:1:: 48 100GE1/0/1 fe80::1 preference 200 tag 4711',
      'undo ip route-static vpn-instance red 10.2.0.0 255.255.255.0 GigabitEthernet0/0/0.7 192.0.2.1',
    ]);
  });

  it('says nothing of the preference that a route has anyway, but does to one that has another', () => {
    const change = { ...replace('10.1.0.0/24', ['192.0.2.1'], ['192.0.2.1']), before: DISTANT };

    expect(changed(huaweiVrp, { distance: 60, dialect: '5' }, ROUTE, change)).to.deep.equal([
      'ip route-static 10.1.0.0 255.255.255.0 203.0.113.5 tag 4711',
      'ip route-static 10.1.0.0 255.255.255.0 192.0.2.1 preference 60 tag 4711',
    ]);
  });

  it('refuses a preference that VRP does not have', () => {
    expect(thrown(() => typed(huaweiVrp, { distance: 256 }, ROUTE)).message).to.include('"256"');
  });

  for (const [words, code] of [
    ['Error: The VPN instance does not exist.', 'UPSTREAM_TABLE_UNKNOWN'],
    ['Error: The specified VPN-Instance does not exist.', 'UPSTREAM_TABLE_UNKNOWN'],
    ['Error: The static route does not exist.', 'ROUTE_NOT_FOUND'],
    ['Error: The route already exists.', 'ROUTE_EXISTS'],
    ['Error: Please enable IPv6 in the system view first.', 'ROUTE_REJECTED'],
    ['Error: The number of static routes has reached the upper limit.', 'ROUTE_REJECTED'],
    ['Error: The next hop address is invalid.', 'ROUTE_REJECTED'],
    ["Error: Unrecognized command found at '^' position.", 'ROUTE_REJECTED'],
    ["Error: Wrong parameter found at '^' position.", 'ROUTE_REJECTED'],
    ["Error: Incomplete command found at '^' position.", 'ROUTE_REJECTED'],
    ["Error: Too many parameters found at '^' position.", 'ROUTE_REJECTED'],
    ["Error: Ambiguous command found at '^' position.", 'ROUTE_REJECTED'],
    ['Error: Please renew the default configurations.', 'ROUTE_REJECTED'],
  ] as const) {
    it(`knows the refusal "${words}"`, () => {
      const line = 'ip route-static 10.1.0.0 255.255.255.0 203.0.113.5 tag 4711';
      const error = huaweiVrp.refusal(ROUTE, { line, text: words, refused: true });

      expect(refuses(SESSION, words)).to.equal(true);
      expect(error.code).to.equal(code);
      expect(error.message).to.include(words).and.to.include(line);
    });
  }

  for (const [text, code] of [
    [
      'Error: You do not have permission to run the command or the command is incomplete.',
      'UPSTREAM_NOT_PERMITTED',
    ],
    ["Error: Unrecognized command found at '^' position.", 'UPSTREAM_NOT_PERMITTED'],
    ['Error: The configuration is locked by another user.', 'UPSTREAM_BUSY'],
    ['Error: The configuration cannot be changed during the trial run.', 'UPSTREAM_BUSY'],
    ['Error: The commit failed.', 'UPSTREAM_COMMAND_FAILED'],
  ] as const) {
    it(`tells ${code} from "${text}"`, () => {
      const answers = [{ line: 'system-view', text, refused: refuses(SESSION, text) }];
      const output: CommandOutput = { stdout: text, stderr: '', exitCode: 1, answers };

      expect(thrown(() => huaweiVrp.probed(SCOPE, output)).code).to.equal(code);
    });
  }

  it('takes no note, warning or log message for a refusal', () => {
    for (const line of [
      'Enter system view, return user view with return command.',
      'Info: Succeeded in modifying route.',
      'Warning: The current configuration will be written to the device.',
      'Committing..done.',
      'Nov 22 2026 09:15:02 edge-1 %%01CLI/4/UNDO_FAIL(s)[3]:Error: Wrong parameter found.',
      'Info: It will take a long time if the content you search is too much',
      '2026-11-22 09:15:02.123 +08:00',
    ]) {
      expect(refuses(SESSION, line), line).to.equal(false);
    }
  });

  it('knows its prompts from banners', () => {
    const { prompt, configuring } = SESSION;
    for (const line of ['<edge-1>', '[~edge-1]', '[*edge-1-GigabitEthernet0/1/0]', 'HRP_M<fw1>']) {
      expect(prompt.test(line), line).to.equal(true);
    }
    for (const line of ['[edge-1]', '[edge-1-Vlanif10]', 'HRP_M[fw1]']) {
      expect(configuring?.test(line), line).to.equal(true);
      expect(prompt.test(line), line).to.equal(false);
    }
    for (const line of ['Authorized access only >', '*** READ THIS >', '>', '<Please log out>']) {
      const fits = [prompt, configuring].some((form) => form?.test(line));
      expect(fits, line).to.equal(false);
    }
  });

  it('hides the secrets of a configuration', () => {
    for (const line of [
      ' local-user admin password irreversible-cipher $1c$hush$',
      ' local-user admin password cipher %^%#hush%^%#',
      'snmp-agent community read cipher %^%#hush%^%#',
      'snmp-agent community write hush',
      ' ospf authentication-mode md5 1 cipher %^%#hush%^%#',
      ' peer 192.0.2.1 password simple hush',
      ' pre-shared-key hush',
    ]) {
      expect(masked(SESSION, line), line).to.not.include('hush');
    }
    expect(masked(SESSION, 'ip route-static 10.0.0.0 8 192.0.2.1 tag 4')).to.not.include('***');
  });

  it('asks for the saved configuration, and saves with a yes', async () => {
    const { router, access, transport } = bench({ dialect: '5' });
    await push(access, ROUTE);
    expect(router.startup()).to.have.length(1);

    const save = huaweiVrp.save(SCOPE);
    await transport.run(save ?? { lines: [] }, access.signal);

    expect(router.startup()).to.have.length(2);
    expect(huaweiVrp.gatherSaved(SCOPE)?.flatMap(said)[0]).to.equal(
      'display saved-configuration | include route-static',
    );
  });

  it('leaves the description of somebody else, which takes the rest of its line, as it is', async () => {
    const line = 'ip route-static 10.99.0.0 255.255.0.0 203.0.113.99 description theirs tag 4711';
    const { router, access } = bench({}, CONFIG.replace(/^ip route-static 10.99.*$/m, line));

    expect((await gatherState(access)).routes.map(({ owned }) => owned)).to.deep.equal([false]);
    await push(access, ROUTE);

    expect(router.running()[0]).to.include({ description: 'theirs tag 4711', tag: null });
  });
});

describe('huaweiVrp in a trial run', () => {
  for (const [seconds, told] of [
    [1, 60],
    [299.5, 300],
    [100_000, 65_535],
  ] as const) {
    it(`runs ${told} seconds for ${seconds}`, () => {
      const [chunk] = render(huaweiVrp, { confirmSeconds: seconds }, [ROUTE]);

      expect(chunk === undefined ? [] : linesOf(chunk).at(-1)?.text).to.equal(
        `commit trial ${told}`,
      );
      expect(said(chunk?.confirm)).to.deep.equal(['commit', 'return']);
      expect(said(chunk?.revert)).to.deep.equal(['abort trial', 'return']);
    });
  }

  it('is taken back by the router unless it is confirmed', async () => {
    const { router, transport, clock, access } = bench({ confirmSeconds: 60 });
    const lines = render(huaweiVrp, { confirmSeconds: 60 }, [ROUTE]).flatMap(linesOf);

    await transport.run({ lines }, access.signal);
    expect(router.running()).to.have.length(2);

    clock.now = 60_000;
    expect(router.running()).to.have.length(1);
  });

  it('is taken back at once where the read-back does not show the routes', async () => {
    const { router, transport, access } = bench({ confirmSeconds: 60 });
    const [chunk] = render(huaweiVrp, { confirmSeconds: 60 }, [ROUTE]);
    await transport.run({ lines: chunk === undefined ? [] : linesOf(chunk) }, access.signal);

    await transport.run(chunk?.revert ?? { lines: [] }, access.signal);

    expect(router.running()).to.have.length(1);
    expect(transport.typed.slice(-2)).to.deep.equal(['abort trial', 'return']);
  });

  it('waits while another session has the configuration for itself', async () => {
    const { router, access } = bench({});
    router.login('other').enter('configuration exclusive');

    const [refused] = await push(access, ROUTE);

    expect(refused?.error.code).to.equal('UPSTREAM_BUSY');
    expect(refused?.error.message).to.include('locked by another user');
    expect(router.running()).to.have.length(1);
  });

  it('leaves what another session has not committed to that session', async () => {
    const { router, access } = bench({});
    const other = router.login('other');
    other.enter('system-view');
    other.enter('ip route-static 10.50.0.0 16 203.0.113.50');

    await push(access, ROUTE);

    expect(router.running().map(({ prefix }) => prefix)).to.not.include('10.50.0.0/16');
    expect(other.prompt()).to.equal('[*edge1]');
  });

  it('closes a view that was left open before it asks whether it may configure', async () => {
    const { transport, access } = bench({});
    await transport.run({ lines: [{ text: 'system-view' }] }, access.signal);

    const output = await transport.run(huaweiVrp.probe(SCOPE), access.signal);

    expect(output.exitCode).to.equal(0);
  });
});

function bench(scope: Partial<DeviceScope>, config = CONFIG) {
  const clock = { now: 0 };
  const router = huaweiVrpModel.boot({
    hostname: 'edge1',
    config,
    now: () => clock.now,
    ...(scope.dialect === undefined ? {} : { dialect: scope.dialect }),
  });
  const transport = modelTransport(router, SESSION);
  const { signal } = new AbortController();
  const access = { driver: huaweiVrp, transport, scope: { ...SCOPE, ...scope }, signal };
  return { router, transport, clock, access };
}

async function push(access: UpstreamAccess, ...changes: readonly RouteChange[]) {
  return applyChanges({ ...access, changes, state: await gatherState(access) });
}
