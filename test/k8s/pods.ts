/** The pods of rendered objects, whatever makes them. */
import type { ICronJob } from 'kubernetes-models/batch/v1';
import type { IDeployment, IStatefulSet } from 'kubernetes-models/apps/v1';
import type { IContainer, IPodSpec } from 'kubernetes-models/v1';
import type { KubeObject } from './render.ts';

export interface Pod {
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: IPodSpec;
  /** Names of claims that the workload makes itself. */
  readonly ownClaims: readonly string[];
}

type Template = NonNullable<IDeployment['spec']>['template'];

export function podsOf(objects: readonly KubeObject[]): readonly Pod[] {
  return objects.flatMap((object) => {
    const template = templateOf(object);
    if (template?.spec === undefined) {
      return [];
    }
    const labels = template.metadata?.labels ?? {};
    return [{ labels, spec: template.spec, ownClaims: claimsOf(object) }];
  });
}

/** Containers that run, and those that run before them. */
export function containersOf({ spec }: Pod): readonly IContainer[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

/** The container of the agent, or of the command that runs once. */
export function agentOf(pod: Pod): IContainer {
  const found = pod.spec.containers.find(({ name }) => name === 'route-sync');
  if (found === undefined) {
    throw new Error('the pod has no container "route-sync"');
  }
  return found;
}

function templateOf(object: KubeObject): Template | undefined {
  switch (object.kind) {
    case 'Deployment':
      return (object as unknown as IDeployment).spec?.template;
    case 'StatefulSet':
      return (object as unknown as IStatefulSet).spec?.template;
    case 'CronJob':
      return (object as unknown as ICronJob).spec?.jobTemplate.spec?.template;
    default:
      return undefined;
  }
}

function claimsOf(object: KubeObject): readonly string[] {
  const set = object.kind === 'StatefulSet' ? (object as unknown as IStatefulSet) : undefined;
  return (set?.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name ?? '');
}
