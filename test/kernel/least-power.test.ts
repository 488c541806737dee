/** The agent as it should run: a plain user with CAP_NET_ADMIN and nothing else, in the router's own network namespace. */
import { once } from 'node:events';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';

import { makeNamespace, type TestNamespace, whyNoNamespace } from './namespace.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main.ts');
const SERVE = path.join(import.meta.dirname, 'serve-cloud.ts');
/** Linux capability(7): number 12. */
const NET_ADMIN_ONLY = (1 << 12).toString(16).padStart(16, '0');
const PLAIN_USER = [
  'setpriv',
  '--reuid=65534',
  '--regid=65534',
  '--clear-groups',
  '--inh-caps=-all,+net_admin',
  '--ambient-caps=-all,+net_admin',
  '--bounding-set=-all,+net_admin',
  '--no-new-privs',
];

describe('route-sync as a plain user with CAP_NET_ADMIN', function suite() {
  this.timeout(120_000);
  let namespace: TestNamespace;
  let folder: string;
  let stopCloud: () => Promise<void>;
  let env: Readonly<Record<string, string>>;

  before(function skipWithoutNamespaces() {
    if (whyNoNamespace() !== undefined) {
      this.skip();
    }
  });

  beforeEach(async () => {
    namespace = makeNamespace();
    folder = await mkdtemp(path.join(tmpdir(), 'route-sync-power-'));
    await chmod(folder, 0o777);
    const config = {
      owner: 'least-power',
      stateDir: path.join(folder, 'state'),
      policy: { mode: 'sync', allow: [{ prefix: '203.0.112.0/24', maxLength: 28 }] },
      removal: { snapshots: 1, graceSeconds: 0 },
      jitterSeconds: 0,
      upstreams: [{ name: 'here', os: 'linux', externalNetworks: ['edge'] }],
    };
    await writeFile(path.join(folder, 'route-sync.yaml'), JSON.stringify(config));
    await mkdir(path.join(folder, 'run'), { mode: 0o777 });
    await chmod(path.join(folder, 'run'), 0o777);
    const cloud = execa('ip', ['netns', 'exec', namespace.name, process.execPath, SERVE], {
      reject: false,
    });
    const [line] = (await once(cloud.stdout, 'data')) as [Buffer];
    env = JSON.parse(line.toString()) as Record<string, string>;
    stopCloud = async () => {
      cloud.stdin.end();
      await cloud;
    };
  });

  afterEach(async () => {
    await stopCloud();
    namespace.close();
    await rm(folder, { recursive: true });
  });

  function start(args: readonly string[]) {
    const program = [...PLAIN_USER, process.execPath, MAIN, ...args];
    return execa('ip', ['netns', 'exec', namespace.name, ...program], {
      cwd: folder,
      extendEnv: false,
      reject: false,
      env: {
        ...env,
        PATH: process.env['PATH'],
        HOME: folder,
        RUNTIME_DIRECTORY: path.join(folder, 'run'),
      },
    });
  }

  function ours(): string {
    return namespace.ip('route', 'show', 'proto', '201');
  }

  it('plans, applies and purges', async () => {
    const applied = await start(['apply']);
    const installed = ours();
    const purged = await start(['purge', '--yes']);

    expect([applied.exitCode, purged.exitCode], applied.stderr + purged.stderr).to.deep.equal([
      0, 0,
    ]);
    expect(installed).to.contain('203.0.112.0/27 via 192.0.2.10');
    expect(ours()).to.equal('');
  });

  it('keeps its state to itself', async () => {
    await start(['apply']);

    const state = path.join(folder, 'state');
    const files = await readdir(state, { recursive: true, withFileTypes: true });
    const modes = await Promise.all(
      files.map(async (file) => {
        const { mode, uid } = await stat(path.join(file.parentPath, file.name));
        return [file.isDirectory(), (mode & 0o777).toString(8), uid];
      }),
    );
    expect(modes).to.have.length.above(3);
    for (const [isFolder, mode, uid] of modes) {
      expect([mode, uid]).to.deep.equal([isFolder === true ? '700' : '600', 65_534]);
    }
  });

  it('holds no other right and listens on loopback alone while it runs', async () => {
    const agent = start(['run']);
    try {
      await until(() => ours().includes('203.0.112.32/27'));
      // `ip netns exec` and setpriv became the agent: one process under one id.
      const pid = agent.pid ?? 0;
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      const sockets = await listening(pid);

      expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).to.equal('65534');
      for (const set of ['CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
        expect(new RegExp(`^${set}:\\s+(\\w+)`, 'm').exec(status)?.[1], set).to.equal(
          NET_ADMIN_ONLY,
        );
      }
      // 127.0.0.1:9717 as proc_net_tcp(5) writes it
      expect(sockets).to.deep.equal(['0100007F:25F5']);
    } finally {
      agent.kill('SIGTERM');
    }
    expect((await agent).exitCode).to.equal(0);
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

/** The process's own sockets in state LISTEN (0A in proc_net_tcp). */
async function listening(pid: number): Promise<readonly string[]> {
  const links = await Promise.all(
    (await readdir(`/proc/${pid}/fd`)).map(async (fd) =>
      readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''),
    ),
  );
  const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map(async (table) => readFile(`/proc/${pid}/net/${table}`, 'utf8')),
  );
  return tables
    .flatMap((table) => table.split('\n').slice(1))
    .map((row) => row.trim().split(/\s+/))
    .filter((row) => row[3] === '0A' && inodes.has(row[9] ?? ''))
    .map((row) => row[1] ?? '');
}
