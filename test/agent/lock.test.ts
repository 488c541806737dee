import { expect } from 'chai';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { acquireLock, type Lock, type LockRequest } from '../../src/agent/lock.ts';
import { RouteSyncError } from '../../src/errors.ts';

const module = new URL('../../src/agent/lock.ts', import.meta.url).href;

describe('acquireLock', () => {
  let dir: string;
  let children: ChildProcessWithoutNullStreams[];

  beforeEach(async () => {
    children = [];
    dir = await mkdtemp(join(tmpdir(), 'route-sync-lock-'));
  });

  afterEach(async () => {
    children.forEach((child) => child.kill('SIGKILL'));
    await rm(dir, { recursive: true });
  });

  function request(changes: Partial<LockRequest> = {}): LockRequest {
    return {
      dir,
      target: 'netns upstream table main',
      mark: 'protocol 201',
      owner: 'lab',
      command: 'apply',
      now: new Date('2026-01-01T00:00:00Z'),
      waitSeconds: 0,
      searchPath: process.env['PATH'] ?? '',
      ...changes,
    };
  }

  async function failure(work: Promise<Lock>): Promise<RouteSyncError> {
    let lock: Lock;
    try {
      lock = await work;
    } catch (error) {
      expect(error).to.be.instanceOf(RouteSyncError);
      return error as RouteSyncError;
    }
    await lock.release();
    throw new Error('the lock was granted');
  }

  async function lockFile(): Promise<string> {
    const [name = ''] = await readdir(dir);
    return join(dir, name);
  }

  /** Another process that holds the lock until it is told or killed. */
  async function otherHolder(): Promise<ChildProcessWithoutNullStreams> {
    const { now: _now, ...rest } = request({ owner: 'lab', command: 'run' });
    const script = `
      import { acquireLock } from ${JSON.stringify(module)};
      const lock = await acquireLock({ ...${JSON.stringify(rest)}, now: new Date(0) });
      process.stdin.on('data', () => lock.release().then(() => process.exit(0)));
      console.log('held');
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script]);
    children.push(child);
    await once(child.stdout, 'data');
    return child;
  }

  it('can be taken again after its release', async () => {
    await (await acquireLock(request())).release();

    const lock = await acquireLock(request());
    expect(lock.lost.aborted).to.equal(false);
    await lock.release();
  });

  it('refuses a second taker in the same process, and names the first', async () => {
    const lock = await acquireLock(request());

    const { code, message, retryable } = await failure(acquireLock(request()));

    await lock.release();
    expect({ code, retryable }).to.deep.equal({ code: 'LOCKED', retryable: true });
    expect(message).to.equal(
      `netns upstream table main is held by pid ${process.pid} (owner "lab", apply) since 2026-01-01T00:00:00.000Z; wait until it ends, or say --wait SECONDS`,
    );
  });

  it('refuses while another process holds it', async () => {
    const holder = await otherHolder();

    const { code, message } = await failure(acquireLock(request()));

    expect(code).to.equal('LOCKED');
    expect(message).to.contain(`pid ${holder.pid} (owner "lab", run)`);
  });

  it('is free as soon as its holder is killed', async () => {
    const holder = await otherHolder();
    holder.kill('SIGKILL');
    await once(holder, 'exit');

    await (await acquireLock(request({ waitSeconds: 5 }))).release();
  });

  it('waits for another process that ends in time', async () => {
    const holder = await otherHolder();
    const waiting = acquireLock(request({ waitSeconds: 60 }));
    holder.stdin.write('end\n');

    await (await waiting).release();
  });

  it('keeps two targets apart', async () => {
    const first = await acquireLock(request());
    const second = await acquireLock(request({ target: 'netns upstream table 100' }));

    await Promise.all([first.release(), second.release()]);
    expect(await readdir(dir)).to.have.length(2);
  });

  it('holds between two owners with two marks', async () => {
    const lock = await acquireLock(request());

    const { code } = await failure(acquireLock(request({ owner: 'other', mark: 'protocol 202' })));

    await lock.release();
    expect(code).to.equal('LOCKED');
  });

  it('tells the owner who claimed the mark before, also when that one is not running', async () => {
    const first = await acquireLock(request());
    await first.claimMark();
    await first.release();

    const second = await acquireLock(request({ owner: 'other' }));
    const third = second.otherOwner;
    await second.release();

    expect(first.otherOwner).to.equal(undefined);
    expect(third).to.equal('lab');
  });

  it('gives the mark to whoever claims it', async () => {
    const first = await acquireLock(request());
    await first.claimMark();
    await first.release();
    const second = await acquireLock(request({ owner: 'other' }));
    await second.claimMark();
    await second.release();

    const lock = await acquireLock(request());

    expect(lock.otherOwner).to.equal('other');
    await lock.release();
  });

  it('does not mistake us for another owner', async () => {
    const first = await acquireLock(request());
    await first.claimMark();
    await first.release();

    const lock = await acquireLock(request());

    expect(lock.otherOwner).to.equal(undefined);
    await lock.release();
  });

  it('does not mind a record that a crash left half written', async () => {
    await (await acquireLock(request())).release();
    await writeFile(await lockFile(), '{"holder":{"pid"');

    const lock = await acquireLock(request());

    expect(JSON.parse(await readFile(await lockFile(), 'utf8'))).to.have.property('holder');
    await lock.release();
  });

  it('aborts when somebody kills the child that holds it', async () => {
    const lock = await acquireLock(request());
    const lost = once(lock.lost, 'abort');
    await killHolderOf(await lockFile());

    await lost;
    await lock.release();
    expect(lock.lost.reason).to.be.instanceOf(RouteSyncError).with.property('code', 'LOCKED');
  });

  it('does not take its own release for a loss', async () => {
    const lock = await acquireLock(request());
    await lock.release();
    await lock.release();

    expect(lock.lost.aborted).to.equal(false);
  });

  it('says which program is missing', async () => {
    const { code, message } = await failure(acquireLock(request({ searchPath: dir })));

    expect(code).to.equal('UPSTREAM_TOOL_MISSING');
    expect(message).to.contain('util-linux');
  });

  it('does not follow a link to a file elsewhere', async () => {
    await (await acquireLock(request())).release();
    const path = await lockFile();
    await rm(path);
    await symlink('/dev/null', path);

    expect((await failure(acquireLock(request()))).code).to.equal('STATE_UNWRITABLE');
  });

  it('says when the folder is missing', async () => {
    const { code, message } = await failure(acquireLock(request({ dir: join(dir, 'none') })));

    expect(code).to.equal('STATE_UNWRITABLE');
    expect(message).to.contain('ENOENT');
  });
});

/** Kills the `flock` and `cat` whose arguments or open files name the lock file. */
async function killHolderOf(path: string): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.startsWith('flock\0') && line.includes(path)) {
      const below = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
      for (const child of [...below.trim().split(' '), pid].filter((id) => id !== '')) {
        process.kill(Number(child), 'SIGKILL');
      }
    }
  }
}
