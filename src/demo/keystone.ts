/** The identity half of the embedded cloud: Keystone v3 tokens for password, token and application credential. */
import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Identity, User } from './identity.ts';

/** One HTTP answer before it is sent. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface KeystoneOptions {
  readonly now: () => Date;
  readonly tokenSeconds: number;
  /** Where the API is: `http://127.0.0.1:PORT`. */
  readonly origin: string;
}

type Scope = 'project' | 'system' | 'domain' | 'none';

interface Token {
  readonly userId: string;
  readonly scope: Scope;
  readonly expiresAt: Date;
}

const DOMAIN = { id: 'default', name: 'Default' } as const;
const named = z.object({
  id: z.string().optional(),
  name: z.string().optional(),
  domain: z.object({ id: z.string().optional(), name: z.string().optional() }).optional(),
});
const authRequest = z.object({
  auth: z.object({
    identity: z.object({
      methods: z.array(z.enum(['password', 'token', 'application_credential'])).min(1),
      password: z.object({ user: named.extend({ password: z.string() }) }).optional(),
      token: z.object({ id: z.string() }).optional(),
      application_credential: z
        .object({
          id: z.string().optional(),
          name: z.string().optional(),
          secret: z.string(),
          user: named.optional(),
        })
        .optional(),
    }),
    scope: z
      .object({
        project: named.optional(),
        system: z.object({ all: z.literal(true) }).optional(),
        domain: z.object({ id: z.string().optional(), name: z.string().optional() }).optional(),
      })
      .optional(),
  }),
});
type Auth = z.infer<typeof authRequest>['auth'];
type Named = z.infer<typeof named>;

/** Keystone's 401, also Neutron's: wrong password, unknown project, bad or expired token look the same. */
export function unauthorized(origin: string): Answer {
  const message = 'The request you have made requires authentication.';
  const headers = { 'WWW-Authenticate': `Keystone uri="${origin}/identity/v3"` };
  const body = { error: { code: 401, message, title: 'Unauthorized' } };
  return json(401, body, headers);
}

export function json(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}

export class Keystone {
  readonly #identity: Identity;
  readonly #options: KeystoneOptions;
  readonly #tokens = new Map<string, Token>();

  constructor(identity: Identity, options: KeystoneOptions) {
    this.#identity = identity;
    this.#options = options;
  }

  /** Answers `POST /v3/auth/tokens`. */
  issue(requestBody: string): Answer {
    const request = authRequest.safeParse(parseJson(requestBody));
    if (!request.success) {
      const message = 'The request body is not a valid authentication request.';
      return json(400, { error: { code: 400, message, title: 'Bad Request' } });
    }
    const user = this.#authenticate(request.data.auth.identity);
    const scope = user && scopeFor(user, request.data.auth);
    if (user === undefined || scope === undefined) {
      return unauthorized(this.#options.origin);
    }
    const issuedAt = this.#options.now();
    const expiresAt = new Date(issuedAt.getTime() + this.#options.tokenSeconds * 1000);
    const id = `gAAAAA${randomBytes(24).toString('base64url')}`;
    this.#tokens.set(id, { userId: user.id, scope, expiresAt });
    const body = {
      token: {
        methods: request.data.auth.identity.methods,
        user: { domain: DOMAIN, id: user.id, name: user.name, password_expires_at: null },
        audit_ids: [randomUUID()],
        expires_at: keystoneTime(expiresAt),
        issued_at: keystoneTime(issuedAt),
        ...(scope === 'none' ? {} : this.#scoped(user, scope)),
      },
    };
    return json(201, body, { 'X-Subject-Token': id, Vary: 'X-Auth-Token' });
  }

  /** The user behind a token as it is now and what the token is scoped to; undefined for a bad or expired one. */
  bearer(token: string | undefined): { user: User; scope: Scope } | undefined {
    const known = this.#tokens.get(token ?? '');
    if (known === undefined || known.expiresAt <= this.#options.now()) {
      return undefined;
    }
    return { user: this.#identity.user(known.userId), scope: known.scope };
  }

  /** Makes every issued token worthless, as a restart with new Fernet keys does. */
  revokeAll(): void {
    this.#tokens.clear();
  }

  #authenticate(identity: Auth['identity']): User | undefined {
    const { password, token, application_credential: credential } = identity;
    switch (identity.methods[0]) {
      case 'password':
        return this.#identity.users.find(
          (user) =>
            password !== undefined &&
            isNamed(password.user, user) &&
            user.password === password.user.password,
        );
      case 'token':
        return this.bearer(token?.id)?.user;
      case 'application_credential':
      case undefined:
      default:
        return credential && this.#ownerOf(credential);
    }
  }

  /** By id, or by name together with its user. */
  #ownerOf(given: NonNullable<Auth['identity']['application_credential']>): User | undefined {
    const { id, name, secret, user } = given;
    const candidates = this.#identity.credentials.filter((known) => known.secret === secret);
    if (id !== undefined) {
      const known = candidates.find((known) => known.id === id);
      return known && this.#identity.user(known.userId);
    }
    const owners = candidates.flatMap((known) =>
      known.name === name ? [this.#identity.user(known.userId)] : [],
    );
    return owners.find((owner) => user !== undefined && isNamed(user, owner));
  }

  #scoped(user: User, scope: Exclude<Scope, 'none'>): Readonly<Record<string, unknown>> {
    const { origin } = this.#options;
    const where = {
      project: { project: { domain: DOMAIN, ...user.project }, is_domain: false },
      system: { system: { all: true } },
      domain: { domain: DOMAIN },
    } as const;
    return {
      ...where[scope],
      roles: user.roles.map((name) => ({ id: name, name })),
      catalog: [
        service('network', 'neutron', `${origin}/networking`),
        service('identity', 'keystone', `${origin}/identity/v3`),
      ],
    };
  }
}

function service(type: string, name: string, url: string): Readonly<Record<string, unknown>> {
  const where = { region_id: 'RegionOne', region: 'RegionOne', url };
  const faces = ['admin', 'internal', 'public'];
  const endpoints = faces.map((face) => ({ id: `${name}-${face}`, interface: face, ...where }));
  return { endpoints, id: name, type, name };
}

/** A project scope must name the user's own project; system and domain scope need the role admin. */
function scopeFor(user: User, { identity, scope }: Auth): Scope | undefined {
  if (identity.methods[0] === 'application_credential') {
    return 'project';
  }
  if (scope?.project !== undefined) {
    return isNamed(scope.project, user.project) ? 'project' : undefined;
  }
  if (scope?.system !== undefined || scope?.domain !== undefined) {
    const wide = scope.system === undefined ? 'domain' : 'system';
    return user.roles.includes('admin') ? wide : undefined;
  }
  return 'none';
}

/** By id, or by name within the only domain. */
function isNamed(given: Named, thing: { readonly id: string; readonly name: string }): boolean {
  if (given.id !== undefined) {
    return given.id === thing.id;
  }
  const { id, name } = given.domain ?? {};
  return given.name === thing.name && (id === DOMAIN.id || name === DOMAIN.name);
}

function keystoneTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
