import { expect } from 'chai';

import { parsePrefix } from '../../src/core/prefix.ts';
import type { InstalledRoute, RouteChange, UpstreamState } from '../../src/core/route.ts';
import type {
  Command,
  CommandOutput,
  DeviceScope,
  RenderedChunk,
  Script,
} from '../../src/drivers/driver.ts';
import { readJuniperJunosAddresses } from '../../src/drivers/juniper-junos/addresses.ts';
import { JUNOS_SESSION } from '../../src/drivers/juniper-junos/session.ts';
import { juniperJunos } from '../../src/drivers/juniper-junos.ts';
import { modelTransport, type ModelTransport } from '../support/model-transport.ts';
import { juniperJunosModel } from '../support/routers/juniper-junos.ts';
import { LABS } from '../support/routers/labs.ts';
import type { Router } from '../support/routers/router.ts';
import { conformsTo } from './conformance.ts';
import { add, desired, installed, remove, replace } from './routes.ts';
import { thrown } from './thrown.ts';

const { config: CONFIG } = LABS['juniper-junos tag'];
const SCOPE: DeviceScope = {
  vrf: undefined,
  distance: undefined,
  mark: { tag: 4711, name: 'route-sync-test' },
  dialect: 'group',
  confirmSeconds: undefined,
};
const EMPTY: UpstreamState = { routes: [], addresses: [] };
const SIGNAL = new AbortController().signal;
const P = '10.1.0.0/24';

/** The one next hop of our route was found with something that is not wanted. */
function changed(found: Partial<InstalledRoute['nextHops'][number]>): RouteChange {
  const before = installed(P, '203.0.113.5');
  const nextHops = before.nextHops.map((nextHop) => ({ ...nextHop, ...found }));
  return { action: 'replace', before: { ...before, nextHops }, after: desired(P, '203.0.113.5') };
}

function rendered(scope: Partial<DeviceScope>, ...changes: readonly RouteChange[]): string[] {
  return juniperJunos.render({ ...SCOPE, ...scope }, changes, EMPTY).flatMap(({ command }) => {
    const { enter, makes, breaks, commit } = command as Script;
    const steps = [...makes, ...breaks].flatMap((step) => step.lines);
    return [...enter, ...steps, ...commit].map(({ text }) => text);
  });
}

/** The script of changes that fit into one chunk, and what follows it. */
function pushOf(
  scope: DeviceScope,
  changes: readonly RouteChange[],
  state = EMPTY,
): Script & { readonly confirm?: Command; readonly revert?: Command } {
  const [chunk] = juniperJunos.render(scope, changes, state) as [RenderedChunk];
  return { ...chunk, ...(chunk.command as Script) };
}

function boot(more = '', now: () => number = () => 0): Router {
  return juniperJunosModel.boot({ hostname: 'edge1', config: `${CONFIG}${more}`, now });
}

async function say(transport: ModelTransport, ...texts: readonly string[]): Promise<CommandOutput> {
  return transport.run({ lines: texts.map((text) => ({ text })), continues: true }, SIGNAL);
}

async function read(transport: ModelTransport, scope = SCOPE): Promise<UpstreamState> {
  const outputs: CommandOutput[] = [];
  for (const question of juniperJunos.gather(scope)) {
    outputs.push(await transport.run(question, SIGNAL));
  }
  return juniperJunos.parse(scope, outputs);
}

