import { expect } from 'chai';
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { readFreeze, removeFreeze, writeFreeze } from '../../src/agent/freeze.ts';
import { failure, newPlace } from './state-scene.ts';

const FREEZE = { by: 'ann', at: '2026-01-01T00:00:00.000Z', reason: 'the fabric is being moved' };

let dir: string;
let file: string;
let close: () => Promise<void>;

async function begin(): Promise<void> {
  ({ dir, close } = await newPlace());
  file = join(dir, 'freeze');
}

describe('readFreeze', () => {
  beforeEach(begin);
  afterEach(async () => close());

  it('knows of none where the state directory does not exist', async () => {
    expect(await readFreeze(dir)).to.equal(undefined);
  });

  it('knows of none where the state directory has no such file', async () => {
    await mkdir(dir);

    expect(await readFreeze(dir)).to.equal(undefined);
  });

  it('gives back what was written', async () => {
    await writeFreeze(dir, FREEZE);

    expect(await readFreeze(dir)).to.deep.equal(FREEZE);
  });

  for (const [name, content] of [
    ['an empty file', ''],
    ['garbage', '\u0000\u001B[2J{'],
    ['a note', 'ask ann before you remove this'],
    ['JSON of another shape', '{"by":1,"at":"","reason":null}'],
    ['JSON that was cut', '{"by":"ann","at":"2026'],
    ['more than anybody writes', `{"by":"${'a'.repeat(100_000)}","at":"","reason":""}`],
  ] as const) {
    it(`takes ${name} for frozen, since the file was made`, async () => {
      await mkdir(dir);
      await writeFile(file, content);

      const { mtime } = await stat(file);
      expect(await readFreeze(dir)).to.deep.equal({
        by: 'unknown',
        at: mtime.toISOString(),
        reason: `${file} is there, made by hand`,
      });
    });
  }

  it('takes a folder of that name for frozen', async () => {
    await mkdir(file, { recursive: true });

    const freeze = await readFreeze(dir);
    expect(freeze?.by).to.equal('unknown');
    expect(freeze?.reason).to.equal(`${file} cannot be read (EISDIR)`);
  });

  it('takes a link to nothing for frozen', async () => {
    await mkdir(dir);
    await symlink('nowhere', file);

    expect((await readFreeze(dir))?.reason).to.equal(`${file} cannot be read (ELOOP)`);
  });

  it('takes a state directory that cannot be looked at for frozen', async () => {
    await writeFile(dir, '');

    expect(await readFreeze(dir)).to.deep.equal({
      by: 'unknown',
      at: 'unknown',
      reason: `${file} cannot be read (ENOTDIR)`,
    });
  });

  it('makes a file harmless that was written by hand', async () => {
    await mkdir(dir);
    await writeFile(file, JSON.stringify({ ...FREEZE, reason: '\u001B[2J\nall is well' }));

    expect((await readFreeze(dir))?.reason).to.equal('\\u{1b}[2J\\u{a}all is well');
  });
});

describe('writeFreeze', () => {
  beforeEach(begin);
  afterEach(async () => close());

  it('makes folder and file for us alone, and leaves nothing else', async () => {
    await writeFreeze(dir, FREEZE);

    const modes = [(await stat(dir)).mode & 0o777, (await stat(file)).mode & 0o777];
    expect(modes).to.deep.equal([0o700, 0o600]);
    expect(await readdir(dir)).to.deep.equal(['freeze']);
  });

  it('escapes control characters and cuts what is too long', async () => {
    await writeFreeze(dir, { ...FREEZE, by: 'ann\n', reason: '\u202E'.repeat(9999) });

    const { by, reason } = JSON.parse(await readFile(file, 'utf8')) as typeof FREEZE;
    expect(by).to.equal('ann\\u{a}');
    expect(reason)
      .to.have.length(500)
      .and.to.match(/^(\\u\{202e\})+/);
    expect((await readFreeze(dir))?.reason).to.equal(reason);
  });

  it('replaces an older one', async () => {
    await writeFreeze(dir, FREEZE);
    await writeFreeze(dir, { ...FREEZE, by: 'bob' });

    expect((await readFreeze(dir))?.by).to.equal('bob');
  });

  it('says when it cannot be written, and leaves no litter', async () => {
    await mkdir(join(file, 'taken'), { recursive: true });

    expect((await failure(writeFreeze(dir, FREEZE))).code).to.equal('STATE_UNWRITABLE');
    expect(await readdir(dir)).to.deep.equal(['freeze']);
  });
});

describe('removeFreeze', () => {
  beforeEach(begin);
  afterEach(async () => close());

  it('tells whether writes were frozen', async () => {
    await writeFreeze(dir, FREEZE);

    expect(await removeFreeze(dir)).to.equal(true);
    expect(await removeFreeze(dir)).to.equal(false);
    expect(await readFreeze(dir)).to.equal(undefined);
  });

  it('has nothing to remove where there is no state directory', async () => {
    await rm(dir, { recursive: true, force: true });

    expect(await removeFreeze(dir)).to.equal(false);
  });

  it('removes a link, not what it leads to', async () => {
    await mkdir(dir);
    await writeFile(join(dir, 'other'), '');
    await symlink('other', file);

    expect(await removeFreeze(dir)).to.equal(true);
    expect(await readdir(dir)).to.deep.equal(['other']);
  });

  it('says when it cannot be removed', async () => {
    await mkdir(file, { recursive: true });

    expect((await failure(removeFreeze(dir))).code).to.equal('STATE_UNWRITABLE');
  });
});
