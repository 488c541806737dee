/** config/cron/route-sync as cron runs it: crontab(5), by its shell, with its variables and no others. */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { expect } from 'chai';
import { execa } from 'execa';

import { openScene, type Scene } from './scene.ts';
import { webAndDatabase } from './small-cloud.ts';

const FILE = path.join(import.meta.dirname, '../../config/cron/route-sync');
const MAIN = path.join(import.meta.dirname, '../../src/main.ts');

interface Crontab {
  readonly env: Readonly<Record<string, string>>;
  readonly schedule: string;
  readonly user: string;
  readonly command: string;
}

async function crontab(): Promise<Crontab> {
  const lines = (await readFile(FILE, 'utf8')).split('\n').filter((line) => /^[^#]/.test(line));
  const assignments = lines.map((line) => /^([A-Z_]+)=(.*)$/.exec(line));
  const env = Object.fromEntries(
    assignments.flatMap((found) => (found ? [[found[1], found[2]]] : [])),
  );
  const jobs = lines.filter((_, index) => assignments[index] === null);
  expect(jobs).to.have.length(1);
  const [, schedule = '', user = '', command = ''] =
    /^((?:[\d*/,-]+ ){5})(\w+) (.+)$/.exec(jobs[0] ?? '') ?? [];
  return { env, schedule: schedule.trim(), user, command };
}

describe('config/cron/route-sync', () => {
  let scene: Scene;
  let small: ReturnType<typeof webAndDatabase>;

  beforeEach(async () => {
    small = webAndDatabase();
    scene = await openScene(small.cloud);
    const clouds = { clouds: { cloud: { auth: authOf(scene.server.env) } } };
    await writeFile(path.join(scene.folder, 'clouds.yaml'), JSON.stringify(clouds), {
      mode: 0o600,
    });
    await scene.configure({ cloud: { name: 'cloud', retries: 0 } });
    const program = path.join(scene.folder, 'bin/route-sync');
    await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
    await chmod(program, 0o755);
  });

  afterEach(async () => {
    await scene.close();
  });

  /** What cron would mail. */
  async function mail(): Promise<string> {
    const { env, command } = await crontab();
    const here = (text: string): string => text.replaceAll('/etc/route-sync/', `${scene.folder}/`);
    const { all } = await execa(env['SHELL'] ?? '', ['-c', here(command)], {
      cwd: scene.folder,
      env: {
        HOME: scene.folder,
        LOGNAME: 'root',
        RUNTIME_DIRECTORY: path.join(scene.folder, 'run'),
        ...Object.fromEntries(Object.entries(env).map(([key, value]) => [key, here(value)])),
        PATH: `${path.join(scene.folder, 'bin')}:${env['PATH'] ?? ''}`,
        STATE_DIRECTORY: scene.stateDir,
      },
      extendEnv: false,
      reject: false,
      all: true,
    });
    return all;
  }

  it('has the form of a file in /etc/cron.d: five fields, a user, a command without "%"', async () => {
    const { schedule, user, command, env } = await crontab();

    expect(schedule.split(' ')).to.have.length(5);
    expect(user).to.equal('root');
    expect(command).not.to.include('%');
    expect(env).to.have.property('MAILTO');
  });

  it('mails what was changed, and then nothing until the cloud changes', async () => {
    expect(await mail()).to.include('198.51.100.0/27');
    expect(await mail()).to.equal('');
    small.addTenant('mail', '203.0.113.12', '198.51.100.64/27');
    expect(await mail()).to.include('198.51.100.64/27');
  }).timeout(30_000);

  it('mails when the cloud cannot be read', async () => {
    await mail();
    await scene.server.close();

    expect(await mail()).to.include('CLOUD_UNREACHABLE');
  }).timeout(30_000);
});

function authOf(env: Readonly<Record<string, string>>): Record<string, string | undefined> {
  return {
    auth_url: env['OS_AUTH_URL'],
    username: env['OS_USERNAME'],
    password: env['OS_PASSWORD'],
    project_name: env['OS_PROJECT_NAME'],
    user_domain_name: env['OS_USER_DOMAIN_NAME'],
    project_domain_name: env['OS_PROJECT_DOMAIN_NAME'],
  };
}
