import { expect } from 'chai';
import { applyChanges } from '../../src/agent/apply.ts';
import { gatherState } from '../../src/agent/gather.ts';
import type { RouteChange } from '../../src/core/route.ts';
import { CISCO_IOSXR_SESSION as SESSION } from '../../src/drivers/cisco-iosxr/session.ts';
import { ciscoIosxr } from '../../src/drivers/cisco-iosxr.ts';
import type { CommandOutput, DeviceScope } from '../../src/drivers/driver.ts';
import { modelTransport } from '../support/model-transport.ts';
import { ciscoIosxrModel } from '../support/routers/cisco-iosxr.ts';
import { LABS } from '../support/routers/labs.ts';
import { changed, masked, refuses, render, said, SCOPE, typed } from './cisco-ios-script.ts';
import { conformsTo } from './conformance.ts';
import { add, installed, remove, replace } from './routes.ts';
import { rejected, thrown } from './thrown.ts';

const LAB = LABS['cisco-iosxr'];
const { config: CONFIG } = LAB;
const IPV4 = 'router static address-family ipv4 unicast';
const IPV6 = 'router static address-family ipv6 unicast';
const FAILED =
  "% Failed to commit one or more configuration items during a pseudo-atomic operation. All changes made have been reverted. Please issue 'show configuration failed [inheritance]' from this session to view the errors";

