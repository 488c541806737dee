/**
 * Runs what the pages for operators mark as runnable (a fenced block of the language `sh run`), in their order, on an
 * embedded cloud and an upstream in memory. All blocks of one page are one session in an empty folder.
 */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect } from 'chai';
import { execa } from 'execa';

import { startCloud, type CloudServer } from '../../src/demo/cloud.ts';
import { type FakeIp, newRouter, startFakeIp, THIS_HOST } from '../cli/fake-ip.ts';
import { webAndDatabase } from '../cli/small-cloud.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const RUNNABLE = /^```sh run\n(.*?)^```$/gms;

interface Session {
  readonly page: string;
  readonly blocks: readonly string[];
}

async function sessions(): Promise<readonly Session[]> {
  const docs = await readdir(path.join(ROOT, 'docs'));
  const pages = ['README.md', ...docs.map((name) => path.join('docs', name))];
  const all = pages
    .filter((page) => page.endsWith('.md'))
    .map(async (page) => {
      const text = await readFile(path.join(ROOT, page), 'utf8');
      return { page, blocks: Array.from(text.matchAll(RUNNABLE), ([, block = '']) => block) };
    });
  return (await Promise.all(all)).filter(({ blocks }) => blocks.length > 0);
}

const SESSIONS = await sessions();

describe('what the pages mark as runnable', () => {
  let folder: string;
  let server: CloudServer;
  let ip: FakeIp;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'route-sync-page-'));
    const bin = path.join(folder, 'bin');
    await Promise.all(['bin', 'run', 'work'].map(async (name) => mkdir(path.join(folder, name))));
    ip = await startFakeIp(bin);
    ip.routers.set(THIS_HOST, await newRouter());
    server = await startCloud(webAndDatabase().cloud);
    const command = path.join(bin, 'route-sync');
    const main = path.join(ROOT, 'src/main.ts');
    await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
    await chmod(command, 0o755);
  });

  afterEach(async () => {
    await Promise.all([server.close(), ip.close()]);
    await rm(folder, { recursive: true });
  });

  async function play(blocks: readonly string[]): Promise<{ failed: boolean; all: string }> {
    const { failed, all } = await execa('sh', ['-eux'], {
      input: blocks.join('\n'),
      cwd: path.join(folder, 'work'),
      env: {
        ...server.env,
        PATH: `${path.join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
        HOME: folder,
        RUNTIME_DIRECTORY: path.join(folder, 'run'),
        NO_COLOR: '1',
      },
      extendEnv: false,
      reject: false,
      all: true,
    });
    return { failed, all };
  }

  it('is there', () => {
    expect(SESSIONS.map(({ page }) => page)).to.include.members(['docs/getting-started.md']);
  });

  it('fails where a command of a block fails', async () => {
    const { failed, all } = await play(['route-sync no-such-command', 'echo not reached']);

    expect(failed).to.equal(true);
    expect(all.split('\n')).not.to.include('not reached');
  });

  for (const { page, blocks } of SESSIONS) {
    it(`runs: ${page}`, async () => {
      const { failed, all } = await play(blocks);

      expect(failed, all).to.equal(false);
    }).timeout(60_000);
  }
});
