/** Commands as processes, with a router whose CLI is reached by SSH. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { startPasswordServer } from '../support/password-server.ts';
import { type RouterServer, startRouterServer } from '../support/router-server.ts';
import { ciscoIosModel } from '../support/routers/cisco-ios.ts';
import { openScene, type Scene } from './scene.ts';
import { webAndDatabase } from './small-cloud.ts';

describe('route-sync with a router over SSH', function suite() {
  this.timeout(60_000);
  let server: RouterServer;
  let scene: Scene;

  beforeEach(async () => {
    const config = 'interface GigabitEthernet0/0\n ip address 203.0.113.1 255.255.255.0\n';
    const router = ciscoIosModel.boot({ hostname: 'edge1', config, now: () => 0 });
    server = await startRouterServer(router, { pager: ciscoIosModel.pager });
    scene = await openScene(webAndDatabase().cloud);
    await configure();
  });

  afterEach(async () => {
    await scene.close();
    await server.close();
  });

  async function configure(change: object = {}): Promise<void> {
    const { port, user, identityFile, knownHostsFile } = server;
    const configFile = '/dev/null';
    const usual = { host: '127.0.0.1', port, user, identityFile, knownHostsFile, configFile };
    const ssh = { ...usual, agent: false, ...change };
    const edge1 = { name: 'edge1', os: 'cisco-ios', externalNetworks: ['public'], via: { ssh } };
    await scene.configure({ schedule: '* * * * * *', upstreams: [edge1] });
  }

  it('waits for the end of its session, and then ends as every command does', async () => {
    const { exitCode, stdout, stderr } = await scene.start(['apply']).ended;

    expect(stderr).to.equal('');
    expect(exitCode).to.equal(0);
    expect(stdout).to.contain('Done: 3 added');
  });

  it('writes the session down with --verbose, and only then', async () => {
    const [quiet, verbose] = await Promise.all([
      scene.start(['plan']).ended,
      scene.start(['plan', '--verbose']).ended,
    ]);

    expect(quiet.stderr).not.to.contain('session');
    expect(verbose.stderr).to.match(
      /debug session upstream=edge1 direction=sent line="terminal length 0"\n/,
    );
  });

  it('does not repeat a refused login with every cycle of the agent', async () => {
    const file = (name: string): string => join(server.folder, name);
    const asking = { hostKeyFile: file('host'), password: 'right', ask: 'password' } as const;
    const asker = await startPasswordServer(asking);
    await writeFile(file('wrong'), 'wrong\n', { mode: 0o600 });
    const known = { knownHostsFile: file('known'), hostKeys: 'accept-new' };
    await configure({
      port: asker.port,
      identityFile: undefined,
      passwordFile: file('wrong'),
      ...known,
    });
    const running = scene.start(['run']);
    while (running.log().split(' cycle run=').length < 4) {
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
    process.kill(running.pid, 'SIGTERM');
    const { stderr } = await running.ended;
    await asker.close();

    expect(stderr).to.contain('UPSTREAM_LOGIN').and.to.contain('the next attempt is in');
    expect(asker.answers).to.deep.equal(['wrong']);
  });
});
