/** Finds and reads clouds.yaml and secure.yaml as the `openstack` command does. Every value stays a string, as in the environment. */
import path from 'node:path';
import type { Document } from 'yaml';
import { OpenStackError } from './errors.ts';
import { readChecked } from './file-modes.ts';

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
  /** The files found that other users may read. */
  readonly exposed: readonly YamlFile[];
  /** Every place that was looked at, for messages. */
  readonly searched: readonly string[];
}

/** Reads the first clouds.yaml and the first secure.yaml found; neither needs to exist. */
export async function readCloudFiles(surroundings: Surroundings): Promise<CloudFiles> {
  const { env } = surroundings;
  const searched = candidates(surroundings, 'clouds', env['OS_CLIENT_CONFIG_FILE']);
  const secureFiles = candidates(surroundings, 'secure', env['OS_CLIENT_SECURE_FILE']);
  const [plain, secure] = await Promise.all([readFirst(searched), readFirst(secureFiles)]);
  const merged = merge(plain?.clouds ?? {}, secure?.clouds ?? {});
  const clouds = Object.fromEntries(
    Object.entries(merged).filter((entry): entry is [string, YamlMap] => isMap(entry[1])),
  );
  const exposed = [plain, secure].flatMap((found) => (found?.isExposed === true ? found : []));
  return { clouds, file: plain?.file, exposed, searched };
}

/** Expands a leading `~` and makes the name absolute. */
export function expandPath(name: string, { cwd, homeDir }: Surroundings): string {
  return path.resolve(
    cwd,
    name.replace(/^~(?=\/|$)/v, () => homeDir),
  );
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

export interface YamlFile {
  readonly file: string;
  /** Its entries under `clouds`. */
  readonly clouds: YamlMap;
  /** Other users may read it. */
  readonly isExposed: boolean;
}

async function readFirst(files: readonly string[]): Promise<YamlFile | undefined> {
  for (const file of files) {
    try {
      const { text, isExposed } = await readChecked(file, 'credentials');
      return { file, clouds: cloudsIn(file, await parseYaml(file, text)), isExposed };
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

function cloudsIn(file: string, content: YamlMap): YamlMap {
  const clouds = content['clouds'] ?? {};
  if (!isMap(clouds)) {
    throw unparsable(file, 'clouds is not a mapping of names');
  }
  return clouds;
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