describe('ciscoIosxr', () => {
  conformsTo(LAB);

  it('types one whole line for each next hop, adds before removals, and commits once', () => {
    const lines = typed(
      ciscoIosxr,
      {},
      remove('10.3.0.0/24', '192.0.2.1', '192.0.2.2'),
      replace('10.2.0.0/16', ['192.0.2.1', '192.0.2.2'], ['192.0.2.2', '192.0.2.3']),
      add('10.1.0.1/32', '192.0.2.1', '192.0.2.2'),
      add('2001:db8:1::/48', '2001:db8::1'),
    );

    expect(lines).to.deep.equal([
      'configure exclusive',
      `${IPV4} 10.1.0.1/32 192.0.2.1 tag 4711`,
      `${IPV4} 10.1.0.1/32 192.0.2.2 tag 4711`,
      `${IPV6} 2001:db8:1::/48 2001:db8::1 tag 4711`,
      `${IPV4} 10.2.0.0/16 192.0.2.3 tag 4711`,
      `no ${IPV4} 10.2.0.0/16 192.0.2.1`,
      `no ${IPV4} 10.3.0.0/24 192.0.2.1`,
      `no ${IPV4} 10.3.0.0/24 192.0.2.2`,
      'commit',
      'end',
    ]);
  });

  it('names the VRF, the interface and the distance', () => {
    const lines = changed(
      ciscoIosxr,
      { vrf: 'red', distance: 200 },
      add('10.1.0.0/19', '192.0.2.1'),
      add('2001:db8:1::/48', 'fe80::1%GigabitEthernet0/0/0/0'),
      remove('10.2.0.0/24', '192.0.2.1%Bundle-Ether1.7'),
    );

    const red = (family: number): string =>
      `router static vrf red address-family ipv${family} unicast`;
    expect(lines).to.deep.equal([
      `${red(4)} 10.1.0.0/19 192.0.2.1 200 tag 4711`,
      `${red(6)} 2001:db8:1::/48 GigabitEthernet0/0/0/0 fe80::1 200 tag 4711`,
      `no ${red(4)} 10.2.0.0/24 Bundle-Ether1.7 192.0.2.1`,
      'commit',
    ]);
  });

  it('changes a distance by typing the whole line again, also back to the default', () => {
    const before = { ...installed('10.1.0.0/24', '192.0.2.1'), differs: true };
    const change = { ...replace('10.1.0.0/24', [], ['192.0.2.1']), before };

    expect(changed(ciscoIosxr, { distance: 30 }, change)[0]).to.equal(
      `${IPV4} 10.1.0.0/24 192.0.2.1 30 tag 4711`,
    );
    expect(changed(ciscoIosxr, {}, change)[0]).to.equal(`${IPV4} 10.1.0.0/24 192.0.2.1 1 tag 4711`);
  });

  it('refuses words that are none', () => {
    for (const act of [
      () => typed(ciscoIosxr, { distance: 255 }, add('10.1.0.0/24', '192.0.2.1')),
      () => typed(ciscoIosxr, {}, add('10.1.0.0/24', '192.0.2.1%Bundle-Ether1 reload')),
      () => typed(ciscoIosxr, { vrf: 'red\nreload' }, add('10.1.0.0/24', '192.0.2.1')),
      () => ciscoIosxr.gather({ ...SCOPE, vrf: 'red | file harddisk:' }),
    ]) {
      expect(thrown(act)).to.include({ code: 'UNSAFE_WORD' });
    }
  });

  for (const [words, code] of [
    ["% Invalid input detected at '^' marker.", 'ROUTE_REJECTED'],
    ['% Incomplete command.', 'ROUTE_REJECTED'],
    ['% Ambiguous command: "ro"', 'ROUTE_REJECTED'],
    ['% Next hop is our own address', 'ROUTE_REJECTED'],
    ['% The maximum number of static routes was exceeded', 'ROUTE_REJECTED'],
    ['% Something that nobody has seen yet', 'ROUTE_REJECTED'],
  ] as const) {
    it(`knows the refusal "${words}"`, () => {
      const line = `${IPV4} 10.1.0.0/24 192.0.2.1 tag 4711`;
      const change = add('10.1.0.0/24', '192.0.2.1');
      const error = ciscoIosxr.refusal(change, { line, text: words, refused: true });

      expect(refuses(SESSION, words)).to.equal(true);
      expect(error.code).to.equal(code);
      expect(error.message).to.include(words).and.to.include(line);
    });
  }

  for (const [text, code] of [
    ['% This command is not authorized', 'UPSTREAM_NOT_PERMITTED'],
    [
      'Cannot enter exclusive mode. The Configuration Namespace is locked by another agent.',
      'UPSTREAM_BUSY',
    ],
    [
      'Cannot enter exclusive mode. A trial commit is underway in another configuration session.',
      'UPSTREAM_BUSY',
    ],
    [
      "% Cannot commit because there is an unexpired trial/rollback session '00001000-00005b40-00000000'.",
      'UPSTREAM_BUSY',
    ],
    [
      'One or more commits have occurred from other configuration sessions since this session started',
      'UPSTREAM_BUSY',
    ],
    [FAILED, 'UPSTREAM_COMMAND_FAILED'],
  ] as const) {
    it(`tells ${code} from "${text.slice(0, 60)}"`, () => {
      const answers = [{ line: 'commit', text, refused: refuses(SESSION, text) }];
      const output: CommandOutput = { stdout: text, stderr: '', exitCode: 1, answers };

      expect(answers[0]?.refused).to.equal(true);
      expect(thrown(() => ciscoIosxr.probed(SCOPE, output)).code).to.equal(code);
    });
  }

  it('takes no notice, warning or syslog message for a refusal', () => {
    for (const line of [
      'Tue Mar  3 10:11:12.345 UTC',
      'Building configuration...',
      '% Confirming commit for trial session.',
      '% WARNING: Policy object prefix-set NETS exists!',
      'No configuration changes to commit.',
      "RP/0/RP0/CPU0:Mar  3 10:11:13.000 UTC: config[65]: %MGBL-CONFIG-6-DB_COMMIT : Configuration committed by user 'admin'.",
    ]) {
      expect(refuses(SESSION, line), line).to.equal(false);
    }
  });

  it('knows its prompts from banners', () => {
    const { prompt, configuring } = SESSION;
    for (const line of ['RP/0/RP0/CPU0:edge1#', 'RP/0/0/CPU0:edge-1.example#', 'edge1# ']) {
      expect(prompt.test(line), line).to.equal(true);
    }
    for (const line of [
      'RP/0/RP0/CPU0:edge1(config)#',
      'RP/0/RP0/CPU0:edge1(config-static-afi)#',
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
      ' secret 10 $6$hush',
      ' password 7 $9$hush',
      'snmp-server community $9$hush RO',
      ' key 7 $9$hush',
      '  key-string password $9$hush',
      '  password encrypted $9$hush',
    ]) {
      expect(masked(SESSION, line), line).to.not.include('hush');
    }
    expect(masked(SESSION, '  10.0.0.0/8 192.0.2.1 tag 7')).to.not.include('***');
  });

  it('has nothing to save', () => {
    expect(ciscoIosxr.save(SCOPE)).to.equal(undefined);
    expect(ciscoIosxr.gatherSaved(SCOPE)).to.equal(undefined);
  });

  it('reads a router without static routes', async () => {
    const { access } = bench(CONFIG.replace(/router static[^]*$/, ''));

    expect((await gatherState(access)).routes).to.deep.equal([]);
  });

  it('writes nothing for a VRF that does not exist', async () => {
    const { push } = bench();

    const error = await rejected(push({ vrf: 'blue' }, add('10.1.0.0/24', '198.51.100.5')));

    expect(error.code).to.equal('UPSTREAM_TABLE_UNKNOWN');
    expect(error.message).to.include('"blue"');
  });

  it('leaves the paths of others at the same prefix as they are', async () => {
    const { push, router } = bench(
      CONFIG.replace('203.0.113.99', '203.0.113.99 200 tag 5 track T'),
    );
    const [before] = router.running();

    await push({}, add('10.99.0.0/16', '203.0.113.5'));
    await push({}, remove('10.99.0.0/16', '203.0.113.5'));

    expect(router.running()).to.deep.equal([before]);
  });

  it('waits for its turn while somebody else holds the configuration', async () => {
    const { push, router } = bench();
    const other = router.login('joe');
    other.enter('configure exclusive');

    const [refused] = await push({}, add('10.1.0.0/24', '203.0.113.5'));

    expect(refused?.error).to.include({ code: 'UPSTREAM_BUSY', retryable: true });
    other.hangUp();
    expect(await push({}, add('10.1.0.0/24', '203.0.113.5'))).to.deep.equal([]);
  });

  it('never commits what somebody else has typed', async () => {
    const { push, router } = bench();
    const other = router.login('joe');
    other.enter('configure');
    other.enter(`${IPV4} 10.7.0.0/16 203.0.113.7`);

    await push({}, add('10.1.0.0/24', '203.0.113.5'));

    expect(router.running().map(({ prefix }) => prefix)).to.deep.equal([
      '10.99.0.0/16',
      '10.1.0.0/24',
    ]);
  });

  it('finds the route that the router refuses at its commit', async () => {
    const full = 'router static\n maximum path ipv4 3\n address-family';
    const { push, router } = bench(CONFIG.replace('router static\n address-family', full));
    const routes = ['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24'];

    const refused = await push({}, ...routes.map((prefix) => add(prefix, '203.0.113.5')));

    expect(refused).to.have.length(1);
    expect(refused[0]?.error.message).to.include('Failed to commit');
    expect(router.running()).to.have.length(3);
  });
});

