import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  statfs,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';

import {
  CYCLE,
  EMPTY,
  failure,
  KEY,
  LAST_GOOD,
  LEDGER,
  newPlace,
  open as openAt,
} from './state-scene.ts';
import type { StateDirectory } from '../../src/agent/state.ts';

const MODULE = new URL('../../src/agent/state.ts', import.meta.url).href;
const FREEZE = { by: 'ann', at: '2026-01-01T00:00:00.000Z', reason: 'maintenance' };

describe('openState', () => {
  let dir: string;
  let file: string;
  let close: () => Promise<void>;

  beforeEach(async () => {
    ({ dir, close } = await newPlace());
    file = join(dir, 'upstreams/edge1.json');
  });

  afterEach(async () => {
    await close();
  });

  async function open(change = {}): Promise<StateDirectory> {
    return openAt(dir, change);
  }

  /** A state directory with a file of every kind. */
  async function fill(): Promise<StateDirectory> {
    const state = await open();
    await state.writeLedger(KEY, LEDGER);
    await state.writeLastGood(KEY, LAST_GOOD);
    await state.appendCycle(CYCLE);
    await mkdir(join(dir, 'journal'), { mode: 0o700 });
    await writeFile(join(dir, 'journal/edge1.jsonl'), '', { mode: 0o600 });
    await writeFile(join(dir, 'journal/edge1.head.json'), '', { mode: 0o600 });
    return state;
  }

  it('shows its files to nobody else', async () => {
    await fill();

    const folders = ['', 'upstreams', 'desired'];
    const files = ['upstreams/edge1.json', 'desired/edge1.json', 'status.json'];
    const found = await Promise.all([...folders, ...files].map((path) => stat(join(dir, path))));
    const modes = found.map(({ mode }) => (mode & 0o777).toString(8));
    expect(modes).to.deep.equal([...folders.map(() => '700'), ...files.map(() => '600')]);
  });

  it('never reads what a crash left, and writes over it', async () => {
    const state = await open();
    await writeFile(`${file}.tmp`, 'half a ledg');

    await state.checkUpstream(KEY);
    expect(await state.readLedger(KEY)).to.deep.equal(EMPTY);
    await state.writeLedger(KEY, LEDGER);
    expect(await readdir(join(dir, 'upstreams'))).to.deep.equal(['edge1.json']);
  });

  it('does not write through a link that waits at the place of its temporary file', async () => {
    const state = await open();
    await writeFile(join(dir, 'other'), 'precious');
    await symlink(join(dir, 'other'), `${file}.tmp`);
    await state.writeLedger(KEY, LEDGER);

    expect(await readFile(join(dir, 'other'), 'utf8')).to.equal('precious');
    expect(await (await open()).readLedger(KEY)).to.deep.equal(LEDGER);
  });

  it('replaces the file instead of writing into it', async () => {
    const state = await open();
    await state.writeLedger(KEY, LEDGER);
    const { ino } = await stat(file);
    await state.writeLedger(KEY, EMPTY);

    expect((await stat(file)).ino).to.not.equal(ino);
  });

  it('makes nothing in a dry run, and reads nothing', async () => {
    const state = await open({ readOnly: true });

    expect(await state.readLedger(KEY)).to.deep.equal(EMPTY);
    expect(await state.readLastGood(KEY)).to.equal(undefined);
    expect(await state.readCycles()).to.deep.equal([]);
    expect((await state.readLastGoodTimes()).size).to.equal(0);
    expect(await state.readFreeze()).to.equal(undefined);
    await state.check();
    await state.checkUpstream(KEY);
    expect(await readdir(join(dir, '..'))).to.deep.equal([]);
  });

  for (const [name, write] of [
    ['ledger', async (state) => state.writeLedger(KEY, LEDGER)],
    ['last good state', async (state) => state.writeLastGood(KEY, LAST_GOOD)],
    ['forgotten state', async (state) => state.forgetLastGood(KEY)],
    ['cycle', async (state) => state.appendCycle(CYCLE)],
    ['freeze', async (state) => state.writeFreeze(FREEZE)],
    ['unfreeze', async (state) => state.removeFreeze()],
  ] as readonly (readonly [string, (state: StateDirectory) => Promise<unknown>])[]) {
    it(`refuses to write a ${name} in a dry run`, async () => {
      await fill();

      const { code } = await failure(write(await open({ readOnly: true })));
      expect(code).to.equal('INTERNAL');
    });
  }

  it('freezes, and knows who did', async () => {
    const state = await open();
    await state.writeFreeze(FREEZE);

    expect(await state.readFreeze()).to.deep.equal(FREEZE);
    expect(await state.removeFreeze()).to.equal(true);
    expect(await state.readFreeze()).to.equal(undefined);
  });

  it('remembers cycles and last good times', async () => {
    const state = await open();
    await state.appendCycle(CYCLE);

    expect(await state.readCycles()).to.deep.equal([CYCLE]);
    expect([...(await state.readLastGoodTimes())]).to.deep.equal([
      ['edge1', '2026-01-01T00:00:00.000Z'],
    ]);
  });

  it('says when a file cannot be read', async () => {
    const state = await open();
    await mkdir(file);

    const { code, message } = await failure(state.readLedger(KEY));
    expect(code).to.equal('STATE_UNREADABLE');
    expect(message).to.contain('EISDIR');
  });

  it('does not take a folder that cannot be looked at for an empty one', async () => {
    const state = await open();
    expect(await state.readLedger(KEY)).to.deep.equal(EMPTY);
    await rename(join(dir, 'upstreams'), join(dir, 'gone'));
    await writeFile(join(dir, 'upstreams'), '');

    expect((await failure(state.readLedger(KEY))).code).to.equal('STATE_UNREADABLE');
  });

  it('does not wait for a pipe in place of a file', async () => {
    const state = await open();
    await execa('mkfifo', [file]);

    expect((await failure(state.readLedger(KEY))).code).to.equal('STATE_CORRUPT');
  });

  for (const path of ['upstreams/edge1.json', 'desired/edge1.json', 'status.json']) {
    it(`reads no link in place of ${path}`, async () => {
      await fill();
      await rename(join(dir, path), join(dir, 'planted'));
      await symlink(join(dir, 'planted'), join(dir, path));
      const state = await open();

      const reads = Promise.all([
        state.readLedger(KEY),
        state.readLastGood(KEY),
        state.readCycles(),
      ]);
      expect((await failure(reads)).code).to.equal('STATE_INSECURE');
    });
  }

  it('says when the directory cannot be made', async () => {
    await writeFile(dir, '');

    const { code, message } = await failure(open());
    expect(code).to.equal('STATE_UNWRITABLE');
    expect(message).to.contain('stateDir');
  });

  describe('check', () => {
    async function checkAll(state: StateDirectory): Promise<void> {
      await state.check();
      await state.checkUpstream(KEY);
    }

    it('has nothing against what we wrote, nor against strange files beside it', async () => {
      await checkAll(await fill());
      await writeFile(join(dir, 'upstreams/edge9.json'), 'not ours');
      await writeFile(join(dir, 'desired/README'), '');
      await symlink('nowhere', join(dir, 'backup'));

      await checkAll(await open());
    });

    it('lets the directory itself be a link', async () => {
      await mkdir(`${dir}-2`, { mode: 0o700 });
      await symlink(`${dir}-2`, dir);

      await checkAll(await fill());
    });

    for (const path of ['upstreams/edge1.json', 'desired/edge1.json', 'status.json']) {
      it(`throws for a corrupt ${path}, and says how to repair it`, async () => {
        await fill();
        await writeFile(join(dir, path), '');

        const { code, message } = await failure(checkAll(await open()));
        expect(code).to.equal('STATE_CORRUPT');
        expect(message).to.contain(join(dir, path)).and.to.contain('remove it');
      });
    }

    for (const path of [
      '',
      'upstreams',
      'desired',
      'journal',
      'upstreams/edge1.json',
      'desired/edge1.json',
      'status.json',
      'journal/edge1.jsonl',
      'journal/edge1.head.json',
    ]) {
      it(`throws where others may change stateDir/${path}`, async () => {
        await fill();
        await chmod(join(dir, path), 0o777);

        const { code, message } = await failure(open().then(checkAll));
        expect(code).to.equal('STATE_INSECURE');
        expect(message).to.contain(`chmod go-w ${join(dir, path)}`);
      });
    }

    for (const path of ['upstreams', 'desired', 'journal', 'journal/edge1.jsonl']) {
      it(`throws for a link at stateDir/${path}`, async () => {
        await fill();
        await rename(join(dir, path), join(dir, 'planted'));
        await symlink(join(dir, 'planted'), join(dir, path));

        expect((await failure(checkAll(await open()))).code).to.equal('STATE_INSECURE');
      });
    }

    it('throws for the files of another owner', async () => {
      await fill();

      const { code } = await failure(checkAll(await open({ owner: 'other' })));
      expect(code).to.equal('STATE_FOREIGN');
    });
  });

  describe('assertRoom', () => {
    it('has nothing against what fits', async () => {
      await (await open()).assertRoom(1);
    });

    it('says how much is free and how much is needed', async () => {
      const state = await open();
      const { blocks, bsize } = await statfs(dir);
      const needed = (blocks + 1) * bsize;

      const { code, message } = await failure(state.assertRoom(needed));
      expect(code).to.equal('STATE_UNWRITABLE');
      expect(message).to.match(new RegExp(`\\d+ bytes are free, ${needed} are needed`));
    });
  });

  describe('on a bad disk', () => {
    const inNamespace = ['unshare', '--map-root-user', '--mount'];
    const smallDisk =
      'mount -t tmpfs -o size=64k none "$0/upstreams" && cp "$0/old" "$0/upstreams/edge1.json"';

    for (const [name, code, wrapper, prepare] of [
      ['is full', 'ENOSPC', inNamespace, smallDisk],
      ['is read-only', 'EROFS', inNamespace, `${smallDisk} && mount -o remount,ro "$0/upstreams"`],
      ['takes only half of a file', 'EFBIG', ['env'], 'ulimit -f 4'],
    ] as const) {
      it(`keeps the old ledger and leaves no litter where the disk ${name}`, async function () {
        const [program, ...options] = wrapper;
        if ((await execa(program, [...options, 'true'], { reject: false })).exitCode !== 0) {
          this.skip();
        }
        await (await open()).writeLedger(KEY, LEDGER);
        await copyFile(file, join(dir, 'old'));
        const shell = ['sh', '-c', `${prepare} && exec "$@"`, dir];
        const node = [process.execPath, '--input-type=module', '--eval', BIG_LEDGER];
        const env = { STATE_DIR: dir, STATE_KEY: JSON.stringify(KEY) };

        const { stdout } = await execa(program, [...options, ...shell, ...node], { env });

        expect(JSON.parse(stdout)).to.deep.equal({
          code: 'STATE_UNWRITABLE',
          named: code,
          routes: LEDGER.routes.size,
          files: ['edge1.json'],
        });
      });
    }
  });

  it('survives SIGKILL at any moment of a write', async () => {
    const state = await open();
    await state.writeLedger(KEY, LEDGER);
    const script = `
      import { openState } from ${JSON.stringify(MODULE)};
      const state = await openState({ dir: ${JSON.stringify(dir)}, owner: 'lab', readOnly: false });
      const ledger = await state.readLedger(${JSON.stringify(KEY)});
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number(process.argv[1]));
      for (;;) await state.writeLedger(${JSON.stringify(KEY)}, ledger);
    `;

    for (const delayMs of [0, 1, 2, 3, 5, 8]) {
      const args = ['--input-type=module', '--eval', script, String(delayMs)];
      const child = spawn(process.execPath, args, { stdio: 'ignore' });

      expect(await once(child, 'exit')).to.deep.equal([null, 'SIGKILL']);
      expect(await state.readLedger(KEY)).to.deep.equal(LEDGER);
    }
  });
});

/** Tries to write 100 KB, then tells what came of it. */
const BIG_LEDGER = `
  import { readdir } from 'node:fs/promises';
  import { openState } from ${JSON.stringify(MODULE)};
  const dir = process.env.STATE_DIR;
  const key = JSON.parse(process.env.STATE_KEY);
  const open = () => openState({ dir, owner: 'lab', readOnly: false });
  const state = await open();
  const ledger = await state.readLedger(key);
  const routes = new Map(Array.from({ length: 2000 }, (_, i) => [
    '10.1.' + i + '.0/24', { origin: [], nextHops: ['203.0.113.5', '203.0.113.6'] },
  ]));
  const error = await state.writeLedger(key, { ...ledger, routes }).catch((error) => error);
  console.log(JSON.stringify({
    code: error?.code,
    named: /[(](\\w+)[)]/.exec(error?.message)?.[1],
    routes: (await (await open()).readLedger(key)).routes.size,
    files: await readdir(dir + '/upstreams'),
  }));
`;
