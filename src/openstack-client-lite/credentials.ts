/** Reads who logs in and for what (user, token or application credential; project, domain or system) from the settings. */
import type { Settings } from './settings.ts';

/** A domain, user or project as Keystone takes it: by id, or by name (inside a domain). */
export type DomainRef = { readonly id: string } | { readonly name: string };
export type NamedRef =
  | { readonly id: string }
  | { readonly name: string; readonly domain: DomainRef };

/** Who logs in, and how; the secret stands apart. */
export type Credentials =
  | { readonly kind: 'password'; readonly user: NamedRef }
  | { readonly kind: 'token' }
  | { readonly kind: 'application-credential'; readonly credential: ApplicationCredential };

export type ApplicationCredential =
  | { readonly id: string }
  | { readonly name: string; readonly user: NamedRef };

/** What the token is for; an application credential brings its own project. */
export type Scope =
  | { readonly kind: 'project'; readonly project: NamedRef }
  | { readonly kind: 'domain'; readonly domain: DomainRef }
  | { readonly kind: 'system' };

const KINDS: Readonly<Record<string, Credentials['kind']>> = {
  password: 'password',
  v3password: 'password',
  token: 'token',
  v3token: 'token',
  v3applicationcredential: 'application-credential',
};

/** The setting that holds the secret, by the kind of credentials. */
export const SECRET_KEYS: Readonly<Record<Credentials['kind'], string>> = {
  password: 'password',
  token: 'token',
  'application-credential': 'application_credential_secret',
};

/** The credentials, or CLOUD_CONFIG_INVALID that names the missing or wrong field. */
export function parseCredentials(settings: Settings): Credentials {
  const kind = credentialsKind(settings);
  if (kind === 'password') {
    return { kind, user: parseUser(settings) };
  }
  if (kind === 'token') {
    return { kind };
  }
  const id = settings.get('application_credential_id');
  const credential =
    id === undefined ? { name: needCredentialName(settings), user: parseUser(settings) } : { id };
  return { kind, credential };
}

/** The scope, or CLOUD_CONFIG_INVALID where there is none or more than one. */
export function parseScope(settings: Settings): Scope {
  const system = settings.get('system_scope');
  const project = parseProject(settings);
  if (system !== undefined) {
    if (system !== 'all' || project !== undefined) {
      throw settings.invalid(
        'system_scope',
        'takes only "all", and no project beside it: remove one of them',
      );
    }
    return { kind: 'system' };
  }
  if (project !== undefined) {
    return { kind: 'project', project };
  }
  const domain = domainRef(settings, 'domain');
  if (domain === undefined) {
    throw settings.invalid(
      'project_name',
      `is missing (or ${settings.label('project_id')}, a domain, or a system scope)`,
    );
  }
  return { kind: 'domain', domain };
}

function credentialsKind(settings: Settings): Credentials['kind'] {
  const type = settings.get('auth_type', 'auth_plugin');
  if (type !== undefined) {
    const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
    if (kind === undefined) {
      throw settings.invalid(
        'auth_type',
        `is ${JSON.stringify(type)}, which is not supported; use one of ${Object.keys(KINDS).join(', ')}`,
      );
    }
    return kind;
  }
  const parts = ['id', 'name', 'secret'].map((part) => `application_credential_${part}`);
  if (settings.get(...parts) !== undefined) {
    return 'application-credential';
  }
  const hasOnlyToken =
    settings.get('token') !== undefined && settings.get('password') === undefined;
  return hasOnlyToken ? 'token' : 'password';
}

function needCredentialName(settings: Settings): string {
  const name = settings.get('application_credential_name');
  if (name === undefined) {
    throw settings.invalid(
      'application_credential_id',
      `is missing (or ${settings.label('application_credential_name')} with a user)`,
    );
  }
  return name;
}

function parseUser(settings: Settings): NamedRef {
  const id = settings.get('user_id');
  if (id !== undefined) {
    return { id };
  }
  const name = settings.get('username', 'user_name') ?? settings.need('username');
  return { name, domain: ownDomain(settings, 'user_domain') };
}

function parseProject(settings: Settings): NamedRef | undefined {
  const id = settings.get('project_id', 'tenant_id');
  if (id !== undefined) {
    return { id };
  }
  const name = settings.get('project_name', 'tenant_name');
  return name === undefined ? undefined : { name, domain: ownDomain(settings, 'project_domain') };
}

// As the openstack command: a bare domain stands for both, and without any it is the one with the id `default`.
function ownDomain(settings: Settings, prefix: string): DomainRef {
  return (
    domainRef(settings, prefix) ??
    domainRef(settings, 'domain') ?? { id: settings.get('default_domain') ?? 'default' }
  );
}

function domainRef(settings: Settings, prefix: string): DomainRef | undefined {
  const id = settings.get(`${prefix}_id`);
  if (id !== undefined) {
    return { id };
  }
  const name = settings.get(`${prefix}_name`);
  return name === undefined ? undefined : { name };
}
