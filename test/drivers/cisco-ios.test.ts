import { expect } from 'chai';
import { applyChanges } from '../../src/agent/apply.ts';
import { gatherState } from '../../src/agent/gather.ts';
import { ciscoIos } from '../../src/drivers/cisco-ios.ts';
import { CISCO_IOS_SESSION as SESSION } from '../../src/drivers/cisco-ios/session.ts';
import type { CommandOutput } from '../../src/drivers/driver.ts';
import { modelTransport } from '../support/model-transport.ts';
import { ciscoIosModel } from '../support/routers/cisco-ios.ts';
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

const LAB = LABS['cisco-ios'];
const { config: CONFIG } = LAB;
const DISTANT = { ...installed('10.1.0.0/24', '192.0.2.1'), differs: true };

describe('ciscoIos', () => {
  conformsTo(LAB);

  it('types one line for each next hop, adds before removals', () => {
    const lines = typed(
      ciscoIos,
      {},
      remove('10.3.0.0/24', '192.0.2.1', '192.0.2.2'),
      replace('10.2.0.0/16', ['192.0.2.1', '192.0.2.2'], ['192.0.2.2', '192.0.2.3']),
      add('10.1.0.1/32', '192.0.2.1', '192.0.2.2'),
      add('2001:db8:1::/48', '2001:db8::1'),
    );

    expect(lines).to.deep.equal([
      'configure terminal',
      'ip route 10.1.0.1 255.255.255.255 192.0.2.1 tag 4711',
      'ip route 10.1.0.1 255.255.255.255 192.0.2.2 tag 4711',
      'ipv6 route 2001:db8:1::/48 2001:db8::1 tag 4711',
      'ip route 10.2.0.0 255.255.0.0 192.0.2.3 tag 4711',
      'no ip route 10.2.0.0 255.255.0.0 192.0.2.1',
      'no ip route 10.3.0.0 255.255.255.0 192.0.2.1',
      'no ip route 10.3.0.0 255.255.255.0 192.0.2.2',
      'end',
    ]);
  });

  it('names the VRF, the interface and the distance', () => {
    const scope = { vrf: 'red', distance: 200 };

    expect(
      changed(
        ciscoIos,
        scope,
        add('10.1.0.0/19', '192.0.2.1'),
        add('2001:db8:1::/48', 'fe80::1%Gi0/0'),
        remove('10.2.0.0/24', '192.0.2.1%GigabitEthernet0/0.7'),
      ),
    ).to.deep.equal([
      'ip route vrf red 10.1.0.0 255.255.224.0 192.0.2.1 200 tag 4711',
      'ipv6 route vrf red 2001:db8:1::/48 Gi0/0 fe80::1 200 tag 4711',
      'no ip route vrf red 10.2.0.0 255.255.255.0 GigabitEthernet0/0.7 192.0.2.1',
    ]);
  });

  it('changes a distance by typing the line again, for a `no` would hit the new one', () => {
    const change = { ...replace('10.1.0.0/24', ['192.0.2.1'], ['192.0.2.1']), before: DISTANT };

    expect(changed(ciscoIos, { distance: 30 }, change)).to.deep.equal([
      'ip route 10.1.0.0 255.255.255.0 192.0.2.1 30 tag 4711',
    ]);
  });

  it('refuses a distance that IOS does not have', () => {
    const error = thrown(() => typed(ciscoIos, { distance: 256 }, add('10.1.0.0/24', '192.0.2.1')));

    expect(error).to.include({ code: 'UNSAFE_WORD' });
    expect(error.message).to.include('256');
  });

  for (const [device, what] of [
    ['Gi0/0 reload', 'a space'],
    ['Gi0/0\nreload', 'a line break'],
    ['0/0', 'a number for a name'],
  ] as const) {
    it(`refuses an interface with ${what}`, () => {
      const act = (): unknown => typed(ciscoIos, {}, add('10.1.0.0/24', `192.0.2.1%${device}`));

      expect(thrown(act)).to.include({ code: 'UNSAFE_WORD' });
    });
  }

  for (const [words, code] of [
    ['% IP routing table nowhere does not exist', 'UPSTREAM_TABLE_UNKNOWN'],
    ['%VRF nowhere not configured', 'UPSTREAM_TABLE_UNKNOWN'],
    ['%No matching route to delete', 'ROUTE_NOT_FOUND'],
    ["%Invalid next hop address (it's this router)", 'ROUTE_REJECTED'],
    ['%Inconsistent address and mask', 'ROUTE_REJECTED'],
    ['% Interface has to be specified for a link-local nexthop', 'ROUTE_REJECTED'],
    ["% Invalid input detected at '^' marker.", 'ROUTE_REJECTED'],
    ['% Incomplete command.', 'ROUTE_REJECTED'],
    ['% Ambiguous command: "ip rou"', 'ROUTE_REJECTED'],
    ['%Maximum number of static routes reached', 'ROUTE_REJECTED'],
    ['% Something that nobody has seen yet', 'ROUTE_REJECTED'],
  ] as const) {
    it(`knows the refusal "${words}"`, () => {
      const line = 'ip route 10.1.0.0 255.255.255.0 192.0.2.1 tag 4711';
      const error = ciscoIos.refusal(add('10.1.0.0/24', '192.0.2.1'), {
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
    ['Command authorization failed.', 'UPSTREAM_NOT_PERMITTED'],
    [
      "Configuration mode locked exclusively by user 'joe' process '295' from terminal '1'. Please try later.",
      'UPSTREAM_BUSY',
    ],
    ["Configuration mode is locked by process '3' user 'joe' from terminal '0'.", 'UPSTREAM_BUSY'],
    ['startup-config file open failed (Device or resource busy)', 'UPSTREAM_BUSY'],
    ['% Unknown command or computer name', 'UPSTREAM_COMMAND_FAILED'],
  ] as const) {
    it(`tells ${code} from "${text}"`, () => {
      const answers = [{ line: 'configure terminal', text, refused: refuses(SESSION, text) }];
      const output: CommandOutput = { stdout: text, stderr: '', exitCode: 1, answers };

      expect(answers[0]?.refused).to.equal(true);
      expect(thrown(() => ciscoIos.probed(SCOPE, output)).code).to.equal(code);
    });
  }

  it('takes no notice, warning or syslog message for a refusal', () => {
    for (const line of [
      'Enter configuration commands, one per line.  End with CNTL/Z.',
      '% Warning: use with care',
      '%SYS-5-CONFIG_I: Configured from console by admin on vty0 (192.0.2.9)',
      '*Mar  1 00:00:12.345: %LINEPROTO-5-UPDOWN: Line protocol is up',
      '000123: Mar  3 2025 09:12:44.123 UTC: %SYS-5-CONFIG_I: Configured from console',
      'Rollback Confirmed Change: Rollback will begin in one minute.',
    ]) {
      expect(refuses(SESSION, line), line).to.equal(false);
    }
  });

  it('knows its prompts from banners', () => {
    const { prompt, unprivileged, configuring } = SESSION;
    for (const line of ['edge1#', 'edge-1.example#', 'SW_3F/1:a@b# ']) {
      expect(prompt.test(line), line).to.equal(true);
    }
    expect(unprivileged?.prompt.test('edge1>')).to.equal(true);
    for (const line of ['edge1(config)#', 'edge1(config-if)#', 'edge1(ipsec-profile)#']) {
      expect(configuring?.test(line), line).to.equal(true);
      expect(prompt.test(line), line).to.equal(false);
    }
    for (const line of ['Authorized access only #', '*** READ THIS >', '#', '>', 'a#b']) {
      const fits = [prompt, unprivileged?.prompt, configuring].some((form) => form?.test(line));
      expect(fits, line).to.equal(false);
    }
  });

  it('hides the secrets of a configuration', () => {
    for (const line of [
      'enable secret 9 $9$hush',
      'username admin privilege 15 password 7 $9$hush',
      'snmp-server community $9$hush RO',
      'tacacs-server key 7 $9$hush',
      ' key-string $9$hush',
      'crypto isakmp key $9$hush address 192.0.2.1',
      ' neighbor 192.0.2.1 password $9$hush',
    ]) {
      expect(masked(SESSION, line), line).to.not.include('hush');
    }
    expect(masked(SESSION, 'ip route 10.0.0.0 255.0.0.0 192.0.2.1')).to.not.include('***');
  });

  it('saves, and asks for the startup configuration', () => {
    expect(said(ciscoIos.save(SCOPE))).to.deep.equal(['write memory']);
    expect(ciscoIos.gatherSaved(SCOPE)?.flatMap(said)[0]).to.equal(
      'show startup-config | include ^ip.* route',
    );
  });

  it('leaves a line of somebody else with its name and track as it is', async () => {
    const line = 'ip route 10.99.0.0 255.255.0.0 203.0.113.99 200 name theirs track 3';
    const { router, access } = bench(CONFIG.replace(/^ip route 10.99.*$/m, line));
    const before = router.running();

    await applyChanges({
      ...access,
      ...(await pushing(access, add('10.1.0.0/24', '203.0.113.5'))),
    });

    expect(router.running()[0]).to.deep.equal(before[0]);
  });
});

describe('ciscoIos under a revert timer', () => {
  conformsTo({ ...LAB, scope: { confirmSeconds: 90 } });

  for (const [seconds, minutes] of [
    [1, 1],
    [60, 1],
    [61, 2],
    [300, 5],
    [86_400, 120],
  ] as const) {
    it(`gives ${minutes} minutes for ${seconds} seconds`, () => {
      const [chunk] = render(ciscoIos, { confirmSeconds: seconds }, [
        add('10.1.0.0/24', '192.0.2.1'),
      ]);

      expect(
        typed(ciscoIos, { confirmSeconds: seconds }, add('10.1.0.0/24', '192.0.2.1'))[0],
      ).to.equal(`configure terminal revert timer ${minutes}`);
      expect(said(chunk?.confirm)).to.deep.equal(['configure confirm']);
      expect(said(chunk?.revert)).to.deep.equal(['configure revert now']);
    });
  }

  it('is taken back by the router unless it is confirmed', async () => {
    const { router, transport, clock, access } = bench(CONFIG);
    const change = add('10.1.0.0/24', '203.0.113.5');
    const lines = render(ciscoIos, { confirmSeconds: 60 }, [change]).flatMap(linesOf);

    await transport.run({ lines }, access.signal);
    expect(router.running()).to.have.length(2);

    clock.now = 60_000;
    expect(router.running()).to.have.length(1);
  });

  it('needs an archive, and says so before anything is changed', async () => {
    const { router, access } = bench(CONFIG.replace(/^archive\n.*$/m, ''));
    const scope = { ...SCOPE, confirmSeconds: 60 };
    const changes = await pushing({ ...access, scope }, add('10.1.0.0/24', '203.0.113.5'));

    const [refused] = await applyChanges({ ...access, scope, ...changes });

    expect(refused?.error.message).to.match(/archive/i);
    expect(router.running()).to.have.length(1);
  });
});

function bench(config: string) {
  const clock = { now: 0 };
  const router = ciscoIosModel.boot({ hostname: 'edge1', config, now: () => clock.now });
  const transport = modelTransport(router, SESSION);
  const { signal } = new AbortController();
  return {
    router,
    transport,
    clock,
    access: { driver: ciscoIos, transport, scope: SCOPE, signal },
  };
}

async function pushing(
  access: Parameters<typeof gatherState>[0],
  ...changes: ReturnType<typeof add>[]
) {
  return { changes, state: await gatherState(access) };
}
