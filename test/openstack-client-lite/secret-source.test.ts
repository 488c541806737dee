import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { isCloudConfigError, secretInFile } from '../../src/openstack-client-lite/index.ts';

describe('secretInFile', () => {
  let folder = '';
  let file = '';

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'secret-source-'));
    file = path.join(folder, 'secret');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const [text, want] of [
    ['hunter2', 'hunter2'],
    ['hunter2\n', 'hunter2'],
    ['hunter2\r\n', 'hunter2'],
    [' hun ter2 \n\n', ' hun ter2 \n'],
    ['ü'.repeat(32 * 1024), 'ü'.repeat(32 * 1024)],
  ] as const) {
    it(`takes ${JSON.stringify(text.slice(0, 20))} without the newline at its end`, async () => {
      writeFileSync(file, text, { mode: 0o600 });

      const source = await secretInFile(file, 'the setting');

      expect((await source.read()).reveal()).to.equal(want);
      expect(source.warnings).to.deep.equal([]);
      expect(source.description).to.equal(`the setting ${file}`);
    });
  }

  it('follows links, as a Kubernetes mount is made of them, and only warns of its mode', async () => {
    writeFileSync(file, 'one', { mode: 0o644 });
    const link = path.join(folder, 'link');
    symlinkSync(file, link);

    const source = await secretInFile(link, 'the setting');

    expect((await source.read()).reveal()).to.equal('one');
    expect(source.warnings).to.deep.equal([
      `${link} (the setting) may be read by other users; run: chmod 600 ${link}`,
    ]);
  });

  const refusals: readonly { name: string; make: () => void; says: RegExp }[] = [
    { name: 'no file', make: () => undefined, says: /ENOENT/v },
    { name: 'a folder', make: () => symlinkSync(folder, file), says: /no regular file/v },
    { name: 'a device', make: () => symlinkSync('/dev/zero', file), says: /no regular file/v },
    { name: 'a pipe', make: () => execFileSync('mkfifo', [file]), says: /no regular file/v },
    {
      name: 'an empty file',
      make: () => writeFileSync(file, '\n', { mode: 0o600 }),
      says: /holds no secret/v,
    },
    {
      name: 'a long file',
      make: () => writeFileSync(file, 'hunter2'.repeat(10_000), { mode: 0o600 }),
      says: /longer than 65536 bytes/v,
    },
    {
      name: 'a file that others may change',
      make: () => {
        writeFileSync(file, 'hunter2');
        execFileSync('chmod', ['0660', file]);
      },
      says: /others may change it; run: chmod go-w /v,
    },
  ];

  for (const { name, make, says } of refusals) {
    it(`refuses ${name}`, async () => {
      make();

      const error: unknown = await secretInFile(file, 'the setting').catch(
        (reason: unknown) => reason,
      );

      expect(isCloudConfigError(error)).to.equal(true);
      expect(String(error)).to.match(says).and.include(file).and.not.include('hunter2');
    });
  }

  it('says so when the file goes away later', async () => {
    writeFileSync(file, 'one', { mode: 0o600 });
    const source = await secretInFile(file, 'the setting');
    rmSync(file);

    const error: unknown = await source.read().catch((reason: unknown) => reason);

    expect(String(error)).to.match(/cannot read .*secret \(the setting\): ENOENT/v);
  });
});
