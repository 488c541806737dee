/**
 * The Lease part of the Kubernetes API (coordination.k8s.io/v1), strict: bearer token, optimistic locking by
 * resourceVersion, unknown fields refused, Status objects for errors. Facts: the API conventions of Kubernetes.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

import { z } from 'zod';

const microTime = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);

const leaseSchema = z.strictObject({
  apiVersion: z.literal('coordination.k8s.io/v1'),
  kind: z.literal('Lease'),
  metadata: z.strictObject({
    name: z.string(),
    namespace: z.string(),
    resourceVersion: z.string().optional(),
  }),
  spec: z.strictObject({
    holderIdentity: z.string().optional(),
    leaseDurationSeconds: z.int().positive().optional(),
    acquireTime: microTime.optional(),
    renewTime: microTime.optional(),
    leaseTransitions: z.int().nonnegative().optional(),
  }),
});

export type StoredLease = z.output<typeof leaseSchema>;

export interface LeaseServer {
  /** A kubeconfig that leads here. */
  readonly kubeConfig: (token?: string) => string;
  readonly lease: () => StoredLease | undefined;
  /** Changes the object as somebody else would. */
  readonly edit: (change: (lease: StoredLease) => StoredLease) => void;
  readonly remove: () => void;
  /** Asked before each answer: a status to answer with, or `lost` to do it and not tell. */
  fault: (method: string) => number | 'lost' | undefined;
  readonly requests: readonly string[];
  readonly close: () => Promise<void>;
}

type Answer = readonly [status: number, body: unknown];

const TOKEN = 'token-of-the-test';
const PLACE = '/apis/coordination.k8s.io/v1/namespaces/infra/leases';

export async function startLeaseServer(): Promise<LeaseServer> {
  let stored: StoredLease | undefined;
  let version = 100;
  const requests: string[] = [];

  function store(lease: StoredLease): StoredLease {
    version += 1;
    stored = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(version) } };
    return stored;
  }

  function answer(method: string, url: URL, body: string): Answer {
    const isOne = url.pathname === `${PLACE}/route-sync-prod`;
    if (!isOne && url.pathname !== PLACE) {
      return failure(404, 'NotFound', `the server could not find ${url.pathname}`);
    }
    if (method === 'GET' && isOne) {
      return stored === undefined ? failure(404, 'NotFound', 'no such lease') : [200, stored];
    }
    const lease = leaseSchema.safeParse(JSON.parse(body));
    if (!lease.success || url.searchParams.get('fieldValidation') !== 'Strict') {
      return failure(400, 'BadRequest', `strict decoding error: ${lease.error?.message}`);
    }
    if (method === 'POST' && !isOne) {
      return create(lease.data);
    }
    return replace(lease.data);
  }

  function create(lease: StoredLease): Answer {
    if (lease.metadata.resourceVersion !== undefined) {
      return failure(
        400,
        'BadRequest',
        'resourceVersion should not be set on objects to be created',
      );
    }
    return stored === undefined
      ? [201, store(lease)]
      : failure(409, 'AlreadyExists', 'leases "route-sync-prod" already exists');
  }

  function replace(lease: StoredLease): Answer {
    if (stored === undefined) {
      return failure(404, 'NotFound', 'no such lease');
    }
    const { resourceVersion } = lease.metadata;
    if (resourceVersion === undefined) {
      return failure(422, 'Invalid', 'metadata.resourceVersion: must be specified for an update');
    }
    return resourceVersion === stored.metadata.resourceVersion
      ? [200, store(lease)]
      : failure(409, 'Conflict', 'the object has been modified');
  }

  const http = createServer((request, response) => void handle(request, response));
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers } = request;
    const body = await text(request);
    requests.push(method);
    const fault = server.fault(method);
    const isKnown = headers.authorization === `Bearer ${TOKEN}`;
    const [status, value] = !isKnown
      ? failure(401, 'Unauthorized', 'Unauthorized')
      : typeof fault === 'number'
        ? failure(fault, 'Fault', 'as the test wants it')
        : answer(method, new URL(request.url ?? '', 'http://server'), body);
    if (fault === 'lost') {
      request.socket.destroy();
      return;
    }
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  }

  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const server: LeaseServer = {
    fault: () => undefined,
    requests,
    lease: () => stored,
    edit: (change) => {
      if (stored !== undefined) {
        store(change(stored));
      }
    },
    remove: () => {
      stored = undefined;
    },
    kubeConfig: (token = TOKEN) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        // The client refuses plain HTTP otherwise.
        clusters: [
          {
            name: 'c',
            cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true },
          },
        ],
        users: [{ name: 'u', user: { token } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'infra' } }],
        'current-context': 'x',
      }),
    close: async () => {
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
  return server;
}

function failure(code: number, reason: string, message: string): Answer {
  return [code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code }];
}
