/**
 * Whether objects are what the API of Kubernetes takes. The validators of kubernetes-models look at types and required
 * fields and let unknown keys pass; its TypeScript declarations do not, so the compiler looks at the same objects.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ISecret } from 'kubernetes-models/v1';
import { PROJECT, type KubeObject } from './render.ts';

const PACKAGES = ['kubernetes-models', '@kubernetes-models/prometheus-operator'] as const;

/** A package without that folder, and a folder without that file. */
const NOT_THERE: ReadonlySet<unknown> = new Set([
  'ERR_PACKAGE_PATH_NOT_EXPORTED',
  'ERR_MODULE_NOT_FOUND',
]);

interface Model {
  validate(): void;
}

type ModelClass = new (data: object) => Model;

interface Found {
  /** What to import from, such as `kubernetes-models/apps/v1`. */
  readonly source: string;
  readonly model: ModelClass;
}

/** The folders of the packages are named by apiVersion, their files by kind. */
async function findModel({ apiVersion, kind }: KubeObject): Promise<Found | undefined> {
  for (const name of PACKAGES) {
    const source = `${name}/${apiVersion}`;
    const loaded = (await import(`${source}/${kind}`).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && NOT_THERE.has(error.code)) {
        return undefined;
      }
      throw error;
    })) as Readonly<Record<string, ModelClass>> | undefined;
    const model = loaded?.[kind];
    if (model !== undefined) {
      return { source, model };
    }
  }
  return undefined;
}

/** One line for each problem; none for objects that are as the API wants them. */
export async function schemaProblems(objects: readonly KubeObject[]): Promise<readonly string[]> {
  const problems: string[] = [];
  const typed: string[] = [];
  for (const object of objects) {
    const found = await findModel(object);
    if (found === undefined) {
      problems.push(`${nameOf(object)}: no model knows this kind`);
    } else {
      problems.push(...invalid(object, found.model));
      const type = `import('${found.source}').I${object.kind}`;
      typed.push(`export const o${typed.length}: ${type} = ${JSON.stringify(object, null, 2)};`);
    }
  }
  return [...problems, ...compilerProblems(typed.join('\n'))];
}

function invalid(object: KubeObject, model: ModelClass): readonly string[] {
  try {
    new model(object.kind === 'Secret' ? withoutLineBreaks(object) : object).validate();
    return [];
  } catch (error) {
    return [`${nameOf(object)}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** kustomize breaks base64 into lines, as RFC 2045 has it; the API takes them (Go's decoder passes over them). */
function withoutLineBreaks(secret: KubeObject): KubeObject {
  const data = Object.entries((secret as unknown as ISecret).data ?? {});
  return {
    ...secret,
    data: Object.fromEntries(data.map(([key, text]) => [key, text.replaceAll('\n', '')])),
  };
}

function compilerProblems(source: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'route-sync-k8s-'));
  try {
    symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'objects.ts'), source);
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext'];
    const { status, stdout, error } = spawnSync(
      join(PROJECT, 'node_modules/.bin/tsc'),
      [...options, '--target', 'es2024', '--types', '', '--pretty', 'false', 'objects.ts'],
      { cwd: folder, encoding: 'utf8' },
    );
    if (error !== undefined) {
      throw error;
    }
    return status === 0 ? [] : stdout.trim().split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function nameOf({ apiVersion, kind, metadata }: KubeObject): string {
  return `${apiVersion} ${kind} ${metadata.name}`;
}
