import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { pausingAfterRefusedLogin } from '../../src/agent/login-pause.ts';
import type { CommandOutput } from '../../src/drivers/driver.ts';
import { RouteSyncError } from '../../src/errors.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { rejected } from '../drivers/thrown.ts';

const MINUTE = 60_000;
const OUTPUT: CommandOutput = { stdout: '', stderr: '', exitCode: 0 };

type Mood = 'well' | 'refuses' | 'away';

/** A router that counts what reaches it. */
function routerThat(mood: Mood) {
  const router = { mood, reached: 0 };
  const transport: Transport = {
    description: 'ssh edge1',
    target: 'ssh/edge1:22',
    lockTarget: () => Promise.resolve('ssh edge1:22'),
    close: () => Promise.resolve(),
    run: async () => {
      router.reached += 1;
      await Promise.resolve();
      if (router.mood === 'well') {
        return OUTPUT;
      }
      throw router.mood === 'away'
        ? new RouteSyncError('UPSTREAM_UNREACHABLE', 'no route to host')
        : new RouteSyncError('UPSTREAM_LOGIN', 'edge1 refused the password');
    },
  };
  return { router, transport };
}

describe('pausingAfterRefusedLogin', () => {
  let folder: string;
  let secret: string;
  let now: number;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rs-login-'));
    secret = join(folder, 'password');
    await writeFile(secret, 'one\n');
    now = 0;
  });

  afterEach(async () => rm(folder, { recursive: true }));

  function over(mood: Mood, triesAgain = true) {
    const { router, transport } = routerThat(mood);
    const paused = pausingAfterRefusedLogin(transport, {
      secretFiles: [secret, join(folder, 'none')],
      triesAgain,
      now: () => now,
    });
    const { signal } = new AbortController();
    const run = async () => paused.run({ argv: ['true'] }, signal);
    return { router, run };
  }

  it('tries after 1, 2, 4 and 8 minutes, and every 15 minutes from then on', async () => {
    const { router, run } = over('refuses');
    const attempts: number[] = [];
    for (now = 0; now <= 50 * MINUTE; now += MINUTE / 2) {
      const { reached } = router;
      expect(await rejected(run())).to.include({ code: 'UPSTREAM_LOGIN' });
      if (router.reached > reached) {
        attempts.push(now / MINUTE);
      }
    }

    expect(attempts).to.deep.equal([0, 1, 3, 7, 15, 30, 45]);
  });

  it('says from the first error on when it tries again, and what to do', async () => {
    const { run } = over('refuses');
    const first = await rejected(run());
    now = 20_000;
    const second = await rejected(run());

    expect(first.message).to.match(/^edge1 refused the password; the next attempt is in 60 s/);
    expect(first.message).to.contain('SIGHUP');
    expect(second.message).to.contain('in 40 s');
  });

  it('tries at once when a secret file has changed, and counts from the beginning', async () => {
    const { router, run } = over('refuses');
    await rejected(run());
    now = MINUTE;
    await rejected(run());
    await writeFile(secret, 'another\n');

    expect((await rejected(run())).message).to.contain('in 60 s');
    expect(router.reached).to.equal(3);
  });

  it('counts from the beginning after a login that was accepted', async () => {
    const { router, run } = over('refuses');
    await rejected(run());
    router.mood = 'well';
    now = MINUTE;
    await run();
    router.mood = 'refuses';

    expect((await rejected(run())).message).to.contain('in 60 s');
  });

  it('makes one attempt for commands that come together', async () => {
    const { router, run } = over('refuses');
    const errors = await Promise.all([rejected(run()), rejected(run()), rejected(run())]);

    expect(errors.map(({ code }) => code)).to.deep.equal(Array(3).fill('UPSTREAM_LOGIN'));
    expect(router.reached).to.equal(1);
  });

  it('lets everything through where logins are accepted', async () => {
    const { router, run } = over('well');
    await Promise.all([run(), run(), run()]);

    expect(router.reached).to.equal(3);
  });

  it('does not pause for a router that is away', async () => {
    const { router, run } = over('away');
    expect(await rejected(run())).to.include({ code: 'UPSTREAM_UNREACHABLE' });
    await rejected(run());

    expect(router.reached).to.equal(2);
  });

  it('speaks of no other attempt where there will be none', async () => {
    const { router, run } = over('refuses', false);
    const errors = [await rejected(run()), await rejected(run())];

    expect(errors.map(({ message }) => message)).to.deep.equal(
      Array(2).fill('edge1 refused the password'),
    );
    expect(router.reached).to.equal(1);
  });
});
