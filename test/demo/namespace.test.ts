/** The demo's upstream: every kind that this system permits, and what is left of it afterwards. */
import { readdir, readlink } from 'node:fs/promises';
import { expect } from 'chai';
import { execa } from 'execa';
import { type DemoUpstreamKind, openDemoUpstream } from '../../src/demo/namespace.ts';
import { DEMO_UPSTREAM } from '../../src/demo/story-config.ts';
import type { CommandOutput } from '../../src/drivers/driver.ts';
import type { Transport } from '../../src/transport/transport.ts';

const MODULES = new URL('../../src/demo/', import.meta.url).href;
const NOBODY = 65_534;

/** Why the system itself refuses such a namespace; asked without the code under test. */
async function reasonAgainst(flags: readonly string[]): Promise<string | undefined> {
  const link = ['link', 'add', 'name', 'a0', 'type', 'veth', 'peer', 'name', 'a1'];
  const { exitCode, stderr, originalMessage } = await execa(
    'unshare',
    [...flags, '--', 'ip', ...link],
    { reject: false },
  );
  return exitCode === 0 ? undefined : stderr || (originalMessage ?? 'unshare failed');
}

async function reasonAgainstNobody(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) {
    return 'only root can become another user';
  }
  const probe = `await import(${JSON.stringify(`${MODULES}namespace.ts`)})`;
  const { exitCode } = await asNobody(probe);
  return exitCode === 0 ? undefined : 'another user cannot read this folder, or setpriv is missing';
}

async function asNobody(script: string): Promise<{ exitCode: number | undefined; stdout: string }> {
  const identity = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
  const node = [process.execPath, '--input-type=module', '--eval', script];
  const { exitCode, stdout } = await execa('setpriv', [...identity, ...node], { reject: false });
  return { exitCode, stdout };
}

async function run(transport: Transport, ...argv: [string, ...string[]]): Promise<CommandOutput> {
  return transport.run({ argv }, AbortSignal.timeout(5000));
}

/** The network namespaces that processes of this machine are in. */
async function namespacesInUse(): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(pids.map((pid) => readlink(`/proc/${pid}/ns/net`).catch(() => '')));
}

const KINDS = [
  { kind: 'netns', reason: await reasonAgainst(['--net']) },
  { kind: 'userns', reason: await reasonAgainst(['--user', '--map-root-user', '--net']) },
  { kind: 'memory', reason: undefined },
] as const satisfies readonly { kind: DemoUpstreamKind; reason: string | undefined }[];

const REASON_AGAINST_NOBODY = await reasonAgainstNobody();

