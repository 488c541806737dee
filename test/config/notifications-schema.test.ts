import { expect } from 'chai';
import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';

import { type Broker, BrokerUrlProblem, parseBrokerUrl } from '../../src/config/broker-url.ts';
import { loadConfig, parseConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import { redact } from '../../src/report/redact.ts';

type Notifications = NonNullable<Config['cloud']['notifications']>;

const REST = [
  'owner: lab',
  'policy: { mode: sync, allow: [{ prefix: 10.0.0.0/8 }] }',
  'upstreams: [{ name: e, os: linux, externalNetworks: [public] }]',
];

function textWith(settings: string): string {
  return [...REST, `cloud: { notifications: { ${settings} } }`].join('\n');
}

function notifications(settings: string): Notifications {
  const { cloud } = parseConfig(textWith(settings), 'route-sync.yaml');
  expect(cloud.notifications).to.not.equal(undefined);
  return cloud.notifications as Notifications;
}

/** With the passwords given out, to compare them. */
function shown(brokers: readonly Broker[]): readonly unknown[] {
  return brokers.map(({ password, ...rest }) =>
    password === undefined ? rest : { ...rest, password: password() },
  );
}

describe('cloud.notifications', () => {
  it('fills every default in', () => {
    const { url, ...rest } = notifications(
      'url: "amqps://10.0.0.11", username: u, passwordFile: p',
    );

    expect(url).to.deep.equal([{ host: '10.0.0.11', port: 5671, tls: true, vhost: '/' }]);
    expect(rest).to.deep.equal({
      username: 'u',
      passwordFile: 'p',
      exchange: 'neutron',
      topics: ['notifications'],
      queue: 'exclusive',
      debounceMilliseconds: 20,
    });
  });

  it('takes several URLs, one after the other', () => {
    const { url } = notifications('url: ["amqp://u:a@h1", "rabbit://u:b@h2,u:c@h3/v"]');

    expect(url.map(({ host, password }) => [host, password?.()])).to.deep.equal([
      ['h1', 'a'],
      ['h2', 'b'],
      ['h3', 'c'],
    ]);
  });

  it('finds its files beside the configuration file', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'route-sync-config-'));
    try {
      const files = 'passwordFile: pw, caFile: /etc/ca.pem, certFile: tls/c.pem, keyFile: k.pem';
      writeFileSync(path.join(folder, 'route-sync.yaml'), textWith(`url: "amqps://u@h", ${files}`));
      const { config } = await loadConfig({ cwd: folder, env: {} });
      const { passwordFile, caFile, certFile, keyFile } = config.cloud.notifications ?? {};

      expect([passwordFile, caFile, certFile, keyFile]).to.deep.equal([
        path.join(folder, 'pw'),
        '/etc/ca.pem',
        path.join(folder, 'tls/c.pem'),
        path.join(folder, 'k.pem'),
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('shows the password nowhere', () => {
    const settings = notifications('url: "amqp://neutron:hunter2@h1,neutron:hunter2@h2/"');
    const [first] = settings.url;

    expect(first?.password?.()).to.equal('hunter2');
    for (const text of [
      JSON.stringify(settings),
      inspect(settings, { depth: null, showHidden: true }),
      JSON.stringify(redact(settings, true)),
      String(first?.password),
    ]) {
      expect(text).not.to.contain('hunter2');
    }
  });
});

describe('parseBrokerUrl', () => {
  const PLAIN = { port: 5672, tls: false, vhost: '/' };
  const LOGIN = { username: 'u', password: 'p' };

  for (const [url, expected] of [
    ['amqp://u:p@h', [{ host: 'h', ...PLAIN, ...LOGIN }]],
    ['AMQPS://u:p@h/', [{ host: 'h', ...PLAIN, port: 5671, tls: true, ...LOGIN }]],
    ['amqp://u@[2001:db8::1]:7', [{ host: '2001:db8::1', ...PLAIN, port: 7, username: 'u' }]],
    ['amqp://h//', [{ host: 'h', ...PLAIN }]],
    ['amqp://h/%2F', [{ host: 'h', ...PLAIN }]],
    ['amqp://h/nova', [{ host: 'h', ...PLAIN, vhost: 'nova' }]],
    [
      'rabbit://u:p@h1:1,u:p@h2/v%20w',
      [
        { host: 'h1', ...PLAIN, port: 1, vhost: 'v w', ...LOGIN },
        { host: 'h2', ...PLAIN, vhost: 'v w', ...LOGIN },
      ],
    ],
    ['rabbit://u:p@h?ssl=1', [{ host: 'h', ...PLAIN, tls: true, ...LOGIN }]],
    ['rabbit://u:p@h/?ssl=False', [{ host: 'h', ...PLAIN, ...LOGIN }]],
    ['amqp://u:@h', [{ host: 'h', ...PLAIN, username: 'u', password: '' }]],
    ['amqp://u:a:b@c@h', [{ host: 'h', ...PLAIN, username: 'u', password: 'a:b@c' }]],
  ] as const) {
    it(`reads ${url}`, () => {
      expect(shown(parseBrokerUrl(url))).to.deep.equal(expected);
    });
  }

  it('reads back every user, password and virtual host that is escaped', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(text, text, text, (username, password, vhost) => {
        const [user, secret, name] = [username, password, vhost].map(encodeURIComponent);

        expect(shown(parseBrokerUrl(`amqp://${user}:${secret}@h:1/${name}`))).to.deep.equal([
          { host: 'h', port: 1, tls: false, vhost, username, password },
        ]);
      }),
    );
  });

  it('complains of anything else, without a word of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          parseBrokerUrl(`amqp://user:s3cret${text}`);
        } catch (error) {
          expect(error).to.be.instanceOf(BrokerUrlProblem);
          expect(String(error)).not.to.contain('s3cret');
        }
      }),
    );
  });
});
