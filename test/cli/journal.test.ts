/** The journal from the command line. */
import { appendFile, writeFile } from 'node:fs/promises';

import { expect } from 'chai';

import { openScene, UPSTREAM, type Scene } from './scene.ts';
import { webAndDatabase } from './small-cloud.ts';

describe('route-sync journal', () => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await openScene(webAndDatabase().cloud);
    expect(await scene.run(['apply', '--force'])).to.include({ exitCode: 0 });
  });

  afterEach(async () => {
    await scene.close();
  });

  describe('verify', () => {
    it('counts, and gives the end of the chain', async () => {
      const { exitCode, stdout } = await scene.run(['journal', 'verify']);

      expect(exitCode).to.equal(0);
      expect(stdout).to.match(
        /^edge1: sound, 5 records in 1 file, 1 run; record 5 has hash [0-9a-f]{64}\n$/,
      );
    });

    it('says the same in JSON', async () => {
      const { stdout } = await scene.run(['journal', 'verify', '--output', 'json']);

      const answer: unknown = JSON.parse(stdout);
      expect(answer).to.have.nested.include({ version: 1, 'upstreams[0].sound': true });
      expect(answer).to.have.nested.include({ 'upstreams[0].records': 5, 'upstreams[0].torn': 0 });
    });

    it('names file, line and flaw, and the journals that are sound', async () => {
      const other = { ...UPSTREAM, name: 'edge0', via: { netns: 'edge0' } };
      await scene.configure({ upstreams: [UPSTREAM, other] });
      const text = await scene.readState('journal/edge1.jsonl');
      await writeFile(`${scene.stateDir}/journal/edge1.jsonl`, text.replace('113.10', '113.12'));

      const { exitCode, stdout, stderr } = await scene.run(['journal', 'verify']);

      expect(exitCode).to.equal(1);
      expect(stdout).to.match(/^edge1: NOT sound, JOURNAL_BROKEN: .*\nedge0: no journal yet\n$/);
      expect(stderr).to.match(
        /^route-sync: edge1: .*edge1\.jsonl, line \d, record \d was changed.*\(JOURNAL_BROKEN\)\n$/,
      );
    });

    it('finds a head file that was turned elsewhere, as those who write would', async () => {
      const head = JSON.parse(await scene.readState('journal/edge1.head.json')) as object;
      const turned = JSON.stringify({ ...head, from: 3 });
      await writeFile(`${scene.stateDir}/journal/edge1.head.json`, turned);

      const { exitCode, stderr } = await scene.run(['journal', 'verify']);

      expect(exitCode).to.equal(1);
      expect(stderr).to.contain('(JOURNAL_BROKEN)');
    });

    it('tells what a crash cut short', async () => {
      await appendFile(`${scene.stateDir}/journal/edge1.jsonl`, '{"seq":6');

      const { exitCode, stdout } = await scene.run(['journal', 'verify']);

      expect(exitCode).to.equal(0);
      expect(stdout).to.contain('; 8 bytes of a write that was cut short follow');
    });
  });

  describe('show', () => {
    it('lists the runs', async () => {
      const { exitCode, stdout } = await scene.run(['journal', 'show']);

      expect(exitCode).to.equal(0);
      expect(stdout).to.match(
        /^edge1\n {2}\S+Z {2}\S+ {2}apply FORCED by .+@\S+ \(test\): 3 to add, 0 to replace, 0 to remove; 3 added, 0 replaced, 0 removed, 0 failed, 0 left alone, verified\n$/,
      );
    });

    it('shows the changes of one run, and why', async () => {
      const listed = await scene.run(['journal', 'show', '--output', 'json']);
      const { upstreams } = JSON.parse(listed.stdout) as {
        upstreams: readonly { readonly runs: readonly { readonly run: string }[] }[];
      };
      const run = upstreams[0]?.runs[0]?.run ?? '';

      const text = await scene.run(['journal', 'show', run]);
      const json = await scene.run(['journal', 'show', run, '--output', 'json']);

      expect(text.stdout).to.match(
        /\n {4}add 198\.51\.100\.0\/27 {2}nothing -> 203\.0\.113\.10 {2}router \S+ subnet \S+\n/,
      );
      const answer: unknown = JSON.parse(json.stdout);
      expect(answer).to.have.nested.include({ 'upstreams[0].runs[0].outcome': 'end' });
      expect(answer).to.have.nested.property('upstreams[0].runs[0].changes').with.length(3);
    });

    it('does not know every run', async () => {
      const { exitCode, stderr } = await scene.run(['journal', 'show', 'run-x']);

      expect(exitCode).to.equal(1);
      expect(stderr).to.match(/run-x.*\(JOURNAL_RUN_UNKNOWN\)\n$/);
    });
  });
});