describe('juniperJunos', () => {
  for (const dialect of ['group', 'tag'] as const) {
    describe(`with the mark in the ${dialect}`, () => {
      conformsTo(LABS[`juniper-junos ${dialect}`]);
    });
  }

  describe('render', () => {
    it('adds a route to the group, and names the group', () => {
      expect(rendered({}, add(P, '203.0.113.5'))).to.deep.equal([
        'configure exclusive',
        `set groups route-sync-test routing-options static route ${P} next-hop 203.0.113.5`,
        `set groups route-sync-test routing-options static route ${P} tag 4711`,
        'set apply-groups route-sync-test',
        'commit',
        'exit configuration-mode',
      ]);
    });

    it('adds several next hops with a distance to an instance, in the main configuration', () => {
      const scope = { dialect: 'tag', vrf: 'red', distance: 30 };
      const prefix = '2001:db8:1::/64';
      const start = `set routing-instances red routing-options rib red.inet6.0 static route ${prefix}`;
      expect(rendered(scope, add(prefix, '2001:db8:ffff::5', '2001:db8:ffff::6'))).to.deep.equal([
        'configure exclusive',
        `${start} next-hop 2001:db8:ffff::5`,
        `${start} next-hop 2001:db8:ffff::6`,
        `${start} tag 4711`,
        `${start} preference 30`,
        'commit',
        'exit configuration-mode',
      ]);
    });

    it('leaves the next hops alone that stay', () => {
      const change = replace(P, ['203.0.113.5', '203.0.113.6'], ['203.0.113.6', '203.0.113.7']);
      expect(rendered({ dialect: 'tag' }, change)).to.deep.equal([
        'configure exclusive',
        `set routing-options static route ${P} next-hop 203.0.113.7`,
        `set routing-options static route ${P} tag 4711`,
        `delete routing-options static route ${P} next-hop 203.0.113.5`,
        'commit',
        'exit configuration-mode',
      ]);
    });

    it('removes the whole route, and only that', () => {
      expect(rendered({}, remove(P, '203.0.113.5', '203.0.113.6'))).to.deep.equal([
        'configure exclusive',
        `delete groups route-sync-test routing-options static route ${P}`,
        'commit',
        'exit configuration-mode',
      ]);
    });

    it('goes back to the default distance', () => {
      const change = changed({ distance: 30 });
      expect(rendered({ dialect: 'tag' }, change)).to.include(
        `delete routing-options static route ${P} preference`,
      );
    });

    it('gives a link-local next hop its interface', () => {
      const prefix = '2001:db8:1::/64';
      const start = `routing-options rib inet6.0 static route ${prefix}`;
      expect(rendered({ dialect: 'tag' }, add(prefix, 'fe80::5%ge-0/0/0.0'))).to.include(
        `set ${start} qualified-next-hop fe80::5 interface ge-0/0/0.0`,
      );
    });

    it('makes what was switched off anew, because it cannot know where it is inactive', () => {
      const change = changed({ disabled: true });
      const lines = rendered({ dialect: 'tag' }, change);
      expect(lines.slice(1, 3)).to.deep.equal([
        `delete routing-options static route ${P}`,
        `set routing-options static route ${P} next-hop 203.0.113.5`,
      ]);
    });

    for (const [seconds, minutes] of [
      [0, 1],
      [60, 1],
      [61, 2],
      [9_999_999, 65_535],
    ]) {
      it(`waits ${minutes} minutes for a confirmation within ${seconds} seconds`, () => {
        const { commit } = pushOf({ ...SCOPE, confirmSeconds: seconds }, [add(P, '203.0.113.5')]);
        expect(commit.map(({ text }) => text)).to.include(`commit confirmed ${minutes}`);
      });
    }

    it('refuses an interface that is none', () => {
      const error = thrown(() => rendered({}, add('2001:db8:1::/64', 'fe80::5%ge-0/0/0 | save x')));
      expect(error.code).to.equal('UNSAFE_WORD');
    });
  });

  describe('a confirmed commit', () => {
    const scope = { ...SCOPE, confirmSeconds: 300 };

    async function push(now: () => number): Promise<{
      readonly router: Router;
      readonly transport: ModelTransport;
      readonly confirm: Command;
      readonly revert: Command;
    }> {
      const router = boot('', now);
      const transport = modelTransport(router, JUNOS_SESSION);
      const chunk = pushOf(scope, [add(P, '203.0.113.5')]);
      const { enter, makes, commit } = chunk;
      const lines = [...enter, ...makes.flatMap((step) => step.lines), ...commit];
      await transport.run({ lines }, SIGNAL);
      const { confirm, revert } = chunk as { confirm: Command; revert: Command };
      return { router, transport, confirm, revert };
    }

    it('is taken back by the router when nobody confirms it', async () => {
      let now = 0;
      const { router } = await push(() => now);
      expect(router.running()).to.have.length(2);
      now = 300_000;
      expect(router.running()).to.have.length(1);
    });

    it('stays when it is confirmed', async () => {
      let now = 0;
      const { router, transport, confirm } = await push(() => now);
      juniperJunos.probed(scope, await transport.run(confirm, SIGNAL));
      now = 300_000;
      expect(router.running()).to.have.length(2);
    });

    it('can be taken back at once', async () => {
      const { router, transport, revert } = await push(() => 0);
      juniperJunos.probed(scope, await transport.run(revert, SIGNAL));
      expect(router.running()).to.have.length(1);
    });
  });

  describe('on a router', () => {
    const OURS = `set groups route-sync-test routing-options static route ${P} next-hop 203.0.113.5
set groups route-sync-test routing-options static route ${P} tag 4711
set apply-groups route-sync-test
`;

    it('keeps the group when its last route goes, because what is named has to exist', async () => {
      const router = boot(OURS);
      const transport = modelTransport(router, JUNOS_SESSION);
      const state = await read(transport);
      const { enter, breaks, commit } = pushOf(SCOPE, [remove(P, '203.0.113.5')], state);
      const lines = [...enter, ...breaks.flatMap((step) => step.lines), ...commit];
      const output = await transport.run({ lines }, SIGNAL);
      expect(output.exitCode, output.stdout).to.equal(0);
      expect(transport.typed).to.include('set groups route-sync-test');
      expect(router.running().map(({ prefix }) => prefix)).to.deep.equal(['10.99.0.0/16']);
    });

    it('does not speak of the group while it has other routes', async () => {
      const state = await read(modelTransport(boot(OURS), JUNOS_SESSION));
      const { commit } = pushOf(SCOPE, [remove('10.7.0.0/16', '203.0.113.5')], state);
      expect(commit.map(({ text }) => text)).to.deep.equal(['commit', 'exit configuration-mode']);
    });

    it('sees a route that is inactive as one that differs', async () => {
      const off = `deactivate groups route-sync-test routing-options static route ${P}\n`;
      const { routes } = await read(modelTransport(boot(`${OURS}${off}`), JUNOS_SESSION));
      const ours = routes.find(({ owned }) => owned);
      expect(ours?.differs).to.equal(true);
      expect(ours?.nextHops.map(({ disabled }) => disabled)).to.deep.equal([true]);
    });

    it('waits while another session holds the configuration', async () => {
      const router = boot();
      router.login('somebody').enter('configure exclusive');
      const transport = modelTransport(router, JUNOS_SESSION);
      const output = await transport.run(juniperJunos.probe(SCOPE), SIGNAL);
      const error = thrown(() => juniperJunos.probed(SCOPE, output));
      expect(error.code).to.equal('UPSTREAM_BUSY');
      expect(error.retryable).to.equal(true);
    });

    it('never commits what somebody else has begun', async () => {
      const router = boot();
      const other = router.login('somebody');
      other.enter('configure');
      other.enter('set routing-options static route 10.8.0.0/16 discard');
      const transport = modelTransport(router, JUNOS_SESSION);
      const output = await transport.run(juniperJunos.probe(SCOPE), SIGNAL);
      expect(thrown(() => juniperJunos.probed(SCOPE, output)).code).to.equal('UPSTREAM_BUSY');
      expect(router.running()).to.have.length(1);
    });

    it('leaves nothing behind when it aborts, at any point of a script', async () => {
      const router = boot();
      const transport = modelTransport(router, JUNOS_SESSION);
      const { enter, makes, abort } = pushOf(SCOPE, [add(P, '203.0.113.5')]);
      const lines = [...enter, ...makes.flatMap((step) => step.lines)];
      for (let length = 0; length <= lines.length; length += 1) {
        await transport.run({ lines: lines.slice(0, length) }, SIGNAL);
        const output = await transport.run({ lines: abort, continues: true }, SIGNAL);
        expect(output.exitCode, output.stdout).to.equal(0);
        const { stdout } = await say(transport, 'configure exclusive', 'exit configuration-mode');
        expect(stdout).to.include('Entering configuration mode');
      }
      expect(router.running()).to.have.length(1);
    });
  });

  describe('refusal', () => {
    for (const [text, code] of [
      ["error: prefix '10.1.0.1/24' has host bits set", 'ROUTE_REJECTED'],
      ["                 ^\ninvalid next-hop '203.0.113.300'.", 'ROUTE_REJECTED'],
      ['                 ^\nsyntax error.', 'ROUTE_REJECTED'],
      ['                 ^\nunknown command.', 'ROUTE_REJECTED'],
      ['warning: statement not found', 'ROUTE_NOT_FOUND'],
      ['error: routing instance red is not defined', 'UPSTREAM_TABLE_UNKNOWN'],
      ['error: something else', 'ROUTE_REJECTED'],
    ] as const) {
      it(`reads ${JSON.stringify(text)} as ${code}`, () => {
        const answer = { line: 'set x', text, refused: true };
        expect(juniperJunos.refusal(add(P, '203.0.113.5'), answer).code).to.equal(code);
      });
    }
  });

  describe('session', () => {
    const isFailure = (line: string): boolean =>
      JUNOS_SESSION.failures.some((failure) => failure.test(line));

    for (const line of [
      'unknown command.',
      'syntax error, expecting <command>.',
      'error: configuration check-out failed',
      'error: configuration database modified',
      'missing argument.',
      'missing mandatory argument: preference',
      "'s' is ambiguous.",
      "invalid numeric value: 'x'.",
      'No valid completions',
      "terminal:3:(12) syntax error: 'x'",
    ]) {
      it(`takes "${line}" for a refusal`, () => {
        expect(isFailure(line)).to.equal(true);
      });
    }

    for (const line of [
      'commit complete',
      'Entering configuration mode',
      'warning: uncommitted changes will be discarded on exit',
      'warning: statement not found',
      'set system login message "error: nothing"',
    ]) {
      it(`does not take "${line}" for a refusal`, () => {
        expect(isFailure(line)).to.equal(false);
      });
    }

    for (const [prompt, kind] of [
      ['operator@edge1> ', 'prompt'],
      ['operator@edge1-re0.example.net> ', 'prompt'],
      ['operator@edge1# ', 'configuring'],
      ['root@edge1% ', 'shell'],
      ['% ', 'shell'],
      ['root@edge1:~ # ', 'shell'],
    ] as const) {
      it(`knows "${prompt}"`, () => {
        const { prompt: normal, configuring, shell } = JUNOS_SESSION;
        const kinds = Object.entries({ prompt: normal, configuring, shell: shell?.prompt })
          .filter(([, pattern]) => pattern?.test(prompt) === true)
          .map(([name]) => name);
        expect(kinds).to.deep.equal([kind]);
      });
    }

    for (const banner of ['Authorized access only #', '*** READ THIS >', '100 % ', '>', '#']) {
      it(`does not take "${banner}" for a prompt`, () => {
        const { prompt, configuring, shell } = JUNOS_SESSION;
        const fits = [prompt, configuring, shell?.prompt].some((each) => each?.test(banner));
        expect(fits).to.equal(false);
      });
    }

    for (const line of [
      'set system root-authentication encrypted-password "$6$hidden"',
      'set snmp community hidden authorization read-only',
      'community hidden {',
      'set security ike policy p pre-shared-key ascii-text "$9$hidden"',
      'set system archival configuration archive-sites "ftp://user:hidden@192.0.2.1/"',
      'set protocols bgp group g authentication-key hidden',
    ]) {
      it(`hides the secret of "${line}"`, () => {
        const found = JUNOS_SESSION.redact.map((pattern) => pattern.exec(line)?.groups?.['secret']);
        expect(found.some((secret) => secret?.endsWith('hidden') === true)).to.equal(true);
      });
    }
  });
});

describe('readJuniperJunosAddresses', () => {
  const TEXT = `set interfaces lo0 unit 0 family inet address 192.0.2.1
set interfaces ge-0/0/1 unit 0 family inet address 198.51.100.1/24
set interfaces ge-0/0/2 unit 0 family inet address nonsense/24
set interfaces ge-0/0/3 unit 0 family inet address 203.0.113.3/24
set interfaces ge-0/0/4 unit 0 family inet address
deactivate interfaces ge-0/0/3
set routing-instances red interface ge-0/0/1.0
set routing-instances red interface
set policy-options prefix-list x 10.0.0.0/8`;

  it('gives the global table what no instance has', () => {
    expect(readJuniperJunosAddresses(TEXT, undefined)).to.deep.equal([
      { address: '192.0.2.1', network: parsePrefix('192.0.2.1/32') },
    ]);
  });

  it('gives an instance its own', () => {
    expect(readJuniperJunosAddresses(TEXT, 'red')).to.deep.equal([
      { address: '198.51.100.1', network: parsePrefix('198.51.100.0/24') },
    ]);
  });
});
