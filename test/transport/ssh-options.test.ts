/** The arguments of `ssh`, judged by what `ssh -G` makes of them where that can tell. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { sshEnvironment } from '../../src/transport/ssh-folder.ts';
import { configValue, pinFile } from '../../src/transport/ssh-host-key.ts';
import { sshArguments, type SshOptions } from '../../src/transport/ssh-options.ts';
import { thrown } from '../drivers/thrown.ts';

const FINGERPRINT = `SHA256:${'b'.repeat(43)}`;
const KEY = `ssh-ed25519 ${'A'.repeat(68)}`;

/** The settings that OpenSSH reads from our arguments. */
function understood(options: Partial<SshOptions>): ReadonlyMap<string, string> {
  const all = { host: 'edge1.example', configFile: '/dev/null', ...options };
  const args = sshArguments(all, { mode: 'master', folder: '/run/rs 1' });
  const { stdout, stderr, status } = spawnSync('ssh', ['-G', ...args], { encoding: 'utf8' });
  expect([status, stderr.replaceAll(/^debug1: [^\n]*\n/gm, '')]).to.deep.equal([0, '']);
  return new Map(
    stdout.split('\n').map((line) => [line.split(' ', 1)[0] ?? '', line.replace(/^\S+ /, '')]),
  );
}

function setting(options: Partial<SshOptions>, key: string): string | undefined {
  return understood(options).get(key);
}

describe('sshArguments', () => {
  it('lets ssh ask nobody, forward nothing, and check keys and silence', () => {
    expect(Object.fromEntries(understood({}))).to.include({
      hostname: 'edge1.example',
      batchmode: 'yes',
      stricthostkeychecking: 'true',
      numberofpasswordprompts: '1',
      connecttimeout: '10',
      serveraliveinterval: '15',
      serveralivecountmax: '3',
      forwardagent: 'no',
      clearallforwardings: 'yes',
      controlpath: '/run/rs 1/s',
      updatehostkeys: 'false',
    });
  });

  const cases: readonly (readonly [string, Partial<SshOptions>, string, string])[] = [
    ['the port', { port: 2222 }, 'port', '2222'],
    ['the user', { user: 'CORP\\bot+x' }, 'user', 'CORP\\bot+x'],
    ['a path with spaces', { identityFile: '/k/my key' }, 'identityfile', '/k/my key'],
    ['the key only', { identityFile: '/k' }, 'identitiesonly', 'yes'],
    ['a certificate', { certificateFile: '/c' }, 'certificatefile', '/c'],
    ['no agent', { agent: false }, 'identityagent', 'none'],
    ['a password file', { passwordFile: '/p' }, 'batchmode', 'no'],
    ['a passphrase file', { passphraseFile: '/p' }, 'batchmode', 'no'],
    ['known hosts', { knownHostsFile: '/h h' }, 'userknownhostsfile', '"/h h"'],
    ['accept-new', { hostKeys: 'accept-new' }, 'stricthostkeychecking', 'accept-new'],
    ['a pinned key', { hostKey: KEY }, 'globalknownhostsfile', '/dev/null'],
    ['the time to connect', { connectTimeoutSeconds: 1.5 }, 'connecttimeout', '2'],
    ['the time of silence', { keepAliveSeconds: 5 }, 'serveraliveinterval', '5'],
  ];
  for (const [what, options, key, value] of cases) {
    it(`tells ssh ${what}`, () => {
      expect(setting(options, key)?.replaceAll('"', '')).to.equal(value.replaceAll('"', ''));
    });
  }

  it('adds old algorithms to those that ssh has', () => {
    const kex = ['diffie-hellman-group1-sha1'];
    const found = setting({ algorithms: { kex } }, 'kexalgorithms') ?? '';

    expect(found).to.match(/^\S+,diffie-hellman-group1-sha1$/);
    expect(found).to.contain('curve25519-sha256');
    expect(setting({}, 'kexalgorithms')).to.not.contain('group1-sha1');
    expect(setting({ algorithms: { hostKeys: ['ssh-rsa'] } }, 'hostkeyalgorithms')).to.match(
      /,ssh-rsa$/,
    );
  });

  it('goes through jump hosts with the same checks, and never with the password', () => {
    const proxy = setting(
      { jump: 'a,me@[2001:db8::1]:2222', knownHostsFile: '/h', passwordFile: '/p' },
      'proxycommand',
    );

    expect(proxy).to.match(/^ssh -p 2222 -l me .* -W '\[%h\]:%p' -- 2001:db8::1$/);
    expect(proxy).to.contain('BatchMode=yes').and.to.contain('StrictHostKeyChecking=yes');
    expect(proxy).to.contain('UserKnownHostsFile="/h"').and.to.not.contain('/p');
    expect(proxy).to.contain("'[%%h]:%%p'").and.to.contain('-- a');
  });

  it('opens a terminal where one is wanted', () => {
    const args = sshArguments({ host: 'e' }, { mode: 'terminal', folder: '/run/x' });

    expect(args.slice(0, 3)).to.deep.equal(['-tt', '-e', 'none']);
    expect(args.slice(-2)).to.deep.equal(['--', 'e']);
  });

  const unsafe: readonly Partial<SshOptions>[] = [
    { host: '-oProxyCommand=id' },
    { host: '' },
    { host: 'a\nb' },
    { host: 'a b' },
    { host: 'me@edge' },
    { user: '-x' },
    { user: 'a b' },
    { user: 'a\nb' },
    { jump: '-oProxyCommand=id' },
    { jump: 'a,,b' },
    { jump: "a';id" },
    { jump: 'a\nb' },
    { identityFile: '/a"b' },
    { identityFile: '/a\nProxyCommand id' },
    { knownHostsFile: '/${HOME}/x' },
    { hostKey: 'ssh-ed25519' },
    { hostKey: `${KEY}\n* ${KEY}` },
    { hostKey: `${FINGERPRINT} x` },
    { algorithms: { macs: ['-hmac-sha1'] } },
    { algorithms: { ciphers: ['a,b'] } },
  ];
  for (const options of unsafe) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      const act = (): unknown =>
        sshArguments({ host: 'edge1', ...options }, { mode: 'terminal', folder: '/run/x' });

      expect(thrown(act).code).to.equal('UNSAFE_WORD');
    });
  }
});

