/** A state directory that is damaged, foreign, read-only or full: nothing is pushed by it, on real kernel routes. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

import { expect } from 'chai';
import { openJournal } from '../../src/agent/journal.ts';
import { openState } from '../../src/agent/state.ts';
import { RouteSyncError } from '../../src/errors.ts';
import {
  AFTER,
  BEFORE,
  type KernelScene,
  LEAVING,
  needKernel,
  onKernel,
  openKernelScene,
  type Run,
} from './kernel-scene.ts';
import { count } from './summary.ts';

const FILES = {
  ledger: 'upstreams/edge1.json',
  'last good state': 'desired/edge1.json',
  journal: 'journal/edge1.jsonl',
  "journal's head": 'journal/edge1.head.json',
  status: 'status.json',
} as const;

interface Damage {
  readonly hurt: (file: string) => void;
  readonly code: RegExp;
}

function rewrite(change: (text: string) => string, code = /STATE_CORRUPT|JOURNAL_BROKEN/): Damage {
  return {
    code,
    hurt: (file) => writeFileSync(file, change(readFileSync(file, 'utf8'))),
  };
}

const OWNERSHIP = /STATE_FOREIGN|STATE_CORRUPT|JOURNAL_BROKEN/;

const DAMAGES: Readonly<Record<string, Damage>> = {
  'is empty': rewrite(() => ''),
  'has one byte': rewrite((text) => text.slice(0, 1)),
  'ends in the first quarter': rewrite((text) => text.slice(0, Math.floor(text.length / 4))),
  'ends in the middle': rewrite((text) => text.slice(0, Math.floor(text.length / 2))),
  'lacks the last ten bytes': rewrite((text) => text.slice(0, -10)),
  'is all zeros': rewrite((text) => '\0'.repeat(text.length)),
  'is no text': rewrite(() => '\u00ff\u00fe\u0000'),
  'is an empty object': rewrite(() => '{}'),
  'is an empty list': rewrite(() => '[]'),
  'is null': rewrite(() => 'null'),
  'is of a newer version': rewrite((text) => text.replace('"version":1', '"version":99')),
  'is a symbolic link': {
    code: /STATE_INSECURE/,
    hurt: (file) => {
      renameSync(file, `${file}.moved`);
      symlinkSync(`${file}.moved`, file);
    },
  },
  'may be written by all': { code: /STATE_INSECURE/, hurt: (file) => chmodSync(file, 0o666) },
  'is a folder': {
    code: /STATE_UNREADABLE|STATE_CORRUPT|JOURNAL_BROKEN/,
    hurt: (file) => {
      rmSync(file);
      mkdirSync(file, { mode: 0o700 });
    },
  },
  "is another owner's": rewrite(
    (text) => text.replaceAll('"owner":"faults"', '"owner":"others"'),
    OWNERSHIP,
  ),
  "is another upstream's": rewrite(
    (text) => text.replaceAll('"upstream":"edge1"', '"upstream":"edge2"'),
    OWNERSHIP,
  ),
};

describe(onKernel('a damaged state directory'), function suite() {
  this.timeout(300_000);
  let scene: KernelScene;

  before(async function open() {
    needKernel(this);
    scene = await openKernelScene();
  });

  beforeEach(() => {
    scene.restore();
  });

  after(async () => {
    await scene?.close();
  });

  for (const [name, file] of Object.entries(FILES)) {
    it(`is refused before any push when the ${name} is damaged, in whatever way`, async () => {
      for (const [what, { hurt, code }] of Object.entries(DAMAGES)) {
        const place = path.join(scene.stateDir, file);
        const whole = readFileSync(place, 'utf8');
        hurt(place);
        if (isSame(place, whole) || (name === 'journal' && code === OWNERSHIP)) {
          // Of the journal only the end is read; what comes before is for `journal verify`.
          scene.restore();
          continue;
        }
        const { exitCode, said } = await scene.apply();
        count('faults tried');
        const told = `${name} ${what}: ${said}`;
        const found = scene.table();
        scene.assertNothingWrong(found, told);
        expect({ exitCode, ours: found.ours }, told).to.deep.equal({ exitCode: 1, ours: BEFORE });
        expect(said, told).to.match(code);
        scene.restore();
      }
      await scene.assertConverges(name);
    });
  }

  it('loses nothing when the ledger is gone: no removal in the first cycle after that', async () => {
    rmSync(path.join(scene.stateDir, FILES.ledger));

    const { exitCode, said } = await scene.apply();

    count('faults tried');
    expect(exitCode, said).to.equal(0);
    expect(scene.table().ours, said).to.deep.equal({ ...AFTER, ...LEAVING });
    await scene.apply();
    await scene.assertConverges('after a lost ledger');
  });

  it('loses nothing when everything is gone: no removal in the first cycle after that', async () => {
    rmSync(scene.stateDir, { recursive: true });

    const { exitCode, said } = await scene.apply();

    count('faults tried');
    expect(exitCode, said).to.equal(0);
    expect(scene.table().ours, said).to.deep.equal({ ...AFTER, ...LEAVING });
    await scene.apply();
    await scene.assertConverges('after a lost state directory');
  });

  it('is refused in a place that takes no folders, and where a file is in the way', async () => {
    const file = path.join(scene.folder, 'a-file');
    writeFileSync(file, '');
    for (const stateDir of ['/proc/route-sync', '/dev/null/state', file]) {
      const { exitCode, said } = await scene.apply(undefined, { config: { stateDir } });
      count('faults tried');
      expect({ exitCode, ours: scene.table().ours }, said).to.deep.equal({
        exitCode: 1,
        ours: BEFORE,
      });
      expect(said).to.match(/STATE_(?:UNWRITABLE|UNREADABLE)/);
    }
    await scene.assertConverges('with a state directory again');
  });

  for (const [name, file] of Object.entries(FILES)) {
    it(`is recognised at every byte at which the ${name} may end`, async () => {
      const place = path.join(scene.stateDir, file);
      const whole = readFileSync(place);
      // The last line end says nothing.
      for (let length = 0; length < whole.length - 1; length += 1) {
        writeFileSync(place, whole.subarray(0, length), { mode: 0o600 });
        const code = await codeOfReading(scene);
        expect(code, `${name} cut to ${length} of ${whole.length} bytes`).to.match(
          /^(?:STATE_CORRUPT|JOURNAL_BROKEN)$/,
        );
      }
      count('faults tried', whole.length - 1);
    });
  }
});

function isSame(file: string, content: string): boolean {
  try {
    const mode = execFileSync('stat', ['-c', '%a %F', file], { encoding: 'utf8' });
    return readFileSync(file, 'utf8') === content && mode.startsWith('600 regular');
  } catch {
    return false;
  }
}

/** What a cycle would be told by reading every file; 'none' if all is well. */
async function codeOfReading({ stateDir: dir, namespace }: KernelScene): Promise<string> {
  const target = `local/netns/${namespace.name} table main protocol 201 metric 1024`;
  const owner = 'faults';
  try {
    const state = await openState({ dir, owner, readOnly: false });
    await state.check();
    await state.checkUpstream({ name: 'edge1', target });
    const facts = {
      dir,
      upstream: 'edge1',
      target,
      owner,
      host: 'test-host',
      user: 'uid 0',
      keepFiles: 3,
    };
    await openJournal({ ...facts, now: Date.now });
    return 'none';
  } catch (error) {
    return error instanceof RouteSyncError ? error.code : String(error);
  }
}

