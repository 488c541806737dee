/** The folder of an operator, as docs/kubernetes.md shows it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { agentOf, podsOf } from './pods.ts';
import { PROJECT, render, type KubeObject } from './render.ts';
import { schemaProblems } from './schema.ts';

const PAGE = readFileSync(join(PROJECT, 'docs/kubernetes.md'), 'utf8');

/** The indented text after a line that ends with `heading`, without its indentation. */
function blockAfter(heading: string): string {
  const [, after = ''] = PAGE.split(`${heading}\n\n`, 2);
  const [block = ''] = /^(?:(?: {4}.*)?\n)+/.exec(after) ?? [];
  return block.replaceAll(/^ {4}/gm, '');
}

describe('the folder of docs/kubernetes.md', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'route-sync-site-'));
    symlinkSync(PROJECT, join(folder, 'route-sync'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function renderSite(kustomization: string): readonly KubeObject[] {
    const site = join(folder, 'my-site');
    rmSync(site, { recursive: true, force: true });
    mkdirSync(site);
    ['route-sync.yaml', 'clouds.yaml', 'id_ed25519'].forEach((name) =>
      writeFileSync(join(site, name), `# my ${name}\n`),
    );
    writeFileSync(join(site, 'kustomization.yaml'), kustomization);
    return render(site);
  }

  const example = blockAfter('`my-site/kustomization.yaml`:');

  it('replaces image, configuration, secrets and ranges, and adds the monitoring', async () => {
    const objects = renderSite(example);
    expect(await schemaProblems(objects)).to.deep.equal([]);
    expect(objects.map(({ kind }) => kind)).to.include.members(['PodMonitor', 'PrometheusRule']);
    const text = JSON.stringify(objects);
    expect(text).to.include('# my route-sync.yaml').and.not.include('change-me');
    expect(text).to.include('203.0.113.16/28').and.not.include('192.0.2.0/24');
    const [pod] = podsOf(objects);
    expect(pod && agentOf(pod).image).to.equal('registry.example/route-sync:0.1.0');
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    const secrets = (pod?.spec.volumes ?? []).flatMap(({ secret, projected }) => [
      secret?.secretName ?? [],
      projected?.sources?.map((source) => source.secret?.name ?? []) ?? [],
    ]);
    const named = secrets.flat(2).map((name) => `Secret ${name}`);
    expect(named).to.have.length(2);
    expect(names).to.include.members(named);
  });

  ['sidecar', 'host-network', 'cronjob', 'dry-run', 'ha'].forEach((overlay) => {
    it(`works on the overlay ${overlay}, without what that has not`, async () => {
      const [above = ''] = example.split('patches:');
      const objects = renderSite(above.replace('k8s/base ', `k8s/overlays/${overlay} `));
      expect(await schemaProblems(objects)).to.deep.equal([]);
      const images = podsOf(objects).map((pod) => agentOf(pod).image);
      expect(images).to.deep.equal(['registry.example/route-sync:0.1.0']);
    });
  });

  it('takes a Secret that is there already', () => {
    const base = 'namespace: route-sync\nresources: [../route-sync/k8s/base]\n';
    const patch = blockAfter('key `clouds.yaml`, and drop the generated one:');
    expect(patch).to.include('$patch: delete');
    const objects = renderSite(base + patch.replaceAll(/^ {2}/gm, ''));
    expect(objects.map(({ kind }) => kind)).to.not.include('Secret');
    const [pod] = podsOf(objects);
    const clouds = pod?.spec.volumes?.find(({ name }) => name === 'clouds');
    expect(clouds?.secret?.secretName).to.equal('route-sync-clouds');
  });
});
