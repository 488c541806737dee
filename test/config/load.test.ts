import { expect } from 'chai';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loadConfig, type LoadOptions } from '../../src/config/load.ts';
import { RouteSyncError } from '../../src/errors.ts';

const VALID = `
owner: lab
policy: { mode: sync, allow: [{ prefix: 10.0.0.0/8 }] }
upstreams: [{ name: e, os: linux, externalNetworks: [public] }]
`;

describe('loadConfig', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'route-sync-config-'));
  });

  afterEach(async () => {
    await rm(dir, { recursive: true });
  });

  async function file(name: string, content: string | Uint8Array): Promise<string> {
    await writeFile(join(dir, name), content);
    return join(dir, name);
  }

  async function failure(options: Partial<LoadOptions>): Promise<RouteSyncError> {
    try {
      await loadConfig({ cwd: dir, env: {}, ...options });
    } catch (error) {
      expect(error).to.be.instanceOf(RouteSyncError);
      return error as RouteSyncError;
    }
    throw new Error('the file was accepted');
  }

  it('reads the named file, relative to the working directory', async () => {
    await file('other.yaml', VALID);

    const { config, path } = await loadConfig({ path: 'other.yaml', cwd: dir, env: {} });

    expect(config.owner).to.equal('lab');
    expect(path).to.equal(join(dir, 'other.yaml'));
  });

  it('finds the files of server and leader beside the file that names them', async () => {
    const etcd = 'endpoints: ["http://192.0.2.1:2379"], caFile: ca.pem, certFile: /c, keyFile: k';
    await file(
      'ha.yaml',
      `${VALID}\nserver: { tokenFile: token }\nleader: { etcd: { ${etcd} } }\n`,
    );

    const { server, leader } = (await loadConfig({ path: 'ha.yaml', cwd: dir, env: {} })).config;

    expect(server.tokenFile).to.equal(join(dir, 'token'));
    expect(leader?.etcd).to.include({
      caFile: join(dir, 'ca.pem'),
      certFile: '/c',
      keyFile: join(dir, 'k'),
    });
  });

  it('reads route-sync.yaml of the working directory when none is named', async () => {
    const path = await file('route-sync.yaml', VALID);

    expect((await loadConfig({ cwd: dir, env: {} })).path).to.equal(path);
  });

  it('names the place where a file was expected', async () => {
    const error = await failure({ path: 'nothing.yaml' });

    expect(error.code).to.equal('CONFIG_NOT_FOUND');
    expect(error.message).to.contain(join(dir, 'nothing.yaml')).and.to.contain('--config');
  });

  it('says why a file cannot be read', async () => {
    const error = await failure({ path: dir });

    expect(error.code).to.equal('CONFIG_INVALID');
    expect(error.message).to.contain('cannot be read: EISDIR');
  });

  it('puts the first problem into the message and all into the details', async () => {
    const path = await file('bad.yaml', `${VALID}one: 1\ntwo: 2\n`);

    const error = await failure({ path });

    expect(error.message).to.match(/bad\.yaml: one: unknown key.* \(and 1 more\)$/);
    expect(error.details['problems']).to.have.length(2);
  });

  it('gives line and column of broken YAML', async () => {
    const error = await failure({ path: await file('bad.yaml', 'owner: a\npolicy: [1, }\n') });

    expect(error.message).to.contain('line 2, column 13');
  });

  it('refuses a file that is too large to be a configuration', async () => {
    const path = await file('big.yaml', `${VALID}#${'x'.repeat(1024 * 1024)}`);

    expect((await failure({ path })).message).to.contain('larger than 1048576 bytes');
  });

  it('refuses what is not UTF-8', async () => {
    const path = await file('latin.yaml', Uint8Array.of(0x61, 0x3a, 0x20, 0xe4));

    expect((await failure({ path })).message).to.contain('cannot be read');
  });

  it('survives nesting that no parser takes', async () => {
    const path = await file('deep.yaml', '['.repeat(20_000));

    expect((await failure({ path })).code).to.equal('CONFIG_INVALID');
  });

  it('never puts more than one line into the message', async () => {
    const path = await file('bad.yaml', 'owner: "a\n\n\nb: [\n');

    expect((await failure({ path })).message).to.not.contain('\n');
  });

  describe('state directory', () => {
    const cases = [
      {
        name: 'takes the first folder of systemd',
        env: { STATE_DIRECTORY: '/s/a:/s/b' },
        want: '/s/a',
      },
      {
        name: 'prefers systemd to XDG',
        env: { STATE_DIRECTORY: '/s', XDG_STATE_HOME: '/x' },
        want: '/s',
      },
      {
        name: 'lies below the XDG state folder',
        env: { XDG_STATE_HOME: '/x' },
        want: '/x/route-sync',
      },
      {
        name: 'ignores a relative XDG folder',
        env: { XDG_STATE_HOME: 'x', HOME: '/home/op' },
        want: '/home/op/.local/state/route-sync',
      },
      {
        name: 'lies below the home directory',
        env: { HOME: '/home/op' },
        want: '/home/op/.local/state/route-sync',
      },
    ];
    for (const { name, env, want } of cases) {
      it(name, async () => {
        const path = await file('route-sync.yaml', VALID);

        expect((await loadConfig({ path, cwd: '/', env })).stateDir).to.equal(want);
      });
    }

    it('is what the file says, starting at the folder of the file', async () => {
      await mkdir(join(dir, 'etc'));
      const path = await file('etc/route-sync.yaml', `${VALID}stateDir: ../state\n`);

      const { stateDir } = await loadConfig({ path, cwd: '/', env: { STATE_DIRECTORY: '/s' } });

      expect(stateDir).to.equal(join(dir, 'state'));
    });
  });
});
