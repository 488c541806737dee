/** `route-sync apply` as a process: what it changes, records and refuses. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';

import { listing, newRouter, ownRoutes } from './fake-ip.ts';
import { openScene, type Scene, UPSTREAM } from './scene.ts';
import { WANTED, webAndDatabase } from './small-cloud.ts';

interface Status {
  readonly cycles: readonly {
    readonly command: string;
    readonly exitCode: number;
    readonly upstreams: readonly { readonly name: string; readonly added: number }[];
  }[];
}

describe('route-sync apply', function suite() {
  this.timeout(60_000);
  let scene: Scene;
  let small: ReturnType<typeof webAndDatabase>;

  beforeEach(async () => {
    small = webAndDatabase();
    scene = await openScene(small.cloud);
  });

  afterEach(async () => {
    await scene.close();
  });

  async function owned(name = 'edge1'): Promise<object> {
    return ownRoutes(scene.ip.routers.get(name) ?? (await newRouter()));
  }

  async function status(): Promise<Status> {
    return JSON.parse(await scene.readState('status.json')) as Status;
  }

  it('pushes, verifies, records, and is in sync the second time', async () => {
    const first = await scene.run(['apply', '--output', 'json']);
    const second = await scene.run(['apply']);

    expect(first.exitCode, first.stderr).to.equal(0);
    expect(JSON.parse(first.stdout)).to.have.nested.include({
      exitCode: 0,
      'upstreams[0].result.added': 3,
      'upstreams[0].result.verified': true,
    });
    expect(second.stdout).to.contain('Done: 0 added, 0 replaced, 0 removed, verified.');
    expect(await owned()).to.deep.equal(WANTED);
    expect(
      (await status()).cycles.map(({ command, exitCode }) => `${command} ${exitCode}`),
    ).to.deep.equal(['apply 0', 'apply 0']);
    expect(await scene.readState('upstreams/edge1.json')).to.contain(small.web.router.id);
  });

  it('ends with 4 when one of two upstreams is gone, and serves the other', async () => {
    await scene.configure({
      upstreams: [{ ...UPSTREAM, name: 'edge0', via: { netns: 'gone' } }, UPSTREAM],
    });

    const { exitCode, stderr } = await scene.run(['apply']);

    expect(exitCode).to.equal(4);
    expect(stderr).to.match(/^route-sync: edge0: cannot enter network namespace "gone": .*\n$/);
    expect(await owned()).to.deep.equal(WANTED);
  });

  it('ends with 1 when all upstreams fail', async () => {
    await scene.configure({ upstreams: [{ ...UPSTREAM, via: { netns: 'gone' } }] });

    const { exitCode } = await scene.run(['apply']);

    expect(exitCode).to.equal(1);
    expect((await status()).cycles[0]).to.include({ exitCode: 1 });
  });

  it('ends with 4 and names the route that the upstream refused', async () => {
    await scene.configure({ upstreams: [{ ...UPSTREAM, externalNetworks: ['public', 'far'] }] });
    const far = small.cloud.addExternalNetwork('far');
    small.cloud.addSubnet({ network: far, cidr: '192.0.2.128/25' });
    const router = small.cloud.addRouter({ name: 'away', project: small.project });
    small.cloud.setGateway(router, { network: far, enableSnat: false });
    small.addSubnet(router, '198.51.100.96/27');

    const { exitCode, stdout } = await scene.run(['apply']);

    expect(exitCode).to.equal(4);
    expect(stdout).to.match(
      /add 198\.51\.100\.96\/27 failed, ROUTE_REJECTED: .*connect the upstream/,
    );
    expect(await owned()).to.deep.equal(WANTED);
  });

  it('ends with 3 when the guard refuses, adds all the same, and obeys --force', async () => {
    await scene.configure({ guard: { maxRemovals: { free: 0 } } });
    await scene.run(['apply']);
    small.cloud.removeInterface(small.database.router, small.database.subnet);
    small.addTenant('mail', '203.0.113.12', '198.51.100.64/27');

    const refused = await scene.run(['apply']);
    const kept = await owned();
    const forced = await scene.run(['apply', '--force']);

    expect([refused.exitCode, forced.exitCode]).to.deep.equal([3, 0]);
    expect(kept).to.deep.equal({ ...WANTED, '198.51.100.64/27': '203.0.113.12' });
    expect(await owned()).not.to.have.property('198.51.100.32/27');
  });

  it('records a cycle that could not read the cloud, and keeps every route', async () => {
    await scene.run(['apply']);

    const failed = await scene.run(['apply'], { OS_PASSWORD: 'wrong-secret' });
    const shown = await scene.run(['status']);

    expect(failed.exitCode).to.equal(1);
    expect(failed.stderr).to.match(/^route-sync: Keystone at .* refuses user admin .*\n$/);
    expect(failed.stderr + failed.stdout).not.to.contain('wrong-secret');
    expect(shown.stdout).to.match(/ apply \S+ {2}exit 1\n {2}CLOUD_/);
    expect(await owned()).to.deep.equal(WANTED);
  });

  it('ends with 75 while another process works on the upstream', async () => {
    await scene.configure({ cloud: { retries: 0, requestTimeoutSeconds: 30 } });
    const other = await openScene(small.cloud, {
      onRequest: ({ url }) => (url.includes('/v2.0/') ? { delayMs: Infinity } : undefined),
    });
    try {
      // The same runtime directory and the same namespace: the same lock.
      const holder = scene.start(['apply'], other.server.env);
      while (!other.server.requests.some(({ url }) => url.includes('/v2.0/'))) {
        await new Promise((resolve) => {
          setTimeout(resolve, 20);
        });
      }

      const second = await scene.run(['apply']);
      process.kill(holder.pid, 'SIGTERM');
      const first = await holder.ended;

      expect(second.exitCode).to.equal(75);
      expect(second.stderr).to.match(
        /edge1: .* is held by pid \d+ \(owner "test", apply\) since .*LOCKED/,
      );
      expect(first.exitCode).to.equal(1);
      expect(first.stderr).to.contain(
        'stopped by a signal before anything was changed (CANCELLED)',
      );
      expect(await owned()).to.deep.equal({});
    } finally {
      await other.close();
    }
  });

  it('shows an upstream of another owner as taken', async () => {
    await scene.run(['apply']);
    await scene.configure({ owner: 'stranger', stateDir: path.join(scene.folder, 'elsewhere') });

    const { exitCode, stderr } = await scene.run(['apply']);

    expect(exitCode).to.equal(1);
    expect(stderr).to.match(
      /edge1: protocol 201 on .* owner "test"; give each owner its own protocol number/,
    );
  });

  describe('--plan', () => {
    let file: string;

    beforeEach(async () => {
      file = path.join(scene.folder, 'plan.json');
      await writeFile(file, (await scene.run(['plan', '--output', 'json'])).stdout);
    });

    it('applies exactly the reviewed plan', async () => {
      const { exitCode } = await scene.run(['apply', '--plan', 'plan.json']);

      expect(exitCode).to.equal(0);
      expect(await owned()).to.deep.equal(WANTED);
    });

    it('refuses a stale plan, and changes nothing', async () => {
      small.addTenant('mail', '203.0.113.12', '198.51.100.64/27');

      const { exitCode, stderr } = await scene.run(['apply', '--plan', file]);

      expect(exitCode).to.equal(1);
      expect(stderr).to.match(
        /is not what would be done now .*plan and review again \(PLAN_STALE\)\n$/,
      );
      expect(await owned()).to.deep.equal({});
    });

    it('refuses a plan that was edited', async () => {
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replace('203.0.113.10', '203.0.113.66'));

      const { exitCode, stderr } = await scene.run(['apply', '--plan', file]);

      expect(exitCode).to.equal(1);
      expect(stderr).to.match(/plan\.json was changed after it was written: .*\(PLAN_INVALID\)\n$/);
      expect(scene.ip.writes).to.deep.equal([]);
    });

    for (const { what, content, problem } of [
      { what: 'the text of a plan', content: 'Plan: 3 to add', problem: 'is not JSON' },
      { what: 'another JSON', content: '{"version": 1}', problem: 'is not a plan of route-sync' },
      { what: 'no file', content: undefined, problem: 'cannot be read' },
    ]) {
      it(`refuses ${what}`, async () => {
        if (content !== undefined) {
          await writeFile(path.join(scene.folder, 'other.json'), content);
        }

        const { exitCode, stderr } = await scene.run(['apply', '--plan', 'other.json']);

        expect(exitCode).to.equal(1);
        expect(stderr).to.contain(`--plan other.json ${problem}; write one with route-sync plan`);
        expect(scene.ip.writes).to.deep.equal([]);
      });
    }
  });

  it('touches no route of others', async () => {
    const router = scene.ip.routers.get('edge1') ?? (await newRouter());
    const before = await listing(router);

    await scene.run(['apply']);
    await scene.run(['purge', '--yes']);

    expect(await listing(router)).to.equal(before);
  });
});
