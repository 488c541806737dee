/** The commands that look or tidy up: explain, check, status and purge. */
import { expect } from 'chai';

import type { Fault, SeenRequest } from '../../src/demo/cloud.ts';
import { listing, newRouter, ownRoutes } from './fake-ip.ts';
import { openScene, type Scene, UPSTREAM } from './scene.ts';
import { WANTED, webAndDatabase } from './small-cloud.ts';

/** Turns text around, opens a line of its own, and paints: what a tenant may type as a name. */
const HOSTILE = 'x\u{202e}y\u{1b}[31m\nroot;$(reboot)\u{9b}2J';

describe('the commands that look', function suite() {
  this.timeout(60_000);
  let scene: Scene;
  let small: ReturnType<typeof webAndDatabase>;
  let fault: ((request: SeenRequest) => Fault | undefined) | undefined;

  beforeEach(async () => {
    small = webAndDatabase();
    fault = undefined;
    scene = await openScene(small.cloud, { onRequest: (request) => fault?.(request) });
  });

  afterEach(async () => {
    await scene.close();
  });

  async function output(args: readonly string[], exitCode = 0): Promise<string> {
    const run = await scene.run(args);
    expect(run.exitCode, run.stdout + run.stderr).to.equal(exitCode);
    return run.stdout;
  }

  describe('route-sync explain', () => {
    it('finds by prefix, address, and the id or name of a router or subnet', async () => {
      const { web, database } = small;
      const questions = {
        '198.51.100.0/27': ['198.51.100.0/27'],
        '198.51.100.35': ['198.51.100.32/27'],
        '2001:db8:a::77': ['2001:db8:a::/64'],
        web: ['198.51.100.0/27', '2001:db8:a::/64'],
        [database.router.id]: ['198.51.100.32/27'],
        'subnet-database': ['198.51.100.32/27'],
        [web.subnet.id]: ['198.51.100.0/27'],
      };

      for (const [what, prefixes] of Object.entries(questions)) {
        const answer = JSON.parse(await output(['explain', what, '--output', 'json'])) as {
          readonly query: string;
          readonly candidates: readonly { readonly prefix: string }[];
        };
        expect(answer.query).to.equal(what);
        expect(answer.candidates.map(({ prefix }) => prefix)).to.deep.equal(prefixes);
      }
    });

    it('shows the rule that failed, and what became of it on each upstream', async () => {
      small.cloud.setGateway(small.web.router, { network: small.external, enableSnat: true });
      await output(['apply']);

      const refused = await output(['explain', '198.51.100.0/27']);
      const installed = await output(['explain', 'database']);

      expect(refused).to.match(/^198\.51\.100\.0\/27 snat/m);
      expect(refused).to.match(/^ {2}✗ snat: enable_snat is on/m);
      expect(refused).to.match(/^ {2}→ edge1: not-announced$/m);
      expect(installed).to.match(/^198\.51\.100\.32\/27 eligible via 203\.0\.113\.11$/m);
      expect(installed).to.match(/^ {2}→ edge1: installed$/m);
      expect(installed).not.to.contain('✗');
    });

    it('finds a route that the cloud no longer asks for', async () => {
      await output(['apply']);
      await scene.configure({ removal: { snapshots: 2, graceSeconds: 60 } });
      small.cloud.removeInterface(small.database.router, small.database.subnet);

      const text = await output(['explain', '198.51.100.35']);
      const json = JSON.parse(
        await output(['explain', small.database.router.id, '--output', 'json']),
      ) as { readonly orphans: readonly unknown[] };

      expect(text).to.match(/^198\.51\.100\.32\/27 no longer wanted$/m);
      expect(text).to.match(/→ edge1: held: grace \(/);
      expect(text).to.contain(`router ${small.database.router.id}`);
      expect(json.orphans).to.have.lengthOf(1);
    });

    it('ends with 1 when nothing fits', async () => {
      expect(await output(['explain', 'nobody\u{1b}[31m'], 1)).to.equal(
        'nothing in the cloud or on the upstreams fits "nobody\\u{1b}[31m"\n',
      );
    });

    it('writes nothing', async () => {
      await output(['explain', 'web']);

      expect(scene.ip.writes).to.deep.equal([]);
      expect(scene.hasState()).to.equal(false);
    });
  });

  describe('route-sync check', () => {
    it('passes and changes no route', async () => {
      const router = scene.ip.routers.get('edge1') ?? (await newRouter());
      const before = await listing(router);

      const text = await output(['check']);

      expect(
        text
          .trimEnd()
          .split('\n')
          .map((line) => line.slice(0, line.indexOf(':'))),
      ).to.deep.equal([
        'ok   configuration',
        'ok   state directory',
        'ok   cloud settings',
        'ok   credentials',
        'ok   visibility',
        'ok   edge1 reach',
        'ok   edge1 rights',
        'ok   edge1 networks',
      ]);
      expect(text).to.contain(`public (${small.external.id})`);
      expect(await listing(router)).to.equal(before);
      expect(scene.hasState()).to.equal(false);
    });

    const failures: Readonly<Record<string, readonly [check: string, code: string, () => void]>> = {
      'bad credentials': [
        'credentials',
        'CLOUD_UNAUTHORIZED',
        () => {
          fault = ({ url }) => (url.includes('/auth/') ? { status: 401, body: '{}' } : undefined);
        },
      ],
      'a narrow view': [
        'visibility',
        'SNAPSHOT_INCOMPLETE',
        () => {
          small.cloud.identity.setRoles(small.cloud.identity.admin, ['reader']);
        },
      ],
      'a lost namespace': [
        'edge1 reach',
        'UPSTREAM_UNREACHABLE',
        () => {
          scene.ip.routers.clear();
        },
      ],
    };
    for (const [what, [check, code, breakIt]] of Object.entries(failures)) {
      it(`fails for ${what}, and checks the rest all the same`, async () => {
        breakIt();

        const text = await output(['check'], 1);

        expect(text).to.match(new RegExp(`^FAIL ${check}: .*\\(${code}\\)$`, 'm'));
        expect(text).to.match(/^ok {3}configuration:/m);
        expect(text).to.match(/edge1 reach:/);
      });
    }

    it('fails for missing rights', async () => {
      scene.ip.routers.set('edge1', await newRouter({ permitted: false }));

      expect(await output(['check'], 1)).to.match(/^FAIL edge1 rights: .*CAP_NET_ADMIN/m);
    });

    it('fails with 78 for missing credentials', async () => {
      const { exitCode, stdout } = await scene.run(['check'], { OS_USERNAME: '', OS_PASSWORD: '' });

      expect(exitCode).to.equal(78);
      expect(stdout).to.match(/^FAIL cloud settings: /m);
    });

    it('gives JSON for scripts', async () => {
      const { checks } = JSON.parse(await output(['check', '--output', 'json'])) as {
        readonly checks: readonly { readonly ok: boolean }[];
      };

      expect(checks.map(({ ok }) => ok)).to.deep.equal(Array.from(checks, () => true));
    });
  });

  describe('route-sync status', () => {
    it('says that there was no cycle yet, and makes no folder', async () => {
      expect(await output(['status'])).to.equal(`no cycle yet in ${scene.stateDir}\n`);
      expect(scene.hasState()).to.equal(false);
    });

    it('shows the last cycles, the newest first, and what is held and why', async () => {
      await scene.configure({ removal: { snapshots: 3, graceSeconds: 60 } });
      await output(['apply']);
      small.cloud.removeInterface(small.web.router, small.web.subnet);
      await output(['apply']);

      const text = await output(['status']);
      const json = JSON.parse(await output(['status', '--output', 'json'])) as {
        readonly cycles: readonly object[];
      };

      expect(text).to.match(
        /^\S+Z {2}apply \S+ {2}exit 0\n {2}edge1: 0 added.* 1 held\n {4}held remove 198\.51\.100\.0\/27: grace until \S+Z\n/,
      );
      expect(text).to.match(/ {2}edge1: 3 added/);
      expect(text).to.match(/\nedge1: last good state of \S+Z \(\d+ s ago\)\n$/);
      expect(json.cycles).to.have.length(2);
    });
  });

  describe('route-sync purge', () => {
    beforeEach(async () => {
      await output(['apply']);
    });

    it('needs a yes', async () => {
      const { exitCode, stderr } = await scene.run(['purge']);

      expect(exitCode).to.equal(1);
      expect(stderr).to.match(/nothing was removed; answer yes, or say --yes \(NOT_CONFIRMED\)\n$/);
      expect(await ownRoutes(scene.ip.routers.get('edge1') ?? (await newRouter()))).to.deep.equal(
        WANTED,
      );
    });

    it('removes ours and nothing else, without asking the cloud', async () => {
      const asked = scene.server.requests.length;
      const fresh = await listing(await newRouter());

      const text = await output(['purge', '--yes']);

      expect(text).to.contain('3 removed, verified.');
      expect(await listing(scene.ip.routers.get('edge1') ?? (await newRouter()))).to.equal(fresh);
      expect(scene.server.requests).to.have.length(asked);
    });

    it('lets another owner take over afterwards', async () => {
      await output(['purge', '--yes']);
      await scene.configure({ owner: 'successor' });

      await output(['apply']);
    });

    it('ends with 4 when one of two upstreams is gone', async () => {
      const gone = { ...UPSTREAM, name: 'edge2', via: { netns: 'gone' } };
      await scene.configure({ upstreams: [gone, UPSTREAM] });

      const { exitCode, stdout, stderr } = await scene.run(['purge', '--yes', '--output', 'json']);

      expect(exitCode).to.equal(4);
      expect(stderr).to.match(/^route-sync: edge2: cannot enter/);
      expect(JSON.parse(stdout)).to.have.nested.include({ 'upstreams[1].removed': 3 });
    });
  });

  it('lets no name of a tenant reach an output or a command as it is', async () => {
    const { cloud } = small;
    const hostile = small.addTenant(HOSTILE, '203.0.113.66', '198.51.100.96/27');
    cloud.setTags('routers', hostile.router, [HOSTILE]);
    const commands = [
      ['plan', '--verbose'],
      ['plan', '--verbose', '--output', 'json'],
      ['plan', '--output', 'markdown'],
      ['explain', HOSTILE],
      ['explain', HOSTILE, '--output', 'json'],
      ['apply'],
      ['check'],
      ['status'],
    ];

    for (const args of commands) {
      const { exitCode, stdout, stderr } = await scene.run(args);
      expect(exitCode, args.join(' ')).to.equal(0);
      const output = stdout + stderr;
      for (const raw of ['\u{1b}', '\u{9b}', '\u{202e}', '\nroot;']) {
        expect(output, args.join(' ')).not.to.contain(raw);
      }
    }
    expect(scene.ip.writes.join('')).not.to.contain('reboot');
    expect(scene.ip.writes.join('')).to.contain('198.51.100.96/27');
  });
});
