/** What docs/kubernetes.md promises of the base and of every overlay. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { IConfigMap, IContainer, IPodSpec, ISecret } from 'kubernetes-models/v1';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import { agentOf, containersOf, podsOf, type Pod } from './pods.ts';
import { PROJECT, renderAll, renderOverlay, theOnly, type Rendered } from './render.ts';

const RENDERED = renderAll();
/** Those with an agent. */
const WITH_POD = RENDERED.filter(({ objects }) => podsOf(objects).length > 0);
const SERVING = WITH_POD.filter(({ name }) => !['cronjob', 'dry-run'].includes(name));

function theOverlay(name: string): Rendered {
  const found = RENDERED.find((each) => each.name === name);
  if (found === undefined) {
    throw new Error(`no overlay ${name}`);
  }
  return found;
}

function thePod({ name, objects }: Rendered): Pod {
  const [pod, ...others] = podsOf(objects);
  if (pod === undefined || others.length > 0) {
    throw new Error(`${name} has not exactly one kind of pod`);
  }
  return pod;
}

function configOf(rendered: Rendered): Config {
  const maps = rendered.objects.filter(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('route-sync-'),
  );
  expect(maps, rendered.name).to.have.length(1);
  const text = (maps[0] as unknown as IConfigMap).data?.['route-sync.yaml'] ?? '';
  return parseConfig(text, `${rendered.name}/route-sync.yaml`);
}

function namesOf({ objects }: Rendered, kind: string): readonly string[] {
  return objects.filter((each) => each.kind === kind).map(({ metadata }) => metadata.name);
}

describe('k8s/', () => {
  it('has an agent in every overlay but monitoring', () => {
    const without = RENDERED.filter((each) => !WITH_POD.includes(each)).map(({ name }) => name);
    expect(without).to.deep.equal(['monitoring']);
  });

  it('puts each object into the namespace', () => {
    RENDERED.forEach(({ name, objects }) =>
      objects.forEach(({ kind, metadata }) => {
        const wanted = name === 'dev' ? 'route-sync-dev' : 'route-sync';
        expect(metadata.namespace, `${name} ${kind}`).to.equal(wanted);
      }),
    );
  });

  it('runs one agent, which ends before the next one starts, unless a Lease chooses the writer', () => {
    SERVING.filter(({ name }) => name !== 'ha').forEach((rendered) => {
      expect(theOnly('Deployment', rendered)['spec'], rendered.name).to.deep.include({
        replicas: 1,
        strategy: { type: 'Recreate' },
      });
      expect(configOf(rendered).leader, rendered.name).to.equal(undefined);
    });
  });

  it('runs one job at a time, and never the same one twice', () => {
    ['cronjob', 'dry-run'].forEach((name) => {
      const spec = theOnly('CronJob', theOverlay(name))['spec'];
      expect(spec, name).to.deep.include({ concurrencyPolicy: 'Forbid' });
      expect(spec, name).to.have.nested.property('jobTemplate.spec.backoffLimit', 0);
      expect(spec, name).to.have.property('startingDeadlineSeconds');
    });
  });
});