describe(onKernel('a state directory that takes no more'), function suite() {
  this.timeout(300_000);
  let scene: KernelScene;
  let mount: string;

  before(async function open() {
    needKernel(this);
    scene = await openKernelScene();
    mount = path.join(scene.folder, 'mount');
    mkdirSync(mount);
    const options = ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', mount];
    if (spawnSync('mount', options).status !== 0) {
      this.skip();
    }
  });

  after(async () => {
    if (scene !== undefined) {
      spawnSync('umount', [mount]);
      await scene.close();
    }
  });

  async function applyThere(): Promise<Run> {
    return scene.apply(undefined, { config: { stateDir: path.join(mount, 'state') } });
  }

  async function assertRefused({ exitCode, said }: Run): Promise<void> {
    count('faults tried');
    const found = scene.table();
    scene.assertNothingWrong(found, said);
    expect({ exitCode, ours: found.ours }, said).to.deep.equal({ exitCode: 1, ours: BEFORE });
    expect(said).to.contain('STATE_UNWRITABLE');
  }

  beforeEach(() => {
    scene.restore();
    cpSync(scene.stateDir, path.join(mount, 'state'), { recursive: true });
  });

  afterEach(() => {
    execFileSync('mount', ['-o', 'remount,rw', mount]);
    rmSync(path.join(mount, 'state'), { recursive: true });
    rmSync(path.join(mount, 'filler'), { force: true });
  });

  for (const left of [0, 4096, 8192]) {
    it(`is known before the push when ${left} bytes are left on the disk`, async () => {
      spawnSync('dd', ['if=/dev/zero', `of=${path.join(mount, 'filler')}`, 'bs=4096']);
      execFileSync('truncate', ['-s', `-${left}`, path.join(mount, 'filler')]);

      await assertRefused(await applyThere());

      rmSync(path.join(mount, 'filler'));
      const { exitCode, said } = await applyThere();
      expect({ exitCode, ours: scene.table().ours }, said).to.deep.equal({
        exitCode: 0,
        ours: AFTER,
      });
    });
  }

  it('is known before the push when it is read-only', async () => {
    execFileSync('mount', ['-o', 'remount,ro', mount]);

    await assertRefused(await applyThere());
  });
});
