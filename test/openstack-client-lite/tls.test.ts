import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { type OpenStackClient, OpenStackError } from '../../src/openstack-client-lite/index.ts';
import { connect, type FakeCloud, openrc, startFakeCloud } from './fake-cloud.ts';

describe('createDispatchers with TLS', () => {
  const opened: { close: () => Promise<void> }[] = [];
  let folder = '';

  const file = (name: string): string => path.join(folder, name);
  const read = (name: string): string => readFileSync(file(name), 'utf8');

  /** A certificate of our authority; `dates` like `20200101000000Z`. */
  async function issue(name: string, san: string, dates: readonly string[]): Promise<void> {
    writeFileSync(file(`${name}.cnf`), `subjectAltName = ${san}\n`);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    await execa(
      'openssl',
      ['req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`],
      { cwd: folder },
    );
    await execa(
      'openssl',
      [
        'ca',
        '-batch',
        '-config',
        'ca.cnf',
        '-in',
        `${name}.csr`,
        '-out',
        `${name}.pem`,
        '-extfile',
        `${name}.cnf`,
        '-notext',
        ...dates,
      ],
      { cwd: folder },
    );
  }

  before(async function makeCertificates() {
    this.timeout(30_000);
    folder = mkdtempSync(path.join(tmpdir(), 'tls-'));
    writeFileSync(file('index.txt'), '');
    writeFileSync(
      file('ca.cnf'),
      [
        '[ca]',
        'default_ca = authority',
        '[authority]',
        'new_certs_dir = .',
        'database = index.txt',
        'rand_serial = yes',
        'certificate = ca.pem',
        'private_key = ca.key',
        'default_md = sha256',
        'default_days = 2',
        'policy = any',
        '[any]',
        'commonName = supplied',
        '',
      ].join('\n'),
    );
    const ca = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ];
    await execa(
      'openssl',
      [...ca, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=authority'],
      { cwd: folder },
    );
    await issue('good', 'IP:127.0.0.1', []);
    await issue('other', 'DNS:other.example', []);
    await issue('expired', 'IP:127.0.0.1', [
      '-startdate',
      '20200101000000Z',
      '-enddate',
      '20200102000000Z',
    ]);
    await issue('client', 'DNS:client', []);
    writeFileSync(file('both.pem'), read('client.key') + read('client.pem'));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(({ close }) => close()));
  });

  async function start(certificate: string, options: object = {}): Promise<FakeCloud> {
    const tls = { cert: read(`${certificate}.pem`), key: read(`${certificate}.key`), ...options };
    const cloud = await startFakeCloud({ tls });
    opened.push(cloud);
    return cloud;
  }

  async function open(cloud: FakeCloud, env: Record<string, string>): Promise<OpenStackClient> {
    const client = await connect({ ...openrc(cloud.url), ...env });
    opened.push(client);
    return client;
  }

  async function refusal(cloud: FakeCloud, env: Record<string, string>): Promise<OpenStackError> {
    const client = await open(cloud, env);
    const error: unknown = await client.token().catch((reason: unknown) => reason);
    if (!(error instanceof OpenStackError)) {
      throw new Error(`was not refused: ${String(error)}`);
    }
    return error;
  }

  it('trusts the authority in cacert, for Keystone and Neutron', async () => {
    const client = await open(await start('good'), { OS_CACERT: file('ca.pem') });

    expect(await client.network.list('routers')).to.have.length(10);
    expect(client.warnings).to.deep.equal([]);
  });

  const refusals = [
    {
      name: 'an expired certificate',
      certificate: 'expired',
      cacert: true,
      says: /expired; renew the certificate .*CERT_HAS_EXPIRED/v,
    },
    {
      name: 'a certificate for another host',
      certificate: 'other',
      cacert: true,
      says: /another host name.*ALTNAME/v,
    },
    {
      name: 'an unknown authority',
      certificate: 'good',
      cacert: false,
      says: /unknown authority; set cacert/v,
    },
  ] as const;

  for (const { name, certificate, cacert, says } of refusals) {
    it(`refuses ${name}`, async () => {
      const cloud = await start(certificate);

      const error = await refusal(cloud, cacert ? { OS_CACERT: file('ca.pem') } : {});

      expect(error.code).to.equal('CLOUD_TLS');
      expect(error.retryable).to.equal(false);
      expect(error.message).to.match(says);
      expect(cloud.requests).to.deep.equal([]);
    });
  }

  it('goes without verification where the operator says so, with a warning', async () => {
    const client = await open(await start('expired'), { OS_INSECURE: 'true' });

    expect((await client.token()).userName).to.equal('admin');
    expect(client.warnings.join()).to.match(/NOT verified/v);
  });

  it('shows a client certificate, from two files or from one', async () => {
    const cloud = await start('good', { requestCert: true, ca: read('ca.pem') });
    const trust = { OS_CACERT: file('ca.pem') };
    const pair = { ...trust, OS_CERT: file('client.pem'), OS_KEY: file('client.key') };

    const clients = [
      await open(cloud, pair),
      await open(cloud, { ...trust, OS_CERT: file('both.pem') }),
    ];

    for (const client of clients) {
      expect((await client.token()).userName).to.equal('admin');
    }
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`says so when the server wants a client certificate, in ${version}`, async () => {
      const versions = { minVersion: version, maxVersion: version };
      const cloud = await start('good', { requestCert: true, ca: read('ca.pem'), ...versions });

      const error = await refusal(cloud, { OS_CACERT: file('ca.pem') });

      expect(error.message).to.match(/client certificate.*OS_CERT/v);
    });
  }

  it('refuses a key that does not belong to the certificate', async () => {
    const cloud = await start('good');
    const env = { OS_CERT: file('client.pem'), OS_KEY: file('good.key') };

    const error: unknown = await open(cloud, env).catch((reason: unknown) => reason);

    expect(error).to.have.property('code', 'CLOUD_CONFIG_INVALID');
    expect(String(error)).to.match(/OS_CERT cannot be used .*belong together/v);
  });

  it('tells https from http', async () => {
    const plain = await startFakeCloud();
    const secure = await start('good');
    opened.push(plain);

    const toPlain = await refusal({ ...plain, url: plain.url.replace('http:', 'https:') }, {});
    const toSecure = await refusal({ ...secure, url: secure.url.replace('https:', 'http:') }, {});

    expect(toPlain.code).to.equal('CLOUD_TLS');
    expect(toPlain.message).to.match(/does not speak TLS/v);
    expect(toSecure.message).to.match(/POST \/v3\/auth\/tokens: /v);
  });
});
