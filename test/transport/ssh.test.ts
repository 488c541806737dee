/** What the SSH transport does before it connects; logins and commands are in test/kernel. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readSecretLine } from '../../src/transport/ssh-secret.ts';
import { sshTransport } from '../../src/transport/ssh.ts';
import { rejected, thrown } from '../drivers/thrown.ts';

const SIGNAL = new AbortController().signal;

describe('sshTransport', () => {
  it('is known by what it leads to', () => {
    expect(sshTransport({ host: 'edge1', user: 'bot' })).to.include({
      description: 'ssh bot@edge1',
      target: 'ssh/edge1:22',
    });
    expect(sshTransport({ host: '2001:db8::1', port: 830 }).target).to.equal(
      'ssh/[2001:db8::1]:830',
    );
  });

  it('refuses what is no host or no key at once', () => {
    expect(thrown(() => sshTransport({ host: '-oProxyCommand=id' })).code).to.equal('UNSAFE_WORD');
    expect(thrown(() => sshTransport({ host: 'e', hostKey: 'no' })).code).to.equal('UNSAFE_WORD');
  });

  it('says what to install where ssh is missing', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = '/nowhere';
    try {
      const error = await rejected(sshTransport({ host: 'e' }).run({ argv: ['ip'] }, SIGNAL));

      expect(error.code).to.equal('UPSTREAM_TOOL_MISSING');
      expect(error.message).to.contain('openssh-client');
    } finally {
      process.env['PATH'] = path;
    }
  });

  it('shows the first error of ssh_config', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rs-ssh-'));
    try {
      const configFile = join(folder, 'config');
      await writeFile(configFile, '# edge\nNoSuchOption yes\n');

      const error = await rejected(sshTransport({ host: 'e', configFile }).lockTarget());

      expect(error.code).to.equal('UPSTREAM_UNREACHABLE');
      expect(error.message).to.contain(`${configFile}: line 2: Bad configuration option`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('does not connect once it is stopped, and may be closed without having been used', async () => {
    const transport = sshTransport({ host: '127.0.0.1', port: 1, configFile: '/dev/null' });

    const error = await rejected(transport.run({ argv: ['ip'] }, AbortSignal.abort()));
    await transport.close();
    await sshTransport({ host: 'e' }).close();

    expect(error.code).to.equal('UPSTREAM_UNREACHABLE');
  });
});

describe('readSecretLine', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rs-secret-'));
  });

  afterEach(async () => rm(folder, { recursive: true }));

  async function secret(text: string, mode: number): Promise<string> {
    const file = join(folder, `secret-${mode}`);
    await writeFile(file, text, { mode });
    return readSecretLine(file, 'via.ssh.enableSecretFile');
  }

  it('reads the first line', async () => {
    expect(await secret(' a b\r\nnext\n', 0o600)).to.equal(' a b');
  });

  it('refuses what others may read, what is empty, and what is no file', async () => {
    const messages = [
      await rejected(secret('x', 0o640)),
      await rejected(secret('\nx', 0o400)),
      await rejected(readSecretLine(folder, 'via.ssh.enableSecretFile')),
      await rejected(readSecretLine(join(folder, 'none'), 'via.ssh.enableSecretFile')),
    ].map(({ message }) => message);

    expect(messages[0]).to.contain('chmod 600');
    expect(messages[1]).to.contain('empty');
    expect(messages[2]).to.contain('is no file');
    expect(messages[3]).to.contain('ENOENT').and.to.contain('via.ssh.enableSecretFile');
  });
});
