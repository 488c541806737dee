/** `route-sync run` as a process: its first cycle, its signals, and that a bad cloud does not end it. */
import { expect } from 'chai';

import type { Fault, SeenRequest } from '../../src/demo/cloud.ts';
import { newRouter, ownRoutes } from './fake-ip.ts';
import { openScene, type Running, type Scene } from './scene.ts';
import { WANTED, webAndDatabase } from './small-cloud.ts';
import { programOf } from '../../src/transport/transport.ts';

/** No cycle but the first one, and those that a test asks for. */
const RARELY = '0 0 0 1 1 *';
const EVERY_SECOND = '* * * * * *';

describe('route-sync run', function suite() {
  this.timeout(60_000);
  let scene: Scene;
  let small: ReturnType<typeof webAndDatabase>;
  let fault: ((request: SeenRequest) => Fault | undefined) | undefined;
  let agent: Running | undefined;

  beforeEach(async () => {
    small = webAndDatabase();
    fault = undefined;
    agent = undefined;
    scene = await openScene(small.cloud, { onRequest: (request) => fault?.(request) });
    await scene.configure({ schedule: RARELY });
  });

  afterEach(async () => {
    if (agent !== undefined) {
      kill('SIGKILL');
      await agent.ended;
    }
    await scene.close();
  });

  function start(): Running {
    agent = scene.start(['run']);
    return agent;
  }

  function kill(signal: NodeJS.Signals): void {
    try {
      process.kill(agent?.pid ?? 0, signal);
    } catch {
      // It has ended by itself.
    }
  }

  /** Waits until the condition holds, or until the suite's deadline. */
  async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await holds())) {
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
  }

  async function owned(): Promise<object> {
    return ownRoutes(scene.ip.routers.get('edge1') ?? (await newRouter()));
  }

  function cycles({ log }: Running): number {
    return log().split(' cycle run=').length - 1;
  }

  it('does its first cycle at once, and ends with 0 on SIGTERM', async () => {
    const running = start();
    await until(() => cycles(running) === 1);

    kill('SIGTERM');
    const { exitCode, stdout } = await running.ended;

    expect(exitCode).to.equal(0);
    expect(stdout).to.equal('');
    expect(running.log()).to.match(
      /info +cycle run=\S+ exitCode=0 ms=\d+ outcome=changed added=3 /,
    );
    expect(await owned()).to.deep.equal(WANTED);
  });

  it('goes on through an outage of the cloud, and keeps the routes meanwhile', async () => {
    await scene.configure({ schedule: EVERY_SECOND });
    const running = start();
    await until(() => cycles(running) > 0);
    fault = () => ({ status: 503, body: '<html>' });
    await until(() => running.log().includes('CLOUD_UNAVAILABLE'));
    const during = await owned();
    fault = undefined;
    small.addTenant('mail', '203.0.113.12', '198.51.100.64/27');
    await until(async () => '198.51.100.64/27' in (await owned()));
    kill('SIGTERM');

    expect(during).to.deep.equal(WANTED);
    expect((await running.ended).exitCode).to.equal(0);
  });

  it('reloads a good configuration on SIGHUP, and keeps the old one otherwise', async () => {
    const running = start();
    await until(() => cycles(running) === 1);

    await scene.configure({ schedule: 'whenever' });
    kill('SIGHUP');
    await until(() => running.log().includes('the old one stays'));
    const policy = { mode: 'sync', allow: [{ prefix: '2001:db8::/32', maxLength: 64 }] };
    await scene.configure({ schedule: RARELY, policy });
    kill('SIGHUP');
    await until(() => cycles(running) === 2);
    kill('SIGTERM');

    expect((await running.ended).exitCode).to.equal(0);
    expect(running.log()).to.contain('configuration reloaded').and.to.contain('CONFIG_INVALID');
    expect(await owned()).to.have.keys('2001:db8:a::/64');
  });

  it('leaves a cycle that waits for the cloud on SIGTERM, and changes nothing', async () => {
    fault = ({ url }) => (url.includes('/v2.0/routers') ? { delayMs: Infinity } : undefined);
    const running = start();
    await until(() => scene.server.requests.some(({ url }) => url.includes('/v2.0/routers')));

    kill('SIGTERM');
    const { exitCode } = await running.ended;

    expect(exitCode).to.equal(0);
    expect(running.log()).to.contain('CANCELLED');
    expect(scene.ip.writes).to.deep.equal([]);
  });

  it('finishes a push that has begun before it ends', async () => {
    const router = await newRouter();
    let pushed: (() => void) | undefined;
    const signalled = new Promise<void>((resolve) => {
      pushed = resolve;
    });
    scene.ip.routers.set('edge1', {
      ...router,
      run: async (command, signal) => {
        if (programOf(command).argv.includes('-batch') && pushed !== undefined) {
          kill('SIGTERM');
          await until(() => running.log().includes('stopping'));
          pushed();
          pushed = undefined;
        }
        return router.run(command, signal);
      },
    });
    const running = start();

    await signalled;
    const { exitCode } = await running.ended;

    expect(exitCode).to.equal(0);
    expect(await ownRoutes(router)).to.deep.equal(WANTED);
    expect(JSON.parse(await scene.readState('status.json'))).to.have.nested.include({
      'cycles[0].exitCode': 0,
      'cycles[0].upstreams[0].added': 3,
    });
  });

  it('never runs two cycles at a time', async () => {
    await scene.configure({ schedule: EVERY_SECOND });
    fault = ({ url }) => (url.includes('/v2.0/routers') ? { delayMs: Infinity } : undefined);
    const running = start();
    await until(() => scene.server.requests.some(({ url }) => url.includes('/v2.0/routers')));
    await until(() => running.log().includes('a cycle was due while one was under way'));
    kill('SIGTERM');

    await running.ended;

    expect(scene.server.requests.filter(({ url }) => url.includes('/v2.0/routers'))).to.have.length(
      1,
    );
  });

  it('says why a route was refused', async () => {
    const far = small.cloud.addExternalNetwork('far');
    small.cloud.addSubnet({ network: far, cidr: '192.0.2.128/25' });
    small.cloud.setGateway(small.web.router, { network: far, enableSnat: false });
    await scene.configure({
      schedule: RARELY,
      upstreams: [
        { name: 'edge1', os: 'linux', externalNetworks: ['far'], via: { netns: 'edge1' } },
      ],
    });
    const running = start();
    await until(() => running.log().includes('a route failed'));
    kill('SIGTERM');

    await running.ended;

    expect(running.log()).to.match(/error a route failed .*198\.51\.100\.0\/27.*ROUTE_REJECTED/);
  });
});
