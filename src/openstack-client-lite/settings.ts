/** One flat view on the two sources of credentials: `OS_FOO_BAR` and `foo_bar` in clouds.yaml are the same setting. */
import type { YamlMap } from './cloud-files.ts';
import { OpenStackError } from './errors.ts';

export interface Settings {
  /** Where they come from, for messages: `the OS_* variables` or `cloud "x" of FILE`. */
  readonly source: string;
  /** The first of the keys that has a value; the empty text is none. */
  get(...keys: readonly string[]): string | undefined;
  /** Like get for one key, or CLOUD_CONFIG_INVALID that names it. */
  need(key: string): string;
  /** True, false, or undefined where the key is absent; anything but a yes or a no is CLOUD_CONFIG_INVALID. */
  flag(key: string): boolean | undefined;
  /** The key as its author wrote it, for messages. */
  label(key: string): string;
  /** A CLOUD_CONFIG_INVALID about one key that says what to do. */
  invalid(key: string, problem: string): OpenStackError;
}

type Env = Readonly<Record<string, string | undefined>>;

// What clouds.yaml has under `auth`, and the variables that show that an openrc file was sourced.
const AUTH_KEYS: ReadonlySet<string> = new Set([
  'auth_url',
  'username',
  'user_id',
  'user_name',
  'password',
  'token',
  'user_domain_id',
  'user_domain_name',
  'project_id',
  'project_name',
  'tenant_id',
  'tenant_name',
  'project_domain_id',
  'project_domain_name',
  'domain_id',
  'domain_name',
  'system_scope',
  'application_credential_id',
  'application_credential_name',
  'application_credential_secret',
]);

/** The settings in `OS_*`, or undefined where none of them is about logging in. */
export function settingsFromEnv(env: Env): Settings | undefined {
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith('OS_') && value !== undefined) {
      values.set(name.slice('OS_'.length).toLowerCase(), value);
    }
  }
  const hasLogin = [...values].some(([key, value]) => value !== '' && AUTH_KEYS.has(key));
  const label = (key: string): string => `OS_${key.toUpperCase()}`;
  return hasLogin ? settings('the OS_* variables', label, values) : undefined;
}

/** The settings of one entry of clouds.yaml; keys under `auth` may also stand beside it, as for the `openstack` command. */
export function settingsFromCloud(source: string, cloud: YamlMap): Settings {
  const auth = typeof cloud['auth'] === 'object' && cloud['auth'] !== null ? cloud['auth'] : {};
  const values = new Map<string, string>();
  for (const [key, value] of [...Object.entries(cloud), ...Object.entries(auth)]) {
    if (typeof value === 'string') {
      values.set(key.replaceAll('-', '_'), value);
    }
  }
  const label = (key: string): string => (AUTH_KEYS.has(key) ? `auth.${key}` : key);
  return settings(source, label, values);
}

function settings(
  source: string,
  label: (key: string) => string,
  values: ReadonlyMap<string, string>,
): Settings {
  const get = (...keys: readonly string[]): string | undefined =>
    keys.map((key) => values.get(key)).find((value) => value !== undefined && value !== '');
  const invalid = (key: string, problem: string): OpenStackError =>
    new OpenStackError('CLOUD_CONFIG_INVALID', `${source}: ${label(key)} ${problem}`, {
      details: { source, key: label(key) },
    });
  return {
    source,
    get,
    label,
    invalid,
    need(key) {
      const value = get(key);
      if (value === undefined) {
        throw invalid(key, 'is missing');
      }
      return value;
    },
    flag(key) {
      const value = get(key)?.toLowerCase();
      if (value === undefined) {
        return undefined;
      }
      const isTrue = ['true', 'yes', 'on', '1'].includes(value);
      if (!isTrue && !['false', 'no', 'off', '0'].includes(value)) {
        throw invalid(key, `is ${JSON.stringify(value)}; write true or false`);
      }
      return isTrue;
    },
  };
}
