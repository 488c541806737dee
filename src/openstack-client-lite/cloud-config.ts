/** Finds the credentials as the `openstack` command does and checks them. Reads files, makes no request. */
import {
  type CloudFiles,
  isMap,
  readCloudFiles,
  type Surroundings,
  type YamlMap,
} from './cloud-files.ts';
import {
  type Credentials,
  parseCredentials,
  parseScope,
  type Scope,
  SECRET_KEYS,
} from './credentials.ts';
import { OpenStackError } from './errors.ts';
import { exposedWarning } from './file-modes.ts';
import { Secret } from './secret.ts';
import type { SecretSource } from './secret-source.ts';
import { type Settings, settingsFromCloud, settingsFromEnv } from './settings.ts';
import { readTls, type TlsConfig } from './tls-config.ts';

export type EndpointInterface = 'public' | 'internal' | 'admin';

/** Everything needed to log in; the secrets in it hide themselves. */
export interface CloudConfig {
  /** Where it comes from, for messages. */
  readonly source: string;
  /** Ends in `/v3`. */
  readonly authUrl: string;
  readonly credentials: Credentials;
  /** The password, the token, or the application credential's secret, as it is now; asked anew for each login. */
  readonly readSecret: () => Promise<Secret>;
  /** Undefined for application credentials only. */
  readonly scope: Scope | undefined;
  readonly region: string | undefined;
  readonly interface: EndpointInterface;
  /** Goes before the catalog. */
  readonly networkEndpoint: string | undefined;
  readonly tls: TlsConfig;
  /** What the operator should be told of the files that were read. */
  readonly warnings: readonly string[];
}

export interface CloudConfigSearch extends Surroundings {
  /** An entry of clouds.yaml; goes before OS_CLOUD, which goes before the other OS_* variables. */
  readonly cloudName?: string | undefined;
  /** Goes before the secret in the settings, which then need none. */
  readonly secret?: SecretSource | undefined;
}

/** Loads one cloud's credentials; sources are never mixed. Everything wrong is a `CLOUD_CONFIG_*` error. */
export async function loadCloudConfig(search: CloudConfigSearch): Promise<CloudConfig> {
  const { settings, warnings } = await findSettings(search);
  const { secret } = search;
  const credentials = parseCredentials(settings);
  const hasOwnScope = credentials.kind === 'application-credential';
  const { tls, warnings: tlsWarnings } = await readTls(settings, search);
  return {
    source: secret === undefined ? settings.source : `${settings.source} and ${secret.description}`,
    authUrl: parseAuthUrl(settings),
    credentials,
    readSecret: secret?.read ?? secretIn(settings, credentials),
    scope: hasOwnScope ? undefined : parseScope(settings),
    region: settings.get('region_name'),
    interface: parseInterface(settings),
    networkEndpoint: parseNetworkEndpoint(settings),
    tls,
    warnings: [...warnings, ...tlsWarnings, ...(secret?.warnings ?? [])],
  };
}

function secretIn(settings: Settings, { kind }: Credentials): CloudConfig['readSecret'] {
  const secret = new Secret(settings.need(SECRET_KEYS[kind]));
  return async () => secret;
}

interface Found {
  readonly settings: Settings;
  readonly warnings: readonly string[];
}

async function findSettings(search: CloudConfigSearch): Promise<Found> {
  const name = search.cloudName ?? (search.env['OS_CLOUD'] || undefined);
  if (name === undefined) {
    const fromEnv = settingsFromEnv(search.env);
    if (fromEnv !== undefined) {
      return { settings: fromEnv, warnings: [] };
    }
  }
  const files = await readCloudFiles(search);
  const names = Object.keys(files.clouds);
  const chosen = name ?? (names.length === 1 ? names[0] : undefined);
  if (chosen === undefined) {
    throw noCredentials(files);
  }
  const cloud = Object.hasOwn(files.clouds, chosen) ? files.clouds[chosen] : undefined;
  if (cloud === undefined) {
    throw unknownCloud(chosen, files);
  }
  const source = `cloud ${JSON.stringify(chosen)} of ${files.file ?? 'secure.yaml'}`;
  refuseProfile(source, cloud);
  return {
    settings: settingsFromCloud(source, withDefaultRegion(cloud)),
    warnings: files.exposed
      .filter(({ clouds }) => holdsSecret(clouds[chosen]))
      .map(({ file }) => exposedWarning(file, `it holds the secret of cloud ${chosen}`)),
  };
}

