import { expect } from 'chai';
import { chmod, chown, mkdir, mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runtimeDirectory } from '../../src/agent/runtime-directory.ts';
import { RouteSyncError } from '../../src/errors.ts';

const me = process.getuid?.() ?? 0;

/** Some user that is not root, as root has a folder of its own. */
const user = me === 0 ? 54_321 : me;

describe('runtimeDirectory', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'route-sync-run-'));
  });

  afterEach(async () => {
    await rm(dir, { recursive: true });
  });

  async function folder(path: string, mode: number): Promise<string> {
    await mkdir(path);
    await chmod(path, mode);
    await chown(path, user, -1);
    return path;
  }

  /** On a machine whose common folder does not exist. */
  async function choose(env: Record<string, string>, uid: number): Promise<string> {
    return runtimeDirectory({ env, uid, system: join(dir, 'none') });
  }

  async function failure(env: Record<string, string>, uid: number): Promise<RouteSyncError> {
    try {
      await choose(env, uid);
    } catch (error) {
      expect(error).to.be.instanceOf(RouteSyncError).with.property('code', 'STATE_UNWRITABLE');
      return error as RouteSyncError;
    }
    throw new Error('the folder was accepted');
  }

  it('takes the first folder of systemd, and makes it for us alone', async () => {
    const RUNTIME_DIRECTORY = `${join(dir, 'a')}:${join(dir, 'b')}`;

    expect(await choose({ RUNTIME_DIRECTORY }, me)).to.equal(join(dir, 'a'));
    expect((await stat(join(dir, 'a'))).mode & 0o777).to.equal(0o700);
  });

  it('says what to set when the folder cannot be made', async () => {
    const { message } = await failure({ RUNTIME_DIRECTORY: '/dev/null/x' }, me);

    expect(message).to.contain('/dev/null/x').and.to.contain('RUNTIME_DIRECTORY');
  });

  it("makes the machine's folder for root", async () => {
    const system = join(dir, 'system');

    expect(await runtimeDirectory({ env: {}, uid: 0, system })).to.equal(system);
    expect((await stat(system)).mode & 0o777).to.equal(0o700);
  });

  it("takes the machine's folder where it may write", async () => {
    expect(await runtimeDirectory({ env: {}, uid: user, system: dir })).to.equal(dir);
  });

  describe('without a folder for all of the machine', () => {
    it('takes a folder of the session', async () => {
      const want = await folder(join(dir, 'route-sync'), 0o700);

      expect(await choose({ XDG_RUNTIME_DIR: dir }, user)).to.equal(want);
    });

    it('takes a folder of the user among the temporary files', async () => {
      const want = await folder(join(dir, `route-sync-${user}`), 0o700);

      expect(await choose({ TMPDIR: dir }, user)).to.equal(want);
    });

    it('refuses a folder that belongs to somebody else', async () => {
      await mkdir(join(dir, `route-sync-${user + 1}`));

      const { message } = await failure({ TMPDIR: dir }, user + 1);
      expect(message).to.contain(`belongs to user ${me}, not to ${user + 1}`);
    });

    it('refuses a folder that others may write to', async () => {
      await folder(join(dir, `route-sync-${user}`), 0o770);

      expect((await failure({ TMPDIR: dir }, user)).message).to.contain('written by other users');
    });

    it('refuses a link', async () => {
      await folder(join(dir, 'elsewhere'), 0o700);
      await symlink('elsewhere', join(dir, `route-sync-${user}`));

      expect((await failure({ TMPDIR: dir }, user)).message).to.contain('is no folder');
    });
  });
});
