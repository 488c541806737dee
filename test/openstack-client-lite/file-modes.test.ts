/** Who else may read or change the files that hold secrets. */
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import {
  type CloudConfig,
  isCloudConfigError,
  loadCloudConfig,
} from '../../src/openstack-client-lite/index.ts';

const PUBLIC = 'auth_url: http://192.0.2.1/v3, username: a, project_id: p';
const WHOLE = `clouds: { prod: { auth: { ${PUBLIC}, password: s3 } } }`;
const NO_SECRET = `clouds: { prod: { auth: { ${PUBLIC} } } }`;
const SECRET = 'clouds: { prod: { auth: { password: s3 } } }';

describe('loadCloudConfig, by the mode of the files', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'file-modes-'));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function write(name: string, text: string, mode: number): string {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  }

  async function load(env: Record<string, string> = {}): Promise<CloudConfig> {
    return loadCloudConfig({ env, cwd: folder, homeDir: folder, siteDir: folder });
  }

  async function refusal(env: Record<string, string> = {}): Promise<string> {
    const error: unknown = await load(env).catch((reason: unknown) => reason);
    expect(isCloudConfigError(error)).to.equal(true);
    return String(error);
  }

  for (const mode of [0o640, 0o604, 0o444]) {
    it(`warns of a secret in a clouds.yaml of mode ${mode.toString(8)}`, async () => {
      const file = write('clouds.yaml', WHOLE, mode);

      expect((await load()).warnings).to.deep.equal([
        `${file} (it holds the secret of cloud prod) may be read by other users; run: chmod 600 ${file}`,
      ]);
    });
  }

  it('lets our group read what somebody else put there for us, as a mounted secret, but nobody else', async function mounted() {
    if (process.getuid?.() !== 0) {
      this.skip();
    }
    const file = write('clouds.yaml', WHOLE, 0o440);
    chownSync(file, 65_534, 65_534);
    expect((await load()).warnings).to.deep.equal([]);

    chmodSync(file, 0o444);
    expect((await load()).warnings).to.have.length(1);
  });

  it('does not mind who reads a clouds.yaml without a secret, but who reads the secure.yaml', async () => {
    write('clouds.yaml', NO_SECRET, 0o644);
    write('secure.yaml', SECRET, 0o600);
    expect((await load()).warnings).to.deep.equal([]);

    const file = write('secure.yaml', SECRET, 0o644);

    expect((await load()).warnings.join()).to.include(`chmod 600 ${file}`);
  });

  for (const [name, mode] of [
    ['clouds.yaml', 0o620],
    ['secure.yaml', 0o602],
  ] as const) {
    it(`refuses a ${name} that others may change`, async () => {
      write('clouds.yaml', WHOLE, 0o600);
      const file = write(name, WHOLE, mode);

      expect(await refusal()).to.include(
        `${file} (credentials): others may change it; run: chmod go-w ${file}`,
      );
    });
  }

  it('refuses a private key that others may change', async () => {
    const file = write('key.pem', 'nothing', 0o666);
    const env = { OS_AUTH_URL: 'http://192.0.2.1', OS_USERNAME: 'u', OS_PASSWORD: 'p' };
    const files = { OS_PROJECT_ID: 'p', OS_CERT: file, OS_KEY: file };

    expect(await refusal({ ...env, ...files })).to.match(/key\.pem \(OS_.*others may change it/v);
  });
});