// clouds.yaml may be for everybody where secure.yaml is not.
function holdsSecret(cloud: unknown): boolean {
  return (
    isMap(cloud) &&
    (holdsSecret(cloud['auth']) || Object.values(SECRET_KEYS).some((key) => key in cloud))
  );
}

function noCredentials(files: CloudFiles): OpenStackError {
  const names = Object.keys(files.clouds);
  const hint =
    names.length > 0
      ? `set OS_CLOUD to one of ${names.join(', ')} (${files.file ?? 'secure.yaml'})`
      : `source an openrc file (OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME), or write a clouds.yaml and set OS_CLOUD (searched: ${files.searched.join(', ')})`;
  return new OpenStackError('CLOUD_CONFIG_MISSING', `no OpenStack credentials: ${hint}`, {
    details: { clouds: names, searched: files.searched },
  });
}

function unknownCloud(name: string, files: CloudFiles): OpenStackError {
  const names = Object.keys(files.clouds);
  const hint =
    files.file === undefined
      ? `there is no clouds.yaml (searched: ${files.searched.join(', ')})`
      : `${files.file} has ${names.length > 0 ? names.join(', ') : 'none'}`;
  return new OpenStackError(
    'CLOUD_CONFIG_UNKNOWN',
    `no cloud named ${JSON.stringify(name)}: ${hint}`,
    { details: { cloud: name, clouds: names, searched: files.searched } },
  );
}

// Vendor profiles come with the Python packages; without them half of the settings would be missing.
function refuseProfile(source: string, cloud: YamlMap): void {
  for (const key of ['profile', 'cloud']) {
    if (cloud[key] !== undefined) {
      throw new OpenStackError(
        'CLOUD_CONFIG_INVALID',
        `${source}: ${key} (vendor profiles) is not supported; write the profile's settings (auth_url, region_name, ...) into the entry`,
        { details: { source, key } },
      );
    }
  }
}

// Of a list of regions the first is the default one; an element is a name, or a mapping with a name.
function withDefaultRegion(cloud: YamlMap): YamlMap {
  const regions: readonly unknown[] = Array.isArray(cloud['regions']) ? cloud['regions'] : [];
  const [first] = regions;
  const name = typeof first === 'object' && first !== null && 'name' in first ? first.name : first;
  return { region_name: name, ...cloud };
}

function parseAuthUrl(settings: Settings): string {
  const url = parseUrl(settings, 'auth_url', settings.need('auth_url'));
  const version = settings.get('identity_api_version');
  if (/\/v2(?:\.0)?$/v.test(url)) {
    throw settings.invalid('auth_url', `is ${url}: Identity v2.0 is gone, use the /v3 address`);
  }
  if (version !== undefined && !/^v?3(?:\.\d+)?$/v.test(version)) {
    throw settings.invalid('identity_api_version', `is ${JSON.stringify(version)}; only 3 works`);
  }
  return url.endsWith('/v3') ? url : `${url}/v3`;
}

function parseNetworkEndpoint(settings: Settings): string | undefined {
  const key = 'network_endpoint_override';
  const text = settings.get(key, 'network_endpoint');
  return text === undefined ? undefined : parseUrl(settings, key, text);
}

function parseUrl(settings: Settings, key: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw settings.invalid(key, 'is no http or https URL');
  }
  if (url.username !== '' || url.password !== '') {
    throw settings.invalid(key, 'carries a user or password; leave them out of the URL');
  }
  return (url.origin + url.pathname).replace(/\/+$/v, '');
}

function parseInterface(settings: Settings): EndpointInterface {
  const text = settings.get('network_interface', 'interface', 'endpoint_type') ?? 'public';
  const name = text.replace(/URL$/v, '');
  if (name !== 'public' && name !== 'internal' && name !== 'admin') {
    throw settings.invalid(
      'interface',
      `is ${JSON.stringify(text)}; write public, internal or admin`,
    );
  }
  return name;
}
