/** Connections: keep-alive, TLS as configured, and the proxy variables as the `openstack` command (Python requests) reads them. */
import { BlockList, isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { getCACertificates } from 'node:tls';
import type { buildConnector, Dispatcher } from 'undici';
import { OpenStackError } from './errors.ts';
import type { TlsConfig } from './tls-config.ts';
import { Agent, ProxyAgent } from './undici.ts';

/** How long connections may take to end. */
const CLOSE_MS = 500;

type Env = Readonly<Record<string, string | undefined>>;

export interface DispatcherOptions {
  readonly tls: TlsConfig;
  readonly env: Env;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
}

export interface Dispatchers {
  /** The connection pool for the URL: direct, or through its proxy. CLOUD_CONFIG_INVALID where the proxy variable is no URL. */
  pick(url: URL): Dispatcher;
  /** Ends all connections; requests under way fail. */
  close(): Promise<void>;
}

/** Makes pools on demand, one for direct connections and one per proxy and scheme. */
export function createDispatchers(options: DispatcherOptions): Dispatchers {
  const pools = new Map<string, Dispatcher>();
  return {
    pick(url) {
      const proxy = proxyFor(url, options.env);
      const key = `${url.protocol} ${proxy?.href ?? ''}`;
      const pool = pools.get(key) ?? createPool(url.protocol, proxy, options);
      pools.set(key, pool);
      return pool;
    },
    async close() {
      // A pool that waits for a proxy's tunnel does not end before the proxy does.
      const ended = Promise.all([...pools.values()].map((pool) => pool.destroy()));
      await Promise.race([ended, delay(CLOSE_MS, undefined, { ref: false })]);
    },
  };
}

// A proxy is asked to tunnel https only: most refuse CONNECT to the ports of Keystone and Neutron, and http needs none.
function createPool(
  protocol: string,
  proxy: URL | undefined,
  options: DispatcherOptions,
): Dispatcher {
  const { tls, maxConnections, connectTimeoutMs } = options;
  const connect = {
    ...(protocol === 'https:' ? tlsOptions(tls) : {}),
    timeout: connectTimeoutMs,
  };
  const common = { connections: maxConnections, headersTimeout: 0, bodyTimeout: 0 };
  return proxy === undefined
    ? new Agent({ ...common, connect })
    : new ProxyAgent({ ...common, uri: proxy.href, requestTls: connect, proxyTunnel: false });
}

// Without a configured authority the machine's own ones count beside Node's, as they do for curl and openstack.
function tlsOptions(tls: TlsConfig): buildConnector.BuildOptions {
  const { ca, cert, key, isVerified } = tls;
  return {
    rejectUnauthorized: isVerified,
    ...(isVerified ? { ca: ca ?? systemAuthorities() } : {}),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key: key.reveal() }),
  };
}

function systemAuthorities(): string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}

function proxyFor(url: URL, env: Env): URL | undefined {
  const read = (name: string): string => env[name] || (env[name.toUpperCase()] ?? '');
  const name = `${url.protocol.slice(0, -1)}_proxy`;
  const text = read(name) || read('all_proxy');
  if (text === '' || isExempt(url, read('no_proxy'))) {
    return undefined;
  }
  const full = /^[a-z\d]+:\/\//iv.test(text) ? text : `http://${text}`;
  if (!URL.canParse(full)) {
    throw new OpenStackError('CLOUD_CONFIG_INVALID', `the variable ${name} is no proxy URL`);
  }
  const proxy = new URL(full);
  if (!['http:', 'https:'].includes(proxy.protocol)) {
    throw new OpenStackError(
      'CLOUD_CONFIG_INVALID',
      `the variable ${name} names a proxy of kind ${proxy.protocol.slice(0, -1)}; only http and https are supported`,
    );
  }
  return proxy;
}

// A no_proxy entry is *, a host, a domain with all below it, an address, or a range like 192.0.2.0/24; a port may follow.
function isExempt(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/gv, '').toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/v)
    .some((entry) => {
      const { name = '', port: entryPort = port } =
        /^(?:\*?\.)?\[?(?<name>.+?)\]?(?::(?<port>\d+))?$/v.exec(
          isIP(entry) === 6 ? `[${entry}]` : entry,
        )?.groups ?? {};
      if (name === '' || entryPort !== port) {
        return false;
      }
      return name === '*' || name === host || host.endsWith(`.${name}`) || isInRange(host, name);
    });
}

function isInRange(host: string, range: string): boolean {
  const [address = '', length = ''] = range.split('/');
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/v.test(length)) {
    return false;
  }
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const bits = Number(length);
  if (bits > (family === 4 ? 32 : 128)) {
    return false;
  }
  const list = new BlockList();
  list.addSubnet(address, bits, type);
  return list.check(host, type);
}
