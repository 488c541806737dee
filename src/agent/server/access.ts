/** Who may ask: the token (RFC 6750 and RFC 7617), and the names that a browser on this machine may use. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../openstack-client-lite/index.ts';

/** Tells from an Authorization header whether it shows the token; without a token everybody is trusted. */
export function tokenCheck(token: Secret | undefined): (header: string | undefined) => boolean {
  if (token === undefined) {
    return () => true;
  }
  const wanted = digest(token.reveal());
  // Of equal length whatever was sent, and compared in a time that tells nothing.
  return (header) => timingSafeEqual(digest(shownToken(header ?? '')), wanted);
}

/**
 * Tells from a Host header whether the request was meant for this server. A page on the Internet can give its own name our
 * loopback address (DNS rebinding); the browser then sends that name.
 */
export function hostCheck(host: string): (header: string | undefined) => boolean {
  const own = new Set(['localhost', '127.0.0.1', '[::1]', host.toLowerCase(), `[${host}]`]);
  return (header = '') => own.has(header.toLowerCase().replace(/:\d*$/, ''));
}

function shownToken(header: string): string {
  // Nothing may follow: RFC 9110, 11.4.
  const { scheme = '', value = '' } = /^(?<scheme>\w+) +(?<value>\S+)$/.exec(header)?.groups ?? {};
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return value;
    case 'basic':
      return passwordOf(Buffer.from(value, 'base64').toString('utf8'));
    default:
      return '';
  }
}

/** A user name has no colon (RFC 7617, 2). */
function passwordOf(pair: string): string {
  return pair.includes(':') ? pair.slice(pair.indexOf(':') + 1) : '';
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
