/** Bad input through the real process: one clear line on stderr that names object, value and fix, and nothing changed. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';

import type { Fault, SeenRequest } from '../../src/demo/cloud.ts';
import { startExpired } from './expired-certificate.ts';
import { listing, newRouter } from './fake-ip.ts';
import { openScene, type Run, type Scene, UPSTREAM } from './scene.ts';
import { webAndDatabase } from './small-cloud.ts';

const HTML = '<html><body>Welcome to nginx</body></html>';

interface Case {
  readonly what: string;
  readonly config?: object;
  readonly env?: Readonly<Record<string, string>>;
  readonly fault?: (request: SeenRequest) => Fault | undefined;
  readonly exitCode: 1 | 78;
  readonly line: RegExp;
}

const CASES: readonly Case[] = [
  {
    what: 'an unknown key',
    config: { polcy: {} },
    exitCode: 78,
    line: /route-sync\.yaml: polcy: unknown key; did you mean "policy"\? \(CONFIG_INVALID\)$/,
  },
  {
    what: 'a bad prefix',
    config: { policy: { mode: 'sync', allow: [{ prefix: '198.51.100/24' }] } },
    exitCode: 78,
    line: /policy\.allow\[0\]\.prefix: .*"198\.51\.100.*" is not a prefix such as/,
  },
  {
    what: 'host bits',
    config: { policy: { mode: 'sync', allow: [{ prefix: '198.51.100.1/24' }] } },
    exitCode: 78,
    line: /"198\.51\.100\.1\/24" has host bits set; did you mean 198\.51\.100\.0\/24\?/,
  },
  {
    what: 'a bad cron line',
    config: { schedule: '*/30 * * *' },
    exitCode: 78,
    line: /schedule: "\*\/30 \* \* \*" must have six fields .* for example/,
  },
  {
    what: 'a cloud that clouds.yaml does not have',
    config: { cloud: { name: 'prod' } },
    exitCode: 78,
    line: /no cloud named "prod": there is no clouds\.yaml \(searched: /,
  },
  {
    what: 'no credentials at all',
    env: { OS_AUTH_URL: '', OS_USERNAME: '', OS_PASSWORD: '', OS_PROJECT_NAME: '' },
    exitCode: 78,
    line: /CLOUD_CONFIG_/,
  },
  {
    what: 'a wrong password',
    env: { OS_PASSWORD: 'not-the-secret' },
    exitCode: 1,
    line: /refuses user admin \(domain Default\) on project admin .*: check the credentials in the OS_\* variables/,
  },
  {
    what: 'an endpoint that nobody listens on',
    env: { OS_AUTH_URL: 'http://127.0.0.1:9/v3' },
    exitCode: 1,
    line: /127\.0\.0\.1:9: connection refused; is the service up, and the address and port right\?/,
  },
  {
    what: 'HTML instead of JSON',
    fault: ({ url }) =>
      url.includes('/v2.0/routers')
        ? { body: HTML, headers: { 'Content-Type': 'text/html' } }
        : undefined,
    exitCode: 1,
    line: /GET \/networking\/v2\.0\/routers: 200, but no JSON \(.*\): "<html>.*CLOUD_ANSWER_INVALID\)$/,
  },
  {
    what: 'a table that does not exist',
    config: { upstreams: [{ ...UPSTREAM, table: 'nosuch' }] },
    exitCode: 1,
    line: /edge1: routing table "nosuch" is not known on the upstream: use a number, or name it in/,
  },
  {
    what: 'a namespace that does not exist',
    config: { upstreams: [{ ...UPSTREAM, via: { netns: 'gone' } }] },
    exitCode: 1,
    line: /edge1: cannot enter network namespace "gone": .*; "ip netns list" shows the names/,
  },
  {
    what: 'an external network that does not exist',
    config: { upstreams: [{ ...UPSTREAM, externalNetworks: ['pubic'] }] },
    exitCode: 1,
    line: /edge1: "pubic" is not an external network of the cloud \(openstack network list --external\)/,
  },
];

describe('bad input', function suite() {
  this.timeout(60_000);
  let scene: Scene;
  let small: ReturnType<typeof webAndDatabase>;
  let fault: Case['fault'];

  beforeEach(async () => {
    small = webAndDatabase();
    fault = undefined;
    scene = await openScene(small.cloud, { onRequest: (request) => fault?.(request) });
  });

  afterEach(async () => {
    await scene.close();
  });

  /** Runs `apply` where something is to remove and to add; it must end so, and change nothing. */
  async function expectRefusal(
    { exitCode, line }: Pick<Case, 'exitCode' | 'line'>,
    env: Case['env'] = {},
  ): Promise<Run> {
    const router = scene.ip.routers.get('edge1') ?? (await newRouter());
    const before = await listing(router);

    const run = await scene.start(['apply'], env).ended;

    expect(run.stderr).to.match(/^route-sync: [^\n]*\n$/);
    expect(run.stderr.trimEnd()).to.match(line);
    expect(run.stderr + run.stdout).not.to.match(/not-the-secret|embedded-cloud-only|gAAAA/);
    expect(run.exitCode).to.equal(exitCode);
    expect(await listing(router)).to.equal(before);
    return run;
  }

  for (const { what, config, env, fault: broken, ...want } of CASES) {
    it(`is ${what}`, async () => {
      fault = broken;
      await scene.configure(config);

      await expectRefusal(want, env);
    });
  }

  it('is a user without the right to see the routers of other projects', async () => {
    const { cloud, project } = small;
    const roles = ['member'];
    const eve = cloud.identity.addUser({ name: 'eve', password: 'not-the-secret', project, roles });

    await expectRefusal(
      { exitCode: 1, line: /does not see all projects: .*; give it the admin role/ },
      scene.server.envOf(eve),
    );
  });

  it('is a cloud that clouds.yaml does not have among others', async () => {
    await writeFile(path.join(scene.folder, 'clouds.yaml'), 'clouds: { lab: { auth: {} } }');
    await scene.configure({ cloud: { name: 'prod' } });

    await expectRefusal({ exitCode: 78, line: /no cloud named "prod": \S+clouds\.yaml has lab/ });
  });

  it('is a machine without ip', async () => {
    const bin = path.join(scene.folder, 'without-ip');
    await mkdir(bin);
    for (const program of ['flock', 'cat']) {
      const { stdout } = await execa('which', [program]);
      await symlink(stdout, path.join(bin, program));
    }

    await expectRefusal(
      { exitCode: 1, line: /edge1: cannot run ip: not found in PATH=\S+; install iproute2, or/ },
      { PATH: bin },
    );
  });

  it('is a process without the right to change routes', async () => {
    scene.ip.routers.set('edge1', await newRouter({ permitted: false }));

    await expectRefusal({ exitCode: 1, line: /run as root or grant CAP_NET_ADMIN/ });
  });

  it('is an endpoint whose certificate has expired', async () => {
    const server = await startExpired(scene.folder);
    try {
      await expectRefusal(
        { exitCode: 1, line: /certificate has expired; renew the certificate.*CLOUD_TLS\)$/ },
        { OS_AUTH_URL: `${server.url}/v3`, OS_CACERT: server.cacert },
      );
    } finally {
      server.close();
    }
  });

  it('is a state directory that cannot be made', async () => {
    await writeFile(path.join(scene.folder, 'file'), '');
    await scene.configure({ stateDir: path.join(scene.folder, 'file/state') });

    await expectRefusal({ exitCode: 1, line: /file\/state.*set stateDir to another folder/ });
  });
});
