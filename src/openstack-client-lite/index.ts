/**
 * A small OpenStack client: credentials as the `openstack` command finds them, Keystone v3, and complete, validated lists
 * from Neutron. Read-only, and self-contained: it imports nothing of the rest of the project.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { listApiUrls } from './catalog.ts';
import { type CloudConfig, loadCloudConfig } from './cloud-config.ts';
import { expandPath } from './cloud-files.ts';
import { createDispatchers } from './dispatcher.ts';
import { createHttpClient, type RequestEvent } from './http.ts';
import { createKeystone, type TokenInfo } from './keystone.ts';
import {
  type CallOptions,
  createNetworkClient,
  type ListOptions,
  type NetworkClient,
} from './neutron.ts';

export {
  CLOUD_ERROR_CODES,
  type CloudErrorCode,
  hasCloudCode,
  isCloudConfigError,
  OpenStackError,
} from './errors.ts';
export { type JointSignal, withJointSignal } from './joint-signal.ts';
export {
  type CollectionName,
  ID_PATTERN,
  type NeutronFilters,
  type NeutronObject,
} from './neutron-objects.ts';
export { Secret } from './secret.ts';
export { MAX_SECRET_BYTES, secretInFile, type SecretSource, toSecret } from './secret-source.ts';
export {
  type CallOptions,
  type CloudConfig,
  expandPath,
  type ListOptions,
  loadCloudConfig,
  type NetworkClient,
  type RequestEvent,
  type TokenInfo,
};

export interface OpenStackClientOptions {
  /** For one attempt of one request, to the last byte. */
  readonly requestTimeoutMs: number;
  /** Attempts after the first. */
  readonly retries: number;
  /** For the proxy variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Requests at a time; 8 by default. */
  readonly maxConcurrent?: number;
  /** The largest answer that is read; 256 MiB by default. */
  readonly maxBodyBytes?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** In [0, 1), for the jitter. */
  readonly random?: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Called after every attempt. */
  readonly onRequest?: (event: RequestEvent) => void;
}

export interface Endpoints {
  /** The base URL of Keystone that is in use. */
  readonly identity: string;
  /** The base URL of Neutron that is in use. */
  readonly network: string;
  /** Both, and those of the catalog at every other interface of the region; each once, all of them good URLs. */
  readonly all: readonly string[];
}

export interface OpenStackClient {
  readonly network: NetworkClient;
  /** Who we are; logs in if need be. */
  readonly token: (options?: CallOptions) => Promise<TokenInfo>;
  /** The URLs of Keystone and Neutron; logs in if need be. */
  readonly endpoints: (options?: CallOptions) => Promise<Endpoints>;
  /** What the operator should be told loudly. */
  readonly warnings: readonly string[];
  /** Cancels requests under way and closes the connections. */
  readonly close: () => Promise<void>;
}

const MAX_CONNECT_MS = 10_000;
const MAX_BODY_BYTES = 256 * 1024 * 1024;

/** A client for one cloud; makes no request before it is asked. */
export function createOpenStackClient(
  config: CloudConfig,
  options: OpenStackClientOptions,
): OpenStackClient {
  const { requestTimeoutMs, retries, env, onRequest, maxConcurrent = 8 } = options;
  const now = options.now ?? Date.now;
  const http = createHttpClient({
    dispatchers: createDispatchers({
      tls: config.tls,
      env,
      maxConnections: maxConcurrent,
      connectTimeoutMs: Math.min(MAX_CONNECT_MS, requestTimeoutMs),
    }),
    requestTimeoutMs,
    retries,
    maxConcurrent,
    maxBodyBytes: options.maxBodyBytes ?? MAX_BODY_BYTES,
    now,
    random: options.random ?? Math.random,
    sleep: options.sleep ?? ((ms, signal) => delay(ms, undefined, { signal })),
    onRequest,
  });
  const keystone = createKeystone({ config, http, now });
  const network = createNetworkClient({ config, http, keystone });
  return {
    network,
    async token({ signal } = {}) {
      const { info } = await keystone.session(signal);
      return info;
    },
    async endpoints(call) {
      const { catalog } = await keystone.session(call?.signal);
      const identity = config.authUrl;
      const { href } = await network.endpoint(call);
      const all = new Set([identity, href, ...listApiUrls(config, catalog)]);
      return { identity, network: href, all: [...all] };
    },
    warnings: [...(config.tls.isVerified ? [] : [unverifiedTls(config)]), ...config.warnings],
    close: http.close,
  };
}

function unverifiedTls({ source }: CloudConfig): string {
  return `TLS certificates are NOT verified (${source}): anyone between here and the cloud can read the credentials and forge its answers; set cacert instead`;
}