describe('ciscoIosxr on trial', () => {
  const scope = { confirmSeconds: 60 };
  conformsTo({ ...LAB, scope });

  for (const [seconds, text] of [
    [1, 'commit confirmed 30'],
    [60.5, 'commit confirmed 61'],
    [100_000, 'commit confirmed 65535'],
  ] as const) {
    it(`gives ${seconds} seconds as "${text}", and stays in configuration mode`, () => {
      const change = add('10.1.0.0/24', '192.0.2.1');
      const [chunk] = render(ciscoIosxr, { confirmSeconds: seconds }, [change]);

      expect(typed(ciscoIosxr, { confirmSeconds: seconds }, change).at(-1)).to.equal(text);
      expect(said(chunk?.confirm)).to.deep.equal(['commit', 'end']);
      expect(said(chunk?.revert)).to.deep.equal(['end']);
    });
  }

  it('asks within the session that can confirm, and confirms', async () => {
    const { push, router, transport, clock } = bench();

    expect(await push(scope, add('10.1.0.0/24', '203.0.113.5'))).to.deep.equal([]);

    const since = transport.typed.indexOf('commit confirmed 60');
    expect(transport.typed.slice(since)).to.deep.equal([
      'commit confirmed 60',
      'do show running-config router static',
      'do show running-config interface',
      'commit',
      'end',
    ]);
    clock.now = 61_000;
    expect(router.running()).to.have.length(2);
  });

  it('confirms what the router takes of a push that it refuses as a whole', async () => {
    const full = 'router static\n maximum path ipv4 3\n address-family';
    const { push, router, clock } = bench(CONFIG.replace('router static\n address-family', full));
    const routes = ['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24'];

    const refused = await push(scope, ...routes.map((prefix) => add(prefix, '203.0.113.5')));

    clock.now = 61_000;
    expect(refused.map(({ error }) => error.message)).to.have.length(1);
    expect(refused[0]?.error.message).to.include('Failed to commit');
    expect(router.running()).to.have.length(3);
  });

  it('takes back what does not show', async () => {
    const { push, router, transport } = bench();
    transport.refuses = /^do show/;
    transport.refusal = '';

    const [refused] = await push(scope, add('10.1.0.0/24', '203.0.113.5'));

    expect(refused?.error.code).to.equal('ROUTE_UNVERIFIED');
    expect(router.running()).to.have.length(1);
    expect(transport.typed.at(-1)).to.equal('end');
  });

  it('is taken back by the router when the session is lost', async () => {
    const { push, router, transport, clock } = bench();
    transport.onLine = (line) => {
      if (line === 'commit confirmed 60') {
        void transport.close();
        throw new Error('the connection is lost');
      }
    };

    await push(scope, add('10.1.0.0/24', '203.0.113.5')).catch(() => undefined);

    expect(router.running()).to.have.length(2);
    clock.now = 60_000;
    expect(router.running()).to.have.length(1);
  });
});

