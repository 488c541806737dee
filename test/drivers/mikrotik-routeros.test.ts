import { expect } from 'chai';

import { applyChanges } from '../../src/agent/apply.ts';
import { gatherState, type UpstreamAccess } from '../../src/agent/gather.ts';
import type { RouteChange } from '../../src/core/route.ts';
import type { CommandOutput, DeviceScope } from '../../src/drivers/driver.ts';
import { MIKROTIK_ROUTEROS_SESSION as SESSION } from '../../src/drivers/mikrotik-routeros/session.ts';
import { mikrotikRouteros } from '../../src/drivers/mikrotik-routeros.ts';
import { modelTransport } from '../support/model-transport.ts';
import { mikrotikRouterosModel } from '../support/routers/mikrotik-routeros.ts';
import { LABS } from '../support/routers/labs.ts';
import { masked, refuses, said, SCOPE, typed } from './cisco-ios-script.ts';
import { conformsTo } from './conformance.ts';
import { add, desired, installed, remove, replace } from './routes.ts';
import { thrown } from './thrown.ts';

const CONFIGS = {
  '7': LABS['mikrotik-routeros 7'].config,
  '6': LABS['mikrotik-routeros 6'].config,
} as const;
const ROUTE = add('10.1.0.0/24', '203.0.113.5');

