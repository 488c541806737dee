/** Input that is complete before a program starts. */
import { spawnSync } from 'node:child_process';
import { readdir, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect } from 'chai';

import { withInputFile } from '../../src/transport/batch-file.ts';

/** How many files this process holds open that have no name. */
async function unnamed(): Promise<number> {
  const links = (await readdir('/proc/self/fd')).map(async (fd) =>
    readlink(`/proc/self/fd/${fd}`).catch(() => ''),
  );
  return (await Promise.all(links)).filter((link) => link.endsWith(' (deleted)')).length;
}

describe('withInputFile', () => {
  for (const text of ['', 'one line\n', 'route add 10.0.0.0/24\n'.repeat(100_000), 'ü€😀\n']) {
    it(`gives a program all ${text.length} characters from the start`, async () => {
      const output = await withInputFile(text, async (file) =>
        spawnSync('cat', { stdio: [file, 'pipe', 'pipe'], maxBuffer: 1 << 26 }),
      );

      expect(output.stdout.toString()).to.equal(text);
    });
  }

  it('has no name while it is in use, and is gone afterwards, also after an error', async () => {
    const names = async (): Promise<readonly string[]> =>
      (await readdir(tmpdir())).filter((name) => /^route-sync-[0-9a-f]{16}$/.test(name));
    const before = await names();
    const [open, during] = [await unnamed(), [0]];

    await withInputFile('text', async () => {
      during[0] = await unnamed();
      expect(await names()).to.deep.equal(before);
      throw new Error('over');
    }).catch(() => undefined);

    expect(during).to.deep.equal([open + 1]);
    expect(await unnamed()).to.equal(open);
  });
});
