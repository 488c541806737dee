/** What `ssh` says, in words recorded from OpenSSH 9.2, against the error that people get. */
import { expect } from 'chai';
import {
  connectionFailure,
  describeHost,
  lastWords,
  unreachableHost,
} from '../../src/transport/ssh-failure.ts';
import type { SshOptions } from '../../src/transport/ssh-options.ts';

const OPTIONS: SshOptions = { host: 'edge1', user: 'bot', port: 2222 };
const PRINT = 'SHA256:pdL1VCZYox1dR1ScuIT9YmhOdDfg6lHcFYoE/GTyChw';
const SHOWN = `debug1: Server host key: ssh-ed25519 ${PRINT}`;
const JUMP_END = [
  'kex_exchange_identification: Connection closed by remote host',
  'Connection closed by UNKNOWN port 65535',
];
const BANNER = 'bot@edge1: Permission denied (publickey).';

interface Case {
  readonly what: string;
  readonly log: readonly string[];
  readonly options?: Partial<SshOptions>;
  readonly code: string;
  readonly retryable: boolean;
  readonly says: readonly string[];
}

const CASES: readonly Case[] = [
  {
    what: 'an unknown host',
    log: [
      SHOWN,
      'No ED25519 host key is known for [edge1]:2222 and you have requested strict checking.',
      'Host key verification failed.',
    ],
    code: 'UPSTREAM_HOST_KEY',
    retryable: false,
    says: ['[edge1]:2222 is not known', PRINT, 'ssh-keyscan -p 2222 edge1', 'via.ssh.hostKey'],
  },
  {
    what: 'a changed host key',
    log: [
      SHOWN,
      '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @',
      'Offending ED25519 key in /etc/ssh/known hosts:7',
      'Host key for edge1 has changed and you have requested strict checking.',
      'Host key verification failed.',
    ],
    code: 'UPSTREAM_HOST_KEY',
    retryable: false,
    says: ['is not the known one (/etc/ssh/known hosts:7)', PRINT, "ssh-keygen -R 'edge1'"],
  },
  {
    what: 'another key than the pinned one',
    log: [
      SHOWN,
      'No ED25519 host key is known for edge1 and you have requested strict checking.',
      'Host key verification failed.',
    ],
    options: { hostKey: `SHA256:${'a'.repeat(43)}` },
    code: 'UPSTREAM_HOST_KEY',
    retryable: false,
    says: ['is not the pinned one (via.ssh.hostKey)', PRINT],
  },
  {
    what: 'an unknown jump host before a pinned router',
    log: [
      SHOWN,
      'No ED25519 host key is known for hop and you have requested strict checking.',
      'Host key verification failed.',
      ...JUMP_END,
    ],
    options: { hostKey: `SHA256:${'a'.repeat(43)}`, jump: 'hop' },
    code: 'UPSTREAM_HOST_KEY',
    retryable: false,
    says: ['hop is not known', 'ssh-keyscan -p 22 hop'],
  },
  {
    what: 'a revoked host key',
    log: [
      '@       WARNING: REVOKED HOST KEY DETECTED!               @',
      'Host key verification failed.',
    ],
    code: 'UPSTREAM_HOST_KEY',
    retryable: false,
    says: ['bot@edge1:2222'],
  },
  {
    what: 'a refused login',
    log: ['bot@edge1: Permission denied (publickey,password).'],
    code: 'UPSTREAM_LOGIN',
    retryable: false,
    says: ['bot@edge1 was refused', 'offers publickey,password'],
  },
  {
    what: 'a key that is not even offered',
    log: [
      'Load key "/k": bad permissions',
      'debug1: send_pubkey_test: no mutual signature algorithm',
      'bot@edge1: Permission denied (publickey).',
    ],
    code: 'UPSTREAM_LOGIN',
    retryable: false,
    says: ['Load key "/k": bad permissions', 'no mutual signature algorithm'],
  },
  {
    what: 'too many keys',
    log: [
      'Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures',
      'Disconnected from 192.0.2.1 port 22',
    ],
    code: 'UPSTREAM_LOGIN',
    retryable: false,
    says: ['too many keys'],
  },
  {
    what: 'a jump host that refuses the login',
    log: ['me@hop: Permission denied (publickey).', ...JUMP_END],
    code: 'UPSTREAM_LOGIN',
    retryable: false,
    says: ['me@hop was refused'],
  },
  {
    what: 'an old router',
    log: [
      'Unable to negotiate with 192.0.2.1 port 22: no matching host key type found. Their offer: ssh-rsa,ssh-dss',
    ],
    code: 'UPSTREAM_UNREACHABLE',
    retryable: false,
    says: ['ssh-rsa,ssh-dss', 'via.ssh.algorithms.hostKeys'],
  },
  {
    what: 'an old cipher',
    log: [
      'Unable to negotiate with 192.0.2.1 port 22: no matching cipher found. Their offer: aes128-cbc',
    ],
    code: 'UPSTREAM_UNREACHABLE',
    retryable: false,
    says: ['aes128-cbc', 'via.ssh.algorithms.ciphers'],
  },
  ...[
    'ssh: connect to host edge1 port 2222: Connection refused',
    'ssh: connect to host edge1 port 2222: Connection timed out',
    'ssh: Could not resolve hostname edge1: Name or service not known',
    'Connection to edge1 closed by remote host.',
    'Timeout, server edge1 not responding.',
    'client_loop: send disconnect: Broken pipe',
    'Connection timed out during banner exchange',
  ].map((words) => ({
    what: words,
    log: [words],
    code: 'UPSTREAM_UNREACHABLE',
    retryable: true,
    says: ['cannot reach bot@edge1:2222 by SSH', words],
  })),
  {
    what: 'a jump host that is away',
    log: ['ssh: connect to host hop port 22: Connection refused', ...JUMP_END],
    code: 'UPSTREAM_UNREACHABLE',
    retryable: true,
    says: ['host hop port 22: Connection refused'],
  },
  {
    what: 'a proxy that says nothing',
    log: JUMP_END,
    code: 'UPSTREAM_UNREACHABLE',
    retryable: true,
    says: ['UNKNOWN port 65535'],
  },
  {
    what: 'a lost session after a banner that lies',
    log: [
      BANNER,
      'Authenticated to edge1 ([192.0.2.1]:22) using "publickey".',
      'Timeout, server edge1 not responding.',
    ],
    code: 'UPSTREAM_UNREACHABLE',
    retryable: true,
    says: ['not responding'],
  },
];

