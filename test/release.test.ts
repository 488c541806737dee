/** What a release is made of: the package of `npm pack` and the bill of materials of `npm sbom`. */
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect } from 'chai';
import { execa } from 'execa';

const ROOT = path.join(import.meta.dirname, '..');
const SOURCES = ['package.json', 'tsconfig.json', 'src', 'config', 'docs', 'test', 'k8s'] as const;
const PAGES = ['README.md', 'CHANGELOG.md', 'LICENSE', 'Dockerfile'] as const;

interface Packed {
  readonly filename: string;
  readonly integrity: string;
  readonly files: readonly { readonly path: string }[];
}

interface Manifest {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly man: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

async function npm(cwd: string, ...args: readonly string[]): Promise<string> {
  // A Node that looks for updates or funding would talk to the network.
  const env = { npm_config_update_notifier: 'false', npm_config_fund: 'false' };
  return (await execa('npm', args, { cwd, env })).stdout;
}

async function manifest(): Promise<Manifest> {
  return JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as Manifest;
}

describe('npm pack', () => {
  const packages: Packed[] = [];
  let folder: string;

  before(async function packsTwice() {
    this.timeout(120_000);
    folder = await mkdtemp(path.join(tmpdir(), 'route-sync-pack-'));
    for (const name of ['one', 'two']) {
      const copy = path.join(folder, name);
      await mkdir(copy);
      const copied = [...SOURCES, ...PAGES].map(async (source) =>
        cp(path.join(ROOT, source), path.join(copy, source), { recursive: true }),
      );
      await Promise.all(copied);
      await symlink(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
      const printed = await npm(copy, 'pack', '--json', '--silent');
      packages.push(...(JSON.parse(printed.slice(printed.indexOf('['))) as Packed[]));
    }
  });

  after(async () => {
    await rm(folder, { recursive: true });
  });

  function files(): readonly string[] {
    return packages[0]?.files.map((file) => file.path) ?? [];
  }

  it('makes the same bytes of the same sources', () => {
    expect(packages.map(({ integrity }) => integrity)).to.have.length(2);
    expect(new Set(packages.map(({ integrity }) => integrity)).size).to.equal(1);
  });

  it('holds what runs, what documents it, and nothing else', () => {
    const others = files().filter((file) => !/^(?:dist|config|docs)\//.test(file));

    expect([...others].sort()).to.deep.equal([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'package.json',
    ]);
    expect(files().filter((file) => /\.test\.|(?<!\.d)\.ts$/.test(file))).to.deep.equal([]);
  });

  it('holds the program, the man page, and the assets of the status page', async () => {
    const { bin, man } = await manifest();

    expect(files()).to.include.members([...Object.values(bin), ...man]);
    expect(files()).to.include.members([
      'dist/agent/page/assets/page.css',
      'dist/agent/page/assets/page.js',
    ]);
  });

  it('runs from where it is unpacked', async () => {
    const target = path.join(folder, 'unpacked');
    await mkdir(target);
    const tarball = path.join(folder, 'one', packages[0]?.filename ?? '');
    await execa('tar', ['-xzf', tarball, '-C', target]);
    await symlink(path.join(ROOT, 'node_modules'), path.join(target, 'node_modules'));
    const { version } = await manifest();
    const main = path.join(target, 'package/dist/main.js');

    expect((await execa(process.execPath, [main, '--version'])).stdout).to.equal(version);
  });
});

describe('route-sync on an older Node.js', () => {
  it('says which one it needs, in words', async () => {
    const file = path.join(ROOT, 'src/main.ts');
    const { engines } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as {
      readonly engines: { readonly node: string };
    };
    const versions = "{ value: { ...process.versions, node: '20.19.0' } }";
    const pretend = `Object.defineProperty(process, 'versions', ${versions})`;

    const { exitCode, stderr } = await execa(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, file, '--version'],
      { reject: false },
    );

    expect(engines.node).to.equal('>=22.19');
    expect(exitCode).to.equal(78);
    expect(stderr).to.match(/^route-sync: needs Node\.js 22\.19 or later; .* is 20\.19\.0$/);
  });
});

describe('npm sbom', () => {
  it('names every package that runs with us, and none that only builds or tests', async () => {
    const args = ['sbom', '--omit', 'dev', '--sbom-format', 'cyclonedx'];
    const { components } = JSON.parse(await npm(ROOT, ...args)) as {
      readonly components: readonly { readonly name: string; readonly group?: string }[];
    };
    const names = components.map(({ name, group }) => (group ? `${group}/${name}` : name));
    const { dependencies, devDependencies } = await manifest();

    expect(names).to.include.members(Object.keys(dependencies));
    expect(names).not.to.include.any.members(
      Object.keys(devDependencies).filter((name) => !name.startsWith('@types/')),
    );
  }).timeout(60_000);
});