describe('mikrotikRouteros', () => {
  for (const dialect of ['7', '6'] as const) {
    describe(`RouterOS ${dialect}`, () => {
      conformsTo(LABS[`mikrotik-routeros ${dialect}`]);

      it('keeps what it wrote to two tables apart', async () => {
        const { router, access } = bench({ dialect });
        const inRed = { ...access, scope: { ...access.scope, vrf: 'red' } };
        await push(access, add('10.1.0.0/24', '203.0.113.5'));
        await push(inRed, add('10.1.0.0/24', '203.0.113.5'));

        await push(inRed, replace('10.1.0.0/24', ['203.0.113.5'], ['198.51.100.7']));
        await push(access, remove('10.1.0.0/24', '203.0.113.5'));

        const ours = router.running().filter(({ prefix }) => prefix === '10.1.0.0/24');
        expect(ours.map(({ vrf, nextHop }) => `${vrf} ${nextHop}`)).to.deep.equal([
          'red 198.51.100.7',
        ]);
      });

      it('leaves a comment that only begins like its mark, also beside its own', async () => {
        const theirs = 'add comment=route-sync-lab2 dst-address=10.1.0.0/24 gateway=203.0.113.98';
        const { router, access } = bench({ dialect }, `${CONFIGS[dialect]}${theirs}\n`);

        await push(access, ROUTE);
        await push(access, remove('10.1.0.0/24', '203.0.113.5'));

        expect(router.running().map(({ description }) => description)).to.deep.equal([
          'somebody else',
          'route-sync-lab2',
        ]);
      });

      it('switches on again what somebody switched off', async () => {
        const { router, access } = bench({ dialect });
        await push(access, ROUTE);
        router
          .login('somebody')
          .enter('/ip route set [find comment="route-sync-lab"] disabled=yes');
        const { routes } = await gatherState(access);
        const before = routes.find(({ owned }) => owned) ?? installed('10.1.0.0/24');
        expect(before).to.include({ owned: true, differs: true });

        await push(access, {
          action: 'replace',
          before,
          after: desired('10.1.0.0/24', '203.0.113.5'),
        });

        const after = (await gatherState(access)).routes.find(({ owned }) => owned);
        expect(after).to.not.have.property('differs');
        expect(router.running()).to.have.length(2);
      });
    });
  }

  it('has one route for each next hop in version 7, adds before removals', () => {
    const lines = typed(
      mikrotikRouteros,
      { dialect: '7' },
      remove('10.3.0.0/24', '192.0.2.1'),
      replace('10.2.0.0/16', ['192.0.2.1', '192.0.2.2'], ['192.0.2.2', '192.0.2.3']),
      add('10.1.0.1/32', '192.0.2.1', '192.0.2.2'),
      add('2001:db8:1::/48', 'fe80::1%ether1'),
    );

    expect(lines).to.deep.equal([
      '/ip/route/add dst-address=10.1.0.1/32 gateway=192.0.2.1 routing-table=main comment="route-sync-lab"',
      '/ip/route/add dst-address=10.1.0.1/32 gateway=192.0.2.2 routing-table=main comment="route-sync-lab"',
      '/ipv6/route/add dst-address=2001:db8:1::/48 gateway=fe80::1%ether1 routing-table=main comment="route-sync-lab"',
      '/ip/route/add dst-address=10.2.0.0/16 gateway=192.0.2.3 routing-table=main comment="route-sync-lab"',
      '/ip/route/remove [find dst-address="10.2.0.0/16" gateway="192.0.2.1" routing-table="main" comment="route-sync-lab"]',
      '/ip/route/remove [find dst-address="10.3.0.0/24" gateway="192.0.2.1" routing-table="main" comment="route-sync-lab"]',
    ]);
  });

  it('has one route for all next hops in version 6, changed by one line', () => {
    const lines = typed(
      mikrotikRouteros,
      { dialect: '6', distance: 20 },
      remove('10.3.0.0/24', '192.0.2.1'),
      replace('10.2.0.0/16', ['192.0.2.1', '192.0.2.2'], ['192.0.2.2', '192.0.2.3']),
      add('10.1.0.0/16', '192.0.2.1', '192.0.2.2%ether1'),
    );

    expect(lines).to.deep.equal([
      '/ip route add dst-address=10.1.0.0/16 gateway=192.0.2.1,192.0.2.2%ether1 distance=20 comment="route-sync-lab"',
      '/ip route set [find dst-address="10.2.0.0/16" comment="route-sync-lab"] gateway=192.0.2.2,192.0.2.3 distance=20 disabled=no',
      '/ip route remove [find dst-address="10.3.0.0/24" comment="route-sync-lab"]',
    ]);
  });

  it('looks the next hop of a VRF up in that VRF, unless an interface says where it is', () => {
    const [first, second] = typed(
      mikrotikRouteros,
      { dialect: '7', vrf: 'red', distance: 1 },
      add('10.1.0.0/16', '192.0.2.1'),
      add('10.2.0.0/16', '192.0.2.1%ether2'),
    );

    expect(first).to.include(' gateway=192.0.2.1@red routing-table=red ');
    expect(second).to.include(' gateway=192.0.2.1%ether2 routing-table=red ');
    expect(typed(mikrotikRouteros, { dialect: '6', vrf: 'red' }, ROUTE)[0]).to.match(
      / routing-mark=red comment="route-sync-lab@red"$/,
    );
  });

  it('sets what is there already, because the router would take a second one like it', async () => {
    const { router, transport, access } = bench({ dialect: '7' });

    await push(access, ROUTE);
    await push(access, ROUTE);

    expect(router.running()).to.have.length(2);
    expect(transport.typed.at(-1)).to.match(
      /^\/ip\/route\/set \[find .*\] distance=1 disabled=no$/,
    );
  });

  it('never types the key of safe mode, which ends after a hundred actions', () => {
    const changes = Array.from({ length: 150 }, (_, i) => add(`10.0.${i}.0/24`, '192.0.2.1'));

    const lines = typed(mikrotikRouteros, {}, ...changes);

    expect(lines).to.have.length(150);
    expect(lines.filter((line) => /[^\x20-\x7e]/.test(line))).to.deep.equal([]);
  });

  it('reads exports, for columns cut what they show', () => {
    const questions = mikrotikRouteros.gather({ ...SCOPE, dialect: '7' }).flatMap(said);

    expect(questions.slice(0, 2)).to.deep.equal([
      '/ip/route/export terse',
      '/ipv6/route/export terse',
    ]);
    expect(mikrotikRouteros.save(SCOPE)).to.equal(undefined);
  });

  it('takes a router without IPv6 for one without IPv6 routes', () => {
    const [, question] = mikrotikRouteros.gather({ ...SCOPE, dialect: '6' });
    const [line] = question !== undefined && 'lines' in question ? question.lines : [];

    expect(line?.harmless?.test('bad command name ipv6 (line 1 column 2)')).to.equal(true);
    expect(line?.harmless?.test('bad command name export (line 1 column 13)')).to.equal(false);
  });

  it('refuses a distance that RouterOS does not have, and an interface that is two words', () => {
    const far = (): unknown => typed(mikrotikRouteros, { distance: 256 }, ROUTE);
    const torn = (): unknown => typed(mikrotikRouteros, {}, add('10.1.0.0/24', '192.0.2.1%a b'));

    expect(thrown(far)).to.include({ code: 'UNSAFE_WORD' });
    expect(thrown(torn)).to.include({ code: 'UNSAFE_WORD' });
  });

  for (const [words, code] of [
    ['input does not match any value of routing-table', 'UPSTREAM_TABLE_UNKNOWN'],
    ['bad command name ipv6 (line 1 column 2)', 'ROUTE_REJECTED'],
    ['failure: already have such route', 'ROUTE_EXISTS'],
    ['no such item', 'ROUTE_NOT_FOUND'],
    ['invalid value for argument gateway:', 'ROUTE_REJECTED'],
    ['value of distance out of range (1..255)', 'ROUTE_REJECTED'],
    ['value of distance expects range of integer numbers', 'ROUTE_REJECTED'],
    ['expected end of command (line 1 column 45)', 'ROUTE_REJECTED'],
    ['syntax error (line 1 column 3)', 'ROUTE_REJECTED'],
    ['bad command name foo (line 1 column 5)', 'ROUTE_REJECTED'],
    ['missing value(s) of argument(s) gateway', 'ROUTE_REJECTED'],
    [
      'ambiguous value of routing-table, more than one possible value matches input',
      'ROUTE_REJECTED',
    ],
    ['failure: something that nobody has seen yet', 'ROUTE_REJECTED'],
  ] as const) {
    it(`knows the refusal "${words}"`, () => {
      const line = '/ip/route/add dst-address=10.1.0.0/24 gateway=203.0.113.5';
      const error = mikrotikRouteros.refusal(ROUTE, { line, text: words, refused: true });

      expect(refuses(SESSION, words)).to.equal(true);
      expect(error.code).to.equal(code);
      expect(error.message).to.include(words).and.to.include(line);
    });
  }

  for (const [text, code] of [
    ['not enough permissions (9)', 'UPSTREAM_NOT_PERMITTED'],
    ['bad command name set (line 1 column 11)', 'UPSTREAM_NOT_PERMITTED'],
    ['action timed out - try again, if error continues contact support', 'UPSTREAM_BUSY'],
    ['failure: out of memory', 'UPSTREAM_COMMAND_FAILED'],
  ] as const) {
    it(`tells ${code} from "${text}"`, () => {
      const answers = [{ line: '/ip/route/set', text, refused: refuses(SESSION, text) }];
      const output: CommandOutput = { stdout: text, stderr: '', exitCode: 1, answers };

      expect(thrown(() => mikrotikRouteros.probed(SCOPE, output)).code).to.equal(code);
    });
  }

  it('takes no comment and no log message for a refusal', () => {
    for (const line of [
      '# 2026-11-22 09:15:02 by RouterOS 7.16.1',
      '/ip route add comment="failure: no such item" dst-address=10.0.0.0/8 gateway=192.0.2.1',
      '17:20:06 echo: system,error,critical login failure for user admin from 198.51.100.9 via ssh',
      '2026-11-22 09:15:02 echo: system,error failure: x',
    ]) {
      expect(refuses(SESSION, line), line).to.equal(false);
    }
  });

  it('knows its prompts from banners, and asks for a plain console', () => {
    const { prompt, configuring, login } = SESSION;
    for (const line of ['[admin@MikroTik] > ', '[route-sync@edge 1] >']) {
      expect(prompt.test(line), line).to.equal(true);
      expect(configuring?.test(line), line).to.equal(false);
    }
    for (const line of ['[admin@MikroTik] /ip/route> ', '[admin@MikroTik] <SAFE> ']) {
      expect(configuring?.test(line), line).to.equal(true);
      expect(prompt.test(line), line).to.equal(false);
    }
    for (const line of ['Authorized access only #', '*** READ THIS >', '>', '[note] >']) {
      const fits = [prompt, configuring].some((form) => form?.test(line));
      expect(fits, line).to.equal(false);
    }
    expect(login?.('admin')).to.equal('admin+cet511w4098h');
  });

  it('hides the secrets of an export', () => {
    for (const line of [
      '/ppp secret add name=a password="hu\\"sh hush"',
      '/ip ipsec identity add secret=hush',
      '/interface wireguard add private-key="hush="',
      '/interface wifi security add passphrase=hush',
      '/interface wireless security-profiles add wpa2-pre-shared-key=hush',
    ]) {
      expect(masked(SESSION, line), line).to.not.include('hush');
    }
    expect(masked(SESSION, '/ip route add dst-address=10.0.0.0/8')).to.not.include('***');
  });
});

function bench(scope: { readonly dialect: '6' | '7' }, config: string = CONFIGS[scope.dialect]) {
  const router = mikrotikRouterosModel.boot({
    hostname: 'edge1',
    config,
    now: () => 0,
    dialect: scope.dialect,
  });
  const transport = modelTransport(router, SESSION);
  const { signal } = new AbortController();
  const place: DeviceScope = { ...SCOPE, ...scope };
  return {
    router,
    transport,
    access: { driver: mikrotikRouteros, transport, scope: place, signal },
  };
}

async function push(access: UpstreamAccess, ...changes: readonly RouteChange[]) {
  return applyChanges({ ...access, changes, state: await gatherState(access) });
}
