/** Turns what undici, the sockets and TLS throw into one-line errors with a way out. */
import { OpenStackError, type OpenStackErrorOptions } from './errors.ts';

const CERTIFICATE_FIX = 'set cacert (OS_CACERT) to the authority that signed it';

const TLS_REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired; renew the certificate on the server',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; check the clocks of both machines',
  DEPTH_ZERO_SELF_SIGNED_CERT: `its certificate is self-signed; ${CERTIFICATE_FIX}`,
  SELF_SIGNED_CERT_IN_CHAIN: `its certificate comes from an unknown authority; ${CERTIFICATE_FIX}`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `its certificate comes from an unknown authority; ${CERTIFICATE_FIX}`,
  UNABLE_TO_GET_ISSUER_CERT: `its certificate chain is incomplete; ${CERTIFICATE_FIX}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `its certificate comes from an unknown authority; ${CERTIFICATE_FIX}`,
  ERR_TLS_CERT_ALTNAME_INVALID:
    'its certificate is for another host name; use a name in the certificate or correct the certificate',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on that port; write http:// or another port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG:
    'it does not speak TLS on that port; write http:// or another port',
};

const NETWORK_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused; is the service up, and the address and port right?',
  ENOTFOUND: 'the host name does not resolve; check the URL and DNS',
  EAI_AGAIN: 'the name server does not answer; check DNS',
  EHOSTUNREACH: 'no route to the host; check the network',
  ENETUNREACH: 'no route to the network; check the network',
  ETIMEDOUT: 'no answer to the connection attempt; check address and firewall',
  UND_ERR_CONNECT_TIMEOUT: 'no answer to the connection attempt; check address and firewall',
  ECONNRESET: 'the connection was reset before an answer came',
  EPIPE: 'the connection was closed before an answer came',
  UND_ERR_SOCKET: 'the connection was closed before an answer came',
};

/** The error for a request that got no answer. `what` is like `GET /v2.0/ports`; details are passed on. */
export function connectionError(
  cause: unknown,
  url: URL,
  request: { readonly what: string; readonly details: Readonly<Record<string, unknown>> },
): OpenStackError {
  const code = codeOf(cause);
  const place = `${request.what}: ${url.host}`;
  const options: OpenStackErrorOptions = {
    cause,
    details: { ...request.details, host: url.host, reason: code },
  };
  const tls = tlsReason(code);
  if (tls !== undefined) {
    return new OpenStackError('CLOUD_TLS', `${place}: ${tls} (${code})`, options);
  }
  if (code.startsWith('HPE_')) {
    const problem = `the server does not speak HTTP; https:// instead of http://? (${code})`;
    return new OpenStackError('CLOUD_ANSWER_INVALID', `${place}: ${problem}`, options);
  }
  const reason = NETWORK_REASONS[code] ?? `no connection; ${proxyRefusal(cause)}`;
  // In TLS 1.3 a server that misses our certificate just hangs up, as far as undici tells.
  const isHangUp = url.protocol === 'https:' && ['UND_ERR_SOCKET', 'ECONNRESET'].includes(code);
  const hint = isHangUp ? '; does it want a client certificate (OS_CERT, OS_KEY)?' : '';
  return new OpenStackError('CLOUD_UNREACHABLE', `${place}: ${reason}${hint} (${code})`, {
    ...options,
    retryable: true,
  });
}

function tlsReason(code: string): string | undefined {
  if (
    /^ERR_SSL_.*(?:CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA)$/v.test(code)
  ) {
    return 'it wants another client certificate; check cert and key (OS_CERT, OS_KEY)';
  }
  if (Object.hasOwn(TLS_REASONS, code)) {
    return TLS_REASONS[code];
  }
  return /^(?:ERR_SSL|ERR_TLS|CERT|EPROTO)/v.test(code) ? 'the TLS handshake failed' : undefined;
}

// undici reports a refusing proxy only in words.
function proxyRefusal(cause: unknown): string {
  const status = /^Proxy .*\((?<status>\d{3})\)/v.exec(messageOf(cause))?.groups?.['status'];
  return status === undefined
    ? 'check the URL and the network'
    : `the proxy answered ${status}; check the proxy variables and no_proxy`;
}

// A TLS error behind a proxy arrives wrapped.
function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) {
    return 'unknown';
  }
  const inner = 'cause' in error && error.cause !== undefined ? codeOf(error.cause) : 'unknown';
  if (inner !== 'unknown') {
    return inner;
  }
  return 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
