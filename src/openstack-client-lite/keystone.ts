/** Logs in to Keystone v3 and keeps one token, renewed before it expires or when a service no longer takes it. */
import { z } from 'zod';
import { type Answer, printable } from './answer.ts';
import { type Catalog, catalogSchema } from './catalog.ts';
import type { CloudConfig } from './cloud-config.ts';
import { OpenStackError } from './errors.ts';
import type { HttpClient } from './http.ts';
import { describeLogin, loginBody } from './login.ts';
import { Secret } from './secret.ts';

/** What the current token says about its bearer; never the token itself. */
export interface TokenInfo {
  readonly userId: string;
  readonly userName: string;
  readonly roles: readonly string[];
  readonly project: { readonly id: string; readonly name: string } | undefined;
  readonly domain: { readonly id: string; readonly name: string } | undefined;
  readonly isSystem: boolean;
  /** ISO 8601, by Keystone's clock. */
  readonly expiresAt: string;
}

/** One login. */
export interface Session {
  readonly token: Secret;
  readonly info: TokenInfo;
  readonly catalog: Catalog;
  /** By our clock. */
  readonly renewAtMs: number;
}

export interface Keystone {
  /** The current session; logs in where there is none or it is about to expire. Concurrent calls share one login. */
  session(signal?: AbortSignal): Promise<Session>;
  /** Says that a service refused this session's token: the next call logs in anew. */
  forget(session: Session): void;
}

export interface KeystoneOptions {
  readonly config: CloudConfig;
  readonly http: HttpClient;
  readonly now: () => number;
}

const RENEWAL_MARGIN_MS = 60_000;

const namedSchema = z.object({ id: z.string(), name: z.string() });

const tokenSchema = z.object({
  token: z.object({
    issued_at: z.iso.datetime({ offset: true }).optional(),
    expires_at: z.iso.datetime({ offset: true }),
    user: namedSchema,
    roles: z.array(z.object({ name: z.string() })).optional(),
    project: namedSchema.optional(),
    domain: namedSchema.optional(),
    system: z.record(z.string(), z.unknown()).optional(),
    catalog: catalogSchema.optional(),
  }),
});

/** A Keystone for one set of credentials; makes no request before it is asked. */
export function createKeystone(options: KeystoneOptions): Keystone {
  const { now } = options;
  let current: Session | undefined;
  let login: Promise<Session> | undefined;

  // Not bound to any caller's signal: others may wait for the same login.
  async function startLogin(): Promise<Session> {
    try {
      current = await authenticate(options);
      return current;
    } finally {
      login = undefined;
    }
  }

  return {
    async session(signal) {
      if (current !== undefined && now() < current.renewAtMs) {
        return current;
      }
      login ??= startLogin();
      return waitFor(login, signal);
    },
    forget(session) {
      if (current === session) {
        current = undefined;
      }
    },
  };
}

async function waitFor<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) {
    return promise;
  }
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => {
    const message = 'cancelled while waiting for the login';
    reject(
      new OpenStackError('CLOUD_CANCELLED', message, { cause: signal.reason, retryable: true }),
    );
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) {
    onAbort();
  }
  return Promise.race([promise, aborted]).finally(() =>
    signal.removeEventListener('abort', onAbort),
  );
}

async function authenticate({ config, http, now }: KeystoneOptions): Promise<Session> {
  const secret = await config.readSecret();
  try {
    const answer = await http.request({
      method: 'POST',
      url: new URL(`${config.authUrl}/auth/tokens`),
      body: loginBody(config, secret),
      secrets: [secret],
    });
    return toSession(answer, now());
  } catch (error) {
    throw explainRefusal(error, config);
  }
}

function toSession(answer: Answer, receivedAt: number): Session {
  const text = answer.headers['x-subject-token'];
  if (typeof text !== 'string' || text === '') {
    throw invalid(answer, 'no X-Subject-Token header; does a proxy remove it?');
  }
  const token = parseToken(answer);
  const { user, roles = [], project, domain, system, catalog } = token;
  if ([project, domain, system, catalog].every((part) => part === undefined)) {
    throw invalid(
      answer,
      `the token of user ${printable(user.name, 80)} is for no project, domain or system`,
    );
  }
  const issuedAt = token.issued_at === undefined ? receivedAt : Date.parse(token.issued_at);
  const lifeMs = Date.parse(token.expires_at) - issuedAt;
  return {
    token: new Secret(text),
    info: {
      userId: user.id,
      userName: user.name,
      roles: roles.map(({ name }) => name),
      project,
      domain,
      isSystem: system !== undefined,
      expiresAt: token.expires_at,
    },
    catalog: catalog ?? [],
    // Keystone's clock may differ from ours: only the length of the token's life counts.
    renewAtMs: receivedAt + lifeMs - Math.min(RENEWAL_MARGIN_MS, lifeMs / 10),
  };
}

function parseToken(answer: Answer): z.output<typeof tokenSchema>['token'] {
  const parsed = tokenSchema.safeParse(answer.json());
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') ?? '';
    throw invalid(answer, `no Identity v3 token: ${where}: ${issue?.message ?? ''}`);
  }
  return parsed.data.token;
}

function invalid({ what, suffix, details }: Answer, problem: string): OpenStackError {
  return new OpenStackError('CLOUD_ANSWER_INVALID', `${what}: ${problem}${suffix}`, { details });
}

// Keystone says the same for a wrong name, password and project; the operator needs to know who tried what, and where.
function explainRefusal(error: unknown, config: CloudConfig): unknown {
  if (!(error instanceof OpenStackError)) {
    return error;
  }
  const options = { details: error.details, cause: error };
  const isNotFound = error.code === 'CLOUD_NOT_FOUND';
  const isLostToken = isNotFound && config.credentials.kind === 'token';
  if (error.code === 'CLOUD_UNAUTHORIZED' || isLostToken) {
    return new OpenStackError(
      'CLOUD_UNAUTHORIZED',
      `Keystone at ${config.authUrl} refuses ${describeLogin(config)}: check the credentials in ${config.source} [${error.message}]`,
      options,
    );
  }
  if (isNotFound) {
    return new OpenStackError(
      'CLOUD_ENDPOINT_MISSING',
      `no Identity v3 API at ${config.authUrl}: check auth_url in ${config.source} [${error.message}]`,
      options,
    );
  }
  return error;
}