describe('pods under k8s/', () => {
  WITH_POD.forEach((rendered) => {
    const pod = thePod(rendered);

    it(`${rendered.name}: are hardened`, () => {
      expect(pod.spec.securityContext).to.deep.include({
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        fsGroup: 65532,
        // "Always" makes the state writable for the group, which the agent refuses.
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const container of containersOf(pod)) {
        expect(container.securityContext, container.name).to.deep.include({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
        });
        expect(container.securityContext?.capabilities?.drop, container.name).to.deep.equal([
          'ALL',
        ]);
        expect(container.securityContext?.privileged, container.name).to.equal(undefined);
        expect(container.resources?.requests, container.name).to.have.all.keys('cpu', 'memory');
        expect(container.resources?.limits, container.name).to.have.property('memory');
      }
      const { hostPID, hostIPC, shareProcessNamespace } = pod.spec;
      expect([hostPID, hostIPC, shareProcessNamespace]).to.deep.equal(Array(3).fill(undefined));
    });

    it(`${rendered.name}: are kept from the node, unless they are to work on it`, () => {
      const onNode = rendered.name === 'host-network';
      expect(pod.spec.hostNetwork === true).to.equal(onNode);
      const volumes = (pod.spec.volumes ?? []).flatMap((volume) => Object.keys(volume));
      const free = [
        'name',
        'configMap',
        'emptyDir',
        'persistentVolumeClaim',
        'projected',
        'secret',
      ];
      expect([...free, ...(onNode ? ['hostPath'] : [])]).to.include.members(volumes);
    });

    it(`${rendered.name}: have the capabilities that the page names, and no other`, () => {
      const added = containersOf(pod).map(({ name, securityContext }) => [
        name,
        securityContext?.capabilities?.add ?? [],
      ]);
      const wanted: Readonly<Record<string, unknown>> = {
        sidecar: [
          ['route-sync', ['NET_ADMIN']],
          ['bird', []],
        ],
        'host-network': [
          ['own-folders', ['CHOWN']],
          ['route-sync', ['NET_ADMIN']],
        ],
      };
      expect(added).to.deep.equal(wanted[rendered.name] ?? [['route-sync', []]]);
    });

    it(`${rendered.name}: run as root only to hand over folders of the node`, () => {
      const roots = containersOf(pod).filter(
        ({ securityContext }) =>
          securityContext?.runAsNonRoot === false || securityContext?.runAsUser === 0,
      );
      const wanted = rendered.name === 'host-network' ? ['own-folders'] : [];
      expect(roots.map(({ name }) => name)).to.deep.equal(wanted);
    });

    it(`${rendered.name}: start the agent by the entry point, which hands it its capability`, () => {
      expect(agentOf(pod).command).to.equal(undefined);
    });

    it(`${rendered.name}: get a token only for the Lease`, () => {
      const wanted = rendered.name === 'ha';
      expect(pod.spec.automountServiceAccountToken).to.equal(wanted);
      expect(theOnly('ServiceAccount', rendered)).to.have.property(
        'automountServiceAccountToken',
        false,
      );
      expect(namesOf(rendered, 'RoleBinding')).to.have.length(wanted ? 1 : 0);
    });

    it(`${rendered.name}: mount what is there, and read-only what they need not write`, () => {
      expect(missingReferences(rendered, pod)).to.deep.equal([]);
      const volumes = new Set(pod.spec.volumes?.map(({ name }) => name).concat(pod.ownClaims));
      for (const container of containersOf(pod)) {
        for (const { name, readOnly } of container.volumeMounts ?? []) {
          expect(volumes, container.name).to.include(name);
          expect(readOnly === true, name).to.equal(['config', 'clouds', 'bird'].includes(name));
        }
      }
    });

    it(`${rendered.name}: have the folders that the image writes to`, () => {
      const places = (agentOf(pod).volumeMounts ?? []).map(({ mountPath }) => mountPath);
      const state = rendered.name === 'dry-run' ? [] : ['/var/lib/route-sync'];
      expect(places).to.have.members([
        '/etc/openstack',
        '/etc/route-sync',
        '/run/route-sync',
        '/tmp',
        ...state,
      ]);
    });
  });
});

/** What the pod names and the render does not have. */
function missingReferences(rendered: Rendered, { spec, ownClaims }: Pod): readonly string[] {
  const known = new Set(
    ['ConfigMap', 'Secret', 'PersistentVolumeClaim', 'ServiceAccount'].flatMap((kind) =>
      namesOf(rendered, kind).map((name) => `${kind} ${name}`),
    ),
  );
  const used = [`ServiceAccount ${spec.serviceAccountName}`, ...volumeReferences(spec)];
  expect(used.length + ownClaims.length, 'references').to.be.at.least(3);
  return used.filter((each) => !known.has(each));
}

function volumeReferences(spec: IPodSpec): readonly string[] {
  return (spec.volumes ?? []).flatMap((volume) => {
    const sources = [volume, ...(volume.projected?.sources ?? [])];
    const maps = sources.flatMap(({ configMap }) => configMap?.name ?? []);
    const secrets = [volume.secret?.secretName ?? []].flat();
    const projected = (volume.projected?.sources ?? []).flatMap(({ secret }) =>
      secret?.optional === true ? [] : (secret?.name ?? []),
    );
    const claims = [volume.persistentVolumeClaim?.claimName ?? []].flat();
    return [
      ...maps.map((name) => `ConfigMap ${name}`),
      ...[...secrets, ...projected].map((name) => `Secret ${name}`),
      ...claims.map((name) => `PersistentVolumeClaim ${name}`),
    ];
  });
}

describe('configuration under k8s/', () => {
  WITH_POD.forEach((rendered) => {
    it(`${rendered.name}: is valid, and names the cloud of the Secret`, () => {
      const { cloud, stateDir } = configOf(rendered);
      const secret = theOnly('Secret', rendered) as unknown as ISecret;
      const clouds = Buffer.from(secret.data?.['clouds.yaml'] ?? '', 'base64').toString('utf8');
      expect(parse(clouds)).to.have.nested.property(`clouds.${cloud.name}.auth.auth_url`);
      // The image says where, in a folder that nobody else may write to.
      expect(stateDir).to.equal(undefined);
    });
  });

  SERVING.forEach((rendered) => {
    it(`${rendered.name}: listens where the probes and the Service ask`, () => {
      const pod = thePod(rendered);
      const agent = agentOf(pod);
      const host = pod.spec.hostNetwork === true ? '127.0.0.1' : undefined;
      expect(configOf(rendered).server.listen).to.equal(`${host ?? '0.0.0.0'}:9717`);
      expect(agent.ports).to.deep.equal([{ name: 'metrics', containerPort: 9717 }]);
      const wanted = { port: 'metrics', ...(host !== undefined && { host }) };
      expect(probesOf(agent)).to.deep.equal([
        { ...wanted, path: '/healthz' },
        { ...wanted, path: '/healthz' },
        { ...wanted, path: '/readyz' },
      ]);
    });
  });

  it('names the Lease that the Role allows, and no other', () => {
    const ha = theOverlay('ha');
    const name = configOf(ha).leader?.kubernetes?.name;
    expect(theOnly('Role', ha)['rules']).to.deep.equal([
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        resourceNames: [name],
        verbs: ['get', 'update'],
      },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
    ]);
    expect(theOnly('RoleBinding', ha)).to.have.nested.property('subjects[0].name', 'route-sync');
  });

  it('marks the routes of the sidecar as BIRD looks for them', () => {
    const sidecar = theOverlay('sidecar');
    const bird = sidecar.objects.find(({ metadata }) => metadata.name.startsWith('bird-'));
    const text = (bird as unknown as IConfigMap).data?.['bird.conf'] ?? '';
    const marks = [...text.matchAll(/krt_source = (\d+)/g)].map(([, mark]) => Number(mark));
    const { protocol } = configOf(sidecar).upstreams[0] ?? {};
    expect(marks).to.deep.equal([protocol, protocol]);
  });
});

