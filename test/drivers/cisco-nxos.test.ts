import { expect } from 'chai';
import { applyChanges } from '../../src/agent/apply.ts';
import { gatherState } from '../../src/agent/gather.ts';
import type { RouteChange } from '../../src/core/route.ts';
import { CISCO_NXOS_SESSION as SESSION } from '../../src/drivers/cisco-nxos/session.ts';
import { ciscoNxos } from '../../src/drivers/cisco-nxos.ts';
import type { CommandOutput, DeviceScope } from '../../src/drivers/driver.ts';
import { modelTransport } from '../support/model-transport.ts';
import { ciscoNxosModel } from '../support/routers/cisco-nxos.ts';
import { LABS } from '../support/routers/labs.ts';
import { changed, masked, refuses, render, said, SCOPE, typed } from './cisco-ios-script.ts';
import { conformsTo } from './conformance.ts';
import { add, installed, remove, replace } from './routes.ts';
import { rejected, thrown } from './thrown.ts';

const LAB = LABS['cisco-nxos'];
const { config: CONFIG } = LAB;

describe('ciscoNxos', () => {
  conformsTo(LAB);

  it('types one line for each next hop, adds before removals', () => {
    const lines = typed(
      ciscoNxos,
      {},
      remove('10.3.0.0/24', '192.0.2.1', '192.0.2.2'),
      replace('10.2.0.0/16', ['192.0.2.1', '192.0.2.2'], ['192.0.2.2', '192.0.2.3']),
      add('10.1.0.1/32', '192.0.2.1', '192.0.2.2'),
      add('2001:db8:1::/48', '2001:db8::1'),
    );

    expect(lines).to.deep.equal([
      'configure terminal',
      'ip route 10.1.0.1/32 192.0.2.1 tag 4711',
      'ip route 10.1.0.1/32 192.0.2.2 tag 4711',
      'ipv6 route 2001:db8:1::/48 2001:db8::1 tag 4711',
      'ip route 10.2.0.0/16 192.0.2.3 tag 4711',
      'no ip route 10.2.0.0/16 192.0.2.1',
      'no ip route 10.3.0.0/24 192.0.2.1',
      'no ip route 10.3.0.0/24 192.0.2.2',
      'end',
    ]);
  });

  it('enters the VRF, and names the interface and the distance', () => {
    const lines = typed(
      ciscoNxos,
      { vrf: 'red', distance: 200 },
      add('10.1.0.0/19', '192.0.2.1'),
      add('2001:db8:1::/48', 'fe80::1%Ethernet1/1'),
      remove('10.2.0.0/24', '192.0.2.1%Ethernet1/1.7'),
    );

    expect(lines).to.deep.equal([
      'configure terminal',
      'vrf context red',
      'ip route 10.1.0.0/19 192.0.2.1 200 tag 4711',
      'ipv6 route 2001:db8:1::/48 Ethernet1/1 fe80::1 200 tag 4711',
      'no ip route 10.2.0.0/24 Ethernet1/1.7 192.0.2.1',
      'end',
    ]);
  });

  it('changes a distance by typing the whole line again, also back to the default', () => {
    const before = { ...installed('10.1.0.0/24', '192.0.2.1'), differs: true };
    const change = { ...replace('10.1.0.0/24', [], ['192.0.2.1']), before };

    expect(changed(ciscoNxos, { distance: 30 }, change)).to.deep.equal([
      'ip route 10.1.0.0/24 192.0.2.1 30 tag 4711',
    ]);
    expect(changed(ciscoNxos, {}, change)).to.deep.equal([
      'ip route 10.1.0.0/24 192.0.2.1 1 tag 4711',
    ]);
  });

  it('refuses words that are none', () => {
    for (const act of [
      () => typed(ciscoNxos, { distance: 256 }, add('10.1.0.0/24', '192.0.2.1')),
      () => typed(ciscoNxos, {}, add('10.1.0.0/24', '192.0.2.1%Ethernet1/1 reload')),
      () => typed(ciscoNxos, { vrf: 'red\nreload' }, add('10.1.0.0/24', '192.0.2.1')),
    ]) {
      expect(thrown(act)).to.include({ code: 'UNSAFE_WORD' });
    }
  });

  for (const [words, code] of [
    ['% Route not deleted, it does not exist', 'ROUTE_NOT_FOUND'],
    ["% Invalid command at '^' marker.", 'ROUTE_REJECTED'],
    ["% Invalid number, range is (1:255) at '^' marker.", 'ROUTE_REJECTED'],
    ["% Incomplete command at '^' marker.", 'ROUTE_REJECTED'],
    ["% Ambiguous command at '^' marker.", 'ROUTE_REJECTED'],
    ['%Invalid parameter detected', 'ROUTE_REJECTED'],
    ['% Next hop is our own address', 'ROUTE_REJECTED'],
    ['% Link-local next hop needs an interface', 'ROUTE_REJECTED'],
    ['ERROR: Maximum number of routes reached', 'ROUTE_REJECTED'],
    ['ERROR: something that nobody has seen yet', 'ROUTE_REJECTED'],
  ] as const) {
    it(`knows the refusal "${words}"`, () => {
      const line = 'ip route 10.1.0.0/24 192.0.2.1 tag 4711';
      const change = add('10.1.0.0/24', '192.0.2.1');
      const error = ciscoNxos.refusal(change, { line, text: words, refused: true });

      expect(refuses(SESSION, words)).to.equal(true);
      expect(error.code).to.equal(code);
      expect(error.message).to.include(words).and.to.include(line);
    });
  }

  for (const [text, code] of [
    ['% Permission denied for the role', 'UPSTREAM_NOT_PERMITTED'],
    ['ERROR: Configuration is locked by another session', 'UPSTREAM_BUSY'],
    ['ERROR: Rollback is in progress', 'UPSTREAM_BUSY'],
    ["% Invalid command at '^' marker.", 'UPSTREAM_COMMAND_FAILED'],
  ] as const) {
    it(`tells ${code} from "${text}"`, () => {
      const answers = [{ line: 'configure terminal', text, refused: refuses(SESSION, text) }];
      const output: CommandOutput = { stdout: text, stderr: '', exitCode: 1, answers };

      expect(answers[0]?.refused).to.equal(true);
      expect(thrown(() => ciscoNxos.probed(SCOPE, output)).code).to.equal(code);
    });
  }

  it('takes no notice, warning or syslog message for a refusal', () => {
    for (const line of [
      'Enter configuration commands, one per line. End with CNTL/Z.',
      'Note: Applying config parallelly may fail Rollback verification',
      '2026 Mar  3 10:11:12 edge1 %ETHPORT-5-IF_UP: Interface Ethernet1/3 is up in mode routed',
      '2026 Mar  3 10:11:12 edge1 %$ VDC-1 %$ %VSHD-5-VSHD_SYSLOG_CONFIG_I: Configured from vty',
      '  description % Invalid',
    ]) {
      expect(refuses(SESSION, line), line).to.equal(false);
    }
  });

  it('knows its prompts from banners', () => {
    const { prompt, configuring } = SESSION;
    for (const line of ['edge1# ', 'edge-1.example#', 'edge1(maint-mode)# ']) {
      expect(prompt.test(line), line).to.equal(true);
    }
    for (const line of [
      'edge1(config)# ',
      'edge1(maint-mode)(config-vrf)# ',
      'edge1(config-if)#',
    ]) {
      expect(configuring?.test(line), line).to.equal(true);
      expect(prompt.test(line), line).to.equal(false);
    }
    for (const line of ['Authorized access only #', '*** READ THIS >', '#', 'a#b']) {
      expect(prompt.test(line) || configuring?.test(line), line).to.equal(false);
    }
  });

  it('hides the secrets of a configuration', () => {
    for (const line of [
      'username admin password 5 $5$hush  role network-admin',
      'snmp-server community $9$hush group network-operator',
      'snmp-server host 192.0.2.1 traps version 2c $9$hush',
      'tacacs-server key 7 "$9$hush"',
      '  neighbor 192.0.2.1 password 3 $9$hush',
      '  key-string 7 $9$hush',
    ]) {
      expect(masked(SESSION, line), line).to.not.include('hush');
    }
    const user =
      'snmp-server user admin network-admin auth md5 0xhush priv aes-128 0xhush localizedkey';
    expect(masked(SESSION, user)).to.not.include('hush');
    expect(masked(SESSION, 'ip route 10.0.0.0/8 192.0.2.1 tag 7')).to.not.include('***');
  });

  it('saves, and then asks the startup configuration for the routes', async () => {
    const { push, access, router } = bench();
    await push({}, add('10.1.0.0/24', '203.0.113.5'));
    expect(router.startup()).to.have.length(1);

    await access.transport.run(ciscoNxos.save(SCOPE) as never, access.signal);

    expect(router.startup()).to.have.length(2);
    expect(ciscoNxos.gatherSaved(SCOPE)?.flatMap(said)[0]).to.equal(
      "show startup-config | include '^ip(v6)* route'",
    );
  });

  it('does not create a VRF that does not exist', async () => {
    const { push, access } = bench();

    const error = await rejected(push({ vrf: 'blue' }, add('10.1.0.0/24', '198.51.100.5')));

    expect(error.code).to.equal('UPSTREAM_TABLE_UNKNOWN');
    expect(error.message).to.include('"blue"');
    const question = { lines: [{ text: "show running-config | include 'vrf context'" }] };
    const { stdout } = await access.transport.run(question, access.signal);
    expect(stdout).to.not.include('blue');
  });

  it('leaves the paths of others at the same prefix as they are', async () => {
    const theirs = 'ip route 10.99.0.0/16 203.0.113.99 track 3 name theirs tag 5 200';
    const { push, router } = bench(CONFIG.replace(/^ip route.*$/m, theirs));
    const [before] = router.running();

    await push({}, add('10.99.0.0/16', '203.0.113.5'));
    await push({}, remove('10.99.0.0/16', '203.0.113.5'));

    expect(router.running()).to.deep.equal([before]);
  });
});

