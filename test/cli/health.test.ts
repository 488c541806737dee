/** `route-sync health` against an agent that runs, and against others that have its port. */
import { expect } from 'chai';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';

import { until } from '../support/until.ts';
import { openScene, type Scene } from './scene.ts';
import { smallCloud } from './small-cloud.ts';

const TOKEN = 'a-token-of-many-letters';

describe('route-sync health', function suite() {
  this.timeout(60_000);
  let scene: Scene;
  let servers: Server[];

  beforeEach(async () => {
    servers = [];
    scene = await openScene(smallCloud().cloud);
  });

  afterEach(async () => {
    servers.forEach((server) => server.close());
    await scene.close();
  });

  /** Listens, and gives the port. */
  async function portOf(server: Server): Promise<number> {
    servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  }

  async function freePort(): Promise<number> {
    const server = createServer();
    const port = await portOf(server);
    server.close();
    await once(server, 'close');
    return port;
  }

  /** An agent's /readyz, which tells messages to those who show the token. */
  async function readyz(ready: boolean): Promise<number> {
    return portOf(
      createHttpServer(({ url, headers }, response) => {
        const isTrusted = headers.authorization === `Bearer ${TOKEN}`;
        const reason = {
          code: 'upstream-error',
          message: 'it is\u{1b}[2J gone',
          upstream: 'edge1',
        };
        const reasons = ready ? [] : [isTrusted ? reason : { code: reason.code }];
        response.statusCode = url === '/readyz' ? 200 : 404;
        response.end(JSON.stringify({ ready, reasons, notes: [{ code: 'held' }] }));
      }),
    );
  }

  it('says 1 before the agent runs, 0 once it is ready, and 1 after it has ended', async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    await scene.configure({ server: { listen } });
    const before = await scene.run(['health']);
    const agent = scene.start(['run']);
    await until(async () => (await scene.run(['health'])).exitCode === 0);
    const during = await scene.run(['health']);
    process.kill(agent.pid, 'SIGTERM');
    await agent.ended;
    const after = await scene.run(['health']);

    expect([before.exitCode, during.stdout, after.exitCode]).to.deep.equal([1, 'ready\n', 1]);
    expect(before.stderr).to.match(/gives no answer of an agent \(ECONNREFUSED\).*AGENT_NOT_READY/);
  });

  it('shows the token, and prints why the agent is not ready', async () => {
    const tokenFile = join(scene.folder, 'token');
    await writeFile(tokenFile, TOKEN, { mode: 0o600 });
    await scene.configure({ server: { listen: `0.0.0.0:${await readyz(false)}`, tokenFile } });

    const { exitCode, stdout } = await scene.run(['health']);

    expect(exitCode).to.equal(1);
    expect(stdout).to.equal('not ready\n  edge1: upstream-error: it is\\u{1b}[2J gone\n  held\n');
  });

  it('asks without a token that cannot be read', async () => {
    const server = { listen: `127.0.0.1:${await readyz(false)}`, tokenFile: 'nowhere' };
    await scene.configure({ server });

    const { exitCode, stdout, stderr } = await scene.run(['health']);

    expect([exitCode, stdout]).to.deep.equal([1, 'not ready\n  upstream-error\n  held\n']);
    expect(stderr).to.contain('asking without the token').and.to.contain('ENOENT');
  });

  it('prints the answer as JSON', async () => {
    await scene.configure({ server: { listen: `127.0.0.1:${await readyz(true)}` } });

    const { exitCode, stdout } = await scene.run(['health', '--output', 'json']);

    expect(exitCode).to.equal(0);
    expect(JSON.parse(stdout)).to.deep.equal({
      ready: true,
      reasons: [],
      notes: [{ code: 'held' }],
    });
  });

  it('is not taken in by somebody else on the port', async () => {
    const port = await portOf(createHttpServer((_, response) => response.end('<html>')));
    await scene.configure({ server: { listen: `127.0.0.1:${port}` } });

    const { exitCode, stderr } = await scene.run(['health']);

    expect(exitCode).to.equal(1);
    expect(stderr).to.contain('somebody else has this port');
  });

  for (const [listen, why] of [
    ['off', 'the agent answers nobody'],
    ['127.0.0.1:0', 'port 0'],
  ] as const) {
    it(`cannot ask where server.listen is ${listen}`, async () => {
      await scene.configure({ server: { listen } });

      const { exitCode, stderr } = await scene.run(['health']);

      expect(exitCode).to.equal(64);
      expect(stderr).to.contain(why);
    });
  }
});
