/** The developer's script on stand-ins for the engines and for kubectl; its patch by real kubectl. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { PROJECT, renderOverlay, theOnly } from './render.ts';

const IMAGE = 'registry.example:5000/me/route-sync:dev';

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What was called, in its order. */
  readonly calls: readonly (readonly string[])[];
}

describe('k8s/overlays/dev/push', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'route-sync-push-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  interface Scene {
    readonly args?: readonly string[];
    readonly tools?: readonly string[];
    readonly mark?: string;
    readonly fails?: string;
  }

  /** Runs the script with nothing on its PATH but stand-ins and the tools of any system. */
  function push({ args = [IMAGE], tools = ['docker', 'kubectl'], mark, fails }: Scene): Ended {
    for (const tool of ['bash', 'cat', 'date', 'dirname', 'git']) {
      const [path = ''] = execFileSync('which', [tool], { encoding: 'utf8' }).split('\n');
      symlinkSync(path, join(folder, tool));
    }
    const standIn = join(import.meta.dirname, 'stand-in.ts');
    for (const tool of tools) {
      const call = `exec '${process.execPath}' '${standIn}' ${tool} "$@"`;
      writeFileSync(join(folder, tool), `#!/bin/sh\n${call}\n`, { mode: 0o755 });
    }
    const log = join(folder, 'calls');
    writeFileSync(log, '');
    const env = {
      PATH: folder,
      HOME: folder,
      STAND_IN_LOG: log,
      STAND_IN_MARK: mark ?? 'true',
      STAND_IN_FAILS: fails ?? '',
    };
    const script = join(PROJECT, 'k8s/overlays/dev/push');
    const { status, stdout, stderr } = spawnSync(script, args, { env, cwd: '/', encoding: 'utf8' });
    const calls = readFileSync(log, 'utf8').split('\n').filter(Boolean);
    return { status, stdout, stderr, calls: calls.map((line) => JSON.parse(line) as string[]) };
  }

  const verbsOf = ({ calls }: Ended): readonly string[] =>
    calls.map(
      (call) =>
        `${call[0]} ${call[0] === 'kubectl' && call[1] === '--namespace' ? call[3] : call[1]}`,
    );

  it('builds, pushes, patches, waits and shows the log, in this order', () => {
    const ended = push({});
    expect(ended.stderr).to.equal('');
    expect(ended.status).to.equal(0);
    expect(verbsOf(ended)).to.deep.equal([
      'kubectl config',
      'kubectl get',
      'docker build',
      'docker push',
      'kubectl patch',
      'kubectl rollout',
      'kubectl logs',
    ]);
    expect(ended.calls[3]).to.deep.equal(['docker', 'push', IMAGE]);
    expect(ended.stdout).to.include('agent started');
  });

  it('makes a patch that gives the deployment of the overlay the image, and a new pod', () => {
    const { calls } = push({});
    const call = calls.find((words) => words.includes('patch')) ?? [];
    const patch = call[call.indexOf('--patch') + 1] ?? '';
    const file = join(folder, 'deployment.json');
    const before = theOnly('Deployment', renderOverlay('dev'));
    writeFileSync(file, JSON.stringify(before));
    const options = ['--local', '--filename', file, '--type', 'strategic', '--output', 'json'];
    const text = execFileSync('kubectl', ['patch', ...options, '--patch', patch], {
      encoding: 'utf8',
    });
    const after = JSON.parse(text) as unknown;
    const path = 'spec.template.spec.containers';
    expect(after).to.have.nested.property(`${path}.length`, 1);
    expect(after).to.have.nested.property(`${path}[0].image`, IMAGE);
    expect(after).to.have.nested.property(`${path}[0].imagePullPolicy`, 'Always');
    expect(after).to.have.nested.property(`${path}[0].volumeMounts.length`, 5);
    const annotations = 'spec.template.metadata.annotations';
    expect(after).to.have.nested.property(annotations).with.property('route-sync/pushed-at');
    expect(before)
      .to.have.nested.property('metadata.annotations')
      .with.property('route-sync/dev', 'true');
  });

  (
    [
      [['podman', 'buildah', 'kubectl'], 'podman'],
      [['buildah', 'kubectl'], 'buildah'],
      [['docker', 'podman', 'kubectl'], 'docker'],
    ] as const
  ).forEach(([tools, engine]) => {
    it(`uses ${engine} where there is ${tools.join(', ')}`, () => {
      const ended = push({ tools });
      expect(ended.status).to.equal(0);
      expect(verbsOf(ended)).to.include.members([`${engine} build`, `${engine} push`]);
    });
  });

  it('goes to the namespace that it is told, and keeps showing the log', () => {
    const { status, calls } = push({ args: ['--namespace', 'mine', '--follow', IMAGE] });
    expect(status).to.equal(0);
    const named = calls.filter(([tool, word]) => tool === 'kubectl' && word !== 'config');
    named.forEach((call) => expect(call.slice(1, 3)).to.deep.equal(['--namespace', 'mine']));
    expect(calls.at(-1)).to.include('--follow');
  });

  it('leaves a deployment alone that the overlay did not make', () => {
    const ended = push({ mark: '' });
    expect(ended.status).to.equal(1);
    expect(ended.stderr).to.include('left alone');
    expect(verbsOf(ended)).to.deep.equal(['kubectl config', 'kubectl get']);
  });

  ['docker build', 'docker push', 'kubectl patch'].forEach((fails) => {
    it(`ends where ${fails} fails`, () => {
      const ended = push({ fails });
      expect(ended.status).to.equal(1);
      expect(verbsOf(ended).at(-1)).to.equal(fails);
    });
  });

  it('says why a pod does not come up, and fails', () => {
    const ended = push({ fails: 'kubectl rollout' });
    expect(ended.status).to.equal(1);
    expect(ended.stdout).to.include('ImagePullBackOff').and.include('agent started');
  });

  (
    [
      [[], 64, 'usage'],
      [['--force', IMAGE], 64, 'usage'],
      [['route-sync:dev'], 1, 'not REGISTRY/NAME:TAG'],
      [['registry.example/route-sync'], 1, 'not REGISTRY/NAME:TAG'],
      [['registry.example/a:b","x":"y'], 1, 'not REGISTRY/NAME:TAG'],
      [[IMAGE, IMAGE], 1, 'one image'],
      [['--namespace'], 1, 'needs a name'],
    ] as const
  ).forEach(([args, status, message]) => {
    it(`refuses ${JSON.stringify(args)} before anything is done`, () => {
      const ended = push({ args });
      expect(ended.status).to.equal(status);
      expect(ended.stderr).to.include(message);
      expect(ended.calls).to.deep.equal([]);
    });
  });

  it('says what is missing', () => {
    expect(push({ tools: ['kubectl'] }).stderr).to.include('no docker, podman or buildah');
  });

  it('says that kubectl is missing', () => {
    expect(push({ tools: ['docker'] }).stderr).to.include('no kubectl');
  });
});
