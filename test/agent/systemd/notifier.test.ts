import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

import { expect } from 'chai';

import { createNotifier, type Notifier } from '../../../src/agent/systemd/notifier.ts';
import { watchdogMs } from '../../../src/agent/systemd/notify.ts';
import type { Log } from '../../../src/report/log.ts';
import { REPORT } from '../../report/sample.ts';

/** Node.js has no datagram sockets of this kind. */
const RECEIVER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True:
    # systemd-notify also sends a file descriptor and waits for its end: ancillary data is dropped, which closes it
    data, fds, flags, address = socket.recv_fds(s, 4096, 8)
    for fd in fds:
        import os
        os.close(fd)
    text = data.decode()
    if text not in ('', 'BARRIER=1'):
        print(text.replace('\\n', ' '), flush=True)
`;

const CYCLE = { run: 'r', startedAt: 0, finishedAt: 1, exitCode: 0 } as const;
const REQUEST = { method: 'GET', path: '/', status: 200, ms: 1 } as const;

describe('createNotifier', () => {
  let folder: string;
  let receiver: ChildProcessByStdio<null, Readable, null>;
  let received: string[];
  let notifier: Notifier;
  let warnings: string[];
  let clock: number;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'route-sync-notify-'));
    [received, warnings, clock] = [[], [], 0];
    receiver = spawn('python3', ['-c', RECEIVER, path.join(folder, 'socket')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: receiver.stdout }).on('line', (line) => received.push(line));
    await until(() => received.shift() === 'bound');
  });

  afterEach(async () => {
    notifier.close();
    receiver.kill();
    await rm(folder, { recursive: true });
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
        PATH: process.env['PATH'] ?? '',
        OS_PASSWORD: 'secret',
        ...env,
      },
      pid: 4711,
      log,
      now: () => clock,
      patienceMs: () => 1000,
    });
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

    await until(() => received.length === 4);
    expect(received).to.deep.equal(['READY=1', 'RELOADING=1', 'READY=1', 'STOPPING=1']);
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

    await until(() => received.length === 2);
    expect(received[0]).to.match(/^STATUS=\d+ routes wanted, \d+ held, \d+ in conflict, 1 of 2 /);
    expect(received[1]).to.equal('STATUS=CLOUD_TIMEOUT');
  });

  it('shows life between cycles, and in a cycle as long as that gets on', async () => {
    start({ WATCHDOG_USEC: '40000', WATCHDOG_PID: '4711' });
    await until(() => received.length > 1);
    expect(new Set(received)).to.deep.equal(new Set(['WATCHDOG=1']));

    notifier.observer.cycleBegan({ run: 'r', at: 0 });
    for (const sign of [
      () => notifier.observer.cloudAnswered(REQUEST),
      () => notifier.observer.pushProgressed({ upstream: 'e', done: 1, total: 2 }),
    ]) {
      clock += 999;
      sign();
      const before = received.length;
      await until(() => received.length > before);
    }
    clock += 1000;
    await pause(100);
    const stuck = received.length;
    await pause(200);
    expect(received.length).to.equal(stuck);

    notifier.observer.cycleEnded({ ...CYCLE, report: undefined, error: undefined });
    await until(() => received.length > stuck + 1);
  });

  it('is not watched where systemd watches another process', async () => {
    start({ WATCHDOG_USEC: '20000', WATCHDOG_PID: '1' });
    await pause(150);

    expect(received).to.deep.equal([]);
  });

  it('says nothing where nobody waits for it', async () => {
    start({ NOTIFY_SOCKET: '' });
    notifier.ready();
    await pause(100);

    expect(received).to.deep.equal([]);
    expect(warnings).to.deep.equal([]);
  });

  it('warns once while the service manager cannot be told', async () => {
    start({ PATH: folder });
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