function probesOf({ startupProbe, livenessProbe, readinessProbe }: IContainer): readonly unknown[] {
  return [startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet);
}

describe('network and monitoring under k8s/', () => {
  it('every selector finds the pods', () => {
    RENDERED.forEach(({ name, objects }) => {
      const labels = podsOf(objects)[0]?.labels ?? podsOf(theOverlay('base').objects)[0]?.labels;
      const selectors = objects.flatMap(selectorsOf);
      expect(selectors.length, name).to.be.greaterThan(0);
      selectors.forEach((selector) => {
        expect(selector, name).to.not.be.empty;
        expect(labels, name).to.deep.include(selector);
      });
    });
  });

  it('policies cover both directions, except on the network of the node', () => {
    WITH_POD.forEach((rendered) => {
      const policies = rendered.objects.filter(({ kind }) => kind === 'NetworkPolicy');
      const types = policies.flatMap(
        (each) => (each as unknown as INetworkPolicy).spec?.policyTypes,
      );
      const wanted = rendered.name === 'host-network' ? [] : ['Egress', 'Ingress'];
      expect([...new Set(types)], rendered.name).to.have.members(wanted);
    });
  });

  it('nothing reaches a job', () => {
    ['cronjob', 'dry-run'].forEach((name) => {
      const policy = theOnly('NetworkPolicy', theOverlay(name)) as unknown as INetworkPolicy;
      expect(policy.spec?.ingress, name).to.deep.equal([]);
      expect(namesOf(theOverlay(name), 'Service'), name).to.deep.equal([]);
    });
  });

  it('a sidecar goes to no router over SSH', () => {
    const text = JSON.stringify(theOverlay('sidecar').objects);
    expect(text).to.not.include('"port":22}').and.not.include('"port":22,');
  });

  it('the PodMonitor asks the port of the pods', () => {
    const monitor = theOnly('PodMonitor', theOverlay('monitoring'));
    expect(monitor).to.have.nested.property('spec.podMetricsEndpoints[0].port', 'metrics');
  });

  it('the alert rules are those of config/monitoring', () => {
    const folder = join(PROJECT, 'k8s/overlays/monitoring');
    const made = execFileSync(join(folder, 'rules'), { encoding: 'utf8' });
    const file = readFileSync(join(folder, 'prometheus-rule.yaml'), 'utf8');
    expect(file, 'run k8s/overlays/monitoring/rules').to.equal(made);
    const alerts = readFileSync(join(PROJECT, 'config/monitoring/alerts.yaml'), 'utf8');
    const { spec } = theOnly('PrometheusRule', renderOverlay('monitoring'));
    expect(spec).to.deep.equal(parse(alerts));
  });
});

function selectorsOf(object: Rendered['objects'][number]): readonly object[] {
  const spec = object['spec'] as Readonly<Record<string, unknown>> | undefined;
  const selector = spec?.['podSelector'] ?? spec?.['selector'];
  if (
    typeof selector !== 'object' ||
    selector === null ||
    object.kind === 'PersistentVolumeClaim'
  ) {
    return [];
  }
  return ['matchLabels' in selector ? (selector.matchLabels as object) : selector];
}

describe('images under k8s/', () => {
  it('are those of this version', () => {
    const { version } = parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
      readonly version: string;
    };
    WITH_POD.filter(({ name }) => name !== 'dev').forEach((rendered) => {
      const images = containersOf(thePod(rendered)).map(({ image }) => image);
      images
        .filter((image) => !image?.startsWith('bird'))
        .forEach((image) => expect(image, rendered.name).to.equal(`route-sync:${version}`));
    });
  });

  it('change under their tag for a developer only', () => {
    WITH_POD.forEach((rendered) => {
      const wanted = rendered.name === 'dev' ? 'Always' : 'IfNotPresent';
      containersOf(thePod(rendered)).forEach(({ imagePullPolicy }) =>
        expect(imagePullPolicy, rendered.name).to.equal(wanted),
      );
    });
    expect(agentOf(thePod(theOverlay('dev'))).image).to.equal('registry.example/route-sync:dev');
  });
});
