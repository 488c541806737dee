/** Logins by the real OpenSSH client to real servers on the loopback interface; needs root. */
import { execFileSync, spawn } from 'node:child_process';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RouteSyncError } from '../../src/errors.ts';
import { sshTransport } from '../../src/transport/ssh.ts';
import type { SshOptions } from '../../src/transport/ssh-options.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { rejected } from '../drivers/thrown.ts';
import { type PasswordServer, startPasswordServer } from '../support/password-server.ts';
import { makeKey, publicKey, startSshd, type TestSshd, whyNoSshd } from '../support/sshd.ts';

const SIGNAL = new AbortController().signal;
const OTHER_PRINT = `SHA256:${'a'.repeat(43)}`;

describe('sshTransport, logging in', function suite() {
  this.timeout(60_000);
  let sshd: TestSshd;
  let transports: Transport[];

  before(async () => {
    const reason = whyNoSshd();
    if (reason !== undefined) {
      throw new Error(reason);
    }
    sshd = await startSshd({ config: ['TrustedUserCAKeys FOLDER/ca.pub', 'Banner FOLDER/banner'] });
    makeKey(join(sshd.folder, 'ca'));
    await writeFile(
      join(sshd.folder, 'banner'),
      'root@127.0.0.1: Permission denied (publickey).\nHost key verification failed.\n',
    );
  });

  after(async () => sshd.close());

  beforeEach(() => {
    transports = [];
  });

  afterEach(async () => {
    await Promise.all(transports.map(async (transport) => transport.close()));
  });

  function file(name: string): string {
    return join(sshd.folder, name);
  }

  function to(options: Partial<SshOptions> = {}): Transport {
    const { port, identityFile, knownHostsFile } = sshd;
    const usual = { host: '127.0.0.1', port, identityFile, knownHostsFile, agent: false };
    const transport = sshTransport({ ...usual, configFile: '/dev/null', ...options });
    transports.push(transport);
    return transport;
  }

  async function greet(options?: Partial<SshOptions>): Promise<string> {
    const { stdout } = await to(options).run({ argv: ['echo', 'hello'] }, SIGNAL);
    return stdout;
  }

  async function refusal(options: Partial<SshOptions>): Promise<RouteSyncError> {
    return rejected(to(options).run({ argv: ['echo'] }, SIGNAL));
  }

  it('logs in with a key', async () => {
    expect(await greet()).to.equal('hello\n');
  });

  it('refuses a host that nobody knows, and shows its fingerprint', async () => {
    const error = await refusal({ knownHostsFile: '/dev/null' });

    expect(error).to.include({ code: 'UPSTREAM_HOST_KEY', retryable: false });
    expect(error.message).to.contain(
      `is not known: the host showed ssh-ed25519 ${sshd.fingerprint}`,
    );
    expect(error.message).to.contain(`ssh-keyscan -p ${sshd.port} 127.0.0.1`);
  });

  it('refuses a host whose key has changed, and shows where the old one stands', async () => {
    makeKey(file('other'));
    await writeFile(
      file('known_changed'),
      `[127.0.0.1]:${sshd.port} ${await publicKey(file('other'))}\n`,
    );

    const error = await refusal({ knownHostsFile: file('known_changed') });

    expect(error.code).to.equal('UPSTREAM_HOST_KEY');
    expect(error.message).to.contain(`is not the known one (${file('known_changed')}:1)`);
    expect(error.message).to.contain(sshd.fingerprint);
  });

  for (const kind of ['hostKey', 'fingerprint'] as const) {
    it(`takes the pinned ${kind}, whatever known_hosts holds`, async () => {
      const options = { hostKey: sshd[kind], knownHostsFile: '/dev/null' };

      expect(await greet(options)).to.equal('hello\n');
    });
  }

  it('takes no other key than the pinned one, also if known_hosts has it', async () => {
    makeKey(file('third'));
    for (const hostKey of [OTHER_PRINT, await publicKey(file('third'))]) {
      const error = await refusal({ hostKey });

      expect(error.code).to.equal('UPSTREAM_HOST_KEY');
      expect(error.message).to.contain('is not the pinned one').and.to.contain(sshd.fingerprint);
    }
  });

  it('writes a new key down only when asked to, and holds the host to it', async () => {
    const knownHostsFile = file('accepted');
    await rm(knownHostsFile, { force: true });

    expect(await greet({ knownHostsFile, hostKeys: 'accept-new' })).to.equal('hello\n');
    expect(await readFile(knownHostsFile, 'utf8')).to.contain(sshd.hostKey);
    expect(await greet({ knownHostsFile })).to.equal('hello\n');
  });

  it('does not accept a new key that cannot be written down', async () => {
    const error = await refusal({
      knownHostsFile: join(sshd.folder, 'no-folder/known_hosts'),
      hostKeys: 'accept-new',
    });

    expect(error.code).to.equal('UPSTREAM_HOST_KEY');
    expect(error.message).to.contain('cannot be written');
  });

  it('says who was refused and what the host offers', async () => {
    makeKey(file('stranger'));

    const error = await refusal({ identityFile: file('stranger'), user: 'root' });

    expect(error).to.include({ code: 'UPSTREAM_LOGIN', retryable: false });
    expect(error.message).to.contain('login of root@127.0.0.1 was refused');
    expect(error.message).to.match(/the host offers publickey,password/);
  });

  it('names a key file that is not there', async () => {
    const error = await refusal({ identityFile: file('nowhere') });

    expect(error.code).to.equal('UPSTREAM_LOGIN');
    expect(error.message).to.contain(`${file('nowhere')} (via.ssh.identityFile): ENOENT`);
  });

  it('logs in with a certificate', async () => {
    makeKey(file('certified'));
    const sign = ['-q', '-s', file('ca'), '-I', 'test', '-n', 'root', file('certified.pub')];
    execFileSync('ssh-keygen', sign);

    const options = {
      identityFile: file('certified'),
      certificateFile: file('certified-cert.pub'),
      user: 'root',
    };

    expect(await greet(options)).to.equal('hello\n');
  });

  it('logs in with a key that only the agent holds, unless told not to', async () => {
    const socket = file('agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    const before = process.env['SSH_AUTH_SOCK'];
    try {
      await new Promise((resolve) => {
        agent.stdout.once('data', resolve);
      });
      process.env['SSH_AUTH_SOCK'] = socket;
      execFileSync('ssh-add', ['-q', sshd.identityFile], { stdio: 'ignore' });
      const identityFile = undefined;
      const withoutKeys = file('no_keys');
      await writeFile(withoutKeys, 'IdentityFile none\n');

      expect(await greet({ identityFile, configFile: withoutKeys, agent: true })).to.equal(
        'hello\n',
      );
      expect((await refusal({ identityFile, configFile: withoutKeys })).code).to.equal(
        'UPSTREAM_LOGIN',
      );
    } finally {
      agent.kill();
      if (before === undefined) {
        delete process.env['SSH_AUTH_SOCK'];
      } else {
        process.env['SSH_AUTH_SOCK'] = before;
      }
    }
  });

  it('opens a key with its passphrase', async () => {
    makeKey(file('locked'), 'ed25519', 'open sesame');
    await writeFile(file('authorized_keys'), `${await publicKey(file('locked'))}\n`, { flag: 'a' });
    await writeFile(file('passphrase'), 'open sesame\n', { mode: 0o600 });
    const identityFile = file('locked');

    expect(await greet({ identityFile, passphraseFile: file('passphrase') })).to.equal('hello\n');
    expect((await refusal({ identityFile })).code).to.equal('UPSTREAM_LOGIN');
  });

  it('refuses a secret that others may read', async () => {
    await writeFile(file('open-secret'), 'secret\n');
    await chmod(file('open-secret'), 0o644);

    const error = await refusal({ passwordFile: file('open-secret') });

    expect(error.message).to.contain(`chmod 600 ${file('open-secret')}`);
  });

  it('says which old algorithm a host needs, and uses it when it is permitted', async () => {
    const old = await startSshd({
      hostKeyType: 'rsa',
      config: ['KexAlgorithms diffie-hellman-group14-sha1', 'HostKeyAlgorithms ssh-rsa'],
    });
    try {
      const { port, identityFile, knownHostsFile } = old;
      const way = { port, identityFile, knownHostsFile };

      const first = await refusal(way);
      const kex = ['diffie-hellman-group14-sha1'];
      const second = await refusal({ ...way, algorithms: { kex } });

      expect([first.code, second.code]).to.deep.equal([
        'UPSTREAM_UNREACHABLE',
        'UPSTREAM_UNREACHABLE',
      ]);
      expect(first.message).to.contain('via.ssh.algorithms.kex');
      expect(second.message).to.contain('ssh-rsa').and.to.contain('via.ssh.algorithms.hostKeys');
      expect(await greet({ ...way, algorithms: { kex, hostKeys: ['ssh-rsa'] } })).to.equal(
        'hello\n',
      );
      expect(
        await greet({
          ...way,
          algorithms: { kex, hostKeys: ['ssh-rsa'] },
          hostKey: old.fingerprint,
        }),
      ).to.equal('hello\n');
    } finally {
      await old.close();
    }
  });

  it('finds in ssh_config what the options leave open', async () => {
    await writeFile(
      file('ssh_config'),
      [
        'Host edge-a edge-b',
        '  HostName 127.0.0.1',
        `  Port ${sshd.port}`,
        `  IdentityFile ${sshd.identityFile}`,
        `  UserKnownHostsFile ${sshd.knownHostsFile}`,
        '',
      ].join('\n'),
    );
    const alias = (host: string): Partial<SshOptions> => ({
      host,
      configFile: file('ssh_config'),
      port: undefined,
      identityFile: undefined,
      knownHostsFile: undefined,
    });

    expect(await greet(alias('edge-a'))).to.equal('hello\n');
    const locks = await Promise.all(
      ['edge-a', 'edge-b'].map(async (host) => to(alias(host)).lockTarget()),
    );
    expect(locks).to.deep.equal(Array(2).fill(`ssh 127.0.0.1:${sshd.port}`));
  });

  describe('through a jump host', () => {
    let jump: TestSshd;

    before(async () => {
      jump = await startSshd();
      await writeFile(
        jump.knownHostsFile,
        `[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n[127.0.0.1]:${jump.port} ${jump.hostKey}\n`,
      );
      await writeFile(
        join(jump.folder, 'authorized_keys'),
        `${await publicKey(sshd.identityFile)}\n`,
      );
    });

    after(async () => jump.close());

    function through(count: number): Partial<SshOptions> {
      return {
        jump: Array(count).fill(`root@127.0.0.1:${jump.port}`).join(','),
        knownHostsFile: jump.knownHostsFile,
      };
    }

    for (const count of [1, 2, 3]) {
      it(`reaches the router over ${count}`, async () => {
        expect(await greet(through(count))).to.equal('hello\n');
        expect(jump.log()).to.contain('Accepted publickey for root');
      });
    }

    it('checks the key of the jump host', async () => {
      const error = await refusal({ ...through(1), knownHostsFile: sshd.knownHostsFile });

      expect(error.code).to.equal('UPSTREAM_HOST_KEY');
      expect(error.message)
        .to.contain(`[127.0.0.1]:${jump.port} is not known`)
        .and.to.contain(jump.fingerprint);
    });

    it('takes the pinned key for the router only', async () => {
      const options = { ...through(1), hostKey: sshd.hostKey };
      const error = await refusal({ ...options, knownHostsFile: '/dev/null' });

      expect(await greet(options)).to.equal('hello\n');
      expect(error.message).to.contain(`[127.0.0.1]:${jump.port} is not known`);
    });

    it('names the jump host that refuses the login', async () => {
      const error = await refusal({ ...through(1), jump: `nobody-here@127.0.0.1:${jump.port}` });

      expect(error.code).to.equal('UPSTREAM_LOGIN');
      expect(error.message).to.contain('nobody-here@127.0.0.1');
    });

    it('says that the jump host is away, or cannot reach the router', async () => {
      const away = await refusal({ ...through(1), jump: '127.0.0.1:1' });
      const beyond = await refusal({ ...through(1), port: 1 });

      expect(away).to.include({ code: 'UPSTREAM_UNREACHABLE', retryable: true });
      expect(away.message).to.contain('port 1: Connection refused');
      expect(beyond).to.include({ code: 'UPSTREAM_UNREACHABLE', retryable: true });
      expect(beyond.message).to.match(/open failed|forwarding failed/);
    });
  });

  describe('with a password', () => {
    const password = `p'w "$(id)" \\ 1`;
    let server: PasswordServer | undefined;

    beforeEach(async () => {
      await writeFile(file('password'), `${password}\r\nsecond line\n`, { mode: 0o600 });
    });

    afterEach(async () => server?.close());

    async function serve(ask: 'password' | readonly string[], expected = password) {
      server = await startPasswordServer({
        hostKeyFile: await pem(),
        password: expected,
        ask,
      });
      return {
        server,
        way: {
          port: server.port,
          user: 'admin',
          identityFile: undefined,
          passwordFile: file('password'),
          hostKeys: 'accept-new',
          knownHostsFile: file(`accepted-${server.port}`),
        } as const,
      };
    }

    /** ssh2 reads OpenSSH's own format of keys, too. */
    async function pem(): Promise<string> {
      return join(sshd.folder, 'host');
    }

    for (const ask of ['password', ['Password: '], ['Enter password:']] as const) {
      it(`answers ${JSON.stringify(ask)} with the first line of the file`, async () => {
        const {
          server: { answers },
          way,
        } = await serve(ask);

        expect(await greet(way)).to.equal('hello\n');
        expect(answers).to.deep.equal([password]);
      });
    }

    for (const ask of ['New password: ', 'Verification code: ', 'Retype new password: ']) {
      it(`gives nothing to ${JSON.stringify(ask)}`, async () => {
        const {
          server: { answers },
          way,
        } = await serve([ask]);

        const error = await refusal(way);

        expect(error.code).to.equal('UPSTREAM_LOGIN');
        expect(answers.join('')).to.equal('');
      });
    }

    it('tries a wrong password once, and never shows it', async () => {
      const {
        server: { answers },
        way,
      } = await serve('password', 'another');

      const error = await refusal(way);

      expect(error.code).to.equal('UPSTREAM_LOGIN');
      expect(answers).to.deep.equal([password]);
      expect(JSON.stringify([error.message, error.details])).to.not.contain("p'w");
    });

    it('does not give the password of the router to a jump host of ssh_config', async () => {
      const {
        server: { answers, port },
        way,
      } = await serve('password');
      await writeFile(
        file('jumping'),
        [
          `Host 127.0.0.1`,
          `  ProxyJump other@localhost:${port}`,
          'Host localhost',
          '  StrictHostKeyChecking no',
          '  UserKnownHostsFile /dev/null',
          '',
        ].join('\n'),
      );

      const error = await refusal({ ...way, configFile: file('jumping') });

      expect(error.code).to.be.oneOf(['UPSTREAM_LOGIN', 'UPSTREAM_UNREACHABLE']);
      expect(answers.join('')).to.equal('');
    });
  });
});
