/** Hand-made routes of the real kernel become ours while packets flow; in namespaces of its own, needs root. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { sightOf } from '../../src/agent/adopt-plan.ts';
import { pushAdoption, type AdoptContext, type AdoptOutcome } from '../../src/agent/adopt-push.ts';
import { assembleUpstream, type Upstream } from '../../src/agent/upstream.ts';
import type { UpstreamLedger } from '../../src/agent/state.ts';
import { parseConfig } from '../../src/config/load.ts';
import { parsePrefix } from '../../src/core/prefix.ts';
import type { Adoption, Command, CommandOutput, Stranger } from '../../src/drivers/driver.ts';
import { linux } from '../../src/drivers/linux.ts';
import { localTransport } from '../../src/transport/local.ts';
import { programOf, type Transport } from '../../src/transport/transport.ts';
import { makeNamespace, type TestNamespace, whyNoNamespace } from './namespace.ts';

const SIGNAL = new AbortController().signal;
const LEDGER: UpstreamLedger = {
  routes: new Map(),
  missing: new Map(),
  recent: [],
  clock: undefined,
};
const PREFIX4 = '10.1.0.0/24';
const PREFIX6 = '2001:db8:1::/64';
const ORIGIN = {
  router: 'r1',
  subnet: 's1',
  project: 'p1',
  port: 'i1',
  leg: 'g1',
  network: 'n1',
  floatingIp: '',
};

describe('adopt on the kernel', () => {
  let namespace: TestNamespace;
  let folder: string;
  let upstream: Upstream;
  /** Called before each command that changes routes, with its input. */
  let onWrite: (input: string) => void;
  let ledgers: string[];

  before(() => {
    const reason = whyNoNamespace();
    if (reason !== undefined) {
      throw new Error(reason);
    }
  });

  beforeEach(() => {
    namespace = makeNamespace();
    folder = mkdtempSync(path.join(tmpdir(), 'route-sync-adopt-'));
    onWrite = () => undefined;
    ledgers = [];
    const kernel = localTransport({ netns: namespace.name });
    upstream = upstreamOver({
      ...kernel,
      run: async (command: Command, signal: AbortSignal): Promise<CommandOutput> => {
        const { stdin } = programOf(command);
        if (stdin !== undefined) {
          onWrite(stdin);
        }
        return kernel.run(command, signal);
      },
    });
  });

  afterEach(() => {
    namespace.close();
    rmSync(folder, { recursive: true });
  });

  function ip(line: string): string {
    return namespace.ip(...line.split(' '));
  }

  function show(prefix: string): string {
    const family = prefix.includes(':') ? '-6' : '-4';
    return ip(`${family} -N route show ${prefix}`).replaceAll(/\s+/g, ' ').trim();
  }

  const store: AdoptContext['store'] = {
    writeLedger: (_, { routes }) => {
      ledgers.push([...routes.keys()].join(' '));
      return Promise.resolve();
    },
    readFreeze: () => Promise.resolve(undefined),
    assertRoom: () => Promise.resolve(),
  };

  async function strangersAt(prefix: string): Promise<readonly Stranger[]> {
    const { strangers } = await sightOf({ ...upstream, signal: SIGNAL }, new Set([prefix]));
    return strangers.get(prefix) ?? [];
  }

  async function plan(...prefixes: readonly string[]): Promise<readonly Adoption[]> {
    const found = await Promise.all(prefixes.map(strangersAt));
    return found.flat().map((stranger) => {
      const { prefix, nextHops } = stranger.route;
      return { stranger, after: { prefix, nextHops, origin: [ORIGIN] } };
    });
  }

  async function push(adoptions: readonly Adoption[]): Promise<AdoptOutcome> {
    const open = { upstream, lock: undefined, journal: undefined, ledger: LEDGER };
    const clock = () => ({ wall: 0, uptime: 0, boot: '' });
    const facts = { run: 'r', command: 'adopt', force: false };
    const state = { routes: [], addresses: [] };
    return pushAdoption(
      { ...open, state },
      { adoptions, refused: [], revisions: new Map() },
      { store, facts, clock, lead: {}, signal: SIGNAL },
    );
  }

  /** Asks the kernel for the way to the address without a pause while `work` runs; every answer. */
  async function answersDuring(
    address: string,
    work: () => Promise<void>,
  ): Promise<readonly string[]> {
    const file = path.join(folder, 'answers');
    const output = openSync(file, 'w');
    // Processes of their own: this one must not be what sets the pace.
    const questions = spawn('yes', [`route get ${address}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const lookups = spawn('ip', ['-n', namespace.name, '-force', '-batch', '-'], {
      stdio: [questions.stdout, output, output],
    });
    questions.stdout.destroy();
    const ended = once(lookups, 'close');
    while (statSync(file).size === 0) {
      await setTimeout(1);
    }
    await work();
    const isThere = statSync(file).size;
    while (statSync(file).size === isThere) {
      await setTimeout(1);
    }
    questions.kill();
    await ended;
    closeSync(output);
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !/^ +cache/.test(line));
  }

  const OURS4 = `${PREFIX4} via 192.0.2.9 dev d0 proto 201 metric 1024`;
  const OURS6 = `${PREFIX6} via 2001:db8::9 dev d0 proto 201 metric 1024 pref medium`;
  const cases: readonly (readonly [string, string, string])[] = [
    ['route add 10.1.0.0/24 via 192.0.2.9', PREFIX4, OURS4],
    ['route add 10.1.0.0/24 via 192.0.2.9 proto 4 metric 50', PREFIX4, OURS4],
    ['route add 10.1.0.0/24 via 192.0.2.9 proto 4 metric 2000', PREFIX4, OURS4],
    ['route add 10.1.0.0/24 via 192.0.2.9 proto 4 metric 1024', PREFIX4, OURS4],
    ['route add 10.1.0.0/24 via 192.0.2.9 proto 201 metric 7', PREFIX4, OURS4],
    [
      'route add 10.1.0.0/24 via 192.0.2.9 dev d0 onlink metric 1024',
      PREFIX4,
      `${PREFIX4} via 192.0.2.9 dev d0 proto 201 metric 1024 onlink`,
    ],
    ['-6 route add 2001:db8:1::/64 via 2001:db8::9 proto 4 metric 50', PREFIX6, OURS6],
    ['-6 route add 2001:db8:1::/64 via 2001:db8::9 metric 2000', PREFIX6, OURS6],
    ['-6 route add 2001:db8:1::/64 via 2001:db8::9', PREFIX6, OURS6],
    ['-6 route add 2001:db8:1::/64 via 2001:db8::9 proto 4', PREFIX6, OURS6],
  ];
  for (const [line, prefix, after] of cases) {
    it(`takes over "${line}" while every lookup finds the way`, async () => {
      ip(line);
      const adoptions = await plan(prefix);
      const [address, via] =
        prefix === PREFIX4 ? ['10.1.0.5', 'via 192.0.2.9 '] : ['2001:db8:1::5', 'via 2001:db8::9 '];
      let outcome: AdoptOutcome | undefined;

      const answers = await answersDuring(address, async () => {
        outcome = await push(adoptions);
      });

      expect(outcome?.result.failed).to.deep.equal([]);
      expect(outcome?.adopted).to.deep.equal(adoptions);
      expect(show(prefix)).to.equal(after);
      expect(ledgers).to.deep.equal([prefix]);
      expect(answers.length).to.be.greaterThan(100);
      expect(answers.filter((answer) => !answer.includes(via))).to.deep.equal([]);
    });
  }

  const sets: readonly (readonly [string, string, string])[] = [
    [
      'route add 10.1.0.0/24 proto 4 nexthop via 192.0.2.9 nexthop via 192.0.2.8',
      PREFIX4,
      `${PREFIX4} proto 201 metric 1024 nexthop via 192.0.2.8 dev d0 weight 1 nexthop via 192.0.2.9 dev d0 weight 1`,
    ],
    [
      'route add 10.1.0.0/24 proto 4 metric 1024 nexthop via 192.0.2.9 nexthop via 192.0.2.8',
      PREFIX4,
      `${PREFIX4} proto 201 metric 1024 nexthop via 192.0.2.8 dev d0 weight 1 nexthop via 192.0.2.9 dev d0 weight 1`,
    ],
    [
      '-6 route add 2001:db8:1::/64 proto 4 metric 50 nexthop via 2001:db8::9 nexthop via 2001:db8::8',
      PREFIX6,
      `${PREFIX6} proto 201 metric 1024 pref medium nexthop via 2001:db8::8 dev d0 weight 1 nexthop via 2001:db8::9 dev d0 weight 1`,
    ],
  ];
  for (const [line, prefix, after] of sets) {
    it(`takes over "${line}"`, async () => {
      ip(line);

      const { result } = await push(await plan(prefix));

      expect(result.failed).to.deep.equal([]);
      expect(show(prefix)).to.equal(after);
    });
  }

  it("leaves a daemon's member of an IPv6 set, and says so", async () => {
    ip('-6 route add 2001:db8:1::/64 via 2001:db8::9 proto 4 metric 50');
    ip('-6 route append 2001:db8:1::/64 via 2001:db8::8 proto 186 metric 50');

    const { result } = await push(await plan(PREFIX6));

    expect(result.failed.map(({ error }) => error.code)).to.deep.equal(['ROUTE_CHANGED']);
    expect(show(PREFIX6)).to.contain('via 2001:db8::8 dev d0 proto 186 metric 50');
  });

  it('finishes what a crash left half done', async () => {
    ip('route add 10.1.0.0/24 via 192.0.2.9');
    ip('route add 10.1.0.0/24 via 192.0.2.9 proto 201 metric 1024');
    ip('-6 route add 2001:db8:1::/64 via 2001:db8::9 metric 50');
    ip('-6 route add 2001:db8:1::/64 via 2001:db8::9 proto 201 metric 1024');

    const { result } = await push(await plan(PREFIX4, PREFIX6));

    expect(result).to.deep.include({ replaced: 2, failed: [], verified: true });
    expect([show(PREFIX4), show(PREFIX6)]).to.deep.equal([OURS4, OURS6]);
  });

  const changed: readonly (readonly [string, string, string, string])[] = [
    ['another gateway', 'route add 10.1.0.0/24 via 192.0.2.9', PREFIX4, 'via 192.0.2.7'],
    ['another attribute', 'route add 10.1.0.0/24 via 192.0.2.9', PREFIX4, 'via 192.0.2.9 mtu 1400'],
    [
      'another gateway at our metric',
      '-6 route add 2001:db8:1::/64 via 2001:db8::9',
      PREFIX6,
      'via 2001:db8::7',
    ],
  ];
  for (const [what, line, prefix, words] of changed) {
    it(`leaves a route alone that got ${what} after it was planned for`, async () => {
      ip(line);
      const adoptions = await plan(prefix);
      ip(`route replace ${prefix} ${words}`);
      const before = show(prefix);

      const { result, adopted } = await push(adoptions);

      expect(adopted).to.deep.equal([]);
      expect(result.failed.map(({ error }) => error.code)).to.deep.equal(['ROUTE_CHANGED']);
      expect(show(prefix)).to.equal(before);
      expect(ledgers).to.deep.equal([prefix, '']);
    });
  }

  it('does not remove a route that is changed just when ours has come', async () => {
    ip('route add 10.1.0.0/24 via 192.0.2.9');
    const adoptions = await plan(PREFIX4);
    const lines: string[] = [];
    onWrite = (input) => {
      lines.push(input);
      ip('route replace 10.1.0.0/24 via 192.0.2.7');
    };

    const { result } = await push(adoptions);

    expect(lines).to.have.length(1);
    expect(result.failed.map(({ error }) => error.message).join()).to.match(
      /^adopt 10\.1\.0\.0\/24: the route was "via 192\.0\.2\.9 dev d0 proto 3", and now there is ours and via 192\.0\.2\.7/,
    );
    expect(show(PREFIX4)).to.equal(`${PREFIX4} via 192.0.2.7 dev d0 ${OURS4}`);
  });

  it('makes nothing where an IPv6 route vanished', async () => {
    ip('-6 route add 2001:db8:1::/64 via 2001:db8::9');
    const adoptions = await plan(PREFIX6);
    onWrite = () => {
      ip('-6 route del 2001:db8:1::/64');
    };

    const { result } = await push(adoptions);

    expect(result.failed).to.have.length(1);
    expect(show(PREFIX6)).to.equal('');
  });

  const kept: readonly (readonly [string, RegExp])[] = [
    ['route add 10.1.0.0/24 via 192.0.2.9 proto 186', /protocol 186/],
    ['route add 10.1.0.0/24 via 192.0.2.9 proto 16', /protocol 16,/],
    ['route add 10.1.0.0/24 via 192.0.2.9 proto 202', /protocol 202/],
    ['route add 10.1.0.0/24 dev d1', /without a gateway/],
    ['route add 10.1.0.0/24 via inet6 2001:db8::9 dev d0', /own family/],
    ['route add blackhole 10.1.0.0/24', /blackhole/],
    ['route add 10.1.0.0/24 via 192.0.2.9 tos 0x10', /\(tos\)/],
    ['route add 10.1.0.0/24 via 192.0.2.9 mtu 1400', /\(metrics\)/],
    ['route add 10.1.0.0/24 via 192.0.2.9 src 192.0.2.1', /\(prefsrc\)/],
    ['route add 10.1.0.0/24 via 192.0.2.9 realm 5', /\(flow\)/],
    ['route add 10.1.0.0/24 via 192.0.2.9 scope site', /\(scope\)/],
    ['route add 10.1.0.0/24 encap ip id 5 dst 10.9.9.9 via 192.0.2.9 dev d0', /encap/],
    ['route add 10.1.0.0/24 nexthop via 192.0.2.8 weight 2 nexthop via 192.0.2.9', /\(weight\)/],
    ['-6 route add 2001:db8:1::/64 via 2001:db8::9 expires 600', /\(expires\)/],
    ['-6 route add 2001:db8:1::/64 via 2001:db8::9 pref high', /\(pref\)/],
    ['-6 route add 2001:db8:1::/64 from 2001:db8:ff::/64 via 2001:db8::9', /\(from\)/],
    ['-6 route add 2001:db8:1::/64 nexthop via 2001:db8::8 nexthop via 2001:db8::9', /our metric/],
    ['-6 route add unreachable 2001:db8:1::/64', /unreachable/],
  ];
  for (const [line, reason] of kept) {
    it(`does not take over "${line}"`, async () => {
      ip(line);

      const [stranger, ...others] = await strangersAt(line.startsWith('-6') ? PREFIX6 : PREFIX4);

      expect(others).to.deep.equal([]);
      expect(stranger?.obstacle).to.match(reason);
    });
  }

  it('does not take over a route of a nexthop object', async () => {
    ip('nexthop add id 7 via 192.0.2.9 dev d0');
    ip('route add 10.1.0.0/24 nhid 7');

    const [stranger] = await strangersAt(PREFIX4);

    expect(stranger?.obstacle).to.match(/nhid/);
  });
});

function upstreamOver(transport: Transport): Upstream {
  const policy = { mode: 'sync', allow: [{ prefix: parsePrefix(PREFIX4).text }] };
  const upstreams = [{ name: 'edge1', os: 'linux', externalNetworks: ['public'] }];
  const config = parseConfig(JSON.stringify({ owner: 'test', policy, upstreams }), 'test.yaml');
  const [first] = config.upstreams;
  if (first === undefined) {
    throw new Error('no upstream');
  }
  return assembleUpstream(first, { driver: linux, transport, owner: 'test' });
}
