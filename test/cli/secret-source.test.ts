/** The secret of the cloud from a file or a command: what is taken, and what is said when there is none. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';

import { findSecret, secretOfCommand } from '../../src/cli/secret-source.ts';
import { OpenStackError } from '../../src/openstack-client-lite/index.ts';
import { type CycleScene, openCycleScene } from '../agent/cycle-scene.ts';
import { webAndDatabase } from './small-cloud.ts';

describe('findSecret', () => {
  let folder: string;
  let surroundings: Parameters<typeof findSecret>[1];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'cloud-secret-'));
    const { PATH } = process.env;
    surroundings = { env: { PATH, OS_PASSWORD: 'other' }, cwd: folder, homeDir: folder };
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  async function run(script: string, deadlineMs?: number): Promise<string> {
    const command = { program: 'sh', args: ['-c', script] };
    return (await secretOfCommand(command, surroundings, deadlineMs).read()).reveal();
  }

  async function refusal(work: Promise<unknown>): Promise<OpenStackError> {
    const error: unknown = await work.catch((reason: unknown) => reason);
    if (!(error instanceof OpenStackError)) {
      throw new Error('was not refused');
    }
    expect(error.code).to.equal('CLOUD_CONFIG_UNREADABLE');
    expect(`${error.message} ${JSON.stringify(error.details)}`).not.to.match(/hunter2|\n/);
    return error;
  }

  it('finds none where none is configured', async () => {
    expect(await findSecret({}, surroundings)).to.equal(undefined);
  });

  it('reads the file anew each time, under the home folder too', async () => {
    const file = path.join(folder, 'secret');
    await writeFile(file, 'one\n', { mode: 0o600 });
    const source = await findSecret({ secretFile: '~/secret' }, surroundings);

    const before = await source?.read();
    await writeFile(file, 'two');

    expect(before?.reveal()).to.equal('one');
    expect((await source?.read())?.reveal()).to.equal('two');
    expect(source?.description).to.equal(`cloud.secretFile ${file}`);
  });

  it('runs the command without a shell, in an environment of three variables', async () => {
    const secretCommand = [
      'sh',
      '-c',
      'env | sort | cut -d= -f1 | tr "\\n" " "; echo "$0"',
      '$(x)',
    ];
    const source = await findSecret({ secretCommand }, surroundings);

    const text = (await source?.read())?.reveal();

    expect(text?.replace(/\b(?:PWD|SHLVL|_) /g, '')).to.equal('HOME LANG PATH $(x)');
  });

  it('strips one newline, and keeps every other space', async () => {
    expect(await run('printf " a b \\n"')).to.equal(' a b ');
  });

  for (const { what, script, says } of [
    { what: 'fails', script: 'echo hunter2; echo hunter2 >&2; exit 3', says: /exit code 3;/ },
    { what: 'prints nothing', script: 'true', says: /holds no secret/ },
    { what: 'prints a newline only', script: 'echo', says: /holds no secret/ },
    { what: 'is ended', script: 'echo hunter2; kill -TERM $$', says: /ended by SIGTERM/ },
    { what: 'prints too much', script: 'yes hunter2', says: /more than 65536 bytes/ },
  ]) {
    it(`refuses a command that ${what}, without its output`, async () => {
      expect((await refusal(run(script))).message).to.match(says);
    });
  }

  it('names a command that does not exist', async () => {
    const source = await findSecret(
      { secretCommand: ['no-such-program', 'hunter2'] },
      surroundings,
    );

    const { message } = await refusal(source?.read() ?? Promise.resolve());

    expect(message).to.match(/^cloud\.secretCommand no-such-program cannot be run \(ENOENT\);/);
  });

  it('ends a command that does not answer, with all its children', async () => {
    const { message } = await refusal(run('sleep 61 & echo $! > child; wait', 200));

    expect(message).to.match(/gave no secret within 0\.2 s/);
    expect(await isAlive(path.join(folder, 'child'))).to.equal(false);
  });

  it('ends what the command leaves behind', async () => {
    const secret = await run('sleep 61 >/dev/null & echo $! > child; echo s');

    expect(secret).to.equal('s');
    expect(await isAlive(path.join(folder, 'child'))).to.equal(false);
  });

  it('does not wait for somebody outside the group who holds the output open', async () => {
    await refusal(run('setsid sleep 61 & echo $! > child; echo hunter2', 300));

    const pid = Number(await readFile(path.join(folder, 'child'), 'utf8'));
    process.kill(pid, 'SIGKILL');
  });
});

/** Whether the process runs; one that waits to be reaped does not. */
async function isAlive(pidFile: string): Promise<boolean> {
  const pid = (await readFile(pidFile, 'utf8')).trim();
  for (let look = 0; look < 100; look += 1) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    if (stat === '' || / [XZ] /.test(stat)) {
      return false;
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
  return true;
}

describe('openClient', () => {
  let scene: CycleScene;
  let file: string;

  beforeEach(async () => {
    scene = await openCycleScene(webAndDatabase().cloud);
    file = path.join(await mkdtemp(path.join(tmpdir(), 'cloud-secret-')), 'secret');
    await writeFile(file, `${scene.server.env['OS_PASSWORD'] ?? ''}\n`, { mode: 0o600 });
  });

  afterEach(async () => {
    await scene.close();
    await rm(path.dirname(file), { recursive: true });
  });

  async function userName(cloud: object): Promise<string> {
    await scene.configure({ cloud: { retries: 0, ...cloud } });
    return scene.withDeps(true, async ({ client }) => (await client.token()).userName);
  }

  it('logs in with the secret of the file', async () => {
    expect(await userName({ secretFile: file })).to.equal('admin');
    expect(scene.complaints).to.deep.equal([]);
  });

  it('logs in with what the command prints', async () => {
    expect(await userName({ secretCommand: ['cat', file] })).to.equal('admin');
  });

  it('prefers the file to the settings, and warns of its mode', async () => {
    await writeFile(file, 'hunter2');
    await chmod(file, 0o644);

    const error: unknown = await userName({ secretFile: file }).catch((reason: unknown) => reason);

    expect(error).to.include({ code: 'CLOUD_UNAUTHORIZED' });
    expect(String(error)).to.contain(`cloud.secretFile ${file}`).and.not.contain('hunter2');
    expect(scene.complaints.join()).to.contain(`chmod 600 ${file}`);
  });
});
