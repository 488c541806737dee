/** `route-sync demo` as a process: it shows the whole way, ends by itself, and leaves nothing behind. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';

const MAIN = path.join(import.meta.dirname, '../../src/main.ts');

describe('route-sync demo', function suite() {
  this.timeout(60_000);
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'route-sync-demo-test-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  /** Children know at least PATH, so a folder of our own in it marks them. */
  async function processesOfOurs(): Promise<readonly string[]> {
    const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const environments = await Promise.all(
      ids.map(async (id) => readFile(`/proc/${id}/environ`, 'utf8').catch(() => '')),
    );
    return ids.filter((_, index) => environments[index]?.includes(folder));
  }

  async function namespaces(): Promise<readonly string[]> {
    const names = await readdir('/run/netns').catch(() => []);
    return names.filter((name) => name.includes('demo'));
  }

  it('plans, applies, follows the cloud, and leaves nothing behind', async () => {
    const before = await namespaces();

    const { exitCode, stdout, stderr } = await execa(process.execPath, [MAIN, 'demo'], {
      cwd: folder,
      extendEnv: false,
      reject: false,
      env: {
        PATH: `${process.env['PATH'] ?? ''}:${folder}`,
        TMPDIR: folder,
        HOME: folder,
        RUNTIME_DIRECTORY: folder,
      },
    });

    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.match(/^ {2}Plan: \d+ to add, 0 to replace, 0 to remove; 0 unchanged, /m);
    expect(stdout).to.match(/^ {2}Done: \d+ added, 0 replaced, 0 removed, verified\.$/m);
    expect(stdout).to.match(/^ {2}Done: 1 added, 0 replaced, 1 removed, verified\.$/m);
    expect(await readdir(folder)).to.deep.equal([]);
    expect(await processesOfOurs()).to.deep.equal([]);
    expect(await namespaces()).to.deep.equal(before);
  });
});
