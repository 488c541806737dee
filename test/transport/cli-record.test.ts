import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';

import { expect } from 'chai';

import type { ConnectOptions } from '../../src/agent/transport-to.ts';
import { connectUpstreams } from '../../src/agent/upstream.ts';
import { parseConfig } from '../../src/config/load.ts';
import { say } from '../../src/drivers/kit/script.ts';
import { createLog } from '../../src/report/log.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { type RouterServer, startRouterServer } from '../support/router-server.ts';
import { ciscoIosModel } from '../support/routers/cisco-ios.ts';
import type { Router } from '../support/routers/router.ts';
import { routeLines, run, sceneOf } from './cli-scene.ts';

const LOGIN = 'login-s3cret';
const ENABLE = 'enable-s3cret';
const SECRETS = ['c0mmunity', '$9$hashed', 'tacacs-s3cret'];
const CONFIG = [
  `snmp-server community ${SECRETS[0]} RO`,
  `username admin privilege 15 secret 9 ${SECRETS[1]}`,
  `tacacs-server key 7 ${SECRETS[2]}`,
].join('\n');

describe('the record of a session', () => {
  let server: RouterServer;
  let transport: Transport | undefined;

  beforeEach(async () => {
    const options = { hostname: 'edge1', config: '', now: () => 0, enableSecret: ENABLE };
    server = await startRouterServer(showingSecrets(ciscoIosModel.boot(options)), {
      pager: ciscoIosModel.pager,
      password: LOGIN,
    });
  });

  afterEach(async () => {
    await transport?.close();
    transport = undefined;
    await server.close();
  });

  async function connect(options: ConnectOptions): Promise<Transport> {
    const enableSecretFile = join(server.folder, 'enable');
    const configFile = join(server.folder, 'ssh_config');
    await writeFile(enableSecretFile, `${ENABLE}\n`, { mode: 0o600 });
    await writeFile(configFile, '');
    const { port, user, passwordFile, knownHostsFile } = server;
    const files = { passwordFile, enableSecretFile, knownHostsFile, configFile };
    const ssh = { host: '127.0.0.1', port, user, agent: false, ...files };
    const upstreams = [{ name: 'edge1', os: 'cisco-ios', externalNetworks: ['x'], via: { ssh } }];
    const policy = { mode: 'sync', allow: [{ prefix: '198.51.100.0/24' }] };
    const text = JSON.stringify({ owner: 'test', policy, upstreams });
    const [upstream] = await connectUpstreams(parseConfig(text, 'test.yaml'), options);
    if (upstream === undefined) {
      throw new Error('no upstream');
    }
    ({ transport } = upstream);
    return transport;
  }

  it('has what was sent and received, line by line, and no secret', async () => {
    const lines: string[] = [];
    const stream = new Writable({
      write: (chunk: Buffer, _, done) => {
        lines.push(chunk.toString());
        done();
      },
    });
    const log = createLog({ stream, level: 'debug', format: 'text', colour: false });
    const router = await connect({ onSessionLine: (line) => log.debug('session', { ...line }) });

    const { signal } = new AbortController();
    const { stdout } = await router.run(say('show running-config'), signal);

    expect(stdout).to.contain(SECRETS[0]).and.to.contain(SECRETS[1]);

    const text = lines.join('');
    expect(text).to.contain('debug session upstream=edge1 direction=sent line=enable\n');
    expect(text).to.contain('direction=sent line="[secret]"');
    expect(text).to.contain('direction=received line="snmp-server community [redacted] RO"\n');
    for (const secret of [LOGIN, ENABLE, ...SECRETS]) {
      expect(text).not.to.contain(secret);
    }
  });
});

/** The model knows no line but those about routes. */
function showingSecrets(router: Router): Router {
  return {
    ...router,
    login: (user) => {
      const cli = router.login(user);
      return {
        ...cli,
        enter: (line) =>
          line === 'show running-config' ? { text: `${CONFIG}\n` } : cli.enter(line),
      };
    },
  };
}

describe('a session with a router that shows what is typed where it asks for a password', () => {
  it('masks it in its record', async () => {
    const secret = 'enable-s3cret';
    const scene = sceneOf({
      boot: { enableSecret: secret, config: `echo ${secret} end` },
      session: { enableSecret: async () => Promise.resolve(secret) },
    });

    expect((await run(scene, say('show text'))).stdout).to.contain(secret);

    expect(JSON.stringify(scene.events)).not.to.contain(secret);
    expect(scene.events).to.deep.include({ kind: 'received', text: 'echo [secret] end' });
  });
});

describe('Dialogue.onAnswer', () => {
  it('is told of each line once, also while others wait', async () => {
    const scene = sceneOf();
    await run(scene, say('configure terminal'));
    let answered = 0;
    const typedAt: number[] = [];
    const onAnswer = (): void => {
      answered += 1;
      typedAt.push(scene.wire.typed().split('ip route').length - 1);
    };

    await run(scene, { ...routeLines(50), onAnswer });

    expect(answered).to.equal(50);
    expect(typedAt[0]).to.be.lessThan(50);
  });
});
