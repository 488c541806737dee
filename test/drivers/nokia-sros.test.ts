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
import { readNokiaSrosAddresses } from '../../src/drivers/nokia-sros/addresses.ts';
import { SROS_SESSION as SESSION } from '../../src/drivers/nokia-sros/session.ts';
import { nokiaSros } from '../../src/drivers/nokia-sros.ts';
import { modelTransport, type ModelTransport } from '../support/model-transport.ts';
import { LABS } from '../support/routers/labs.ts';
import { nokiaSrosModel } from '../support/routers/nokia-sros.ts';
import type { Router } from '../support/routers/router.ts';
import { linesOf, masked, refuses, SCOPE as ANY, typed } from './cisco-ios-script.ts';
import { conformsTo } from './conformance.ts';
import { add, desired, installed, remove, replace } from './routes.ts';
import { thrown } from './thrown.ts';

const MD_LAB = LABS['nokia-sros md'];
const CLASSIC_LAB = LABS['nokia-sros classic'];
const P = '10.1.0.0/24';
const MD = `/configure router "Base" static-routes route ${P} route-type unicast`;
const CLASSIC = `configure router static-route-entry ${P}`;
const EMPTY: UpstreamState = { routes: [], addresses: [] };
const SIGNAL = new AbortController().signal;

/** The one next hop of our route was found with something that is not wanted. */
function found(what: Partial<InstalledRoute['nextHops'][number]>): RouteChange {
  const before = installed(P, '203.0.113.5');
  const nextHops = before.nextHops.map((nextHop) => ({ ...nextHop, ...what }));
  return { action: 'replace', before: { ...before, nextHops }, after: desired(P, '203.0.113.5') };
}

function chunkOf(
  scope: Partial<DeviceScope>,
  changes: readonly RouteChange[],
  state = EMPTY,
): RenderedChunk & { readonly command: Script } {
  const [chunk] = nokiaSros.render({ ...ANY, ...scope }, changes, state);
  return chunk as RenderedChunk & { readonly command: Script };
}

function boot(dialect: string, more = '', now: () => number = () => 0): Router {
  const config = dialect === 'classic' ? CLASSIC_LAB.config : MD_LAB.config;
  return nokiaSrosModel.boot({ hostname: 'edge1', config: `${config}${more}`, dialect, now });
}

async function read(transport: ModelTransport, scope: DeviceScope): Promise<UpstreamState> {
  const outputs: CommandOutput[] = [];
  for (const question of nokiaSros.gather(scope)) {
    outputs.push(await transport.run(question, SIGNAL));
  }
  return nokiaSros.parse(scope, outputs);
}

