import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect } from 'chai';
import { execa } from 'execa';

import { ROUTER_OSES } from '../../src/drivers/index.ts';
import { runHere, type Run } from './scene.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main.ts');

interface Change {
  readonly action?: string;
  readonly prefix?: string;
  readonly nextHops?: readonly string[];
  readonly before?: readonly string[] | null;
  readonly distance?: number | null;
}

const ADD: Change = {
  action: 'add',
  prefix: '10.1.0.0/24',
  nextHops: ['203.0.113.5'],
  before: null,
  distance: null,
};
const REPLACE: Change = {
  ...ADD,
  action: 'replace',
  nextHops: ['203.0.113.6'],
  before: ['203.0.113.5'],
};
const REMOVE: Change = { ...ADD, action: 'remove', nextHops: [], before: ['203.0.113.5'] };

function fileOf(...changes: readonly Change[]): object {
  return { vrf: null, owner: 'prod-region-one', changes };
}

async function routeSync(...args: readonly string[]): Promise<Run> {
  return runHere(args, { env: {}, folder: tmpdir() });
}

describe('route-sync render', () => {
  let folder: string;
  const render = async (file: unknown, ...args: readonly string[]) => {
    const routes = path.join(folder, 'routes.json');
    await writeFile(routes, typeof file === 'string' ? file : JSON.stringify(file));
    return routeSync('render', '--routes', routes, ...args);
  };

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'route-sync-render-'));
  });

  after(async () => {
    await rm(folder, { recursive: true });
  });

  it('prints the lines in order and nothing else', async () => {
    const { exitCode, stdout, stderr } = await render(
      fileOf({ ...REMOVE, prefix: '10.3.0.0/24' }, { ...REPLACE, prefix: '10.2.0.0/24' }, ADD),
      '--os',
      'cisco-ios',
      '--tag',
      '4711',
    );

    expect(stdout.trimEnd().split('\n')).to.deep.equal([
      'configure terminal',
      'ip route 10.1.0.0 255.255.255.0 203.0.113.5 tag 4711',
      'ip route 10.2.0.0 255.255.255.0 203.0.113.6 tag 4711',
      'no ip route 10.2.0.0 255.255.255.0 203.0.113.5',
      'no ip route 10.3.0.0 255.255.255.0 203.0.113.5',
      'end',
    ]);
    expect([exitCode, stderr]).to.deep.equal([0, '']);
  });

  it('shows on Linux what the agent would do in two steps', async () => {
    const { stdout } = await render(
      fileOf(
        ADD,
        { ...REPLACE, prefix: '10.2.0.0/24' },
        { ...REPLACE, prefix: '10.3.0.0/24', nextHops: ['203.0.113.5'], distance: 50 },
      ),
      '--os',
      'linux',
    );

    expect(stdout.trimEnd().split('\n')).to.deep.equal([
      'route add 10.1.0.0/24 via 203.0.113.5 proto 201 metric 1024 table main',
      'route append 10.2.0.0/24 via 203.0.113.6 proto 201 metric 1024 table main',
      'route del 10.2.0.0/24 via 203.0.113.5 proto 201 metric 1024 table main',
      'route add 10.3.0.0/24 via 203.0.113.5 proto 201 metric 50 table main',
      'route del 10.3.0.0/24 via 203.0.113.5 proto 201 metric 1024 table main',
    ]);
  });

  it('changes IPv6 sets on Linux member by member', async () => {
    const six = { ...REPLACE, prefix: '2001:db8:1::/64' };
    const { stdout } = await render(
      fileOf(
        {
          ...six,
          before: ['2001:db8::5', '2001:db8::6'],
          nextHops: ['2001:db8::6', '2001:db8::7'],
        },
        {
          ...six,
          prefix: '2001:db8:2::/64',
          before: ['2001:db8::5', '2001:db8::6'],
          nextHops: ['2001:db8::6'],
        },
      ),
      '--os',
      'linux',
      '--protocol',
      '77',
    );

    const mark = 'proto 77 metric 1024 table main';
    expect(stdout.trimEnd().split('\n')).to.deep.equal([
      `route append 2001:db8:1::/64 via 2001:db8::7 ${mark}`,
      `route del 2001:db8:2::/64 via 2001:db8::5 ${mark}`,
      `route del 2001:db8:1::/64 via 2001:db8::5 ${mark}`,
    ]);
  });

  for (const { name, change, words } of [
    {
      name: 'the default route',
      change: { prefix: '0.0.0.0/0' },
      words: 'it is the default route',
    },
    {
      name: 'the IPv6 default route',
      change: { prefix: '::/0' },
      words: 'it is the default route',
    },
    {
      name: 'host bits',
      change: { prefix: '10.1.0.1/24' },
      words: 'has host bits set; did you mean 10.1.0.0/24?',
    },
    {
      name: 'a next hop of the other family',
      change: { nextHops: ['2001:db8::1'] },
      words: 'is not of the family',
    },
    {
      name: 'a word in place of an address',
      change: { nextHops: ['203.0.113.5; reload'] },
      words: 'is not an IP address',
    },
    {
      name: 'a word in place of a prefix',
      change: { prefix: '10.1.0.0/24\nreload' },
      words: 'is not a prefix',
    },
    { name: 'an octal address', change: { prefix: '010.1.0.0/24' }, words: 'is not a prefix' },
    {
      name: 'a next hop twice',
      change: { nextHops: ['203.0.113.5', '203.0.113.5'] },
      words: 'is named twice',
    },
    {
      name: 'a next hop that is no router',
      change: { nextHops: ['224.0.0.5'] },
      words: 'is not the address of a router',
    },
    { name: 'multicast', change: { prefix: '224.1.0.0/24' }, words: 'multicast' },
    { name: 'an add without next hops', change: { nextHops: [] }, words: '"nextHops" is empty' },
    {
      name: 'an add with a before',
      change: { before: ['203.0.113.6'] },
      words: 'an add has no "before"',
    },
    {
      name: 'a remove without a before',
      change: { action: 'remove', nextHops: [] },
      words: '"before" must name',
    },
    { name: 'a remove with next hops', change: { action: 'remove' }, words: 'must be empty' },
    {
      name: 'a link-local next hop without an interface',
      change: { prefix: '2001:db8:1::/64', nextHops: ['fe80::1'] },
      words: 'is link-local',
    },
  ]) {
    for (const os of ['cisco-ios', 'linux', 'juniper-junos']) {
      it(`refuses ${name} for ${os}, and prints no line at all`, async () => {
        const good = { ...ADD, prefix: '10.9.0.0/24' };

        const { exitCode, stdout, stderr } = await render(
          fileOf(good, { ...ADD, ...change }),
          '--os',
          os,
        );

        expect(stdout).to.equal('');
        expect(exitCode).to.equal(1);
        expect(stderr.trimEnd().split('\n').length, stderr).to.equal(1);
        expect(stderr).to.contain(words).and.to.contain('(ROUTES_INVALID)');
      });
    }
  }

  it('says one line for each change that it refuses', async () => {
    const { stderr } = await render(
      fileOf({ ...ADD, prefix: '10.1.0.1/24' }, ADD, { ...ADD, prefix: '0.0.0.0/0' }, ADD),
      '--os',
      'cisco-ios',
    );

    expect(
      stderr
        .trimEnd()
        .split('\n')
        .map((line) => /changes\[(\d)\]/.exec(line)?.[1]),
    ).to.deep.equal(['0', '2', '3']);
    expect(stderr).to.contain('10.1.0.0/24 is also the prefix of another change');
  });

  for (const [name, file, words] of [
    ['no JSON', '{', 'the file is not JSON'],
    ['no object', '[]', 'the file'],
    ['an unknown action', fileOf({ ...ADD, action: 'hijack' }), 'changes.0.action'],
    ['a hostile owner', { ...fileOf(ADD), owner: 'x"; reload' }, 'owner: must be a word'],
    ['a hostile VRF', { ...fileOf(ADD), vrf: 'red; reload' }, 'cannot be used as a'],
    ['a VRF with a line end', { ...fileOf(ADD), vrf: 'red\nreload' }, 'cannot be used as a'],
  ] as const) {
    it(`refuses a file with ${name}`, async () => {
      const { exitCode, stdout, stderr } = await render(file, '--os', 'arista-eos');

      expect([exitCode, stdout]).to.deep.equal([1, '']);
      expect(stderr).to.contain(words);
    });
  }

  it('says nothing would change where a metric is what it was', async () => {
    const same = { ...REPLACE, nextHops: ['203.0.113.5'] };

    expect((await render(fileOf(same), '--os', 'linux')).stderr).to.contain('nothing would change');
  });

  it('knows no other router OS, and wants a file that is there', async () => {
    const unknown = await render(fileOf(ADD), '--os', 'acme-os');
    const missing = await routeSync(
      'render',
      '--os',
      'linux',
      '--routes',
      path.join(folder, 'none.json'),
    );

    expect([unknown.exitCode, missing.exitCode]).to.deep.equal([64, 1]);
    expect(missing.stderr).to.contain('none.json cannot be read');
  });

  for (const os of ROUTER_OSES) {
    it(`renders for ${os}, deterministically`, async () => {
      const file = fileOf(ADD, { ...ADD, prefix: '2001:db8:1::/64', nextHops: ['2001:db8::5'] });

      const [one, two] = [await render(file, '--os', os), await render(file, '--os', os)];

      expect(one.exitCode, one.stderr).to.equal(0);
      expect(one.stdout).to.contain('203.0.113.5').and.to.contain('2001:db8::5');
      expect(two.stdout).to.equal(one.stdout);
    });
  }
});