describe('ciscoIosxrModel', () => {
  for (const [line, answer] of [
    [`${IPV4} 10.1.0.0/24`, 'Incomplete command'],
    [`${IPV4} 10.1.0.0/33 192.0.2.1`, 'Invalid input'],
    [`${IPV4} 10.1.0.0/24 192.0.2.1 255`, 'Invalid input'],
    [`${IPV4} 10.1.0.0/24 192.0.2.1 tag 0`, 'Invalid input'],
    [`${IPV4} 10.1.0.0/24 2001:db8::1`, 'Invalid input'],
    ['router static address-family ipv4 10.1.0.0/24 192.0.2.1', 'Invalid input'],
    ['commit confirmed 29', 'Invalid input'],
    ['ip route 10.1.0.0/24 192.0.2.1', 'Invalid input'],
    ['show configuration sessions', 'Invalid input'],
  ] as const) {
    it(`refuses "${line}"`, () => {
      const { cli } = bench();
      cli.enter('configure');

      expect(cli.enter(line).text).to.include(answer);
    });
  }

  it('takes a block level by level, and nothing of it before its commit', () => {
    const { cli, router } = bench();
    for (const line of ['conf', 'router static', 'vrf red', 'address-family ipv4 unicast']) {
      expect(cli.enter(line).text.replace(/^.*UTC\n/, '')).to.equal('');
    }
    expect(cli.prompt()).to.equal('RP/0/RP0/CPU0:edge1(config-static)#');
    cli.enter('10.1.0.0/24 198.51.100.5 tag 7');
    expect(router.running()).to.have.length(1);

    cli.enter('commit');

    expect(router.running()[1]).to.include({ vrf: 'red', prefix: '10.1.0.0/24', tag: 7 });
  });

  it('asks before it throws typed lines away, and before it commits over the work of others', () => {
    const { cli, router } = bench();
    cli.enter('configure');
    cli.enter(`${IPV4} 10.1.0.0/24 203.0.113.5`);
    expect(cli.enter('end').question).to.match(/^Uncommitted changes found/);
    cli.enter('cancel');
    const other = router.login('joe');
    other.enter('configure');
    other.enter(`${IPV4} 10.2.0.0/24 203.0.113.5`);
    other.enter('commit');

    expect(cli.enter('commit').question).to.match(/proceed with this commit anyway/);
    cli.enter('no');

    expect(router.running().map(({ prefix }) => prefix)).to.not.include('10.1.0.0/24');
  });

  it('lets nobody but its own session confirm a trial', () => {
    const { cli, router } = bench();
    const other = router.login('joe');
    cli.enter('configure');
    cli.enter(`${IPV4} 10.1.0.0/24 203.0.113.5`);
    cli.enter('commit confirmed 30');
    other.enter('configure');
    other.enter(`${IPV4} 10.2.0.0/24 203.0.113.5`);

    expect(other.enter('commit').text).to.include('unexpired trial');
    expect(cli.enter('end').question).to.match(/^Do you wish to exit/);
    cli.enter('yes');
    expect(router.running()).to.have.length(1);
  });
});

function bench(config = CONFIG) {
  const clock = { now: 0 };
  const router = ciscoIosxrModel.boot({ hostname: 'edge1', config, now: () => clock.now });
  const transport = modelTransport(router, SESSION);
  const access = {
    driver: ciscoIosxr,
    transport,
    scope: SCOPE,
    signal: new AbortController().signal,
  };
  const push = async (scope: Partial<DeviceScope>, ...changes: readonly RouteChange[]) => {
    const here = { ...access, scope: { ...SCOPE, ...scope } };
    return applyChanges({ ...here, changes, state: await gatherState(here) });
  };
  return { router, transport, access, push, clock, cli: router.login('admin') };
}
