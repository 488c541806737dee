import { appendFile, chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect } from 'chai';

import { createNotifier, type Notifier } from '../../../src/agent/systemd/notifier.ts';
import { watchdogMs } from '../../../src/agent/systemd/notify.ts';
import type { Log } from '../../../src/report/log.ts';
import { REPORT } from '../../report/sample.ts';

/** Stands in for the real one, which test/systemd uses: the "socket" is a file. Fails as often as "failures" has lines. */
const SYSTEMD_NOTIFY = `#!/bin/sh
folder=\${NOTIFY_SOCKET%/*}
env >"$folder/environment"
if [ -s "$folder/failures" ]; then
  sed -i 1d "$folder/failures"
  exit 1
fi
printf '%s\\n' "$*" >>"$NOTIFY_SOCKET"
`;

const CYCLE = { run: 'r', startedAt: 0, finishedAt: 1, exitCode: 0 } as const;
const REQUEST = { method: 'GET', path: '/', status: 200, ms: 1 } as const;

describe('createNotifier', () => {
  let folder: string;
  let notifier: Notifier;
  let warnings: string[];
  let clock: number;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'route-sync-notify-'));
    [warnings, clock] = [[], 0];
    await writeFile(path.join(folder, 'systemd-notify'), SYSTEMD_NOTIFY);
    await chmod(path.join(folder, 'systemd-notify'), 0o755);
    await writeFile(path.join(folder, 'socket'), '');
  });

  afterEach(async () => {
    notifier.close();
    await rm(folder, { recursive: true, maxRetries: 5 });
  });

  function start(env: Record<string, string> = {}): void {
    const warn = (message: string): void => void warnings.push(message);
    const nothing = (): void => undefined;
    const log: Log = {
      error: nothing,
      warn,
      info: nothing,
      debug: nothing,
      child: () => log,
      writes: () => true,
    };
    notifier = createNotifier({
      env: {
        NOTIFY_SOCKET: path.join(folder, 'socket'),
        PATH: `${folder}:/usr/bin:/bin`,
        OS_PASSWORD: 'secret',
        ...env,
      },
      pid: 4711,
      log,
      now: () => clock,
      patienceMs: () => 1000,
    });
  }

  function received(): readonly string[] {
    return readFileSync(path.join(folder, 'socket'), 'utf8').split('\n').slice(0, -1);
  }

  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await pause(10);
    }
  }

  async function pause(ms: number): Promise<void> {
    await new Promise((resolve) => {
      setTimeout(resolve, ms);
    });
  }

  it('tells in order that it is ready, reads its configuration again, and stops', async () => {
    start();

    notifier.ready();
    notifier.reloading();
    notifier.ready();
    notifier.stopping();

    await until(() => received().length === 4);
    expect(received()).to.deep.equal(['READY=1', 'RELOADING=1', 'READY=1', 'STOPPING=1']);
  });

  it('tells after each cycle what came of it', async () => {
    start();

    notifier.observer.cycleEnded({ ...CYCLE, report: REPORT, error: undefined });
    notifier.observer.cycleEnded({
      ...CYCLE,
      exitCode: 1,
      report: undefined,
      error: { code: 'CLOUD_TIMEOUT', message: 'what a tenant may have written' },
    });

    await until(() => received().length === 2);
    expect(received()[0]).to.match(/^STATUS=\d+ routes wanted, \d+ held, \d+ in conflict, 1 of 2 /);
    expect(received()[1]).to.equal('STATUS=CLOUD_TIMEOUT');
  });

  it('shows life between cycles, and in a cycle as long as that gets on', async () => {
    start({ WATCHDOG_USEC: '40000', WATCHDOG_PID: '4711' });
    await until(() => received().length > 1);
    expect(new Set(received())).to.deep.equal(new Set(['WATCHDOG=1']));

    notifier.observer.cycleBegan({ run: 'r', at: 0 });
    for (const sign of [
      () => notifier.observer.cloudAnswered(REQUEST),
      () => notifier.observer.pushProgressed({ upstream: 'e', done: 1, total: 2 }),
    ]) {
      clock += 999;
      sign();
      const before = received().length;
      await until(() => received().length > before);
    }
    clock += 1000;
    await pause(100);
    const stuck = received().length;
    await pause(200);
    expect(received().length).to.equal(stuck);

    notifier.observer.cycleEnded({ ...CYCLE, report: undefined, error: undefined });
    await until(() => received().length > stuck + 1);
  });

  it('waits for no end of a cycle that never began', async () => {
    start({ WATCHDOG_USEC: '40000', WATCHDOG_PID: '4711' });

    notifier.observer.cloudAnswered(REQUEST);
    notifier.observer.pushProgressed({ upstream: 'e', done: 1, total: 2 });
    clock += 5000;
    await until(() => received().length > 2);
  });

  it('tells nobody its secrets', async () => {
    start();
    notifier.ready();
    await until(() => received().length === 1);

    const variables = await readFile(path.join(folder, 'environment'), 'utf8');
    expect(variables).to.match(/^NOTIFY_SOCKET=/m);
    expect(variables).not.to.include('OS_PASSWORD');
  });

  it('tells a busy service manager again', async () => {
    await appendFile(path.join(folder, 'failures'), '1\n2\n');
    start();
    notifier.ready();
    await until(() => received().length === 1);

    expect(received()).to.deep.equal(['READY=1']);
    expect(warnings).to.deep.equal([]);
  });

  it('is not watched where systemd watches another process', async () => {
    start({ WATCHDOG_USEC: '20000', WATCHDOG_PID: '1' });
    await pause(150);

    expect(received()).to.deep.equal([]);
  });

  it('says nothing where nobody waits for it', async () => {
    start({ NOTIFY_SOCKET: '' });
    notifier.ready();
    await pause(100);

    expect(received()).to.deep.equal([]);
    expect(warnings).to.deep.equal([]);
  });

  it('warns once while the service manager cannot be told', async () => {
    start({ PATH: path.join(folder, 'nowhere') });
    notifier.ready();
    notifier.ready();
    await until(() => warnings.length > 0);
    await pause(100);

    expect(warnings).to.deep.equal(['the service manager cannot be told']);
  });
});

describe('watchdogMs', () => {
  for (const [env, ms] of [
    [{ WATCHDOG_USEC: '3000000', WATCHDOG_PID: '7' }, 3000],
    [{ WATCHDOG_USEC: '3000000' }, 3000],
    [{ WATCHDOG_USEC: '3000000', WATCHDOG_PID: '8' }, undefined],
    [{ WATCHDOG_USEC: '0' }, undefined],
    [{ WATCHDOG_USEC: '-1' }, undefined],
    [{ WATCHDOG_USEC: 'soon' }, undefined],
    [{}, undefined],
  ] as const) {
    it(`is ${ms ?? 'not set'} for ${JSON.stringify(env)}`, () => {
      expect(watchdogMs(env, 7)).to.equal(ms);
    });
  }
});
