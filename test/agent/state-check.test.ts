import { expect } from 'chai';
import { chmod, chown, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { refuseOpenEntry, refuseOpenRoot } from '../../src/agent/state-check.ts';
import { failure, newPlace } from './state-scene.ts';

const me = process.getuid?.() ?? 0;

/** Some user that is not root. */
const user = me === 0 ? 54_321 : me;

for (const [check, kind] of [
  [refuseOpenRoot, 'folder'],
  [refuseOpenEntry, 'folder'],
  [refuseOpenEntry, 'file'],
] as const) {
  describe(`${check.name}, of a ${kind}`, () => {
    let path: string;
    let close: () => Promise<void>;

    beforeEach(async () => {
      ({ dir: path, close } = await newPlace());
    });

    afterEach(async () => {
      await close();
    });

    async function make(mode: number): Promise<void> {
      await (kind === 'folder' ? mkdir(path) : writeFile(path, ''));
      await chown(path, user, -1);
      await chmod(path, mode);
    }

    it('has nothing against what does not exist', async () => {
      await check(path, user);
    });

    for (const mode of [0o700, 0o755, 0o600]) {
      it(`has nothing against mode ${mode.toString(8)}`, async () => {
        await make(mode);

        await check(path, user);
      });
    }

    for (const mode of [0o720, 0o702, 0o1777, 0o2770]) {
      it(`refuses mode ${mode.toString(8)}, and says what to run`, async () => {
        await make(mode);

        const { code, message } = await failure(check(path, user));
        expect(code).to.equal('STATE_INSECURE');
        expect(message).to.contain(mode.toString(8)).and.to.contain(`run: chmod go-w ${path}`);
      });
    }

    it('refuses what belongs to another user, and says what to run', async () => {
      await make(0o700);

      const { code, message } = await failure(check(path, user + 1));
      expect(code).to.equal('STATE_INSECURE');
      expect(message)
        .to.contain(`belongs to user ${user}`)
        .and.to.contain(`chown -R ${user + 1} ${path}`);
    });

    it('trusts root', async function () {
      if (me !== 0) {
        this.skip();
      }
      await make(0o700);
      await chown(path, 0, -1);

      await check(path, user);
    });
  });
}

describe('refuseOpenRoot', () => {
  it('follows a link, because the place is configured', async () => {
    const { dir, close } = await newPlace();
    await mkdir(`${dir}-2`, { mode: 0o700 });
    await symlink(`${dir}-2`, dir);

    await refuseOpenRoot(dir, me);

    await chmod(`${dir}-2`, 0o777);
    expect((await failure(refuseOpenRoot(dir, me))).code).to.equal('STATE_INSECURE');
    await close();
  });
});

describe('refuseOpenEntry', () => {
  it('refuses a link, wherever it leads', async () => {
    const { dir, close } = await newPlace();
    await symlink('nowhere', dir);

    const { code, message } = await failure(refuseOpenEntry(dir, me));
    expect(code).to.equal('STATE_INSECURE');
    expect(message).to.contain(`${dir} is a symbolic link`);
    await close();
  });

  it('says when it cannot look', async () => {
    const { dir, close } = await newPlace();
    await writeFile(dir, '');

    expect((await failure(refuseOpenEntry(join(dir, 'x'), me))).code).to.equal('STATE_UNREADABLE');
    await rm(dir);
    await close();
  });
});
