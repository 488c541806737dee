/** A login in Keystone's words (Identity API v3, POST /v3/auth/tokens) and in words for people, without the secret. */
import type { CloudConfig } from './cloud-config.ts';
import type { Credentials, DomainRef, Scope } from './credentials.ts';
import type { Secret } from './secret.ts';

type Login = Pick<CloudConfig, 'credentials' | 'scope'>;

/** The JSON body that asks for a token. It holds the secret. */
export function loginBody({ credentials, scope }: Login, secret: Secret): string {
  const identity = identityBody(credentials, secret.reveal());
  return JSON.stringify({ auth: { identity, ...(scope && { scope: scopeBody(scope) }) } });
}

/** Like `user admin (domain id default) on project admin (domain id default)`. */
export function describeLogin({ credentials, scope }: Login): string {
  const target = scope === undefined ? '' : ` on ${describeScope(scope)}`;
  if (credentials.kind === 'password') {
    return `user ${describeRef(credentials.user)}${target}`;
  }
  return credentials.kind === 'token'
    ? `the given token${target} (expired?)`
    : `application credential ${describeRef(credentials.credential)} (expired?)`;
}

function identityBody(credentials: Credentials, secret: string): object {
  if (credentials.kind === 'password') {
    return {
      methods: ['password'],
      password: { user: { ...credentials.user, password: secret } },
    };
  }
  if (credentials.kind === 'token') {
    return { methods: ['token'], token: { id: secret } };
  }
  return {
    methods: ['application_credential'],
    application_credential: { ...credentials.credential, secret },
  };
}

function scopeBody(scope: Scope): object {
  if (scope.kind === 'project') {
    return { project: scope.project };
  }
  return scope.kind === 'domain' ? { domain: scope.domain } : { system: { all: true } };
}

function describeScope(scope: Scope): string {
  if (scope.kind === 'project') {
    return `project ${describeRef(scope.project)}`;
  }
  return scope.kind === 'domain' ? `domain ${describeRef(scope.domain)}` : 'the system';
}

function describeRef(
  ref: { readonly id: string } | { readonly name: string; readonly domain?: DomainRef },
): string {
  if ('id' in ref) {
    return `id ${ref.id}`;
  }
  return ref.domain === undefined ? ref.name : `${ref.name} (domain ${describeRef(ref.domain)})`;
}
