import { expect } from 'chai';

import { sshSchema, withSshPaths } from '../../src/config/ssh-schema.ts';

const KEY = `ssh-ed25519 ${'A'.repeat(68)}`;
const PRINT = `SHA256:${'b'.repeat(43)}`;

function problems(value: unknown): readonly string[] {
  const { error } = sshSchema.safeParse(value);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('sshSchema', () => {
  it('fills every default in', () => {
    expect(sshSchema.parse({ host: 'edge1' })).to.deep.equal({
      host: 'edge1',
      agent: true,
      hostKeys: 'strict',
      connectTimeoutSeconds: 10,
      commandTimeoutSeconds: 60,
      keepAliveSeconds: 15,
      sudo: false,
      shell: 'posix',
    });
  });

  const good: readonly object[] = [
    { host: '2001:db8::1', port: 830 },
    { host: 'fe80::1%eth0' },
    { host: 'e', user: 'CORP\\route-sync' },
    { host: 'e', user: 'admin+ct200w' },
    { host: 'e', hostKey: KEY },
    { host: 'e', hostKey: `${KEY} root@edge 1` },
    { host: 'e', hostKey: PRINT },
    { host: 'e', jump: 'a,me@b.example:2222,[2001:db8::5]:22' },
    { host: 'e', identityFile: '~/.ssh/id 1', passwordFile: './secrets/50%' },
    { host: 'e', algorithms: { kex: ['diffie-hellman-group14-sha1'], hostKeys: ['ssh-rsa'] } },
    { host: 'e', hostKeys: 'accept-new', sudo: true },
  ];
  for (const value of good) {
    it(`accepts ${JSON.stringify(value)}`, () => {
      expect(problems(value)).to.deep.equal([]);
    });
  }

  const bad: readonly (readonly [string, object])[] = [
    ['host', {}],
    ['host', { host: '-oProxyCommand=id' }],
    ['host', { host: 'a\nb' }],
    ['host', { host: 'a b' }],
    ['port', { host: 'e', port: 0 }],
    ['user', { host: 'e', user: '-l' }],
    ['user', { host: 'e', user: 'a;id' }],
    ['jump', { host: 'e', jump: '-oProxyCommand=id' }],
    ['jump', { host: 'e', jump: 'a,' }],
    ['jump', { host: 'e', jump: 'a b' }],
    ['hostKey', { host: 'e', hostKey: 'SHA256:short' }],
    ['hostKey', { host: 'e', hostKey: 'MD5:00:11' }],
    ['hostKey', { host: 'e', hostKey: `${KEY}\n* ${KEY}` }],
    ['hostKeys', { host: 'e', hostKeys: 'no' }],
    ['hostKeys', { host: 'e', hostKeys: 'accept-new', hostKey: PRINT }],
    ['identityFile', { host: 'e', identityFile: 'a"b' }],
    ['identityFile', { host: 'e', identityFile: '' }],
    ['passwordFile', { host: 'e', passwordFile: '${HOME}/secret' }],
    ['algorithms.kex', { host: 'e', algorithms: { kex: [] } }],
    ['algorithms.macs.0', { host: 'e', algorithms: { macs: ['-hmac-sha2-256'] } }],
    ['sudo', { host: 'e', sudo: true, shell: 'none' }],
    ['', { host: 'e', password: 'secret' }],
  ];
  for (const [place, value] of bad) {
    it(`refuses ${place || 'an unknown key'} of ${JSON.stringify(value)}`, () => {
      const found = problems(value);

      expect(found).to.have.length(1);
      expect(found[0]?.startsWith(`${place}: `)).to.equal(true);
    });
  }

  it('proposes the key that was meant', () => {
    expect(problems({ host: 'e', identityfile: 'k' })[0]).to.contain('identityFile');
  });
});

describe('withSshPaths', () => {
  it('resolves every path and nothing else', () => {
    const config = sshSchema.parse({
      host: 'e',
      identityFile: 'id',
      certificateFile: 'cert',
      passwordFile: 'password',
      passphraseFile: 'passphrase',
      enableSecretFile: 'enable',
      knownHostsFile: 'known',
      configFile: 'config',
    });

    const resolved = withSshPaths(config, (path) => `/etc/route-sync/${path}`);

    expect(resolved).to.deep.equal({
      ...config,
      identityFile: '/etc/route-sync/id',
      certificateFile: '/etc/route-sync/cert',
      passwordFile: '/etc/route-sync/password',
      passphraseFile: '/etc/route-sync/passphrase',
      enableSecretFile: '/etc/route-sync/enable',
      knownHostsFile: '/etc/route-sync/known',
      configFile: '/etc/route-sync/config',
    });
  });
});
