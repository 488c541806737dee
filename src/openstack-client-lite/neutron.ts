/** Typed lists and single objects of Neutron. A list is complete or an error, whatever page size the server forces. */
import { type Answer, printable } from './answer.ts';
import { findNetworkEndpoint } from './catalog.ts';
import type { CloudConfig } from './cloud-config.ts';
import { hasCloudCode, OpenStackError } from './errors.ts';
import type { HttpClient, HttpRequest } from './http.ts';
import type { Keystone, Session } from './keystone.ts';
import { createListMemory, digestOf, isUnchanged } from './neutron-memory.ts';
import {
  type CollectionName,
  ID_PATTERN,
  type NeutronFilters,
  type NeutronObject,
} from './neutron-objects.ts';
import { fieldsOf, idField, type Page, parseObject, readPage, readSingle } from './neutron-page.ts';
import { buildQueries, passes } from './neutron-query.ts';
import { walkList } from './neutron-walk.ts';

export interface CallOptions {
  /** Cancels the call, its retries and its pages. */
  readonly signal?: AbortSignal | undefined;
}

export interface ListOptions<C extends CollectionName, T> extends CallOptions {
  /** What to make of each object; the same function each time. Default: the object itself. */
  readonly as?: (object: NeutronObject<C>) => T;
  /** A question that does not come again: its answer need not be remembered. */
  readonly once?: boolean;
}

export interface NetworkClient {
  /**
   * Every object that passes the filters, each id once, in the server's order. Never a part of them. Every page is asked
   * for each time; where all came as in the last such call, byte for byte, it is the same array (===): do not change it.
   */
  readonly list: <C extends CollectionName, T = NeutronObject<C>>(
    collection: C,
    filters?: NeutronFilters<C>,
    options?: ListOptions<C, T>,
  ) => Promise<readonly T[]>;
  /**
   * Those of the objects that were changed since that second (`YYYY-MM-DDTHH:MM:SSZ`, UTC, by Neutron's clock). Deletions
   * do not show. CLOUD_REJECTED where Neutron validates filters, which `changed_since` is none of.
   */
  readonly changedSince: <C extends CollectionName>(
    collection: C,
    since: string,
    options?: CallOptions & { readonly filters?: NeutronFilters<C> },
  ) => Promise<readonly NeutronObject<C>[]>;
  /** One object by id; undefined only where Neutron itself says that it does not exist (or is another project's). */
  readonly get: <C extends CollectionName>(
    collection: C,
    id: string,
    options?: CallOptions,
  ) => Promise<NeutronObject<C> | undefined>;
  /** Neutron's base URL, as configured or from the catalog. */
  readonly endpoint: (options?: CallOptions) => Promise<URL>;
}

export interface NetworkOptions {
  readonly config: CloudConfig;
  readonly http: HttpClient;
  readonly keystone: Keystone;
}

type Send = (path: string, how: Pick<HttpRequest, 'signal'>) => Promise<Answer>;

const itself = (object: unknown): unknown => object;

// More than one snapshot needs; each holds its texts.
const MAX_REMEMBERED_LISTS = 32;

