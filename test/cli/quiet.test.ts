/** `--quiet` of plan and apply, and what the command line says of the log. */
import { expect } from 'chai';
import os from 'node:os';
import { Writable } from 'node:stream';

import { sinceBoot } from '../../src/agent/boot-clock.ts';
import { runProgram, type LogChoice } from '../../src/cli/program.ts';
import type { Fault } from '../../src/demo/cloud.ts';
import type { CommandContext } from '../../src/cli/context.ts';
import { createLog } from '../../src/report/log.ts';
import { openScene, type Scene } from './scene.ts';
import { webAndDatabase } from './small-cloud.ts';

const NOTHING = { exitCode: 0, stdout: '', stderr: '' };

describe('--quiet', function suite() {
  this.timeout(60_000);
  let scene: Scene;
  let small: ReturnType<typeof webAndDatabase>;
  let fault: Fault | undefined;

  beforeEach(async () => {
    small = webAndDatabase();
    fault = undefined;
    scene = await openScene(small.cloud, { onRequest: () => fault });
  });

  afterEach(async () => {
    await scene.close();
  });

  it('prints the whole report when something was changed, and nothing when nothing was', async () => {
    const first = await scene.run(['apply', '--quiet']);
    const second = await scene.run(['apply', '--quiet']);

    expect(first.exitCode).to.equal(0);
    expect(first.stdout).to.include('198.51.100.0/27').and.to.include('Verdicts:');
    expect(second).to.deep.equal(NOTHING);
  });

  it('prints the plan while something is pending, in every format', async () => {
    for (const format of ['text', 'json', 'markdown']) {
      const pending = await scene.run(['plan', '--quiet', '--output', format]);
      expect(pending.stdout).to.include('198.51.100.0/27');
    }
    await scene.run(['apply']);
    for (const format of ['text', 'json', 'markdown']) {
      expect(await scene.run(['plan', '--quiet', '--output', format])).to.deep.equal(NOTHING);
    }
  });

  it('keeps silent of what is held, as that may last', async () => {
    await scene.configure({ removal: { snapshots: 3, graceSeconds: 3600 } });
    await scene.run(['apply']);
    small.cloud.clearGateway(small.web.router);

    expect((await scene.run(['plan'])).stdout).to.include('held');
    expect(await scene.run(['apply', '--quiet'])).to.deep.equal(NOTHING);
  });

  it('prints everything when the cloud cannot be read', async () => {
    await scene.run(['apply']);
    fault = { status: 500, body: '' };
    const run = await scene.run(['apply', '--quiet']);

    expect(run.exitCode).to.equal(1);
    expect(run.stdout).to.include('edge1');
    expect(run.stderr).to.match(/\(CLOUD_\w+\)\n$/);
  });

  it('leaves the kill switch on stderr, and says nothing else', async () => {
    await scene.run(['freeze', '--reason', 'test']);
    const run = await scene.run(['apply', '--quiet']);

    expect(run.stdout).to.equal('');
    expect(run.stderr).to.match(/^route-sync: .*test.* \(FROZEN\)\n$/);
  });

  it('is not for --verbose', async () => {
    const run = await scene.run(['plan', '--quiet', '--verbose']);

    expect(run.exitCode).to.equal(64);
  });
});

/** What the log is asked to be by a command line that ends in an error of the configuration. */
async function choiceOf(...args: readonly string[]): Promise<LogChoice | undefined> {
  let choice: LogChoice | undefined;
  const silent = createLog({
    stream: new Writable({ write: (_, __, done) => done() }),
    level: 'error',
    format: 'text',
    colour: false,
  });
  const context: CommandContext = {
    env: {},
    cwd: os.tmpdir(),
    homeDir: os.tmpdir(),
    uid: 0,
    print: () => undefined,
    complain: () => undefined,
    log: silent,
    paint: (_, text) => text,
    readInput: () => Promise.resolve(''),
    ask: undefined,
    now: Date.now,
    sinceBoot,
    host: 'test-host',
    onSignal: () => () => undefined,
  };
  await runProgram([...args, '--config', 'no-such-file.yaml'], context, (asked) => {
    choice = asked;
    return silent;
  });
  return choice;
}

describe('the log', () => {
  const CHOICES = [
    [['status'], { level: 'info', format: undefined }],
    [['status', '--verbose'], { level: 'debug', format: undefined }],
    [['plan', '--quiet'], { level: 'warn', format: undefined }],
    [['journal', 'verify', '--verbose'], { level: 'debug', format: undefined }],
    [['status', '--log-format=json'], { level: 'info', format: 'json' }],
    [['status', '--log-format', 'text'], { level: 'info', format: 'text' }],
    [['freeze', '--reason', '--verbose'], { level: 'info', format: undefined }],
    [['freeze', '--reason', '--log-format=json'], { level: 'info', format: undefined }],
    [['status', '--log-format', 'xml'], undefined],
  ] as const;

  for (const [args, expected] of CHOICES) {
    it(`is as "${args.join(' ')}" says`, async () => {
      expect(await choiceOf(...args)).to.deep.equal(expected);
    });
  }
});
