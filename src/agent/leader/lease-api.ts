/**
 * The one object of the Kubernetes API that we use, through the official client: a Lease (coordination.k8s.io/v1) is read,
 * created, and replaced in exactly the version that was read.
 */
import { CoordinationV1Api, KubeConfig, Observable, V1MicroTime } from '@kubernetes/client-node';
import type {
  ConfigurationOptions,
  ObservableMiddleware,
  RequestContext,
  V1Lease,
} from '@kubernetes/client-node';
import { z } from 'zod';
import { RouteSyncError } from '../../errors.ts';
import { escapeText } from '../../report/escape.ts';

export interface LeaseSettings {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** What of the record counts; times are Unix milliseconds of its holder's clock. */
export interface LeaseRecord {
  /** Empty where it was given back. */
  readonly holder: string;
  readonly seconds: number;
  readonly acquiredAt: number;
  readonly renewedAt: number;
  readonly transitions: number;
}

export interface FoundLease {
  readonly record: LeaseRecord;
  /** Of the object as it was read. */
  readonly version: string;
}

/** All reject with LEADER_UNREACHABLE where the API does not answer, or refuses us. */
export interface LeaseApi {
  /** `Kubernetes (https://192.0.2.1:6443), lease infra/route-sync-prod`. */
  readonly description: string;
  /** The newest version, not one of a cache; undefined where there is none. */
  readonly read: (signal: AbortSignal) => Promise<FoundLease | undefined>;
  /** Undefined where somebody was faster. */
  readonly create: (record: LeaseRecord, signal: AbortSignal) => Promise<FoundLease | undefined>;
  /** Undefined where it is not in that version any more. */
  readonly replace: (
    found: FoundLease,
    record: LeaseRecord,
    signal: AbortSignal,
  ) => Promise<FoundLease | undefined>;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Of the pod, or of $KUBECONFIG where that is set. */
export function leaseApi({ namespace: given, name }: LeaseSettings, env: Env): LeaseApi {
  const config = kubeConfig(env);
  const namespace = given ?? namespaceOf(config);
  const server = config.getCurrentCluster()?.server ?? 'no cluster';
  const description = `Kubernetes (${server}), lease ${namespace}/${name}`;
  const api = config.makeApiClient(CoordinationV1Api);
  const place = { namespace, name };
  const strict = { ...place, fieldValidation: 'Strict' };
  return {
    description,
    read: async (signal) =>
      unless(404, description, async () =>
        foundIn(await api.readNamespacedLease(place, until(signal))),
      ),
    create: async (record, signal) => {
      const body = bodyOf(place, record, undefined);
      return unless(409, description, async () =>
        foundIn(await api.createNamespacedLease({ ...strict, body }, until(signal))),
      );
    },
    replace: async ({ version }, record, signal) => {
      const body = bodyOf(place, record, version);
      return unless(409, description, async () =>
        foundIn(await api.replaceNamespacedLease({ ...strict, body }, until(signal))),
      );
    },
  };
}

/** The client would fall back to localhost: nobody means that. */
function kubeConfig(env: Env): KubeConfig {
  const config = new KubeConfig();
  const [file = ''] = (env['KUBECONFIG'] ?? '').split(':');
  try {
    if (file !== '') {
      config.loadFromFile(file);
      return config;
    }
    if (env['KUBERNETES_SERVICE_HOST'] !== undefined) {
      config.loadFromCluster();
      return config;
    }
  } catch (cause) {
    throw unusable(`the access to Kubernetes cannot be read: ${String(cause)}`, cause);
  }
  throw unusable(
    'leader.kubernetes works in a pod with a service account token, or with $KUBECONFIG',
  );
}

function namespaceOf(config: KubeConfig): string {
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  if (namespace === undefined || namespace === '') {
    throw unusable('nothing tells the namespace of the Lease; set leader.kubernetes.namespace');
  }
  return namespace;
}

function unusable(message: string, cause?: unknown): RouteSyncError {
  return new RouteSyncError('LEADER_UNREACHABLE', message, { cause });
}

/** The client takes a signal for one request by a middleware only. */
function until(signal: AbortSignal): ConfigurationOptions {
  const middleware: ObservableMiddleware = {
    pre: (request: RequestContext) => {
      request.setSignal(signal);
      return new Observable(Promise.resolve(request));
    },
    post: (response) => new Observable(Promise.resolve(response)),
  };
  return { middleware: [middleware], middlewareMergeStrategy: 'append' };
}

async function unless<T>(
  status: 404 | 409,
  description: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const code = statusOf(error);
    // Whoever creates or replaces what was deleted meanwhile comes too late as well.
    if (code === status || (status === 409 && code === 404)) {
      return undefined;
    }
    throw new RouteSyncError('LEADER_UNREACHABLE', `${description}: ${reasonOf(error)}`, {
      retryable: true,
      details: { status: code },
      cause: error,
    });
  }
}

const statusSchema = z.object({ code: z.int() });

function statusOf(error: unknown): number | undefined {
  return statusSchema.safeParse(error).data?.code;
}

const bodySchema = z.object({ message: z.string() });

/** The message of the API's own answer, without the headers that the client puts beside it. */
function reasonOf(error: unknown): string {
  const code = statusOf(error);
  if (code === undefined) {
    const { cause } = error instanceof Error ? error : {};
    return escapeText(cause instanceof Error ? cause.message : String(error));
  }
  const body = error instanceof Error && 'body' in error ? error.body : undefined;
  const message = messageIn(body);
  return `HTTP status ${code}${message === '' ? '' : `, ${escapeText(message)}`}`;
}

function messageIn(body: unknown): string {
  try {
    const value: unknown = typeof body === 'string' ? JSON.parse(body) : body;
    return bodySchema.parse(value).message.slice(0, 300);
  } catch {
    return '';
  }
}

function bodyOf(
  place: { readonly namespace: string; readonly name: string },
  { holder, seconds, acquiredAt, renewedAt, transitions }: LeaseRecord,
  resourceVersion: string | undefined,
): V1Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...place, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: seconds,
      acquireTime: new V1MicroTime(acquiredAt),
      renewTime: new V1MicroTime(renewedAt),
      leaseTransitions: transitions,
    },
  };
}

/** A text, whatever the types of the client say: version 2.0.1 does not turn it into a date. */
const time = z
  .union([z.date(), z.string()])
  .optional()
  .transform((found) => (found === undefined ? 0 : new Date(found).getTime() || 0));

const leaseSchema = z.object({
  metadata: z.object({ resourceVersion: z.string().min(1) }),
  spec: z
    .object({
      holderIdentity: z.string().default(''),
      leaseDurationSeconds: z.int().default(0),
      acquireTime: time,
      renewTime: time,
      leaseTransitions: z.int().default(0),
    })
    .prefault({}),
});

function foundIn(lease: V1Lease): FoundLease {
  const { metadata, spec } = leaseSchema.parse(lease);
  return {
    version: metadata.resourceVersion,
    record: {
      holder: spec.holderIdentity,
      seconds: spec.leaseDurationSeconds,
      acquiredAt: spec.acquireTime,
      renewedAt: spec.renewTime,
      transitions: spec.leaseTransitions,
    },
  };
}