describe('pinFile', () => {
  it('makes the pinned key the only one of every host, and drops its comment', () => {
    expect(pinFile(`${KEY} root@edge`)).to.deep.equal({ name: 'known_hosts', text: `* ${KEY}\n` });
    expect(pinFile(undefined)).to.equal(undefined);
  });

  it('knows a key by its fingerprint, and no other', () => {
    const { text = '' } = pinFile(FINGERPRINT) ?? {};
    const lines = [FINGERPRINT, 'NONE'].map((shown) => {
      const args = ['-c', text, 'sh', FINGERPRINT, shown, '[e]:22', 'ssh-ed25519', 'AAAA'];
      const { stdout, status } = spawnSync('sh', args, { encoding: 'utf8' });
      return [status, stdout];
    });

    expect(lines).to.deep.equal([
      [0, '[e]:22 ssh-ed25519 AAAA\n'],
      [0, ''],
    ]);
  });
});

describe('configValue', () => {
  it('is read as the path that it was', () => {
    const path = '/a b/%h/~/#x';

    expect(configValue(path)).to.equal('"/a b/%%h/~/#x"');
  });
});

describe('sshEnvironment', () => {
  it('names the askpass only where there is a secret and a folder', () => {
    expect(sshEnvironment({ host: 'e' }, '/f')).to.include({ SSH_ASKPASS_REQUIRE: 'never' });
    expect(sshEnvironment({ host: 'e', passwordFile: '/p' })).to.not.have.property('SSH_ASKPASS');
    expect(sshEnvironment({ host: 'e', passwordFile: '/p' }, '/f')).to.include({
      SSH_ASKPASS: '/f/askpass',
      SSH_ASKPASS_REQUIRE: 'force',
    });
  });

  it('holds nothing else than it must', () => {
    const names = Object.keys(sshEnvironment({ host: 'e', agent: false }));

    expect(names).to.include.members(['PATH', 'LANG', 'LC_ALL']);
    expect(names).to.have.length.below(6).and.to.not.include('SSH_AUTH_SOCK');
  });
});