describe('route-sync parse', () => {
  const parse = async (os: string, input: string): Promise<Run> =>
    runHere(['parse', '--os', os], { env: {}, folder: tmpdir(), input });

  it('prints an array with the keys in their order', async () => {
    const line = 'ip route 10.1.0.0 255.255.255.0 203.0.113.5 tag 4711\n';

    const { stdout, exitCode } = await parse('cisco-ios', line);

    expect(exitCode).to.equal(0);
    expect(JSON.stringify(JSON.parse(stdout))).to.equal(
      '[{"vrf":null,"prefix":"10.1.0.0/24","nextHop":"203.0.113.5","interface":null,"distance":null,"tag":4711,"name":null,"description":null,"discard":false}]',
    );
  });

  it('reads a real standard input', async () => {
    const { stdout } = await execa(process.execPath, [MAIN, 'parse', '--os', 'linux'], {
      input: '10.1.0.0/24 via 203.0.113.5 dev eth1 metric 50\n',
    });

    expect(JSON.parse(stdout)).to.have.nested.property('[0].distance', 50);
  });

  for (const os of ROUTER_OSES) {
    it(`prints an empty array for ${os} where there is nothing`, async () => {
      const { stdout, exitCode } = await parse(os, '\n');

      expect([exitCode, stdout]).to.deep.equal([0, '[]\n']);
    });
  }
});
