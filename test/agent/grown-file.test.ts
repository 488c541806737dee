import { expect } from 'chai';
import { mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { addChange, readGrownFile, writeBase, type FileEnd } from '../../src/agent/grown-file.ts';
import { failure } from './state-scene.ts';

const REPAIR = 'remove it';
/** Large enough to be added to. */
const ROWS = Array.from({ length: 5000 }, (_, i) => `[${i}]`);
const BASE = `{"version":1,"routes":[\n${ROWS.join(',\n')}\n],"at":7}\n`;
const CHANGES = [{ set: [1] }, { set: [2], drop: ['é'] }, { set: [] }];

describe('grown files', () => {
  let dir: string;
  let path: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'route-sync-grown-'));
    path = join(dir, 'file.json');
  });

  afterEach(async () => {
    await rm(dir, { recursive: true });
  });

  async function grow(changes: readonly Readonly<Record<string, unknown>>[]): Promise<FileEnd[]> {
    const ends = [await writeBase(path, { version: 1 }, { rows: ROWS, tail: ',"at":7' })];
    for (const change of changes) {
      const end = await addChange(path, ends.at(-1) as FileEnd, change);
      ends.push(end as FileEnd);
    }
    return ends;
  }

  async function read() {
    return readGrownFile(path, REPAIR);
  }

  it('are not there at first', async () => {
    expect(await read()).to.equal(undefined);
  });

  it('give back base and changes in their order, and where they end', async () => {
    const ends = await grow(CHANGES);

    expect(await read()).to.deep.equal({ base: BASE, changes: CHANGES, end: ends.at(-1) });
    expect((await stat(path)).size).to.equal(ends.at(-1)?.size);
  });

  it('keep the same file for a change, and take another one for a base', async () => {
    const [end] = await grow([]);
    const before = (await stat(path)).ino;

    await addChange(path, end as FileEnd, { set: [] });
    expect((await stat(path)).ino).to.equal(before);
    await writeBase(path, { version: 1 }, { rows: ROWS, tail: ',"at":7' });
    expect((await read())?.changes).to.deep.equal([]);
  });

  it('want to be written anew while they are small', async () => {
    const end = await writeBase(path, { version: 1 }, { rows: [] });

    expect(await addChange(path, end, {})).to.equal(undefined);
    expect(await readFile(path, 'utf8')).to.equal('{"version":1,"routes":[\n\n]}\n');
  });

  it('want to be written anew before the changes are half as large as the base', async () => {
    let end: FileEnd | undefined = await writeBase(
      path,
      { version: 1 },
      { rows: ROWS, tail: ',"at":7' },
    );
    let count = 0;
    for (; end !== undefined; count += 1) {
      end = await addChange(path, end, { set: ['x'.repeat(1000)] });
    }

    expect((await stat(path)).size).to.be.within(BASE.length, BASE.length * 1.5);
    expect((await read())?.changes).to.have.length(count - 1);
  });

  it('are what they were before, wherever a crash cut the last change short', async () => {
    const ends = await grow(CHANGES);
    const before = ends.at(-2) as FileEnd;
    const whole = (await stat(path)).size;
    for (let size = whole - 1; size >= before.size; size -= 1) {
      await truncate(path, size);
      const found = await read();

      const dropped = size - before.size;
      expect(found?.changes, `cut to ${size}`).to.deep.equal(CHANGES.slice(0, -1));
      expect(found?.end).to.deep.equal({ ...before, dropped });
    }
  });

  it('go on after the rest of a change that was cut short', async () => {
    const ends = await grow(CHANGES);
    await truncate(path, (ends.at(-1) as FileEnd).size - 5);
    const end = await addChange(path, (await read())?.end as FileEnd, { set: [4] });

    const changes = [...CHANGES.slice(0, -1), { set: [4] }];
    expect(await read()).to.deep.equal({ base: BASE, changes, end });
  });

  for (const [name, zeros] of [
    ['all', (line: Buffer) => Buffer.alloc(line.length)],
    ['the first half', (line: Buffer) => Buffer.from(line).fill(0, 0, line.length >> 1)],
    ['the second half', (line: Buffer) => Buffer.from(line).fill(0, line.length >> 1)],
    ['the middle', (line: Buffer) => Buffer.from(line).fill(0, 20, 40)],
  ] as const) {
    for (const changes of [CHANGES, CHANGES.slice(0, 1)]) {
      it(`are what they were before ${changes.length} changes with ${name} of the last one zeros`, async () => {
        const ends = await grow(changes);
        const bytes = await readFile(path);
        const { size } = ends.at(-2) as FileEnd;
        await writeFile(
          path,
          Buffer.concat([bytes.subarray(0, size), zeros(bytes.subarray(size))]),
        );

        expect((await read())?.changes).to.deep.equal(changes.slice(0, -1));
      });
    }
  }

  it('are corrupt where any bit of any change was flipped, but for the end of the last line', async () => {
    const [first, , last] = await grow(CHANGES);
    const whole = await readFile(path);
    const { size } = first as FileEnd;
    for (let place = size * 8; place < (whole.length - 1) * 8; place += 1) {
      const flipped = Buffer.from(whole);
      flipped.writeUInt8(flipped.readUInt8(place >> 3) ^ (1 << (place & 7)), place >> 3);
      await writeFile(path, flipped);
      if (place >> 3 === size) {
        // The first change then belongs to the base, which is for the reader of that to refuse.
        expect((await read().catch(() => undefined))?.base).to.not.equal(BASE);
      } else if (flipped[place >> 3] === 0 && place >> 3 >= (last as FileEnd).size) {
        // Zeros in the last line are what a power cut leaves.
        expect((await read())?.changes).to.deep.equal(CHANGES.slice(0, -1));
      } else {
        const { code, message } = await failure(read());
        expect(code, `bit ${place}`).to.equal('STATE_CORRUPT');
        expect(message).to.contain(path).and.to.contain(REPAIR);
      }
    }
  });

  for (const [name, damage] of [
    ['a change was taken out', ([a, , c]: readonly string[]) => [a, c]],
    ['two changes were exchanged', ([a, b, c]: readonly string[]) => [b, a, c]],
    ['a change stands there twice', ([a, b, c]: readonly string[]) => [a, b, b, c]],
    ['something else stands between', ([a, b, c]: readonly string[]) => [a, 'x', b, c]],
    ['zeros stand before a whole change', ([a, b, c]: readonly string[]) => [a, '\0\0', b, c]],
    ['a change has no sum', ([a]: readonly string[]) => [a, '+{"set":[]}']],
  ] as const) {
    it(`are corrupt where ${name}`, async () => {
      await grow(CHANGES);
      const lines = (await readFile(path, 'utf8')).slice(BASE.length).split('\n').slice(0, -1);
      await writeFile(path, `${BASE}${damage(lines).join('\n')}\n`);

      expect((await failure(read())).code).to.equal('STATE_CORRUPT');
    });
  }

  it('are corrupt where the changes are those of another base', async () => {
    await grow(CHANGES);
    const lines = (await readFile(path, 'utf8')).slice(BASE.length);
    await writeFile(path, `${BASE.replace('{', '{"owner":"x",')}${lines}`);

    expect((await failure(read())).code).to.equal('STATE_CORRUPT');
  });

  it('have no end that could be added to where the base has none', async () => {
    await writeFile(path, BASE.trimEnd());

    expect(await read()).to.deep.equal({ base: BASE.trimEnd(), changes: [], end: undefined });
  });

  it('are not added to where another process did', async () => {
    const [end] = await grow(CHANGES);
    const before = await readFile(path);

    const { code, message } = await failure(addChange(path, end as FileEnd, { set: [] }));

    expect(code).to.equal('STATE_CORRUPT');
    expect(message).to.contain('grew or shrank');
    expect(await readFile(path)).to.deep.equal(before);
  });

  it('are not made by a change, nor reached through a link', async () => {
    const [end] = await grow([]);
    await rm(path);
    expect((await failure(addChange(path, end as FileEnd, {}))).code).to.equal('STATE_UNWRITABLE');

    await writeFile(join(dir, 'elsewhere'), BASE);
    await symlink(join(dir, 'elsewhere'), path);
    expect((await failure(addChange(path, end as FileEnd, {}))).code).to.equal('STATE_UNWRITABLE');
    expect(await readFile(join(dir, 'elsewhere'), 'utf8')).to.equal(BASE);
  });
});
