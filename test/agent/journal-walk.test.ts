/** Every way to tamper with a journal, and how it shows. */
import { open, readFile, rename, writeFile } from 'node:fs/promises';

import { expect } from 'chai';

import { seal, unseal } from '../../src/agent/journal-record.ts';
import { failureOf } from './cycle-scene.ts';
import { ADD, journalScene, REMOVE, REPLACE, type JournalScene } from './journal-scene.ts';

type Lines = readonly string[];

/** Seals a line again, as somebody would who knows how, with its own text changed. */
function forged(line: string, change: (text: string) => string): string {
  const {
    seq,
    at,
    prev,
    hash: _,
    ...facts
  } = JSON.parse(change(line)) as {
    seq: number;
    at: string;
    prev: string;
    hash: string;
    kind: 'repaired';
    dropped: number;
  };
  return seal(facts, at, { seq: seq - 1, hash: prev }).line.trimEnd();
}

function replaceLine(lines: Lines, index: number, change: (line: string) => string): Lines {
  return lines.map((line, at) => (at === index ? change(line) : line));
}

/** What is done to the ten lines of two runs with three changes each, and what is said then. */
const TAMPERINGS: readonly [name: string, tamper: (lines: Lines) => Lines, says: RegExp][] = [
  [
    'a changed record',
    (lines) => replaceLine(lines, 1, (line) => line.replace('203.0.113.5', '203.0.113.9')),
    /edge1\.jsonl, line 2, record 2 was changed: its hash does not fit its text/,
  ],
  [
    'a space more',
    (lines) => replaceLine(lines, 1, (line) => line.replace('"kind":', '"kind": ')),
    /line 2, record 2 was changed/,
  ],
  [
    'a record that was forged with a hash of its own',
    (lines) =>
      replaceLine(lines, 1, (line) => forged(line, (it) => it.replaceAll('113.5', '113.9'))),
    /line 3, record 3 does not follow the record before it: one of them was replaced/,
  ],
  [
    'a forged first record',
    (lines) =>
      replaceLine(lines, 0, (line) => forged(line, (it) => it.replace(/0{64}/, '1'.repeat(64)))),
    /line 1, record 1 does not follow the record before it/,
  ],
  [
    'a record less',
    (lines) => lines.toSpliced(2, 1),
    /line 3, record 4 stands where record 3 belongs: records were taken out, added or reordered/,
  ],
  [
    'two records in another order',
    (lines) => [...lines.slice(0, 1), lines[2] ?? '', lines[1] ?? '', ...lines.slice(3)],
    /line 2, record 3 stands where record 2 belongs/,
  ],
  [
    'a record twice',
    (lines) => lines.toSpliced(2, 0, lines[1] ?? ''),
    /line 3, record 2 stands where/,
  ],
  ['an empty line', (lines) => lines.toSpliced(2, 0, ''), /line 3, is no journal record/],
  [
    'a line of something else',
    (lines) => lines.toSpliced(2, 0, '{"seq":3}'),
    /line 3, is no journal/,
  ],
  ['no last record', (lines) => lines.slice(0, -1), /ends with record 9, but its head file names/],
  ['no record at all', () => [], /has no record, but its head file names record 10/],
  [
    'a forged last record',
    (lines) =>
      replaceLine(lines, 9, (line) => forged(line, (it) => it.replace('"added":3', '"added":2'))),
    /line 10, has another record 10 than its head file names: it was rewritten/,
  ],
  [
    'a prefix that is none',
    (lines) => replaceLine(lines, 1, (line) => forged(line, (it) => it.replace('.0/27', '.1/27'))),
    /line 2, is no journal record/,
  ],
];

describe('walkJournal', () => {
  let scene: JournalScene;

  beforeEach(async () => {
    scene = await journalScene();
    await scene.write('run-1', [ADD, REPLACE, REMOVE]);
    await scene.write('run-2', [ADD, REPLACE, REMOVE]);
  });

  afterEach(async () => {
    await scene.close();
  });

  it('counts what is sound', async () => {
    const last = (await scene.lines()).at(-1) ?? '';

    const summary = await scene.walk();

    const { hash } = JSON.parse(last) as { hash: string };
    expect(summary).to.deep.equal({
      files: 1,
      records: 10,
      first: 1,
      last: { seq: 10, hash },
      torn: 0,
    });
  });

  it('finds nothing where there is no journal yet', async () => {
    const empty = await journalScene();
    try {
      expect(await empty.walk()).to.include({ files: 0, records: 0 });
    } finally {
      await empty.close();
    }
  });

  for (const [name, tamper, says] of TAMPERINGS) {
    it(`tells ${name}`, async () => {
      await scene.setLines(tamper(await scene.lines()));

      const error = await failureOf(scene.walk());

      expect(error.code).to.equal('JOURNAL_BROKEN');
      expect(error.message).to.match(says);
    });
  }

  it('tells a journal that was turned around', async () => {
    await scene.setLines((await scene.lines()).toReversed());

    expect((await failureOf(scene.walk())).message).to.match(/record 9 out of its order/);
  });

  it('tells any changed byte', async () => {
    const short = await journalScene('edge2', scene.dir);
    await short.write('run-1', []);
    const whole = await readFile(short.file);

    const file = await open(short.file, 'r+');
    for (let at = 0; at < whole.length; at += 1) {
      await file.write(Buffer.of((whole[at] ?? 0) ^ 1), 0, 1, at);
      expect((await failureOf(short.walk())).code, `byte ${at}`).to.equal('JOURNAL_BROKEN');
      await file.write(whole, at, 1, at);
    }
    await file.close();
  });

  it('tells a run of another owner in between', async () => {
    const lines = await scene.lines();
    let last = unsealed(lines[4] ?? '');
    const foreign = lines.slice(5).map((line) => {
      const { seq: _seq, at, prev: _prev, hash: _hash, ...facts } = unsealed(line);
      const changed = facts.kind === 'begin' ? { ...facts, owner: 'other' } : facts;
      const sealed = seal(changed, at, last);
      last = unsealed(sealed.line.trimEnd());
      return sealed.line.trimEnd();
    });
    await scene.setLines([...lines.slice(0, 5), ...foreign]);
    const head = JSON.parse(await readFile(scene.headFile, 'utf8')) as object;
    await writeFile(scene.headFile, JSON.stringify({ ...head, hash: last.hash }));

    const error = await failureOf(scene.walk());

    expect(error.message).to.match(
      /line 6, begins a run of owner "other" in the journal of "test"/,
    );
  });

  it('tells the journal of another owner', async () => {
    expect((await failureOf(scene.walk('other'))).code).to.equal('STATE_FOREIGN');
  });

  it('starts with the oldest part that is there', async () => {
    const lines = await scene.lines();
    await rename(scene.file, scene.file.replace('edge1', 'edge1@1'));
    const part = scene.file.replace('edge1', 'edge1@6');
    await writeFile(
      part,
      lines
        .slice(5)
        .map((line) => `${line}\n`)
        .join(''),
    );
    await rename(scene.file.replace('edge1', 'edge1@1'), `${scene.file}.away`);

    expect(await scene.walk()).to.include({ records: 5, first: 6 });
  });
});

function unsealed(line: string) {
  const record = unseal(Buffer.from(line), undefined);
  if ('flaw' in record) {
    throw new Error(record.flaw);
  }
  return record;
}
