/** What `kubectl kustomize` makes of the folders under k8s/, as objects; needs kubectl, and no cluster. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

/** Any object of Kubernetes. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [key: string]: unknown;
}

export interface Rendered {
  readonly name: string;
  readonly objects: readonly KubeObject[];
}

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

const OVERLAYS = join(PROJECT, 'k8s/overlays');

/** The overlays by name. */
export const OVERLAY_NAMES: readonly string[] = readdirSync(OVERLAYS).sort();

export function render(folder: string): readonly KubeObject[] {
  const text = execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8', stdio: 'pipe' });
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
}

export function renderOverlay(name: string): Rendered {
  return { name, objects: render(join(OVERLAYS, name)) };
}

/** The base and all overlays. */
export function renderAll(): readonly Rendered[] {
  const base = { name: 'base', objects: render(join(PROJECT, 'k8s/base')) };
  return [base, ...OVERLAY_NAMES.map(renderOverlay)];
}

/** The only object of a kind; throws where there is none, or where there are several. */
export function theOnly(kind: string, { name, objects }: Rendered): KubeObject {
  const [found, ...others] = objects.filter((each) => each.kind === kind);
  if (found === undefined || others.length > 0) {
    throw new Error(`${name} has ${found === undefined ? 'no' : 'several'} ${kind}`);
  }
  return found;
}
