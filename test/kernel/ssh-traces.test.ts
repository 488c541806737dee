/** What an SSH connection shows of itself on this host, and what it leaves behind; needs root. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { sshTransport } from '../../src/transport/ssh.ts';
import type { SshOptions } from '../../src/transport/ssh-options.ts';
import { rejected } from '../drivers/thrown.ts';
import { startPasswordServer } from '../support/password-server.ts';
import { startSshd, type TestSshd, whyNoSshd } from '../support/sshd.ts';
import { until } from '../support/until.ts';

const SIGNAL = new AbortController().signal;
const MODULE = new URL('../../src/transport/ssh.ts', import.meta.url).href;
const SECRET = 'correct-horse-battery';

describe('sshTransport on this host', function suite() {
  this.timeout(60_000);
  let sshd: TestSshd;
  /** Stands for /tmp. */
  let temporary: string;
  let folders = 0;

  before(async () => {
    const reason = whyNoSshd();
    if (reason !== undefined) {
      throw new Error(reason);
    }
    sshd = await startSshd();
    await writeFile(join(sshd.folder, 'password'), `${SECRET}\n`, { mode: 0o600 });
  });

  after(async () => sshd.close());

  beforeEach(async () => {
    folders += 1;
    temporary = join(sshd.folder, `tmp${folders}`);
    await mkdir(temporary);
  });

  function way(): SshOptions {
    const { port, identityFile, knownHostsFile } = sshd;
    return { host: '127.0.0.1', port, identityFile, knownHostsFile, configFile: '/dev/null' };
  }

  /** Runs `act` with TMPDIR at our folder. */
  async function inTemporary<T>(act: () => Promise<T>): Promise<T> {
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = temporary;
    try {
      return await act();
    } finally {
      if (before === undefined) {
        delete process.env['TMPDIR'];
      } else {
        process.env['TMPDIR'] = before;
      }
    }
  }

  async function isClean(): Promise<boolean> {
    return (await readdir(temporary)).length === 0 && processesWith(temporary).length === 0;
  }

  it('keeps what it needs in a folder that only we may enter, and removes it at the end', async () => {
    const transport = sshTransport(way());
    await inTemporary(async () => transport.run({ argv: ['true'] }, SIGNAL));

    const [name = ''] = await readdir(temporary);
    expect((await stat(join(temporary, name))).mode & 0o777).to.equal(0o700);
    expect(processesWith(temporary)).to.have.length.above(0);

    await transport.close();
    expect(await isClean()).to.equal(true);
  });

  it('leaves nothing behind after a login that was refused', async () => {
    const transport = sshTransport({ ...way(), user: 'nobody-here' });

    const error = await inTemporary(async () =>
      rejected(transport.run({ argv: ['true'] }, SIGNAL)),
    );

    expect(error.code).to.equal('UPSTREAM_LOGIN');
    expect(await isClean()).to.equal(true);
  });

  it('ends an attempt to log in when it is closed', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    try {
      const { port } = silent.address() as AddressInfo;
      const transport = sshTransport({ ...way(), port });

      const attempt = inTemporary(async () => rejected(transport.run({ argv: ['true'] }, SIGNAL)));
      await once(silent, 'connection');
      await transport.close();

      expect((await attempt).code).to.equal('UPSTREAM_UNREACHABLE');
      expect(await isClean()).to.equal(true);
    } finally {
      silent.close();
    }
  });

  /** Another process that has a connection, or is in the middle of a command. */
  async function holder(argv: readonly string[], more: object = {}): Promise<ChildProcess> {
    const script = `
      const { sshTransport } = await import(${JSON.stringify(MODULE)});
      const transport = sshTransport(${JSON.stringify({ ...way(), ...more })});
      await transport.run({ argv: ['true'] }, new AbortController().signal);
      console.log('ready');
      ${argv.length === 0 ? '' : `await transport.run({ argv: ${JSON.stringify(argv)} }, new AbortController().signal);`}`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return child;
  }

  it('leaves nothing behind when we are killed in the middle of a command', async () => {
    const child = await holder(['sleep', '60']);
    await until(() => processesWith(temporary).length > 2);

    child.kill('SIGKILL');

    await until(isClean);
  });

  it('keeps no process from ending that forgets to close it, and leaves nothing behind', async () => {
    const child = await holder([]);

    const [code] = await once(child, 'exit');

    expect(code).to.equal(0);
    await until(isClean);
  });

  it('shows a password in no argument, no environment and no other file', async () => {
    const seen: string[] = [];
    const server = await startPasswordServer({
      hostKeyFile: join(sshd.folder, 'host'),
      password: SECRET,
      ask: ['Password: '],
      onAnswer: () => seen.push(...processesWith(SECRET)),
    });
    const transport = sshTransport({
      ...way(),
      port: server.port,
      identityFile: undefined,
      passwordFile: join(sshd.folder, 'password'),
      hostKey: sshd.hostKey,
    });
    try {
      await inTemporary(async () => transport.run({ argv: ['true'] }, SIGNAL));

      const [name = ''] = await readdir(temporary);
      const askpass = await readFile(join(temporary, name, 'askpass'), 'utf8');
      expect(server.answers).to.deep.equal([SECRET]);
      expect([...seen, ...processesWith(SECRET)]).to.deep.equal([]);
      expect(askpass).to.not.contain(SECRET);
    } finally {
      await transport.close();
      await server.close();
    }
  });

  it('gives ssh nothing of our environment but what it needs', async () => {
    process.env['OS_PASSWORD'] = SECRET;
    const transport = sshTransport(way());
    try {
      await inTemporary(async () => transport.run({ argv: ['true'] }, SIGNAL));

      expect(processesWith(temporary)).to.have.length.above(0);
      expect(processesWith(SECRET)).to.deep.equal([]);
    } finally {
      delete process.env['OS_PASSWORD'];
      await transport.close();
    }
  });
});

/** The processes of this machine, but this one, with the text in their arguments or their environment. */
function processesWith(text: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => ['cmdline', 'environ'].map((file) => readOr(`/proc/${pid}/${file}`)))
    .filter((content) => content.includes(text));
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has ended, or is a kernel thread.
    return '';
  }
}
