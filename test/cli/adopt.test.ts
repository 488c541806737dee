import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';

import { sinceBoot } from '../../src/agent/boot-clock.ts';
import { adoptCommand } from '../../src/cli/adopt.ts';
import type { CommandContext } from '../../src/cli/context.ts';
import type { RouteSyncError } from '../../src/errors.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { ask, listing, ownRoutes } from './fake-ip.ts';
import { openScene, type Scene, UPSTREAM } from './scene.ts';
import { webAndDatabase } from './small-cloud.ts';

const WEB = '198.51.100.0/27';
const DATABASE = '198.51.100.32/27';

describe('route-sync adopt', () => {
  let scene: Scene;
  let small: ReturnType<typeof webAndDatabase>;
  let router: Transport;
  const searchPath = process.env['PATH'];

  beforeEach(async () => {
    small = webAndDatabase();
    scene = await openScene(small.cloud);
    const found = scene.ip.routers.get('edge1');
    if (found === undefined) {
      throw new Error('the scene has no router');
    }
    router = found;
    await add(`${WEB} via 203.0.113.10`);
  });

  afterEach(async () => {
    process.env['PATH'] = searchPath;
    await scene.close();
  });

  async function add(words: string): Promise<void> {
    await ask(router, ['ip', 'route', 'add', ...words.split(' ')]);
  }

  it('shows what it means to do, does it with --yes, and says so', async () => {
    await add(`${DATABASE} via 203.0.113.99`);

    const { exitCode, stdout, stderr } = await scene.run(['adopt', '--all', '--yes']);

    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    const { router: web, subnet } = small.web;
    const title = 'edge1 (network namespace edge1, table main, protocol 201, metric 1024)';
    expect(stdout.replace(/^edge1 \([^)]*\)/gm, title).split('\n')).to.deep.equal([
      title,
      `  adopt ${WEB} via 203.0.113.10 (was via 203.0.113.10 dev ext0 proto 3), router ${web.id} subnet ${subnet.id}`,
      `  leave ${DATABASE}: it leads to 203.0.113.99, not to 203.0.113.11 as the cloud wants; name the prefix to take it over as it stands, the next cycle then moves it`,
      title,
      '  Done: 1 adopted, 1 left, 0 failed.',
      '',
    ]);
    expect(await ownRoutes(router)).to.deep.equal({ [WEB]: '203.0.113.10' });
  });

  it('prints one JSON object', async () => {
    await add(`${DATABASE} via 203.0.113.11 proto 186`);

    const args = 'adopt --all --yes --output json'.split(' ');
    const { exitCode, stdout, stderr } = await scene.run(args);

    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    const reason =
      'the route (via 203.0.113.11 dev ext0 proto 186) is of protocol 186, so another program keeps it; only routes made by hand (protocol 3, boot, or 4, static) and those of protocol 201 are taken over';
    expect(JSON.parse(stdout)).to.deep.equal({
      version: 1,
      upstreams: [
        {
          name: 'edge1',
          adopted: [
            { prefix: WEB, nextHops: ['203.0.113.10'], was: 'via 203.0.113.10 dev ext0 proto 3' },
          ],
          refused: [{ prefix: DATABASE, reason }],
          failed: [],
          error: null,
        },
      ],
    });
  });

  it('says what it could not do in every format', async () => {
    const elsewhere = { ...UPSTREAM, name: 'edge2', via: { netns: 'edge2' } };
    await scene.configure({ upstreams: [UPSTREAM, elsewhere] });

    const text = await scene.run(['adopt', '--all', '--yes']);
    const json = await scene.run(['adopt', '--all', '--yes', '--output', 'json']);

    expect([text.exitCode, json.exitCode]).to.deep.equal([4, 4]);
    expect(text.stdout).to.contain('  Error, UPSTREAM_UNREACHABLE: cannot enter network namespace');
    expect(text.stderr).to.match(/^route-sync: edge2: .*\(UPSTREAM_UNREACHABLE\)\n$/);
    const { upstreams } = JSON.parse(json.stdout) as {
      readonly upstreams: readonly { readonly error: { readonly code: string } | null }[];
    };
    expect(upstreams.map(({ error }) => error?.code)).to.deep.equal([
      undefined,
      'UPSTREAM_UNREACHABLE',
    ]);
  });

  it('asks nobody where there is nothing to take over', async () => {
    await scene.run(['adopt', WEB, '--yes']);

    const { exitCode, stdout } = await scene.run(['adopt', '--all']);

    expect(exitCode).to.equal(0);
    expect(stdout).to.match(/ {2}Done: 0 adopted, 0 left, 0 failed\.\n$/);
  });

  const refusals: Readonly<Record<string, readonly [readonly string[], number, RegExp]>> = {
    'without a yes': [['--all'], 1, /adopt was not confirmed, nothing was changed/],
    'a prefix that nobody wants': [
      ['192.0.2.128/25', '--yes'],
      3,
      /192\.0\.2\.128\/25 cannot be taken over, .*\(NOTHING_TO_ADOPT\)\n$/,
    ],
    'no prefix and no --all': [['--yes'], 64, /name the prefixes to take over, or say --all/],
    'what is no prefix': [['10/8\u001b[2J', '--yes'], 64, /is no prefix such as 10\.0\.1\.0\/24/],
    'a prefix with host bits': [['198.51.100.1/27', '--yes'], 64, /is no prefix/],
  };
  for (const [what, [args, code, line]] of Object.entries(refusals)) {
    it(`refuses ${what} in one line, and changes nothing`, async () => {
      const before = await listing(router);

      const { exitCode, stderr } = await scene.run(['adopt', ...args]);

      expect(exitCode).to.equal(code);
      expect(stderr)
        .to.match(line)
        .and.match(/^route-sync: [\x20-\x7e]*\n$/);
      expect(await listing(router)).to.equal(before);
    });
  }

  it('refuses while writes are frozen', async () => {
    await scene.run(['apply']);
    await writeFile(path.join(scene.stateDir, 'freeze'), '');
    const before = await listing(router);

    const { exitCode, stderr } = await scene.run(['adopt', '--all', '--yes']);

    expect(exitCode).to.equal(3);
    expect(stderr).to.match(/\(FROZEN\)\n$/);
    expect(await listing(router)).to.equal(before);
  });

  for (const [answer, output, adopted] of [
    ['yes', 'text', [WEB]],
    [' yes ', 'json', [WEB]],
    ['y', 'text', []],
    ['', 'json', []],
  ] as const) {
    it(`takes "${answer}" on a terminal for ${adopted.length === 0 ? 'no' : 'yes'} (${output})`, async () => {
      const seen: string[] = [];
      const printed: string[] = [];
      const context = contextOf(scene, {
        print: (text) => void printed.push(text),
        complain: (text) => void seen.push(text),
        ask: (question) => {
          seen.push(question);
          return Promise.resolve(answer);
        },
      });
      // Programs are found through the PATH of the process.
      process.env['PATH'] = `${path.join(scene.folder, 'bin')}:${searchPath}`;
      const flags = { all: false, yes: false, wait: 0, upstream: [], verbose: false };
      const options = { ...flags, prefixes: [WEB] };

      const work = adoptCommand(context, { ...options, output });
      const outcome = await work.catch((error: RouteSyncError) => error.code);

      expect(outcome).to.equal(adopted.length === 0 ? 'NOT_CONFIRMED' : 0);
      expect(Object.keys(await ownRoutes(router))).to.deep.equal(adopted);
      expect(seen.at(-1)).to.equal('Take over 1 route? Type yes: ');
      expect((output === 'json' ? seen : printed).join('')).to.contain(`  adopt ${WEB} via `);
    });
  }
});

/** What main.ts gives a command on a terminal. */
function contextOf(
  scene: Scene,
  edges: Pick<CommandContext, 'print' | 'complain' | 'ask'>,
): CommandContext {
  const ignore = (): void => undefined;
  const log = {
    error: ignore,
    warn: ignore,
    info: ignore,
    debug: ignore,
    child: () => log,
    writes: () => false,
  };
  return {
    env: {
      ...scene.server.env,
      PATH: process.env['PATH'],
      RUNTIME_DIRECTORY: path.join(scene.folder, 'run'),
    },
    cwd: scene.folder,
    homeDir: scene.folder,
    uid: process.getuid?.() ?? 0,
    log,
    paint: (_, text) => text,
    now: Date.now,
    sinceBoot,
    host: 'test-host',
    readInput: () => Promise.resolve(''),
    onSignal: () => ignore,
    ...edges,
  };
}
