/** The one error class of this client and the table of its stable codes. Messages are one line and never carry a secret. */

/** Every code that this client raises, with its meaning; `CLOUD_CONFIG_*` means that the credentials on this machine are wrong. */
export const CLOUD_ERROR_CODES = {
  CLOUD_CONFIG_MISSING:
    'No credentials: no cloud name, no OS_* variables, no clouds.yaml that settles it',
  CLOUD_CONFIG_UNKNOWN: 'The named cloud is not in clouds.yaml',
  CLOUD_CONFIG_UNREADABLE:
    'clouds.yaml, secure.yaml, a certificate file or the secret (file or command) cannot be read, or others may change the file',
  CLOUD_CONFIG_INVALID:
    'The credentials lack a field, or a field has a value that is not supported',
  CLOUD_UNREACHABLE: 'No connection to Keystone or Neutron, or it broke before an answer came',
  CLOUD_TLS:
    'The TLS handshake failed: certificate expired, not trusted, for another host, or wanted from us',
  CLOUD_TIMEOUT: 'A request was not answered within its deadline',
  CLOUD_CANCELLED: 'The caller gave up (its signal or its deadline), or the client was closed',
  CLOUD_UNAUTHORIZED: 'Keystone refused the credentials, or Neutron refused a fresh token',
  CLOUD_FORBIDDEN: 'The policy of the cloud does not permit the request to this user',
  CLOUD_NOT_FOUND: 'The address does not exist on the server',
  CLOUD_REJECTED:
    'The server refused the request for another reason (4xx), or redirects it; or what was to be asked for is no id, so it was not asked',
  CLOUD_UNAVAILABLE:
    'The server answers that it cannot serve now (408, 429, 5xx), also after the retries',
  CLOUD_ANSWER_INVALID: 'The answer is no JSON, cut off, too large, or of a wrong shape',
  CLOUD_LIST_BROKEN:
    'A list changed under the walk over its pages, again and again, or its pages are inconsistent',
  CLOUD_ENDPOINT_MISSING:
    'No usable Identity v3 or Networking endpoint for the configured region and interface',
} as const satisfies Record<string, string>;

export type CloudErrorCode = keyof typeof CLOUD_ERROR_CODES;

export interface OpenStackErrorOptions {
  /** JSON-safe facts: `method`, `path`, `status` and `requestId` where there was a request. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** True where the same call may succeed later. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** Everything that this client throws on purpose. */
export class OpenStackError extends Error {
  override readonly name = 'OpenStackError';
  readonly code: CloudErrorCode;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: CloudErrorCode, message: string, options: OpenStackErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }
}

/** True for an error of this client with that code. */
export function hasCloudCode(error: unknown, code: CloudErrorCode): error is OpenStackError {
  return error instanceof OpenStackError && error.code === code;
}

/** True where the operator must correct OS_*, clouds.yaml or a file that they name, rather than the cloud. */
export function isCloudConfigError(error: unknown): error is OpenStackError {
  return error instanceof OpenStackError && error.code.startsWith('CLOUD_CONFIG_');
}