describe('connectionFailure', () => {
  for (const { what, log, options, code, retryable, says } of CASES) {
    it(`tells of ${what}`, () => {
      const error = connectionFailure(`${log.join('\r\n')}\r\n`, { ...OPTIONS, ...options });

      expect(error).to.include({ code, retryable });
      expect(error?.message).to.not.contain('\n');
      says.forEach((words) => expect(error?.message).to.contain(words));
    });
  }

  it('knows nothing where ssh says nothing but its regular steps', () => {
    const log = [
      'OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026',
      'debug1: Connecting to edge1 port 2222.',
      BANNER,
      'Authenticated to edge1 ([192.0.2.1]:22) using "publickey".',
      'Transferred: sent 3316, received 3508 bytes, in 2.9 seconds',
      'Bytes per second: sent 1163.3, received 1230.7',
      '',
    ].join('\r\n');

    expect(connectionFailure(log, OPTIONS)).to.equal(undefined);
    expect(lastWords(log)).to.equal(undefined);
  });
});

describe('describeHost', () => {
  const cases: readonly (readonly [SshOptions, string])[] = [
    [{ host: 'edge1' }, 'edge1'],
    [OPTIONS, 'bot@edge1:2222'],
    [{ host: '2001:db8::1', port: 22 }, '[2001:db8::1]:22'],
    [{ host: '2001:db8::1' }, '2001:db8::1'],
  ];
  for (const [options, text] of cases) {
    it(`shows ${text}`, () => {
      expect(describeHost(options)).to.equal(text);
    });
  }
});

describe('unreachableHost', () => {
  it('may be tried again', () => {
    expect(unreachableHost(OPTIONS, 'why')).to.include({
      message: 'cannot reach bot@edge1:2222 by SSH: why',
      retryable: true,
    });
  });
});
