import { expect } from 'chai';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readServerToken } from '../../../src/agent/server/token.ts';
import { failureOf } from '../cycle-scene.ts';

const LONG = '0123456789abcdef';

describe('readServerToken', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'route-sync-token-'));
    file = join(folder, 'token');
  });

  afterEach(async () => rm(folder, { recursive: true }));

  async function write(text: string, mode = 0o600): Promise<void> {
    await writeFile(file, text);
    await chmod(file, mode);
  }

  it('takes the first line', async () => {
    await write(`${LONG}\r\nand a comment\n`);

    const { token, warnings } = await readServerToken(file);

    expect([token.reveal(), warnings]).to.deep.equal([LONG, []]);
  });

  for (const [what, text, mode, warning] of [
    ['that others may read', LONG, 0o644, /chmod 600/],
    ['that is short', 'abc', 0o600, /fewer than 16 characters/],
  ] as const) {
    it(`warns of a token ${what}`, async () => {
      await write(text, mode);

      expect((await readServerToken(file)).warnings.join()).to.match(warning);
    });
  }

  for (const [what, text, mode] of [
    ['is empty', '', 0o600],
    ['has an empty first line', '\nsecond', 0o600],
    ['has a space in it', 'two words', 0o600],
    ['is not ASCII', 'schlüssel-für-uns', 0o600],
    ['others may change', LONG, 0o666],
  ] as const) {
    it(`refuses a token that ${what}, and does not show it`, async () => {
      await write(text, mode);

      const { code, message } = await failureOf(readServerToken(file));

      expect(code).to.equal('SERVER_FAILED');
      expect(message).to.contain(file);
      expect(message).not.to.contain(text.trim() || 'a token');
    });
  }

  it('names the file that is missing', async () => {
    const { code, message } = await failureOf(readServerToken(file));

    expect([code, message]).to.deep.equal([
      'SERVER_FAILED',
      `cannot read ${file} (server.tokenFile): ENOENT`,
    ]);
  });
});
