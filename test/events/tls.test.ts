/** Who may be talked to, and who may not, over TLS. */
import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { RouteSyncError } from '../../src/errors.ts';
import { startRabbit, type TestRabbit, whyNoRabbit } from '../support/rabbit.ts';
import { type Certificate, makeCertificate } from '../support/rabbit-certificates.ts';
import { AGENT, IMPATIENT, type Listening, listenTo, neutronOn } from './listening.ts';

const why = whyNoRabbit();

describe(`RabbitMQ over TLS${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  let folder: string;
  let ca: Certificate;
  let rabbit: TestRabbit;
  let passwordFile: string;
  const open: Listening[] = [];

  before(async function need() {
    if (why !== undefined) {
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'route-sync-tls-'));
    ca = makeCertificate(folder, 'ca');
    const server = makeCertificate(folder, 'server', { issuer: ca, san: 'DNS:localhost' });
    passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, `${AGENT.password}\nwhatever\n`);
    rabbit = await startRabbit({
      users: [AGENT],
      tls: { ca: ca.cert, cert: server.cert, key: server.key },
    });
    await (await neutronOn(rabbit)).close();
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map(async ({ notifications }) => notifications.close()));
  });

  after(async () => {
    await rabbit?.close();
    if (folder !== undefined) {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  async function listen(host: string, settings: string): Promise<Listening> {
    const login = `username: ${AGENT.name}, passwordFile: ${passwordFile}`;
    const url = `url: "amqps://${host}:${rabbit.tlsPort}"`;
    const listening = await listenTo(`${url}, ${login}, ${settings}`);
    open.push(listening);
    return listening;
  }

  it('talks to one that our CA vouches for, with the password of a file', async () => {
    const listening = await listen('localhost', `caFile: ${ca.cert}`);
    await listening.connected();
    const neutron = await neutronOn(rabbit);
    neutron.touch('r1');
    await listening.heard('r1');
    await neutron.close();
  });

  it('shows its own certificate where it has one', async () => {
    const { cert, key } = makeCertificate(folder, 'agent', { issuer: ca });
    const files = `caFile: ${ca.cert}, certFile: ${cert}, keyFile: ${key}`;
    const listening = await listen('localhost', files);

    await listening.connected();
  });

  it('does not talk to one that another CA vouches for', async () => {
    const other = makeCertificate(folder, 'other-ca');
    const listening = await listen('localhost', `caFile: ${other.cert}`);

    await listening.problem('NOTIFICATIONS_CERTIFICATE');
    expect(listening.gaps).to.deep.equal([]);
  });

  it('does not trust a private CA that nobody named', async () => {
    const listening = await listen('localhost', '');

    await listening.problem('NOTIFICATIONS_CERTIFICATE');
  });

  it('does not talk to one whose certificate is for another name', async () => {
    const listening = await listen('127.0.0.1', `caFile: ${ca.cert}`);

    expect(await listening.problem('NOTIFICATIONS_CERTIFICATE')).to.contain('127.0.0.1');
  });

  it('is refused where its certificate is of a CA that RabbitMQ does not know', async () => {
    const other = makeCertificate(folder, 'foreign-ca');
    const { cert, key } = makeCertificate(folder, 'stranger', { issuer: other });
    const files = `caFile: ${ca.cert}, certFile: ${cert}, keyFile: ${key}`;
    const listening = await listen('localhost', files);

    await listening.problem('NOTIFICATIONS_CERTIFICATE');
    expect(await rabbit.log()).not.to.contain(AGENT.password);
  });

  it('does not speak plainly to a port of TLS, nor TLS to a plain port', async () => {
    const password = encodeURIComponent(AGENT.password);
    const plain = await listenTo(
      `url: "amqp://${AGENT.name}:${password}@localhost:${rabbit.tlsPort}"`,
    );
    const tls = await listenTo(`url: "amqps://${AGENT.name}:${password}@localhost:${rabbit.port}"`);
    open.push(plain, tls);

    await plain.problem('NOTIFICATIONS_UNREACHABLE');
    await tls.problem('NOTIFICATIONS_CERTIFICATE');
  });

  it('takes a password that was replaced, without a restart', async () => {
    const changing = join(folder, 'changing');
    writeFileSync(changing, 'wrong\n');
    const listening = await listenTo(
      `url: "amqps://localhost:${rabbit.tlsPort}", caFile: ${ca.cert}, username: ${AGENT.name}, passwordFile: ${changing}`,
      { timing: IMPATIENT },
    );
    open.push(listening);
    await listening.problem('NOTIFICATIONS_LOGIN');
    writeFileSync(changing, AGENT.password);

    await listening.connected();
  });

  for (const [key, text] of [
    ['passwordFile', '\n'],
    ['caFile', 'no certificate'],
    ['passwordFile', undefined],
  ] as const) {
    it(`rejects at once where ${key} ${text === undefined ? 'is missing' : 'holds none'}`, async () => {
      const file = join(folder, `bad-${key}`);
      rmSync(file, { force: true });
      if (text !== undefined) {
        writeFileSync(file, text);
      }
      const files = { passwordFile, caFile: ca.cert, [key]: file };
      const settings = Object.entries(files).map(([name, path]) => `${name}: ${path}`);
      const opening = listenTo(
        `url: "amqps://localhost:${rabbit.tlsPort}", username: u, ${settings.join(', ')}`,
      );
      const error: unknown = await opening.then(
        () => undefined,
        (reason: unknown) => reason,
      );

      expect(error)
        .to.be.instanceOf(RouteSyncError)
        .and.to.have.property('code', 'NOTIFICATIONS_SETTINGS');
    });
  }
});
