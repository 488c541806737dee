/** Finds, reads and validates the configuration file. Whatever is wrong with it is one RouteSyncError with all problems. */
import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';

import { parseDocument } from 'yaml';

import { RouteSyncError } from '../errors.ts';
import { problemLines } from './problems.ts';
import { configSchema, type Config } from './schema.ts';
import { withSshPaths } from './ssh-schema.ts';

/** Far above any real configuration; keeps a wrong path such as a device from filling the memory. */
const MAX_BYTES = 1024 * 1024;

const DEFAULT_PATHS = ['route-sync.yaml', '/etc/route-sync/route-sync.yaml'];

export interface LoadOptions {
  /** `--config`; without it the default places are tried in their order. */
  readonly path?: string | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Absolute path of the file that was read. */
  readonly path: string;
  /** Absolute path of the state directory; not necessarily existing. */
  readonly stateDir: string;
}

/**
 * Throws CONFIG_NOT_FOUND where there is no file, and CONFIG_INVALID for one that cannot be used; `details.problems`
 * then holds one line per problem.
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const places = (options.path === undefined ? DEFAULT_PATHS : [options.path]).map((place) =>
    resolve(options.cwd, place),
  );
  for (const path of places) {
    const text = await readText(path);
    if (text !== undefined) {
      const config = withPaths(parseConfig(text, path), dirname(path));
      return { config, path, stateDir: stateDirOf(config, path, options.env) };
    }
  }
  throw new RouteSyncError(
    'CONFIG_NOT_FOUND',
    `no configuration file at ${places.join(' or ')}; write one (docs/configuration.md) or name it with --config FILE`,
    { details: { places } },
  );
}

/** Validates the text of a configuration file; `path` is only for the messages. */
export function parseConfig(text: string, path: string): Config {
  const result = configSchema.safeParse(parseYaml(text, path));
  if (!result.success) {
    throw invalid(path, problemLines(result.error.issues));
  }
  return result.data;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    const file = await open(path);
    const chunks: Buffer[] = [];
    // `end` is inclusive: one byte more than allowed tells that there is more.
    for await (const chunk of file.createReadStream({ end: MAX_BYTES })) {
      chunks.push(chunk);
    }
    const bytes = Buffer.concat(chunks);
    if (bytes.length > MAX_BYTES) {
      throw invalid(path, [`is larger than ${MAX_BYTES} bytes; is it a configuration file?`]);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof RouteSyncError) {
      throw error;
    }
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return undefined;
    }
    throw invalid(path, [`cannot be read: ${reasonOf(error)}`], error);
  }
}

function parseYaml(text: string, path: string): unknown {
  try {
    const document = parseDocument(text, { prettyErrors: false, stringKeys: true });
    const complaints = [...document.errors, ...document.warnings];
    if (complaints.length > 0) {
      throw invalid(
        path,
        complaints.map(({ message, pos: [offset] }) => `${placeOf(text, offset)}: ${message}`),
      );
    }
    // The default limit on aliases stops a file of few bytes from growing to gigabytes.
    return document.toJS() as unknown;
  } catch (error) {
    if (error instanceof RouteSyncError) {
      throw error;
    }
    throw invalid(path, [`is not usable YAML: ${reasonOf(error)}`], error);
  }
}

function placeOf(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll('\n', ' ');
}

function invalid(path: string, problems: readonly string[], cause?: unknown): RouteSyncError {
  const [first = 'is not valid', ...others] = problems;
  const rest = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return new RouteSyncError('CONFIG_INVALID', `${path}: ${first}${rest}`, {
    details: { path, problems },
    cause,
  });
}

/** What the file names lies beside it. */
function withPaths(config: Config, folder: string): Config {
  const upstreams = config.upstreams.map((upstream) =>
    upstream.via?.ssh === undefined
      ? upstream
      : {
          ...upstream,
          via: {
            ...upstream.via,
            ssh: withSshPaths(upstream.via.ssh, (file) => pathOf(file, folder)),
          },
        },
  );
  const pathTo = (file: string): string => pathOf(file, folder);
  return {
    ...config,
    upstreams,
    cloud: withNotificationPaths(config.cloud, pathTo),
    ...serverAndLeader(config, pathTo),
  };
}

function withNotificationPaths(
  cloud: Config['cloud'],
  pathTo: (file: string) => string,
): Config['cloud'] {
  const { notifications } = cloud;
  return notifications === undefined
    ? cloud
    : { ...cloud, notifications: { ...notifications, ...filesOf(notifications, pathTo) } };
}

const FILE_KEYS = ['passwordFile', 'caFile', 'certFile', 'keyFile'] as const;

type FileKeys = { readonly [K in (typeof FILE_KEYS)[number]]?: string | undefined };

function filesOf(section: FileKeys | undefined, pathTo: (file: string) => string): FileKeys {
  return Object.fromEntries(
    FILE_KEYS.flatMap((key) => {
      const file = section?.[key];
      return file === undefined ? [] : [[key, pathTo(file)] as const];
    }),
  );
}

/** The sections whose files are named by keys of their own. */
function serverAndLeader(
  { server, leader }: Config,
  pathTo: (file: string) => string,
): Pick<Config, 'server' | 'leader'> {
  const etcd = leader?.etcd;
  const { tokenFile } = server;
  return {
    server: tokenFile === undefined ? server : { ...server, tokenFile: pathTo(tokenFile) },
    leader:
      leader === undefined || etcd === undefined
        ? leader
        : { ...leader, etcd: { ...etcd, ...filesOf(etcd, pathTo) } },
  };
}

function pathOf(file: string, folder: string): string {
  return file.startsWith('~/') ? join(homedir(), file.slice(2)) : resolve(folder, file);
}

function stateDirOf(config: Config, path: string, env: LoadOptions['env']): string {
  if (config.stateDir !== undefined) {
    return resolve(dirname(path), config.stateDir);
  }
  // systemd lists every StateDirectory= of the unit, separated by colons; the first is ours.
  const [given] = (env['STATE_DIRECTORY'] ?? '').split(':');
  if (given !== undefined && given !== '') {
    return resolve(given);
  }
  const home = env['HOME'] ?? '';
  const xdg = env['XDG_STATE_HOME'] ?? '';
  // The XDG specification: relative paths are invalid and must be ignored.
  const base = isAbsolute(xdg) ? xdg : join(home === '' ? homedir() : home, '.local/state');
  return join(base, 'route-sync');
}
