/** Finds and reads clouds.yaml and secure.yaml as the `openstack` command does. Every value stays a string, as in the environment. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Document } from 'yaml';
import { OpenStackError } from './errors.ts';

/** Where to look. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly homeDir: string;
  /** The machine's own folder; `/etc/openstack` by default. */
  readonly siteDir?: string;
}

/** A mapping of a YAML file: strings, lists and further mappings. */
export type YamlMap = Readonly<Record<string, unknown>>;

export interface CloudFiles {
  /** The entries under `clouds`, with secure.yaml laid over them. */
  readonly clouds: Readonly<Record<string, YamlMap>>;
  /** The clouds.yaml that was found, else undefined. */
  readonly file: string | undefined;
  /** Every place that was looked at, for messages. */
  readonly searched: readonly string[];
}

/** Reads the first clouds.yaml and the first secure.yaml found; neither needs to exist. */
export async function readCloudFiles(surroundings: Surroundings): Promise<CloudFiles> {
  const { env } = surroundings;
  const searched = candidates(surroundings, 'clouds', env['OS_CLIENT_CONFIG_FILE']);
  const secureFiles = candidates(surroundings, 'secure', env['OS_CLIENT_SECURE_FILE']);
  const [plain, secure] = await Promise.all([readFirst(searched), readFirst(secureFiles)]);
  const merged = merge(cloudsIn(plain), cloudsIn(secure));
  const clouds = Object.fromEntries(
    Object.entries(merged).filter((entry): entry is [string, YamlMap] => isMap(entry[1])),
  );
  return { clouds, file: plain?.file, searched };
}

/** Expands a leading `~` and makes the name absolute. */
export function expandPath(name: string, { cwd, homeDir }: Surroundings): string {
  return path.resolve(
    cwd,
    name.replace(/^~(?=\/|$)/v, () => homeDir),
  );
}

/** Reads a text file; a missing, forbidden or foreign one is CLOUD_CONFIG_UNREADABLE. */
export async function readText(file: string, purpose: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new OpenStackError(
      'CLOUD_CONFIG_UNREADABLE',
      `cannot read ${file} (${purpose}): ${reason}`,
      {
        details: { file, reason },
        cause: error,
      },
    );
  }
}

export function isMap(value: unknown): value is YamlMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// A file that a variable names is the only candidate: falling through to another cloud's credentials would surprise.
function candidates(
  surroundings: Surroundings,
  stem: string,
  named: string | undefined,
): readonly string[] {
  if (named !== undefined && named !== '') {
    return [expandPath(named, surroundings)];
  }
  const { env, cwd, homeDir, siteDir = '/etc/openstack' } = surroundings;
  const folders = [
    cwd,
    ...(env['XDG_CONFIG_HOME'] ? [path.join(env['XDG_CONFIG_HOME'], 'openstack')] : []),
    path.join(homeDir, '.config', 'openstack'),
    siteDir,
  ];
  return folders.flatMap((folder) =>
    ['.yaml', '.yml'].map((suffix) => path.join(folder, stem + suffix)),
  );
}

interface YamlFile {
  readonly file: string;
  readonly content: YamlMap;
}

async function readFirst(files: readonly string[]): Promise<YamlFile | undefined> {
  for (const file of files) {
    try {
      return { file, content: await parseYaml(file, await readText(file, 'credentials')) };
    } catch (error) {
      const isOptional = files.length > 1;
      if (
        !isOptional ||
        !(error instanceof OpenStackError) ||
        error.details['reason'] !== 'ENOENT'
      ) {
        throw error;
      }
    }
  }
  return undefined;
}

// The parser's own messages quote the text, which may be a password: only its code and the line are shown.
async function parseYaml(file: string, text: string): Promise<YamlMap> {
  const { LineCounter, parseDocument } = await import('yaml'); // not needed for OS_* variables
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    schema: 'failsafe',
    customTags: ['null'],
    merge: true,
    prettyErrors: false,
    lineCounter,
  });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line } = lineCounter.linePos(problem.pos[0]);
    const what = problem.code.toLowerCase().replaceAll('_', ' ');
    throw unparsable(file, `line ${line.toString()}: ${what}`);
  }
  const content = toValue(document);
  if (!isMap(content)) {
    throw unparsable(file, 'the top level is not a mapping with the key clouds');
  }
  return content;
}

function toValue(document: Document.Parsed): unknown {
  try {
    return document.toJS() as unknown;
  } catch {
    return undefined; // an alias without its anchor, or a tower of aliases
  }
}

function cloudsIn(found: YamlFile | undefined): YamlMap {
  const clouds = found?.content['clouds'] ?? {};
  if (found !== undefined && !isMap(clouds)) {
    throw unparsable(found.file, 'clouds is not a mapping of names');
  }
  return clouds as YamlMap;
}

function unparsable(file: string, problem: string): OpenStackError {
  return new OpenStackError(
    'CLOUD_CONFIG_UNREADABLE',
    `${file} is no valid clouds file: ${problem}`,
    {
      details: { file },
    },
  );
}

function merge(base: YamlMap, over: YamlMap): YamlMap {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isMap(below) && isMap(value) ? merge(below, value) : value;
  }
  return merged;
}