/** A Neutron behind a Keystone; makes no request before it is asked. */
export function createNetworkClient(options: NetworkOptions): NetworkClient {
  const send = createSend(options);
  const memory = createListMemory(MAX_REMEMBERED_LISTS);
  return {
    async list<C extends CollectionName, T = NeutronObject<C>>(
      collection: C,
      filters: NeutronFilters<C> = {},
      {
        signal,
        as = itself as (object: NeutronObject<C>) => T,
        once = false,
      }: ListOptions<C, T> = {},
    ) {
      const queries = buildQueries(fieldsOf(collection), filters);
      const key = `${collection}?${queries.join(' ')}`;
      const before = memory.recall(key);
      const pages = new Map<string, string>();
      const fetchPage = async (query: string): Promise<Page> => {
        const answer = await send(`${collection}?${query}`, { signal });
        pages.set(query, once ? '' : digestOf(answer.text));
        return readPage(collection, answer);
      };
      const walk = { idField: idField(collection), fetchPage };
      const found = await Promise.all(queries.map((query) => walkList(query, walk)));
      if (before?.as === as && isUnchanged(pages, before.pages)) {
        memory.remember(key, before);
        return before.objects as readonly T[];
      }
      const wanted = found.flat().filter(({ raw }) => passes(raw, filters));
      const byId = new Map(wanted.map((entry) => [entry.id, entry]));
      const objects = [...byId.values()].map((entry) => as(parseObject(collection, entry)));
      if (!once) {
        memory.remember(key, { pages, as, objects });
      }
      return objects;
    },

    changedSince: async (collection, since, call) =>
      changedSince(send, { collection, since }, call),

    async get(collection, id, { signal } = {}) {
      const [query = ''] = buildQueries(fieldsOf(collection), {});
      try {
        const answer = await send(`${collection}/${pathSegment(id)}?${query}`, { signal });
        return parseObject(collection, readSingle(collection, id, answer));
      } catch (error) {
        if (isVanished(error)) {
          return undefined;
        }
        throw error;
      }
    },

    async endpoint({ signal } = {}) {
      const { catalog } = await options.keystone.session(signal);
      return findNetworkEndpoint(options.config, catalog);
    },
  };
}

async function changedSince<C extends CollectionName>(
  send: Send,
  { collection, since }: { readonly collection: C; readonly since: string },
  { signal, filters = {} }: Parameters<NetworkClient['changedSince']>[2] = {},
): Promise<readonly NeutronObject<C>[]> {
  const [query = ''] = buildQueries(fieldsOf(collection), filters);
  const found = await walkList(`${query}&changed_since=${since}`, {
    idField: idField(collection),
    fetchPage: async (page) =>
      readPage(collection, await send(`${collection}?${page}`, { signal })),
  });
  return found
    .filter(({ raw }) => passes(raw, filters))
    .map((entry) => parseObject(collection, entry));
}

// A token may be revoked before its time: a service that refuses it gets a fresh one, once.
function createSend({ config, http, keystone }: NetworkOptions): Send {
  return async (path, { signal }) => {
    const attempt = async (session: Session): Promise<Answer> =>
      http.request({
        method: 'GET',
        url: new URL(path, findNetworkEndpoint(config, session.catalog)),
        headers: { 'x-auth-token': session.token.reveal() },
        secrets: [session.token],
        signal,
      });
    const session = await keystone.session(signal);
    try {
      return await attempt(session);
    } catch (error) {
      if (!hasCloudCode(error, 'CLOUD_UNAUTHORIZED')) {
        throw error;
      }
      keystone.forget(session);
    }
    const fresh = await keystone.session(signal);
    try {
      return await attempt(fresh);
    } catch (error) {
      throw hasCloudCode(error, 'CLOUD_UNAUTHORIZED') ? refusedTwice(error) : error;
    }
  };
}

function refusedTwice(error: OpenStackError): OpenStackError {
  return new OpenStackError(
    'CLOUD_UNAUTHORIZED',
    `${error.message}: refused with a fresh token too; do Keystone and Neutron belong together?`,
    { details: error.details, cause: error },
  );
}

// An empty segment would be the list, dots and slashes would lead to another address.
function pathSegment(id: string): string {
  if (!ID_PATTERN.test(id)) {
    const shown = JSON.stringify(printable(id, 80));
    throw new OpenStackError(
      'CLOUD_REJECTED',
      `${shown} is no id of a Neutron object, so it was not asked for`,
    );
  }
  return encodeURIComponent(id);
}

// Only Neutron's own word counts (RouterNotFound, PortNotFound ...): a proxy's 404, a wrong endpoint (HTTPNotFound) or another
// service must not look like a deleted object.
function isVanished(error: unknown): boolean {
  if (!hasCloudCode(error, 'CLOUD_NOT_FOUND')) {
    return false;
  }
  const { type } = error.details;
  return typeof type === 'string' && /^(?!HTTP).*NotFound$/v.test(type);
}
