/**
 * config/cron/route-sync under a real cron daemon, with files in the places that the documents name. Only the minutes are
 * changed, to every one. Run by .ci/units, which says by $CRON where the daemon is.
 */
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { expect } from 'chai';
import { execa } from 'execa';

import { openScene, type Scene } from '../cli/scene.ts';
import { webAndDatabase } from '../cli/small-cloud.ts';

const FILE = path.join(import.meta.dirname, '../../config/cron/route-sync');
const MAIN = path.join(import.meta.dirname, '../../src/main.ts');
const DAEMON = path.join(import.meta.dirname, 'cron-daemon.sh');
const NAMESPACES = ['--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];

describe('the cron file', function suite() {
  this.timeout(300_000);
  let scene: Scene;
  let daemon: { readonly end: () => Promise<unknown>; readonly said: () => string };

  before(async () => {
    await execa('ip', ['link', 'set', 'lo', 'up']);
    scene = await openScene(webAndDatabase().cloud);
    await scene.configure({ stateDir: undefined, cloud: { name: 'cloud', retries: 0 } });
    for (const name of ['etc', 'state', 'mail']) {
      await mkdir(inFolder(name), { mode: 0o700 });
    }
    await cp(scene.configFile, inFolder('etc/route-sync.yaml'));
    const clouds = JSON.stringify({ clouds: { cloud: { auth: authOf(scene.server.env) } } });
    await writeFile(inFolder('etc/clouds.yaml'), clouds, { mode: 0o600 });
    // Writes down its exit code, which cron tells nobody.
    const program = `#!/bin/sh\n'${process.execPath}' '${MAIN}' "$@"\necho $? >>'${inFolder('runs')}'\n`;
    await writeFile(inFolder('bin/route-sync'), program, { mode: 0o755 });
    const crontab = await readFile(FILE, 'utf8');
    await writeFile(inFolder('crontab'), crontab.replace(/^\*\/5 /m, '* '));
    await writeFile(inFolder('runs'), '');
    daemon = startDaemon();
  });

  after(async () => {
    await daemon.end();
    await scene.close();
  });

  function inFolder(name: string): string {
    return path.join(scene.folder, name);
  }

  function startDaemon(): typeof daemon {
    const cron = process.env['CRON'] ?? '/usr/sbin/cron';
    const child = execa('unshare', [...NAMESPACES, DAEMON, cron, scene.folder], {
      stdin: 'ignore',
      all: true,
      reject: false,
    });
    let said = '';
    child.all.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    return {
      said: () => said,
      end: async () => {
        child.kill('SIGKILL');
        return child;
      },
    };
  }

  /** The exit codes after one more run, once cron had time to send what it printed. */
  async function afterRun(count: number): Promise<readonly string[]> {
    for (const limit = Date.now() + 90_000; (await runs()).length < count; await pause(200)) {
      if (Date.now() > limit) {
        throw new Error(`no run ${count}; cron said: ${daemon.said()}`);
      }
    }
    await pause(3000);
    return runs();
  }

  async function runs(): Promise<readonly string[]> {
    return (await readFile(inFolder('runs'), 'utf8')).split('\n').slice(0, -1);
  }

  async function mails(): Promise<readonly string[]> {
    const names = (await readdir(inFolder('mail'))).filter((name) => !name.startsWith('.'));
    return Promise.all(
      names.sort().map(async (name) => readFile(inFolder(`mail/${name}`), 'utf8')),
    );
  }

  it('sends mail to root when routes changed, none while nothing does, and again when the cloud is away', async () => {
    const first = await afterRun(1);
    const [changed = '', ...others] = await mails();
    expect(first, changed).to.deep.equal(['0']);
    expect(others).to.deep.equal([]);
    expect(changed).to.match(/^To: root$/m);
    expect(changed).to.include('198.51.100.0/27');

    expect(await afterRun(2)).to.deep.equal(['0', '0']);
    expect(await mails()).to.have.length(1);

    await scene.server.close();
    expect(await afterRun(3)).to.deep.equal(['0', '0', '1']);
    const [, failed = '', ...more] = await mails();
    expect(more).to.deep.equal([]);
    expect(failed).to.include('CLOUD_UNREACHABLE');
  });
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