describe('openDemoUpstream', () => {
  for (const { kind, reason } of KINDS) {
    if (reason !== undefined) {
      it.skip(`${kind}: skipped, the system refuses it: ${reason}`);
      continue;
    }
    describe(kind, () => {
      it('has the addresses and the foreign routes, and takes one more route', async () => {
        const { transport, close, ...upstream } = await openDemoUpstream(DEMO_UPSTREAM, [kind]);
        try {
          const route = '10.10.1.0/24 via 203.0.113.10 proto 201 metric 1024';
          const added = await transport.run(
            { argv: ['ip', '-batch', '-'], stdin: `route add ${route}\n` },
            AbortSignal.timeout(5000),
          );

          const show = ['-N', '-details', '-json', 'route', 'show', 'table', 'main'] as const;
          const shown = await run(transport, 'ip', '-4', ...show);

          const routes = JSON.parse(shown.stdout) as readonly { dst: string; protocol: string }[];
          expect(upstream.kind).to.equal(kind);
          expect(added).to.include({ stderr: '', exitCode: 0 });
          expect(routes.map(({ dst, protocol }) => `${dst} ${protocol}`)).to.have.members([
            'default 4',
            '10.10.0.0/16 4',
            '10.10.0.0/30 2',
            '10.10.1.0/24 201',
            '10.10.12.0/24 4',
            '10.10.13.128/25 4',
            '203.0.113.0/24 2',
          ]);
        } finally {
          await close();
        }
      });

      it('has an IPv6 neighbourhood that takes routes at once', async () => {
        const { transport, close } = await openDemoUpstream(DEMO_UPSTREAM, [kind]);
        try {
          const stdin = 'route add 2001:db8:1001::/64 via 2001:db8:100::10 proto 201 metric 1024\n';
          const argv = ['ip', '-6', '-batch', '-'] as const;

          const added = await transport.run({ argv, stdin }, AbortSignal.timeout(5000));

          expect(added).to.include({ stderr: '', exitCode: 0 });
        } finally {
          await close();
        }
      });
    });
  }

  for (const { kind } of KINDS.filter(
    ({ kind, reason }) => kind !== 'memory' && reason === undefined,
  )) {
    it(`leaves no process in a ${kind}, and cannot be entered after close`, async () => {
      const { transport, close } = await openDemoUpstream(DEMO_UPSTREAM, [kind]);
      const { stdout } = await run(transport, 'readlink', '/proc/self/ns/net');

      const inUse = await namespacesInUse();
      await close();
      await close();

      expect(stdout).to.match(/^net:\[\d+\]\n$/);
      expect(inUse).not.to.include(stdout.trim());
      expect((await run(transport, 'ip', 'route')).exitCode).not.to.equal(0);
    });

    it(`closes the ${kind} when its setup fails, and says at which line`, async () => {
      const facts = { ...DEMO_UPSTREAM, routes: ['10.0.0.0/8 via 192.0.2.1'] };

      const failure: unknown = await openDemoUpstream(facts, [kind]).catch(
        (error: unknown) => error,
      );

      expect(failure).to.have.property('code', 'UPSTREAM_UNREACHABLE');
      expect(String(failure)).to.include('Nexthop has invalid gateway');
    });
  }

  it('falls back to memory and says why', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = '/nonexistent';
    try {
      const upstream = await openDemoUpstream(DEMO_UPSTREAM);

      expect(upstream.kind).to.equal('memory');
      expect(upstream.description).to.match(/no netns: .+; no userns: .+/);
    } finally {
      process.env['PATH'] = path;
    }
  });

  it('gives a reader of `ip` the same routes from memory as from the kernel', async function () {
    const real = KINDS.find(({ kind, reason }) => kind !== 'memory' && reason === undefined);
    if (real === undefined) {
      this.skip();
    }
    const texts = await Promise.all(
      [real.kind, 'memory' as const].map(async (kind) => {
        const upstream = await openDemoUpstream(DEMO_UPSTREAM, [kind]);
        const argv = ['ip', '-4', '-N', '-details', '-json', 'route', 'show', 'table', 'main'];
        const { stdout } = await run(upstream.transport, 'ip', ...argv.slice(1));
        await upstream.close();
        const routes = JSON.parse(stdout) as readonly Readonly<Record<string, unknown>>[];
        return routes
          .map(({ dst, gateway, dev, type }) => JSON.stringify([dst, gateway, dev, type]))
          .toSorted();
      }),
    );

    expect(texts[1]).to.deep.equal(texts[0]);
  });

  const reason = REASON_AGAINST_NOBODY ?? KINDS[1].reason;
  if (reason === undefined) {
    it('makes a userns for a user without any rights', async () => {
      const { stdout } = await asNobody(`
        const { openDemoUpstream } = await import(${JSON.stringify(`${MODULES}namespace.ts`)});
        const { DEMO_UPSTREAM } = await import(${JSON.stringify(`${MODULES}story-config.ts`)});
        const upstream = await openDemoUpstream(DEMO_UPSTREAM);
        process.stdout.write(upstream.kind + ' ' + process.getuid());
        await upstream.close();
      `);

      expect(stdout).to.equal(`userns ${NOBODY}`);
    });
  } else {
    it.skip(`a user without any rights: skipped, ${reason}`);
  }
});