describe('ciscoNxos behind a checkpoint', () => {
  conformsTo({ ...LAB, scope: { confirmSeconds: 60 } });

  it('makes a new checkpoint first, and removes it when the routes are there', () => {
    const change = add('10.1.0.0/24', '192.0.2.1');
    const [chunk] = render(ciscoNxos, { confirmSeconds: 60 }, [change]);

    expect(typed(ciscoNxos, { confirmSeconds: 60 }, change).slice(0, 3)).to.deep.equal([
      'no checkpoint route-sync',
      'checkpoint route-sync',
      'configure terminal',
    ]);
    expect(said(chunk?.confirm)).to.deep.equal(['no checkpoint route-sync']);
    expect(said(chunk?.revert)).to.deep.equal([
      'rollback running-config checkpoint route-sync atomic',
      'no checkpoint route-sync',
    ]);
  });

  it('goes back to the checkpoint where the routes do not show', async () => {
    const { access, router, transport } = bench();
    const scope = { ...SCOPE, confirmSeconds: 60 };
    const state = await gatherState({ ...access, scope });
    // Somebody else takes the route away as soon as it stands.
    transport.onLine = (line) => {
      if (line === 'end') {
        const other = router.login('joe');
        other.enter('configure terminal');
        other.enter('no ip route 10.1.0.0/24 203.0.113.5');
      }
    };
    const changes = [add('10.1.0.0/24', '203.0.113.5'), add('10.2.0.0/24', '203.0.113.5')];

    const refused = await applyChanges({ ...access, scope, state, changes });

    expect(refused).to.have.length(2);
    expect(router.running().map(({ prefix }) => prefix)).to.deep.equal(['10.99.0.0/16']);
  });
});