describe('nokiaSros', () => {
  for (const [name, lab] of [
    ['the MD-CLI', MD_LAB],
    ['the MD-CLI with confirmation', { ...MD_LAB, scope: { dialect: 'md', confirmSeconds: 300 } }],
    ['the classic CLI', CLASSIC_LAB],
  ] as const) {
    describe(`in ${name}`, () => {
      conformsTo(lab);
    });
  }

  describe('render for the MD-CLI', () => {
    it('enables a next hop once it carries the mark', () => {
      expect(typed(nokiaSros, {}, add(P, '203.0.113.5'))).to.deep.equal([
        'edit-config exclusive',
        `${MD} next-hop "203.0.113.5" tag 4711`,
        `${MD} next-hop "203.0.113.5" admin-state enable`,
        'commit',
        'quit-config',
      ]);
    });

    it('adds several next hops with a distance to a service', () => {
      const scope = { vrf: 'red', distance: 30 };
      const route = '/configure service vprn "red" static-routes route 2001:db8:1::/64';
      expect(
        typed(nokiaSros, scope, add('2001:db8:1::/64', '2001:db8::5', '2001:db8::6')).slice(1, -2),
      ).to.deep.equal(
        ['2001:db8::5', '2001:db8::6'].flatMap((hop) => [
          `${route} route-type unicast next-hop "${hop}" tag 4711`,
          `${route} route-type unicast next-hop "${hop}" preference 30`,
          `${route} route-type unicast next-hop "${hop}" admin-state enable`,
        ]),
      );
    });

    it('leaves the next hops alone that stay', () => {
      const change = replace(P, ['203.0.113.5', '203.0.113.6'], ['203.0.113.6', '203.0.113.7']);
      expect(typed(nokiaSros, {}, change).slice(1, -2)).to.deep.equal([
        `${MD} next-hop "203.0.113.7" tag 4711`,
        `${MD} next-hop "203.0.113.7" admin-state enable`,
        `delete ${MD} next-hop "203.0.113.5"`,
      ]);
    });

    it('removes the whole route', () => {
      const change = remove(P, '203.0.113.5', '203.0.113.6');
      expect(typed(nokiaSros, {}, change).slice(1, -2)).to.deep.equal([`delete ${MD}`]);
    });

    it('removes only its next hops where somebody else has one too', () => {
      const foreign = { ...installed(P, '203.0.113.99'), owned: false };
      const chunk = chunkOf({}, [remove(P, '203.0.113.5')], { routes: [foreign], addresses: [] });
      expect(linesOf(chunk).map(({ text }) => text)[1]).to.equal(
        `delete ${MD} next-hop "203.0.113.5"`,
      );
    });

    it('goes back to the default distance, and switches on what was off', () => {
      for (const change of [found({ distance: 30 }), found({ disabled: true })]) {
        expect(typed(nokiaSros, {}, change).slice(1, -2)).to.deep.equal([
          `delete ${MD} next-hop "203.0.113.5" preference`,
          `${MD} next-hop "203.0.113.5" tag 4711`,
          `${MD} next-hop "203.0.113.5" admin-state enable`,
        ]);
      }
    });

    it('gives a link-local next hop its interface', () => {
      const lines = typed(nokiaSros, {}, add('2001:db8:1::/64', 'fe80::5%to-core'));
      expect(lines[1]).to.include('next-hop "fe80::5-to-core" tag 4711');
    });

    it('takes another distance to the same next hop', () => {
      expect(typed(nokiaSros, { distance: 40 }, found({}))).to.include(
        `${MD} next-hop "203.0.113.5" preference 40`,
      );
    });

    for (const [seconds, minutes] of [
      [0, 1],
      [61, 2],
      [999_999, 168],
    ]) {
      it(`waits ${minutes} minutes for a confirmation within ${seconds} seconds`, () => {
        const { command } = chunkOf({ confirmSeconds: seconds }, [add(P, '203.0.113.5')]);
        expect(command.commit).to.deep.equal([{ text: `commit confirmed ${minutes}` }]);
      });
    }
  });

  describe('render for the classic CLI', () => {
    const dialect = 'classic';

    it('brings a next hop up once it carries the mark', () => {
      expect(typed(nokiaSros, { dialect }, add(P, '203.0.113.5'))).to.deep.equal([
        'exit all',
        `${CLASSIC} next-hop 203.0.113.5 tag 4711`,
        `${CLASSIC} next-hop 203.0.113.5 no shutdown`,
        'exit all',
      ]);
    });

    it('shuts down what it removes, and then removes the entry', () => {
      const scope = { dialect, vrf: '10' };
      const entry = `configure service vprn 10 static-route-entry ${P}`;
      expect(typed(nokiaSros, scope, remove(P, '203.0.113.5')).slice(1, -1)).to.deep.equal([
        `${entry} next-hop 203.0.113.5 shutdown`,
        `${entry} no next-hop 203.0.113.5`,
        `configure service vprn 10 no static-route-entry ${P}`,
      ]);
    });

    it('keeps the entry where somebody else has a next hop in it', () => {
      const foreign = { ...installed(P, '203.0.113.99'), owned: false };
      const state = { routes: [foreign], addresses: [] };
      const { breaks } = chunkOf({ dialect }, [remove(P, '203.0.113.5')], state).command;
      expect(breaks.flatMap(({ lines }) => lines.map(({ text }) => text))).to.deep.equal([
        `${CLASSIC} next-hop 203.0.113.5 shutdown`,
        `${CLASSIC} no next-hop 203.0.113.5`,
      ]);
    });

    it('sets the distance of what it makes, and resets that of what it finds', () => {
      const scope = { dialect, distance: 30 };
      expect(typed(nokiaSros, scope, add(P, '203.0.113.5'))).to.include(
        `${CLASSIC} next-hop 203.0.113.5 preference 30`,
      );
      expect(typed(nokiaSros, { dialect }, found({ distance: 30 }))).to.include(
        `${CLASSIC} next-hop 203.0.113.5 no preference`,
      );
      expect(typed(nokiaSros, scope, found({}))).to.include(
        `${CLASSIC} next-hop 203.0.113.5 preference 30`,
      );
    });
  });

  describe('a confirmed commit', () => {
    const scope = { ...ANY, dialect: 'md', confirmSeconds: 300 };

    async function push(now: () => number): Promise<{
      readonly router: Router;
      readonly transport: ModelTransport;
      readonly chunk: RenderedChunk & { readonly confirm: Command; readonly revert: Command };
    }> {
      const router = boot('md', '', now);
      const transport = modelTransport(router, SESSION);
      const chunk = chunkOf(scope, [add(P, '203.0.113.5')]);
      const { exitCode } = await transport.run({ lines: linesOf(chunk) }, SIGNAL);
      expect(exitCode).to.equal(0);
      expect(router.running()).to.have.length(2);
      return { router, transport, chunk: chunk as Awaited<ReturnType<typeof push>>['chunk'] };
    }

    it('is taken back by the router when nobody accepts it', async () => {
      let now = 0;
      const { router } = await push(() => now);
      now = 300_000;
      expect(router.running()).to.have.length(1);
    });

    it('is taken back when the session is lost, which is why it stays in its mode', async () => {
      const { router, transport } = await push(() => 0);
      await transport.close();
      expect(router.running()).to.have.length(1);
    });

    it('can be read before it is accepted, and stays then', async () => {
      let now = 0;
      const { router, transport, chunk } = await push(() => now);
      const state = await read(transport, scope);
      expect(state.routes.filter(({ owned }) => owned)).to.have.length(1);
      nokiaSros.probed(scope, await transport.run(chunk.confirm, SIGNAL));
      now = 300_000;
      await transport.close();
      expect(router.running()).to.have.length(2);
    });

    it('is asked about in the mode that it ended in', () => {
      const { asks } = chunkOf(scope, [add(P, '203.0.113.5')]);
      expect(asks?.({ lines: [] })).to.deep.equal({ lines: [], continues: true });
    });

    it('can be taken back at once', async () => {
      const { router, transport, chunk } = await push(() => 0);
      nokiaSros.probed(scope, await transport.run(chunk.revert, SIGNAL));
      expect(router.running()).to.have.length(1);
    });

    it('leaves the configuration free even if it comes too late to be accepted', async () => {
      let now = 0;
      const { router, transport, chunk } = await push(() => now);
      now = 300_000;
      const output = await transport.run(chunk.confirm, SIGNAL);
      expect(thrown(() => nokiaSros.probed(scope, output)).code).to.equal(
        'UPSTREAM_COMMAND_FAILED',
      );
      expect(router.login('somebody').enter('edit-config exclusive').text).to.include('Entering');
    });
  });

  describe('on a router', () => {
    it('waits while another session holds the configuration', async () => {
      const router = boot('md');
      router.login('somebody').enter('edit-config exclusive');
      const output = await modelTransport(router, SESSION).run(nokiaSros.probe(ANY), SIGNAL);
      const error = thrown(() => nokiaSros.probed(ANY, output));
      expect(error.code).to.equal('UPSTREAM_BUSY');
      expect(error.retryable).to.equal(true);
    });

    it('sees a next hop without admin-state as one that is down', async () => {
      const scope = { ...ANY, dialect: 'md' };
      const router = boot('md', `${MD} next-hop "203.0.113.5" tag 4711\n`);
      const { routes } = await read(modelTransport(router, SESSION), scope);
      const ours = routes.find(({ owned }) => owned);
      expect(ours?.differs).to.equal(true);
      expect(ours?.nextHops.map(({ disabled }) => disabled)).to.deep.equal([true]);
    });

    it('leaves nothing behind when it aborts, at any point of a script', async () => {
      const router = boot('md');
      const transport = modelTransport(router, SESSION);
      const { enter, makes, abort } = chunkOf({}, [add(P, '203.0.113.5')]).command;
      const lines = [...enter, ...makes.flatMap((step) => step.lines)];
      for (let length = 0; length <= lines.length; length += 1) {
        await transport.run({ lines: lines.slice(0, length) }, SIGNAL);
        const output = await transport.run({ lines: abort, continues: true }, SIGNAL);
        expect(output.exitCode, output.stdout).to.equal(0);
        const other = router.login('somebody');
        expect(other.enter('edit-config exclusive').text).to.include('Entering');
        other.hangUp();
      }
      expect(router.running()).to.have.length(1);
    });

    for (const dialect of ['md', 'classic']) {
      it(`saves what runs, in ${dialect}`, async () => {
        const scope = { ...ANY, dialect };
        const router = boot(dialect);
        const transport = modelTransport(router, SESSION);
        const { command } = chunkOf(scope, [add(P, '203.0.113.5')]);
        const { enter, makes, commit } = command;
        const lines = [...enter, ...makes.flatMap((step) => step.lines), ...commit];
        await transport.run({ lines }, SIGNAL);
        expect(router.startup()).to.have.length(1);
        nokiaSros.probed(scope, await transport.run(nokiaSros.save(scope) as Command, SIGNAL));
        expect(router.startup()).to.have.length(2);
      });
    }
  });

  describe('refusal', () => {
    for (const [text, code] of [
      ["MINOR: MGMT_CORE #2301: Invalid element value - '10.1.0.1/24'", 'ROUTE_REJECTED'],
      ["MINOR: MGMT_CORE #2201: Unknown element - 'x'", 'ROUTE_REJECTED'],
      ['Error: Invalid parameter.', 'ROUTE_REJECTED'],
      ['Error: Bad command.', 'ROUTE_REJECTED'],
      ['MINOR: CLI Static route does not exist.', 'ROUTE_NOT_FOUND'],
      ['MINOR: CLI Service 10 does not exist.', 'UPSTREAM_TABLE_UNKNOWN'],
      ['MINOR: CLI Next-hop is a local address.', 'ROUTE_REJECTED'],
      ['MINOR: CLI Maximum number of static routes reached.', 'ROUTE_REJECTED'],
    ] as const) {
      it(`reads ${JSON.stringify(text)} as ${code}`, () => {
        const answer = { line: 'x', text, refused: true };
        expect(nokiaSros.refusal(add(P, '203.0.113.5'), answer).code).to.equal(code);
      });
    }
  });

  describe('session', () => {
    for (const line of [
      "MINOR: MGMT_CORE #2201: Unknown element - 'x'",
      'MAJOR: SVCMGR #1: something',
      'CRITICAL: something',
      'Error: Bad command.',
      'Error: Invalid parameter.',
      'Bad Command: x',
    ]) {
      it(`takes "${line}" for a refusal`, () => {
        expect(refuses(SESSION, line)).to.equal(true);
      });
    }

    for (const line of [
      'INFO: CLI #2060: Entering exclusive configuration mode',
      '1 2026/03/02 10:15:44.12 UTC MINOR: USER #2001 Base cli',
      '*(ex)[/configure router "Base"]',
      '2026-03-02T10:15:44.77+00:00',
      '            description "Error: none"',
    ]) {
      it(`does not take "${line}" for a refusal`, () => {
        expect(refuses(SESSION, line)).to.equal(false);
      });
    }

    for (const prompt of ['A:admin@edge1# ', '*A:edge1# ', 'B:edge-1.lab# ', '!A:admin@edge1#']) {
      it(`knows the prompt "${prompt}"`, () => {
        expect(SESSION.prompt.test(prompt)).to.equal(true);
        expect(SESSION.configuring?.test(prompt)).to.equal(false);
      });
    }

    for (const prompt of ['*A:edge1>config>router# ', 'A:edge1>config>service>vprn$ ']) {
      it(`knows that "${prompt}" configures`, () => {
        expect(SESSION.prompt.test(prompt)).to.equal(false);
        expect(SESSION.configuring?.test(prompt)).to.equal(true);
      });
    }

    for (const banner of ['Authorized access only #', '*** READ THIS >', 'Note A: all #', '#']) {
      it(`does not take "${banner}" for a prompt`, () => {
        expect(SESSION.prompt.test(banner)).to.equal(false);
        expect(SESSION.configuring?.test(banner)).to.equal(false);
      });
    }

    for (const line of [
      '                password "hidden"',
      '            authentication-key "hidden" hash2',
      '/configure system security user-params local-user user "x" password "hidden"',
      '        snmp community "hidden" r version v2c',
      '            radius server 1 address 192.0.2.1 secret "hidden" hash2',
    ]) {
      it(`hides the secret of "${line.trim()}"`, () => {
        expect(masked(SESSION, line)).to.not.include('hidden');
      });
    }
  });
});

describe('readNokiaSrosAddresses', () => {
  it('reads the table of interfaces', () => {
    const text = `===============================================================================
Interface Table (Router: Base)
===============================================================================
Interface-Name                   Adm       Opr(v4/v6)  Mode    Port/SapId
   IP-Address                                                  PfxState
-------------------------------------------------------------------------------
system                           Up        Up/Down     Network system
   192.0.2.1/32                                                n/a
to-core                          Up        Up/Up       Network 1/1/1
   203.0.113.1/24                                              n/a
   2001:db8:ffff::1/64                                         PREFERRED
   999.0.113.1/24                                              n/a
-------------------------------------------------------------------------------
Interfaces : 2`;
    expect(readNokiaSrosAddresses(text)).to.deep.equal([
      { address: '192.0.2.1', network: parsePrefix('192.0.2.1/32') },
      { address: '203.0.113.1', network: parsePrefix('203.0.113.0/24') },
      { address: '2001:db8:ffff::1', network: parsePrefix('2001:db8:ffff::/64') },
    ]);
  });
});
