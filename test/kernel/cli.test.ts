/** The command line on real kernel routes: the process, `ip`, `flock` and network namespaces as on an operator's machine. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';

import { type CloudServer, startCloud } from '../../src/demo/cloud.ts';
import type { SmallCloud } from '../cli/small-cloud.ts';
import { edgeCloud } from './edge-cloud.ts';
import { makeNamespace, type TestNamespace, whyNoNamespace } from './namespace.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main.ts');
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

interface Run {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

interface Options {
  /** A program that starts the process, with its arguments. */
  readonly through?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

describe('route-sync on the kernel', function suite() {
  this.timeout(120_000);
  let small: SmallCloud;
  let server: CloudServer;
  let namespace: TestNamespace;
  let folder: string;

  before(function skipWithoutNamespaces() {
    if (whyNoNamespace() !== undefined) {
      this.skip();
    }
  });

  beforeEach(async () => {
    small = edgeCloud();
    server = await startCloud(small.cloud);
    namespace = makeNamespace();
    folder = await mkdtemp(path.join(tmpdir(), 'route-sync-kernel-'));
    await chmod(folder, 0o777);
    await mkdir(path.join(folder, 'run'), { mode: 0o777 });
    await chmod(path.join(folder, 'run'), 0o777);
    await configure([upstream()]);
  });

  afterEach(async () => {
    namespace.close();
    await server.close();
    await rm(folder, { recursive: true });
  });

  function upstream(change: object = {}): object {
    const via = { netns: namespace.name };
    return { name: 'edge1', os: 'linux', externalNetworks: ['edge'], via, ...change };
  }

  async function configure(upstreams: readonly object[]): Promise<void> {
    const allow = [
      { prefix: '203.0.112.0/24', maxLength: 28 },
      { prefix: '2001:db8::/32', maxLength: 64 },
    ];
    const config = {
      owner: 'kernel-test',
      stateDir: path.join(folder, 'state'),
      policy: { mode: 'sync', allow },
      removal: { snapshots: 1, graceSeconds: 0 },
      upstreams,
    };
    await writeFile(path.join(folder, 'route-sync.yaml'), JSON.stringify(config));
  }

  async function run(
    args: readonly string[],
    { through = [], env = {} }: Options = {},
  ): Promise<Run> {
    const [program = '', ...rest] = [...through, process.execPath, MAIN, ...args];
    const { exitCode, stdout, stderr } = await execa(program, rest, {
      cwd: folder,
      extendEnv: false,
      reject: false,
      stripFinalNewline: false,
      env: {
        ...server.env,
        PATH: process.env['PATH'],
        HOME: folder,
        TMPDIR: folder,
        RUNTIME_DIRECTORY: path.join(folder, 'run'),
        ...env,
      },
    });
    return { exitCode, stdout, stderr };
  }

  /** Every route of every table and family, byte for byte; link-local addresses come up in the kernel's own time. */
  function everything(): string {
    return ['-4', '-6']
      .flatMap((family) =>
        namespace.ip(family, '-N', '-details', 'route', 'show', 'table', 'all').split('\n'),
      )
      .filter((line) => !line.includes('fe80::'))
      .join('\n');
  }

  function ours(): readonly string[] {
    return ['-4', '-6']
      .flatMap((family) => namespace.ip(family, 'route', 'show', 'proto', '201').split('\n'))
      .flatMap((line) => line.match(/^\S+ via \S+/) ?? []);
  }

  const WANTED = [
    '203.0.112.0/27 via 192.0.2.10',
    '203.0.112.32/27 via 192.0.2.11',
    '2001:db8:a::/64 via 2001:db8::10',
    '2001:db8:b::/64 via 2001:db8::11',
  ];

  it('installs, follows the cloud, and takes everything back', async () => {
    const before = everything();
    const applied = await run(['apply']);
    const installed = ours();
    const again = await run(['apply']);
    const purged = await run(['purge', '--yes']);

    expect([applied.exitCode, again.exitCode, purged.exitCode]).to.deep.equal([0, 0, 0]);
    expect(installed).to.deep.equal(WANTED);
    expect(again.stdout).to.contain('Done: 0 added, 0 replaced, 0 removed, verified.');
    expect(everything()).to.equal(before);
  });

  it('leaves foreign routes of every kind byte for byte as they are', async () => {
    for (const route of [
      'add default via 192.0.2.254',
      'add 203.0.112.0/24 via 192.0.2.253 proto static',
      'add 203.0.112.32/27 via 192.0.2.252 proto 201 metric 5',
      'add blackhole 203.0.112.64/27',
      'add unreachable 203.0.112.96/27 metric 1024',
      'add 203.0.112.128/27 via 192.0.2.251 proto bgp table 77',
      'add 203.0.112.160/27 nexthop via 192.0.2.250 nexthop via 192.0.2.249',
      'add default via 2001:db8::fe',
      'add 2001:db8:c::/64 via 2001:db8::fd proto 196',
    ]) {
      namespace.ip('route', ...route.split(' '));
    }
    const before = everything();

    await run(['apply']);
    const during = everything();
    await run(['purge', '--yes']);

    expect(during.split('\n')).to.include.members(before.split('\n').filter((line) => line !== ''));
    expect(everything()).to.equal(before);
  });

  it('serves one upstream although the namespace of the other is missing', async () => {
    await configure([upstream({ name: 'edge0', via: { netns: 'rs-test-missing' } }), upstream()]);

    const { exitCode, stderr } = await run(['apply']);

    expect(exitCode).to.equal(4);
    expect(stderr).to.match(
      /^route-sync: edge0: cannot enter network namespace "rs-test-missing": .*"ip netns list"/,
    );
    expect(ours()).to.deep.equal(WANTED);
  });

  const refusals: Readonly<
    Record<string, { readonly change?: object; readonly options?: Options; readonly line: RegExp }>
  > = {
    'a table name that does not exist': {
      change: { table: 'nosuch' },
      line: /edge1: routing table "nosuch" is not known on the upstream: use a number, or/,
    },
    'a machine without ip': {
      options: { env: { PATH: '/nonexistent' } },
      line: /UPSTREAM_TOOL_MISSING/,
    },
    'a process without CAP_NET_ADMIN': {
      options: { through: ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin'] },
      line: /edge1: .*CAP_NET_ADMIN/,
    },
    'an unprivileged user': {
      options: { through: NOBODY },
      line: /edge1: cannot enter network namespace .*: run as root, or grant CAP_SYS_ADMIN/,
    },
  };
  for (const [what, { change, options, line }] of Object.entries(refusals)) {
    it(`refuses ${what} in one line, and changes nothing`, async () => {
      await configure([upstream(change)]);
      const before = everything();

      const { exitCode, stderr } = await run(['apply'], options);

      expect(stderr)
        .to.match(/^route-sync: [^\n]*\n$/)
        .and.match(line);
      expect(exitCode).to.equal(1);
      expect(everything()).to.equal(before);
    });
  }

  it('takes a table number that nobody uses yet for an empty table', async () => {
    await configure([upstream({ table: 7777 })]);

    const plan = await run(['plan']);
    const applied = await run(['apply']);

    expect([plan.exitCode, applied.exitCode]).to.deep.equal([0, 0]);
    expect(namespace.ip('route', 'show', 'table', '7777')).to.contain('203.0.112.0/27');
  });

  it('checks rights without a trace', async () => {
    const before = everything();

    const { exitCode, stdout } = await run(['check']);

    expect(exitCode).to.equal(0);
    expect(stdout).to.contain('ok   edge1 rights: may change routes');
    expect(everything()).to.equal(before);
  });

  it('runs as an agent until SIGTERM', async () => {
    const child = execa(process.execPath, [MAIN, 'run'], {
      cwd: folder,
      extendEnv: false,
      reject: false,
      env: {
        ...server.env,
        PATH: process.env['PATH'],
        HOME: folder,
        RUNTIME_DIRECTORY: path.join(folder, 'run'),
      },
    });
    await new Promise<void>((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('cycle run=')) {
          resolve();
        }
      });
    });

    child.kill('SIGTERM');

    expect((await child).exitCode).to.equal(0);
    expect(ours()).to.deep.equal(WANTED);
  });

  it('shows the demo to an unprivileged user, in memory if need be', async () => {
    const before = everything();

    const { exitCode, stdout, stderr } = await run(['demo'], { through: NOBODY });

    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.match(/^ {2}Done: 1 added, 0 replaced, 1 removed, verified\.$/m);
    expect(everything()).to.equal(before);
  });
});
