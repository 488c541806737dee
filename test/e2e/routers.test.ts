/** The command line against every simulated router, through the OpenSSH client: from the first plan to the purge. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';
import ssh2 from 'ssh2';

import { WANTED } from '../cli/small-cloud.ts';
import { type Lab, LABS } from '../support/routers/labs.ts';
import { openRack, type Rack } from './rack.ts';

const SCOPE = {
  vrf: undefined,
  distance: undefined,
  mark: { tag: 1, name: 'test' },
  dialect: undefined,
  confirmSeconds: undefined,
};

/** Line by line, in a session that stays pending, in an exclusive candidate, on trial. */
const LOSSY = ['cisco-ios', 'arista-eos', 'juniper-junos group', 'cisco-iosxr'] as const;

/** How a session takes the configuration for itself, and what an apply ends with meanwhile. */
const HOLDERS = [
  ['juniper-junos tag', 'configure exclusive', 1],
  ['cisco-iosxr', 'configure exclusive', 1],
  ['nokia-sros md', 'edit-config exclusive', 1],
  // Entered all the same: each line is refused.
  ['huawei-vrp 8', 'configuration exclusive', 4],
] as const;

describe('route-sync over SSH', function suite() {
  this.timeout(60_000);
  const started = new Map<string, Promise<PromiseSettledResult<void>[]>>();
  const works = new Map<string, () => Promise<void>>();

  /** A session mostly waits for silence: all of them do so at the same time. */
  function together(title: string, work: () => Promise<void>): void {
    works.set(title, work);
    it(title, async () => {
      const [outcome] = (await started.get(title)) ?? [];
      if (outcome?.status !== 'fulfilled') {
        throw outcome?.reason;
      }
    });
  }

  before(() => {
    for (const [title, work] of works) {
      started.set(title, Promise.allSettled([work()]));
    }
  });

  for (const [name, lab] of Object.entries(LABS)) {
    together(`keeps the routes of ${name} in step with the cloud`, async () => walk(lab));
  }

  together('tells a changed host key, and types nothing', async () => {
    await using rack = await openRack(LABS['cisco-ios']);
    const { public: other } = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
    const knownHostsFile = join(rack.folder, 'known_hosts');
    await writeFile(knownHostsFile, `[127.0.0.1]:${rack.server.port} ${other}\n`);
    await rack.reach({ knownHostsFile });

    const { exitCode, code } = await failureOf(rack);

    expect([exitCode, code]).to.deep.equal([1, 'UPSTREAM_HOST_KEY']);
    expect(rack.typed()).to.deep.equal([]);
  });

  together('tells a wrong enable secret without showing it', async () => {
    await using rack = await openRack(LABS['cisco-ios']);
    const enableSecretFile = join(rack.folder, 'secret');
    await writeFile(enableSecretFile, 'wrong-secret\n', { mode: 0o600 });
    await rack.reach({ enableSecretFile });

    const { exitCode, code, output } = await failureOf(rack);

    expect([exitCode, code]).to.deep.equal([1, 'UPSTREAM_LOGIN']);
    expect(output).to.not.contain('wrong-secret');
    expect(rack.ours()).to.deep.equal({});
  });

  for (const name of LOSSY) {
    together(`converges after ${name} was lost in the middle of a push`, async () => {
      await using rack = await openRack(LABS[name]);
      rack.server.behave({
        faults: [{ kind: 'hang up', line: await lineOfPush(name), when: 'within' }],
      });

      const lost = await rack.run('apply');
      const left = rack.ours();
      rack.server.behave({ faults: [] });
      await succeed(rack, 'apply');

      expect(lost.exitCode, lost.stdout).to.equal(4);
      expect(left).to.not.deep.equal(WANTED);
      expect(rack.ours()).to.deep.equal(WANTED);
      expect(rack.isForeignKept()).to.equal(true);
    });
  }

  for (const [name, line, exitCode] of HOLDERS) {
    together(`waits for the one who holds the configuration of ${name}`, async () => {
      await using rack = await openRack(LABS[name]);
      const other = rack.router.login('somebody');
      other.enter(line);

      const failure = await failureOf(rack);

      expect([failure.exitCode, failure.code]).to.deep.equal([exitCode, 'UPSTREAM_BUSY']);
      expect(rack.ours()).to.deep.equal({});

      other.hangUp();
      await succeed(rack, 'apply');
      expect(rack.ours()).to.deep.equal(WANTED);
    });
  }
});

/** From the first plan to the purge. */
async function walk(lab: Lab): Promise<void> {
  await using rack = await openRack(lab);
  const { cloud, external, web, database } = rack.cloud;

  expect(await succeed(rack, 'plan')).to.contain('3 to add');
  const reading = rack.typed();
  expect(rack.ours()).to.deep.equal({});

  expect(await succeed(rack, 'apply')).to.contain('3 added, 0 replaced, 0 removed, verified.');
  expect(rack.ours()).to.deep.equal(WANTED);

  const before = rack.typed().length;
  expect(await succeed(rack, 'apply')).to.contain('0 added, 0 replaced, 0 removed, verified.');
  expect(rack.typed().slice(before)).to.deep.equal(reading);

  const addresses = ['203.0.113.20', '2001:db8:100::10'];
  cloud.setGateway(web.router, { network: external, enableSnat: false, addresses });
  cloud.removeInterface(database.router, database.subnet);
  expect(await succeed(rack, 'apply')).to.contain('0 added, 1 replaced, 1 removed, verified.');
  expect(rack.ours()).to.deep.equal({
    '198.51.100.0/27': '203.0.113.20',
    '2001:db8:a::/64': '2001:db8:100::10',
  });

  const checks = await succeed(rack, 'check');
  const keepsTwo = lab.driver.gatherSaved({ ...SCOPE, ...lab.scope }) !== undefined;
  expect(checks.includes('ok   edge1 saved: a restart of the router keeps')).to.equal(keepsTwo);

  expect(await succeed(rack, 'purge', '--yes')).to.contain('2 removed, verified.');
  expect(rack.ours()).to.deep.equal({});
  expect(rack.isForeignKept()).to.equal(true);
}

/** Stdout of a command that ends with 0. */
async function succeed(rack: Rack, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await rack.run(...args);
  expect(exitCode, `${args.join(' ')}: ${stdout}${stderr}`).to.equal(0);
  return stdout;
}

/** Which line of its login names one route, as another router of that kind is told. */
async function lineOfPush(name: keyof typeof LABS): Promise<number> {
  await using twin = await openRack(LABS[name]);
  await succeed(twin, 'apply');
  const lines = twin.server.terminals.at(-1)?.lines ?? [];
  const index = lines.findIndex((text) => text.includes('198.51.100.32'));
  expect(index).to.be.greaterThan(0);
  return index + 1;
}

interface Failure {
  readonly exitCode: number | undefined;
  /** Of the upstream, else of the first change. */
  readonly code: string | undefined;
  readonly output: string;
}

/** An apply that fails. */
async function failureOf(rack: Rack): Promise<Failure> {
  const { exitCode, stdout, stderr } = await rack.run('apply', '--output', 'json');
  const { upstreams } = JSON.parse(stdout) as {
    readonly upstreams: readonly {
      readonly error: { readonly code: string } | null;
      readonly result?: { readonly failed: readonly { readonly code: string }[] };
    }[];
  };
  const [upstream] = upstreams;
  const code = upstream?.error?.code ?? upstream?.result?.failed[0]?.code;
  return { exitCode, code, output: stdout + stderr };
}
