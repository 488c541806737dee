/** Taking runs back from the command line, over a router in memory. */
import { writeFile } from 'node:fs/promises';

import { expect } from 'chai';

import type { Transport } from '../../src/transport/transport.ts';
import { ask, ownRoutes } from './fake-ip.ts';
import { openScene, UPSTREAM, type Run, type Scene } from './scene.ts';
import { WANTED, webAndDatabase } from './small-cloud.ts';

describe('route-sync undo', () => {
  let scene: Scene;
  let router: Transport;

  beforeEach(async () => {
    scene = await openScene(webAndDatabase().cloud);
    const found = scene.ip.routers.get('edge1');
    if (found === undefined) {
      throw new Error('no router');
    }
    router = found;
    expect(await scene.run(['apply'])).to.include({ exitCode: 0 });
  });

  afterEach(async () => {
    await scene.close();
  });

  /** The ids of all runs so far, oldest first. */
  async function runIds(): Promise<readonly string[]> {
    const { stdout } = await scene.run(['journal', 'show', '--output', 'json']);
    const { upstreams } = JSON.parse(stdout) as {
      upstreams: readonly { readonly runs: readonly { readonly run: string }[] }[];
    };
    return upstreams.flatMap(({ runs }) => runs.map(({ run }) => run));
  }

  async function undoLast(...args: readonly string[]): Promise<Run> {
    return scene.run(['undo', (await runIds()).at(-1) ?? '', ...args]);
  }

  it('throws the kill switch with it where it is told to', async () => {
    const { exitCode, stderr } = await undoLast('--yes', '--freeze');

    expect(exitCode).to.equal(0);
    expect(stderr).to.match(/writes are frozen; "route-sync unfreeze" ends it\n$/);
    expect(JSON.parse(await scene.readState('freeze')))
      .to.have.property('reason')
      .that.matches(/was undone$/);
    await scene.run(['apply']);
    expect(await ownRoutes(router)).to.deep.equal({});
  });

  it('takes a run back without the cloud, and an undo too', async () => {
    const asked = scene.server.requests.length;

    const { exitCode, stdout, stderr } = await undoLast('--yes');

    expect(exitCode).to.equal(0);
    expect(stdout).to.match(
      /^edge1 \(netns edge1.*\n {2}- 198\.51\.100\.0\/27 {2}\(was 203\.0\.113\.10\)\n/,
    );
    expect(stdout).to.contain('3 removed, verified.');
    expect(stderr).to.match(
      /the next cycle brings back .* "undo --freeze" keeps things as they are\n$/,
    );
    expect(await ownRoutes(router)).to.deep.equal({});

    await undoLast('--yes');

    expect(await ownRoutes(router)).to.deep.equal(WANTED);
    expect(scene.server.requests).to.have.length(asked);
    expect(await scene.run(['journal', 'verify'])).to.include({ exitCode: 0 });
  });

  it('is journalled itself', async () => {
    const [first] = await runIds();
    await undoLast('--yes');

    const { stdout } = await scene.run(['journal', 'show']);

    expect(stdout).to.match(
      new RegExp(`undo undoes ${first} by .*: 0 to add, .* 3 to remove; .*\n$`),
    );
  });

  it('shows what it would do, and needs a yes', async () => {
    const { exitCode, stdout, stderr } = await undoLast();

    expect(exitCode).to.equal(1);
    expect(stdout).to.contain('- 198.51.100.0/27');
    expect(stderr).to.match(/nothing was changed; answer yes, or say --yes \(NOT_CONFIRMED\)\n$/);
    expect(await ownRoutes(router)).to.deep.equal(WANTED);
  });

  it('leaves alone what changed since, and says why', async () => {
    const mark = ['proto', '201', 'metric', '1024'];
    await ask(router, ['ip', 'route', 'del', '198.51.100.0/27', ...mark]);
    const other = ['198.51.100.0/27', 'via', '203.0.113.99'];
    await ask(router, ['ip', 'route', 'add', ...other, ...mark]);

    const { exitCode, stdout } = await undoLast('--yes', '--output', 'json');

    expect(exitCode).to.equal(0);
    const answer: unknown = JSON.parse(stdout);
    expect(answer).to.have.nested.include({ 'upstreams[0].left[0].prefix': '198.51.100.0/27' });
    expect(answer).to.have.nested.include({ 'upstreams[0].result.removed': 2 });
    expect(await ownRoutes(router)).to.deep.equal({ '198.51.100.0/27': '203.0.113.99' });
  });

  it('asks nothing where nothing is left to take back', async () => {
    const [first = ''] = await runIds();
    await undoLast('--yes');

    const { exitCode, stdout } = await scene.run(['undo', first]);

    expect(exitCode).to.equal(0);
    expect(stdout).to.contain('add 198.51.100.0/27 is not taken back: no route of ours is there');
  });

  it('names the last runs where the given one is unknown', async () => {
    const [first] = await runIds();

    const { exitCode, stderr } = await scene.run(['undo', 'run-x', '--yes']);

    expect(exitCode).to.equal(1);
    expect(stderr).to.contain(`of run run-x; the last runs: ${first} (`);
    expect(stderr).to.match(/\(JOURNAL_RUN_UNKNOWN\)\n$/);
  });

  it('does nothing while writes are frozen', async () => {
    const [first = ''] = await runIds();
    await scene.run(['freeze']);

    const { exitCode, stderr } = await scene.run(['undo', first, '--yes']);

    expect(exitCode).to.equal(3);
    expect(stderr).to.match(/\(FROZEN\)\n$/);
    expect(await ownRoutes(router)).to.deep.equal(WANTED);
  });

  it('does nothing by a journal that was tampered with', async () => {
    const [first = ''] = await runIds();
    const text = await scene.readState('journal/edge1.jsonl');
    await writeFile(`${scene.stateDir}/journal/edge1.jsonl`, text.replaceAll('113.11', '113.12'));

    const { exitCode, stderr } = await scene.run(['undo', first, '--yes']);

    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/\(JOURNAL_BROKEN\)\n$/);
    expect(await ownRoutes(router)).to.deep.equal(WANTED);
  });

  it('works only on the upstreams that have the run', async () => {
    const [first = ''] = await runIds();
    const gone = { ...UPSTREAM, name: 'edge2', via: { netns: 'gone' } };
    await scene.configure({ upstreams: [gone, UPSTREAM] });

    expect(await scene.run(['undo', first, '--yes'])).to.include({ exitCode: 0 });
  });
});
