/** What a journal holds after runs, crashes, full files and full disks. */
import { createHash } from 'node:crypto';
import {
  appendFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';

import { expect } from 'chai';

import { failureOf } from './cycle-scene.ts';
import {
  ADD,
  installed,
  journalScene,
  REMOVE,
  REPLACE,
  resultOf,
  stateOf,
  type JournalScene,
} from './journal-scene.ts';

const FACTS = { run: 'run-1', command: 'apply', force: true } as const;
const NO_REVISIONS = new Map<string, number>();

describe('openJournal', () => {
  let scene: JournalScene;

  beforeEach(async () => {
    scene = await journalScene();
  });

  afterEach(async () => {
    await scene.close();
  });

  it('writes who, what, why, before and after, and what became of it', async () => {
    const journal = await scene.open();
    const changes = [ADD, REPLACE, REMOVE];
    const revisions = new Map([
      ['r1', 7],
      ['s1', 3],
    ]);

    await journal.begin({ ...FACTS, undoes: 'run-0' }, changes, revisions);
    const error = { code: 'ROUTE_REJECTED', message: 'no' };
    await journal.end('run-1', resultOf({ added: 1, failed: [{ change: REPLACE, error }] }));

    const [begin, add, replace, remove, end, ...others] = await scene.records();
    const why = { router: 'r1', routerRevision: 7, subnet: 's1', subnetRevision: 3 };
    expect(others).to.deep.equal([]);
    expect(begin).to.deep.include({
      seq: 1,
      at: '2026-01-01T00:00:00.000Z',
      prev: '0'.repeat(64),
      ...FACTS,
      undoes: 'run-0',
      owner: 'test',
      host: 'host1',
      user: '0',
      upstream: 'edge1',
      target: 'here table main',
      changes: 3,
    });
    expect(add).to.deep.include({
      seq: 2,
      action: 'add',
      before: null,
      after: [{ address: '203.0.113.5' }],
      was: null,
    });
    expect(add).to.have.nested.property('why[0]').that.includes(why);
    expect(replace).to.deep.include({
      before: [{ address: '203.0.113.6', device: 'ext0' }],
      was: 'proto 201 metric 1024',
    });
    expect(remove).to.deep.include({ action: 'remove', prefix: '198.51.100.64/27', after: null });
    expect(end).to.deep.include({
      added: 1,
      failed: [{ action: 'replace', prefix: '198.51.100.32/27', ...error }],
      verified: true,
      released: false,
    });
  });

  it('writes down whose route was taken over, and what it was', async () => {
    const before = { ...REPLACE.before, owned: false, description: 'proto 4 metric 50' };

    const journal = await scene.open();
    await journal.begin(FACTS, [{ ...REPLACE, action: 'adopt', before }], NO_REVISIONS);

    expect((await scene.records())[1]).to.include({ action: 'adopt', was: 'proto 4 metric 50' });
  });

  it('covers the bytes of each line up to its hash', async () => {
    await scene.write('run-1', [ADD]);

    let before = '0'.repeat(64);
    for (const line of await scene.lines()) {
      const [, covered = '', digest = ''] = /^(.*),"hash":"([0-9a-f]{64})"\}$/.exec(line) ?? [];
      expect(createHash('sha256').update(covered).digest('hex')).to.equal(digest);
      expect(JSON.parse(line)).to.include({ prev: before });
      before = digest;
    }
    expect(JSON.parse(await readFile(scene.headFile, 'utf8'))).to.include({ seq: 3, hash: before });
  });

  it('is for its owner only', async () => {
    await scene.write('run-1', [ADD]);

    const modes = [scene.file, scene.headFile, path.dirname(scene.file)].map(
      async (each) => (await stat(each)).mode & 0o777,
    );

    expect(await Promise.all(modes)).to.deep.equal([0o600, 0o600, 0o700]);
  });

  it('writes nothing as long as no run begins', async () => {
    const journal = await scene.open();
    await journal.recover(stateOf());

    expect(await readdir(scene.dir)).to.deep.equal([]);
  });

  it('goes on with the chain of the runs before', async () => {
    for (const run of ['run-1', 'run-2', 'run-3']) {
      await scene.write(run, [ADD]);
    }

    expect(await scene.walk()).to.include({ records: 9, first: 1, torn: 0 });
  });

  it('keeps the journals of several upstreams apart', async () => {
    const other = await journalScene('edge1.2', scene.dir);

    await Promise.all([scene.write('run-1', [ADD]), other.write('run-1', [REMOVE, ADD])]);

    expect([(await scene.walk()).records, (await other.walk()).records]).to.deep.equal([3, 4]);
  });

  it('refuses to begin a run while another one has no end', async () => {
    const journal = await scene.open();
    await journal.begin(FACTS, [ADD], NO_REVISIONS);

    const error = await failureOf((await scene.open()).begin(FACTS, [ADD], NO_REVISIONS));

    expect(error.message).to.equal('run run-1 was not recovered');
  });

  describe('after a crash', () => {
    it('ends the run by what of it stands', async () => {
      await (await scene.open()).begin(FACTS, [ADD, REPLACE, REMOVE], NO_REVISIONS);
      const journal = await scene.open();
      expect(journal.unfinished).to.deep.include({ run: 'run-1', command: 'apply' });
      expect(journal.unfinished?.changes.map(({ action }) => action)).to.deep.equal([
        'add',
        'replace',
        'remove',
      ]);

      await journal.recover(
        stateOf(
          installed('198.51.100.0/27', '203.0.113.5'),
          installed('198.51.100.32/27', '203.0.113.6'),
          installed('198.51.100.64/27', '203.0.113.8'),
        ),
      );

      expect(journal.unfinished).to.equal(undefined);
      expect((await scene.open()).unfinished).to.equal(undefined);
      expect((await scene.records()).at(-1)).to.deep.include({
        kind: 'recovered',
        run: 'run-1',
        standing: 1,
        missing: ['198.51.100.32/27', '198.51.100.64/27'],
      });
    });

    it('knows that a removed route is gone', async () => {
      await (await scene.open()).begin(FACTS, [REMOVE], NO_REVISIONS);
      await (await scene.open()).recover(stateOf());

      expect((await scene.records()).at(-1)).to.deep.include({ standing: 1, missing: [] });
    });

    it('takes a journal that goes on after its head', async () => {
      await scene.write('run-1', [ADD]);
      const head = await readFile(scene.headFile);
      await (await scene.open()).begin({ ...FACTS, run: 'run-2' }, [REMOVE], NO_REVISIONS);
      await writeFile(scene.headFile, head);

      expect((await scene.open()).unfinished?.run).to.equal('run-2');
      expect(await scene.walk()).to.include({ records: 5, torn: 0 });
    });

    it('cuts off a write that ended at any byte, says so, and goes on', async () => {
      await scene.write('run-1', [ADD]);
      const [head, before] = [await readFile(scene.headFile), await readFile(scene.file)];
      const { before: removed } = REMOVE;
      const short = { action: 'remove', before: removed, origin: [] } as const;
      await (await scene.open()).begin({ ...FACTS, run: 'run-2' }, [short], NO_REVISIONS);
      const after = await readFile(scene.file);
      const begun = after.indexOf(10, before.length);
      const tornAt = (size: number): number => size - (after.lastIndexOf(10, size - 1) + 1);
      await writeFile(scene.headFile, head);

      for (let size = after.length - 1; size > before.length; size -= 1) {
        await truncate(scene.file, size);
        expect(await scene.walk()).to.include({ torn: tornAt(size) });
        const { unfinished } = await scene.open();
        expect(unfinished?.run).to.equal(size > begun ? 'run-2' : undefined);
      }
      for (const size of [before.length + 1, begun, begun + 1, begun + 2, after.length - 1]) {
        await writeFile(scene.headFile, head);
        await writeFile(scene.file, after.subarray(0, size));
        await (await scene.open()).recover(stateOf());
        await (await scene.open()).begin({ ...FACTS, run: 'run-3' }, [], NO_REVISIONS);
        const repaired = (await scene.records()).filter(({ kind }) => kind === 'repaired');
        expect(repaired.map((record) => 'dropped' in record && record.dropped)).to.deep.equal(
          tornAt(size) === 0 ? [] : [tornAt(size)],
        );
      }
    });

    it('cuts off whatever else a power cut left behind the head', async () => {
      await scene.write('run-1', [ADD]);
      await appendFile(scene.file, `${'\0'.repeat(4096)}\n\0{}\n`);
      expect(await scene.walk()).to.include({ records: 3, torn: 4101 });

      await scene.write('run-2', [ADD]);

      expect(await scene.walk()).to.include({ records: 7, torn: 0 });
    });
  });

  describe('of a journal that is not as it was written', () => {
    const damages: readonly [string, (scene: JournalScene) => Promise<void>, RegExp][] = [
      ['is gone', async ({ file }) => rm(file), /is gone, and .*head\.json names record 6/],
      ['is empty', async ({ file }) => truncate(file), /has no record/],
      ['has no head', async ({ headFile }) => rm(headFile), /head\.json is gone/],
      [
        'lost its last record',
        async ({ lines, setLines }) => setLines((await lines()).slice(0, -1)),
        /has no record, but its head file names record 6: the end was cut off/,
      ],
      [
        'has another last record',
        async ({ lines, setLines }) =>
          setLines((await lines()).map((line) => line.replace('"added":1', '"added":2'))),
        /record 6 was changed/,
      ],
    ];
    for (const [name, damage, message] of damages) {
      it(`refuses one that ${name}`, async () => {
        await scene.write('run-1', [ADD]);
        await scene.write('run-2', [ADD]);
        await damage(scene);

        const error = await failureOf(scene.open());

        expect(error.code).to.equal('JOURNAL_BROKEN');
        expect(error.message).to.match(message);
      });
    }

    it('refuses one that is cut at any byte of its last two records', async () => {
      await scene.write('run-1', [ADD]);
      const whole = await readFile(scene.file);
      const [last = '', ...others] = (await scene.lines()).toReversed();

      for (let cut = 1; cut <= last.length + (others[0] ?? '').length + 2; cut += 1) {
        await truncate(scene.file, whole.length - cut);
        expect((await failureOf(scene.open())).code, `${cut}`).to.equal('JOURNAL_BROKEN');
        expect((await failureOf(scene.walk())).code, `${cut}`).to.equal('JOURNAL_BROKEN');
      }
    });

    it('refuses a head that is not as it was written', async () => {
      await scene.write('run-1', [ADD]);
      await writeFile(scene.headFile, '{');

      expect((await failureOf(scene.open())).code).to.equal('STATE_CORRUPT');
    });

    it('refuses a head of another upstream', async () => {
      await scene.write('run-1', [ADD]);
      const head = await readFile(scene.headFile, 'utf8');
      await writeFile(scene.headFile, head.replace('edge1', 'edge2'));

      expect((await failureOf(scene.open())).message).to.contain('is of upstream edge2, not edge1');
    });

    it('refuses one that is a link', async () => {
      await scene.write('run-1', [ADD]);
      await rename(scene.file, `${scene.file}.old`);
      await symlink(`${scene.file}.old`, scene.file);

      expect((await failureOf(scene.open())).code).to.equal('STATE_INSECURE');
    });
  });

  describe('of another owner', () => {
    it('refuses it', async () => {
      await scene.write('run-1', [ADD]);

      const error = await failureOf(scene.open('other'));

      expect(error.code).to.equal('STATE_FOREIGN');
      expect(error.message).to.match(
        /is the journal of owner "test", not "other"; run "route-sync/,
      );
    });

    it('goes on with it after a complete purge', async () => {
      await scene.write('run-1', [REMOVE], 'purge');

      await (await scene.open('other')).begin(FACTS, [ADD], NO_REVISIONS);

      expect(await scene.walk('other')).to.include({ records: 5 });
      expect((await failureOf(scene.open())).code).to.equal('STATE_FOREIGN');
    });

    it('refuses it after a purge that left something', async () => {
      const journal = await scene.open();
      await journal.begin({ ...FACTS, command: 'purge' }, [REMOVE], NO_REVISIONS);
      const error = { code: 'ROUTE_REJECTED', message: 'no' };
      await journal.end('run-1', resultOf({ failed: [{ change: REMOVE, error }] }));

      expect((await failureOf(scene.open('other'))).code).to.equal('STATE_FOREIGN');
    });
  });

  describe('of a file that is full', () => {
    const LARGE = 'x'.repeat(64 * 1024 * 1024);

    it('puts it aside and goes on with the chain in a new one', async () => {
      await scene.write('run-1', [ADD], LARGE);
      await scene.write('run-2', [ADD]);
      await scene.write('run-3', [ADD]);

      const names = await readdir(path.dirname(scene.file));
      expect(names.sort()).to.deep.equal(['edge1.head.json', 'edge1.jsonl', 'edge1@1.jsonl']);
      expect(await scene.walk()).to.include({ files: 2, records: 9, first: 1 });

      await rm(path.join(scene.dir, 'journal/edge1@1.jsonl'));
      expect(await scene.walk()).to.include({ files: 1, records: 6, first: 4 });
    });

    it('keeps as many older files as it is told to', async () => {
      for (const run of ['run-1', 'run-2', 'run-3', 'run-4']) {
        await scene.write(run, [ADD], LARGE);
      }

      const names = await readdir(path.dirname(scene.file));
      expect(names.filter((name) => name.includes('@')).sort()).to.deep.equal([
        'edge1@4.jsonl',
        'edge1@7.jsonl',
      ]);
      expect(await scene.walk()).to.include({ files: 3, first: 4 });
    });

    it('goes on after a crash between the two', async () => {
      await scene.write('run-1', [ADD], LARGE);
      await rename(scene.file, path.join(scene.dir, 'journal/edge1@1.jsonl'));
      expect((await scene.open()).unfinished).to.equal(undefined);

      await scene.write('run-2', [ADD]);

      expect(await scene.walk()).to.include({ files: 2, records: 6, torn: 0 });
    });
  });

  describe('with a head file that was turned elsewhere', () => {
    for (const [what, change] of [
      ['the start, as if the journal were new', { from: null }],
      ['the middle of a run', undefined],
    ] as const) {
      it(`refuses one that points to ${what}, and cuts nothing off`, async () => {
        await scene.write('run-1', [ADD, ADD]);
        const before = await readFile(scene.file, 'utf8');
        const head = JSON.parse(await readFile(scene.headFile, 'utf8')) as object;
        const from = before.indexOf('{"seq":2,');
        await writeFile(scene.headFile, JSON.stringify({ ...head, ...(change ?? { from }) }));

        expect((await failureOf(scene.open())).code).to.equal('JOURNAL_BROKEN');
        expect(await readFile(scene.file, 'utf8')).to.equal(before);
      });
    }
  });

  describe('where it cannot be written', () => {
    it('says so before anything is pushed', async () => {
      await mkdir(path.dirname(scene.file), { recursive: true });
      await mkdir(`${scene.headFile}.tmp`);

      const error = await failureOf((await scene.open()).begin(FACTS, [ADD], NO_REVISIONS));

      expect(error.code).to.equal('STATE_UNWRITABLE');
    });

    it('notices that somebody else wrote to it meanwhile', async () => {
      const journal = await scene.open();
      await journal.begin(FACTS, [ADD], NO_REVISIONS);
      await appendFile(scene.file, 'x');

      const error = await failureOf(journal.end('run-1', resultOf({})));

      expect(error.message).to.contain('grew or shrank while this process worked with it');
    });

    it('leaves a run whose end could not be written to the next cycle', async () => {
      const journal = await scene.open();
      await journal.begin(FACTS, [ADD], NO_REVISIONS);
      await mkdir(`${scene.headFile}.tmp`);
      await failureOf(journal.end('run-1', resultOf({ added: 1 })));
      await rm(`${scene.headFile}.tmp`, { recursive: true });

      const again = await scene.open();
      await again.recover(stateOf(installed('198.51.100.0/27', '203.0.113.5')));

      expect(await scene.walk()).to.include({ torn: 0 });
    });
  });
});