describe('ciscoNxosModel', () => {
  for (const [line, answer] of [
    ['ip route 10.1.0.0/24', 'Incomplete command'],
    ['no ip route 10.99.0.0/16', 'Incomplete command'],
    ['ip route 10.1.0.0/33 192.0.2.1', 'Invalid ip address/mask'],
    ['ip route 10.1.0.0/24 192.0.2.1 256', 'Invalid number, range is (1:255)'],
    ['ip route 10.1.0.0/24 192.0.2.1 tag 4294967296', 'Invalid number'],
    ['ip route 10.1.0.0/24 192.0.2.1 permanent', 'Invalid command'],
    ['ip route 10.1.0.0/24 203.0.113.1', 'local address'],
    ['ipv6 route 2001:db8:1::/48 fe80::1', 'Link-local'],
    [`ip route 10.1.0.0/24 192.0.2.1 name ${'x'.repeat(51)}`, 'exceeded max length'],
    ['no ip route 10.1.0.0/24 192.0.2.1', 'Route not deleted, it does not exist'],
    ['vrf context default', 'Invalid VRF name'],
    ['router static', 'Invalid command'],
  ] as const) {
    it(`refuses "${line.slice(0, 60)}"`, () => {
      const { cli } = bench();
      cli.enter('conf t');

      expect(cli.enter(line).text).to.include(answer);
    });
  }

  it('keeps nothing of a line that is typed again', () => {
    const { cli, router } = bench();
    cli.enter('conf t');
    cli.enter('ip route 10.1.0.0/24 192.0.2.1 track 3 name ours tag 7 5');
    cli.enter('ip ro 10.1.0.0 255.255.255.0 192.0.2.1');

    const [, path] = router.running();
    expect(path).to.include({ name: null, tag: null, distance: null });
  });
});

function bench(config = CONFIG) {
  const router = ciscoNxosModel.boot({ hostname: 'edge1', config, now: () => 0 });
  const transport = modelTransport(router, SESSION);
  const access = {
    driver: ciscoNxos,
    transport,
    scope: SCOPE,
    signal: new AbortController().signal,
  };
  const push = async (scope: Partial<DeviceScope>, ...changes: readonly RouteChange[]) => {
    const here = { ...access, scope: { ...SCOPE, ...scope } };
    return applyChanges({ ...here, changes, state: await gatherState(here) });
  };
  return { router, transport, access, push, cli: router.login('admin') };
}
