/** Programs over SSH on a real sshd, and the Linux driver on a router that is reached that way; needs root. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { applyChanges, proveRights, type Push } from '../../src/agent/apply.ts';
import { gatherState } from '../../src/agent/gather.ts';
import { verifyChanges } from '../../src/agent/verify.ts';
import type { RouteChange } from '../../src/core/route.ts';
import type { Program } from '../../src/drivers/driver.ts';
import { linux } from '../../src/drivers/linux.ts';
import { sshTransport } from '../../src/transport/ssh.ts';
import type { SshOptions } from '../../src/transport/ssh-options.ts';
import { remoteCommand } from '../../src/transport/ssh-remote.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { add, remove, replace, SCOPE } from '../drivers/routes.ts';
import { rejected } from '../drivers/thrown.ts';
import { startSshd, type TestSshd, whyNoSshd } from '../support/sshd.ts';
import { until } from '../support/until.ts';
import { makeNamespace, type TestNamespace, whyNoNamespace } from './namespace.ts';

const SIGNAL = new AbortController().signal;

describe('sshTransport, running programs', function suite() {
  this.timeout(60_000);
  let sshd: TestSshd;
  let transports: Transport[];

  before(async () => {
    const reason = whyNoSshd() ?? whyNoNamespace();
    if (reason !== undefined) {
      throw new Error(reason);
    }
    sshd = await startSshd();
  });

  after(async () => sshd.close());

  beforeEach(() => {
    transports = [];
  });

  afterEach(async () => {
    await Promise.all(transports.map(async (transport) => transport.close()));
  });

  function to(server: TestSshd, options: Partial<SshOptions> = {}): Transport {
    const { port, identityFile, knownHostsFile } = server;
    const usual = { host: '127.0.0.1', port, identityFile, knownHostsFile, agent: false };
    const transport = sshTransport({ ...usual, configFile: '/dev/null', ...options });
    transports.push(transport);
    return transport;
  }

  function shell(script: string, stdin?: string): Program {
    return { argv: ['sh', '-c', script], ...(stdin !== undefined && { stdin }) };
  }

  for (const code of [0, 3, 127, 255]) {
    it(`resolves with output and exit status ${code}`, async () => {
      const command = shell(`echo out; printf err >&2; exit ${code}`);

      const output = await to(sshd).run(command, SIGNAL);

      expect(output).to.deep.equal({ stdout: 'out\n', stderr: 'err', exitCode: code });
    });
  }

  it('hands every argument and every byte of the input over as it is', async () => {
    const words = ['', 'a b', "it's", '$(id)', '`id`', '"', '\\', '*', '!!', '~', 'ü', 'a\nb'];
    const stdin = `no newline at the end, €, \0, ${'x'.repeat(1_000_000)}`;
    const transport = to(sshd);

    const echoed = await transport.run({ argv: ['printf', '<%s>', ...words] }, SIGNAL);
    const { stdout } = await transport.run({ argv: ['cat'], stdin }, SIGNAL);

    expect(echoed.stdout).to.equal(words.map((word) => `<${word}>`).join(''));
    expect(stdout === stdin).to.equal(true);
  });

  it('opens one connection for commands one after another and side by side', async () => {
    const server = await startSshd();
    try {
      const transport = to(server);
      await Promise.all([1, 2, 3].map(async () => transport.run({ argv: ['true'] }, SIGNAL)));
      await transport.run({ argv: ['true'] }, SIGNAL);

      expect(server.log().match(/Accepted publickey/g)).to.have.length(1);
    } finally {
      await server.close();
    }
  });

  it('names a program that is missing there', async () => {
    const error = await rejected(to(sshd).run({ argv: ['no-such-program'] }, SIGNAL));

    expect(error.code).to.equal('UPSTREAM_TOOL_MISSING');
    expect(error.message).to.contain('no-such-program on 127.0.0.1');
  });

  it('runs no dialogue', async () => {
    const error = await rejected(to(sshd).run({ lines: [] }, SIGNAL));

    expect(error.code).to.equal('INTERNAL');
  });

  it('gives up at the deadline, and serves the next command', async () => {
    const transport = to(sshd, { commandTimeoutSeconds: 0.5 });

    const error = await rejected(transport.run({ argv: ['sleep', '30'] }, SIGNAL));
    const next = await transport.run({ argv: ['echo', 'next'] }, SIGNAL);

    expect(error).to.include({ code: 'UPSTREAM_UNREACHABLE', retryable: true });
    expect(error.message).to.match(/^sleep gave no answer within 0\.5 s on ssh 127\.0\.0\.1/);
    expect(next.stdout).to.equal('next\n');
  });

  it('gives up waiting for a host that accepts and says nothing', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    try {
      const { port } = silent.address() as AddressInfo;
      const transport = to(sshd, { port, connectTimeoutSeconds: 1 });

      const error = await rejected(transport.run({ argv: ['true'] }, SIGNAL));

      expect(error).to.include({ code: 'UPSTREAM_UNREACHABLE', retryable: true });
      expect(error.message).to.contain('timed out');
    } finally {
      silent.close();
    }
  });

  it('reports a session that is lost while a program runs, and connects again', async () => {
    const server = await startSshd();
    try {
      const transport = to(server);
      const started = join(server.folder, 'started');
      const running = rejected(transport.run(shell(`: >${started}; sleep 30`), SIGNAL));
      await until(() => existsSync(started));

      await server.stop();
      const error = await running;
      const refused = await rejected(transport.run({ argv: ['true'] }, SIGNAL));
      await server.start();
      const { stdout } = await transport.run({ argv: ['echo', 'again'] }, SIGNAL);

      expect(error).to.include({ code: 'UPSTREAM_UNREACHABLE', retryable: true });
      expect(error.message).to.contain('was lost while sh ran there');
      expect(refused.message).to.contain('Connection refused');
      expect(stdout).to.equal('again\n');
    } finally {
      await server.close();
    }
  });

  it('connects again when the server was restarted between two commands', async () => {
    const server = await startSshd();
    try {
      const transport = to(server);
      await transport.run({ argv: ['true'] }, SIGNAL);

      await server.stop();
      await server.start();
      const { stdout } = await transport.run({ argv: ['echo', 'again'] }, SIGNAL);

      expect(stdout).to.equal('again\n');
    } finally {
      await server.close();
    }
  });

  it('runs nothing when the connection dies before all of the input is there', async () => {
    const server = await startSshd();
    try {
      const done = join(server.folder, 'done');
      const batch = 'route add 10.0.0.0/8\nroute add 10.';
      const program = shell(`cat >${done}`, `${batch}0.0.0/24\n`);
      const mark = `torn-${process.pid}`;
      const keys = ['-i', server.identityFile, '-o', `UserKnownHostsFile=${server.knownHostsFile}`];
      const where = ['-F', 'none', ...keys, '-p', String(server.port), '127.0.0.1'];
      const client = spawn('ssh', [...where, ...remoteCommand(program, mark)]);
      client.stdin.write(batch);
      await until(() => namesWith(mark).some((line) => line.startsWith('sh\0')));

      await server.stop();
      await until(() => namesWith(mark).length === 0);

      expect(existsSync(done)).to.equal(false);
    } finally {
      await server.close();
    }
  });

  it('leaves no file of the input there', async () => {
    const folder = join(sshd.folder, 'tmp');
    await mkdir(folder);
    const server = await startSshd({ config: [`SetEnv TMPDIR=${folder}`] });
    try {
      const { stdout } = await to(server).run(shell(`ls -A ${folder}; cat`, 'input'), SIGNAL);

      expect(stdout).to.equal('input');
      expect(await readdir(folder)).to.deep.equal([]);
    } finally {
      await server.close();
    }
  });

  it('puts sudo -n before the program and nothing else', async () => {
    const folder = join(sshd.folder, 'bin');
    await mkdir(folder);
    await writeFile(join(folder, 'sudo'), '#!/bin/sh\necho "sudo $*"; shift 2; exec "$@"\n');
    await chmod(join(folder, 'sudo'), 0o755);
    const server = await startSshd({ config: [`SetEnv PATH=${folder}:/usr/bin:/bin`] });
    try {
      const transport = to(server, { sudo: true });

      const output = await transport.run({ argv: ['wc', '-c'], stdin: 'four' }, SIGNAL);
      await writeFile(
        join(folder, 'sudo'),
        '#!/bin/sh\necho "sudo: a password is required" >&2; exit 1\n',
      );
      const error = await rejected(transport.run({ argv: ['wc', '-c'] }, SIGNAL));

      expect(output.stdout).to.equal('sudo -n -- wc -c\n4\n');
      expect(error.code).to.equal('UPSTREAM_NOT_PERMITTED');
      expect(error.message).to.contain('NOPASSWD');
    } finally {
      await server.close();
    }
  });

  it('says that the server opens no session', async () => {
    const server = await startSshd({ config: ['MaxSessions 0'] });
    try {
      const error = await rejected(to(server).run({ argv: ['true'] }, SIGNAL));

      expect(error).to.include({ code: 'UPSTREAM_UNREACHABLE', retryable: true });
      expect(error.message).to.contain('opens no session').and.to.contain('refused by peer');
    } finally {
      await server.close();
    }
  });

  it('says that a login shell runs no commands', async () => {
    const server = await startSshd({ config: ['ForceCommand echo no commands here >&2; exit 1'] });
    try {
      const error = await rejected(to(server).run({ argv: ['true'] }, SIGNAL));

      expect(error.code).to.equal('UPSTREAM_COMMAND_FAILED');
      expect(error.message).to.contain('no commands here').and.to.contain('shell: none');
    } finally {
      await server.close();
    }
  });

  it('speaks to a login shell that is a CLI in plain words, or through its input', async () => {
    const server = await startSshd({
      config: ['ForceCommand echo "<$SSH_ORIGINAL_COMMAND>"; cat; exit 255'],
    });
    try {
      const transport = to(server, { shell: 'none' });

      const words = await transport.run({ argv: ['show', 'running-config', 'staticd'] }, SIGNAL);
      const fed = await transport.run({ argv: [''], stdin: 'configure\nexit\n' }, SIGNAL);
      const unsafe = await rejected(transport.run({ argv: ['show', 'x;id'] }, SIGNAL));

      expect(words).to.include({ stdout: '<show running-config staticd>\n', exitCode: 255 });
      expect(fed.stdout).to.equal('<>\nconfigure\nexit\n');
      expect(unsafe.code).to.equal('UNSAFE_WORD');
    } finally {
      await server.close();
    }
  });

  describe('with the Linux driver', () => {
    let namespace: TestNamespace;
    let router: TestSshd;

    beforeEach(async () => {
      namespace = makeNamespace();
      const inside = `exec nsenter --net=/run/netns/${namespace.name} sh -c "$SSH_ORIGINAL_COMMAND"`;
      router = await startSshd({ config: [`ForceCommand ${inside}`] });
    });

    afterEach(async () => {
      await router.close();
      namespace.close();
    });

    it('adds, replaces and removes routes, and proves its rights', async () => {
      const transport = to(router);
      const upstream = { driver: linux, transport, scope: SCOPE, signal: SIGNAL };
      const push = (...changes: readonly RouteChange[]): Push => ({
        ...upstream,
        changes,
        state: { routes: [], addresses: [] },
      });
      const pushed = async (...changes: readonly RouteChange[]): Promise<readonly string[]> => {
        const refused = await applyChanges(push(...changes));
        const { failed } = await verifyChanges(push(...changes));
        return [...refused, ...failed].map(({ error }) => error.message);
      };

      await proveRights(push());
      const first = await pushed(
        add('10.1.0.0/24', '192.0.2.2'),
        add('10.2.0.0/24', '192.0.2.2', '192.0.2.3'),
        add('2001:db8:1::/64', '2001:db8::2'),
      );
      const second = await pushed(
        replace('10.1.0.0/24', ['192.0.2.2'], ['192.0.2.3']),
        remove('10.2.0.0/24', '192.0.2.2', '192.0.2.3'),
        add('10.3.0.0/24', '203.0.113.1'),
      );

      expect(first).to.deep.equal([]);
      expect(second).to.have.length(2);
      expect(second[0]).to.match(/^add 10\.3\.0\.0\/24 .*Nexthop has invalid gateway/);
      const { routes } = await gatherState(push());
      expect(routes.filter(({ owned }) => owned).map(({ prefix }) => prefix.text)).to.have.members([
        '10.1.0.0/24',
        '2001:db8:1::/64',
      ]);
      expect(namespace.ip('route', 'show', '10.1.0.0/24')).to.contain('via 192.0.2.3');
    });
  });
});

/** The command lines on this machine that hold the text, their words separated by NUL. */
function namesWith(text: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => readOr(`/proc/${pid}/cmdline`))
    .filter((line) => line.includes(text));
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
