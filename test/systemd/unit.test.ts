/**
 * The real agent under the restrictions of the real unit files: sandbox.py enforces them, receiver.ts hears what the
 * agent tells systemd. Run by .ci/units, as root in namespaces of its own; no systemd runs.
 */
import { chmod, chown, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { expect } from 'chai';
import { execa } from 'execa';

import { openScene, type Scene } from '../cli/scene.ts';
import { webAndDatabase } from '../cli/small-cloud.ts';
import { openReceiver, type Receiver } from './receiver.ts';

const UNITS = path.join(import.meta.dirname, '../../config/systemd');
const MAIN = path.join(import.meta.dirname, '../../src/main.ts');
const SANDBOX = path.join(import.meta.dirname, 'sandbox.py');
/** Of the range of DynamicUser=. */
const UID = 64_999;
const AGENT = 'route-sync.service';
const ONCE = 'route-sync-apply.service';
const NETNS = 'route-sync.service.d/10-netns.conf.example';
const SSH_ONLY = 'route-sync.service.d/10-ssh-only.conf.example';
const HERE = { name: 'edge1', os: 'linux', externalNetworks: ['public'] };
const PRIVATE = ['state', 'run', 'tmp'];
const PREFIX = '198.51.100.0/27';

interface Service {
  readonly pid: number;
  readonly log: () => string;
  readonly hasEnded: () => boolean;
  readonly ended: Promise<{ readonly exitCode: number | undefined; readonly stdout: string }>;
}

describe('the units', function suite() {
  this.timeout(60_000);
  let scene: Scene;
  let small: ReturnType<typeof webAndDatabase>;
  let receiver: Receiver;
  let services: Service[];

  before(async () => {
    if (Object.keys(networkInterfaces()).some((name) => name !== 'lo')) {
      throw new Error('these tests change the routes of this host: run .ci/units');
    }
    await addRouter([]);
  });

  beforeEach(async () => {
    services = [];
    small = webAndDatabase();
    scene = await openScene(small.cloud);
    receiver = await openReceiver(inFolder('notify'));
    await chmod(scene.folder, 0o711);
    // As DynamicUser= makes them.
    for (const name of PRIVATE) {
      await mkdir(inFolder(`private-${name}`), { mode: 0o700 });
      await chown(inFolder(`private-${name}`), UID, UID);
    }
    await symlink('private-state', inFolder('state-link'));
    await symlink('private-run', inFolder('run-link'));
    // As LoadCredential= does.
    const auth = authOf(scene.server.env);
    await writeFile(inFolder('clouds.yaml'), JSON.stringify({ clouds: { cloud: { auth } } }));
    await chown(inFolder('clouds.yaml'), 0, UID);
    await chmod(inFolder('clouds.yaml'), 0o440);
    await configure({});
  });

  afterEach(async () => {
    for (const { pid, ended } of services) {
      end(pid, 'SIGKILL');
      await ended;
    }
    await receiver.close();
    await scene.close();
  });

  function inFolder(name: string): string {
    return path.join(scene.folder, name);
  }

  async function configure(change: object): Promise<void> {
    await scene.configure({
      stateDir: undefined,
      schedule: '*/1 * * * * *',
      cloud: { name: 'cloud', retries: 0, requestTimeoutSeconds: 5 },
      upstreams: [HERE],
      ...change,
    });
  }

  /** Starts what ExecStart= says, with the variables that systemd would set. */
  async function start(...units: readonly [string, ...string[]]): Promise<Service> {
    const files = units.map((unit) => (path.isAbsolute(unit) ? unit : path.join(UNITS, unit)));
    const text = await readFile(path.join(UNITS, units[0]), 'utf8');
    const [, line = ''] = /^ExecStart=\/usr\/bin\/route-sync (.*)$/m.exec(text) ?? [];
    const args = line.replace('/etc/route-sync/route-sync.yaml', scene.configFile).split(' ');
    const writable = PRIVATE.map((name) => inFolder(`private-${name}`)).join(':');
    const child = execa(
      '/usr/bin/python3',
      [SANDBOX, String(UID), writable, files.join(':'), process.execPath, MAIN, ...args],
      {
        env: {
          PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
          STATE_DIRECTORY: inFolder('state-link'),
          RUNTIME_DIRECTORY: inFolder('run-link'),
          TMPDIR: inFolder('private-tmp'),
          ...environmentOf(text),
          ...(units[0] === AGENT
            ? { NOTIFY_SOCKET: inFolder('notify'), WATCHDOG_USEC: '600000' }
            : {}),
        },
        extendEnv: false,
        reject: false,
      },
    );
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    let hasEnded = false;
    const ended = child.then(({ exitCode, stdout }) => {
      hasEnded = true;
      return { exitCode, stdout };
    });
    const service = { pid: child.pid ?? 0, log: () => log, ended, hasEnded: () => hasEnded };
    services.push(service);
    return service;
  }

  /** %d is the folder of credentials, %S that of all state directories. */
  function environmentOf(text: string): Record<string, string> {
    const assignments = text.matchAll(/^Environment=(\w+)=(.*)$/gm);
    return Object.fromEntries(
      Array.from(assignments, ([, key = '', value = '']) => [
        key,
        value.replace('%d', scene.folder).replace('%S/route-sync', inFolder('state-link')),
      ]),
    );
  }

  async function until(service: Service, holds: () => boolean | Promise<boolean>): Promise<void> {
    for (const limit = Date.now() + 20_000; !(await holds()); await pause(20)) {
      if (Date.now() > limit || service.hasEnded()) {
        throw new Error(`waited in vain; heard ${receiver.received.join(' | ')}; ${service.log()}`);
      }
    }
  }

  const heard = (message: string): number =>
    receiver.received.filter((each) => each.startsWith(message)).length;

  it('let the agent start, change routes of this host, reload and stop, and systemd hears of it', async () => {
    const service = await start(AGENT);
    await until(service, () => heard('READY=1') === 1 && heard('STATUS=3 routes wanted') > 0);
    await until(service, async () => (await routes()).includes(PREFIX));

    end(service.pid, 'SIGHUP');
    await until(service, () => heard('READY=1') === 2);
    expect(receiver.received.filter((each) => /^(RELOADING|READY)/.test(each))).to.deep.equal([
      'READY=1',
      'RELOADING=1',
      'READY=1',
    ]);
    end(service.pid, 'SIGTERM');
    expect(await service.ended).to.have.property('exitCode', 0);
    expect(heard('STOPPING=1')).to.equal(1);
    expect(service.log()).not.to.match(/EPERM|EACCES|EROFS|not permitted|error /);
  });

  it('let the agent beat until it is stopped dead', async () => {
    const service = await start(AGENT);
    await until(service, () => heard('WATCHDOG=1') > 2);

    end(service.pid, 'SIGSTOP');
    await pause(500);
    const before = heard('WATCHDOG=1');
    await pause(1500);
    expect(heard('WATCHDOG=1')).to.equal(before);
    // What systemd does next; see WatchdogSignal= in systemd.service(5).
    end(service.pid, 'SIGABRT');
    end(service.pid, 'SIGCONT');
    expect((await service.ended).exitCode).not.to.equal(0);
  });

  it('count as started while the cloud is down', async () => {
    await scene.server.close();
    const service = await start(AGENT);

    await until(service, () => heard('READY=1') === 1 && heard('STATUS=CLOUD_UNREACHABLE') > 0);
  });

  it('keep from restarting after a bad configuration', async () => {
    await scene.configure({ upstreams: [] });
    const service = await start(AGENT);

    const { exitCode } = await service.ended;
    const text = await readFile(path.join(UNITS, AGENT), 'utf8');
    const [, codes = ''] = /^RestartPreventExitStatus=(.*)$/m.exec(text) ?? [];
    expect(codes.split(' ')).to.include(String(exitCode));
    expect(heard('READY=1')).to.equal(0);
  });

  it('let it into network namespaces with 10-netns.conf only', async () => {
    await execa('ip', ['netns', 'add', 'edge1']);
    await addRouter(['-n', 'edge1']);
    await configure({ upstreams: [{ ...HERE, via: { netns: 'edge1' } }] });

    const barred = await start(AGENT);
    await until(barred, () => barred.log().includes('code=UPSTREAM_NOT_PERMITTED'));
    end(barred.pid, 'SIGTERM');
    await barred.ended;
    const service = await start(AGENT, NETNS);
    await until(service, async () => (await routes(['-n', 'edge1'])).includes(PREFIX));
  });

  it('let it reach for routers over SSH with 10-ssh-only.conf, which grants nothing', async () => {
    const via = { ssh: { host: '127.0.0.1', port: 9, user: 'nobody' } };
    await configure({ upstreams: [{ ...HERE, via }] });

    const service = await start(AGENT, SSH_ONLY);
    await until(service, () => service.log().includes('code=UPSTREAM_UNREACHABLE'));
    expect(service.log()).to.include('Connection refused');
  });

  it('let a command by hand see what the agent sees, as its user and with its rights', async () => {
    const service = await start(AGENT);
    await until(service, () => heard('READY=1') === 1);
    await until(service, async () => (await routes()).includes(PREFIX));

    const { exitCode, all } = await execa(
      'nsenter',
      [
        `--target=${service.pid}`,
        '--mount',
        'setpriv',
        `--reuid=${UID}`,
        `--regid=${UID}`,
        '--clear-groups',
        '--inh-caps=+net_admin',
        '--ambient-caps=+net_admin',
        '--bounding-set=-all,+net_admin',
        '--no-new-privs',
        'env',
        '-i',
        `PATH=${process.env['PATH'] ?? ''}`,
        `STATE_DIRECTORY=${inFolder('state-link')}`,
        `RUNTIME_DIRECTORY=${inFolder('run-link')}`,
        `HOME=${inFolder('state-link')}`,
        `OS_CLIENT_CONFIG_FILE=${inFolder('clouds.yaml')}`,
        process.execPath,
        MAIN,
        'plan',
        '--detailed-exitcode',
        '--config',
        scene.configFile,
      ],
      { reject: false, all: true },
    );
    expect(exitCode, all).to.equal(0);
  });

  it('let the one-shot apply, and keep silent when nothing changed', async () => {
    small.addTenant('mail', '203.0.113.12', '198.51.100.64/27');

    const first = await (await start(ONCE)).ended;
    expect(first.exitCode).to.equal(0);
    expect(first.stdout).to.include('198.51.100.64/27');
    const second = await start(ONCE);
    expect(await second.ended).to.deep.equal({ exitCode: 0, stdout: '' });
    expect(second.log()).to.equal('');
  });

  it('cannot deny memory that is written and run: Node.js aborts', async () => {
    await writeFile(inFolder('mdwe.conf'), '[Service]\nMemoryDenyWriteExecute=yes\n');
    const service = await start(AGENT, inFolder('mdwe.conf'));

    expect((await service.ended).exitCode).not.to.equal(0);
    expect(service.log()).to.include('SetPermissions');
  });
});

/** What a router is to the cloud of the tests: an address on its external network. */
async function addRouter(where: readonly string[]): Promise<void> {
  for (const words of [
    'link set lo up',
    'link add ext type veth peer name far',
    'addr add 203.0.113.1/24 dev ext',
    'addr add 2001:db8:100::1/64 dev ext nodad',
    'link set ext up',
    'link set far up',
  ]) {
    await execa('ip', [...where, ...words.split(' ')]);
  }
}

async function routes(where: readonly string[] = []): Promise<string> {
  const { stdout } = await execa('ip', [...where, 'route', 'show']);
  return stdout;
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

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
