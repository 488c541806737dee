/** Typed lists and single objects of Neutron. A list is complete or an error, whatever page size the server forces. */
import { type Answer, printable } from './answer.ts';
import { findNetworkEndpoint } from './catalog.ts';
import type { CloudConfig } from './cloud-config.ts';
import { hasCloudCode, OpenStackError } from './errors.ts';
import type { HttpClient, HttpRequest } from './http.ts';
import type { Keystone, Session } from './keystone.ts';
import { createListMemory, isUnchanged, joined, type ReadPage } from './neutron-memory.ts';
import {
  type CollectionName,
  ID_PATTERN,
  type NeutronFilters,
  type NeutronObject,
} from './neutron-objects.ts';
import { fieldsOf, idField, parseObject, readPage, readSingle } from './neutron-page.ts';
import { buildQueries, passes } from './neutron-query.ts';
import { type Walk, type WalkedPage, walkList } from './neutron-walk.ts';

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
      const recalled = once ? undefined : memory.recall(key);
      const before = recalled?.as === as ? recalled : undefined;
      const known = new Map(before?.pages.map((page) => [page.query, page]));
      const read = (query: string, answer: Answer): ReadPage => {
        const page = known.get(query);
        return page?.digest === answer.digest
          ? page
          : readObjects({ collection, filters, as }, query, answer);
      };
      const walk = walkOf({ collection, send, signal }, read);
      const found = await Promise.all(queries.map(async (query) => walkList(query, walk)));
      const pages = found.flat().map(({ page }) => page);
      const list =
        before !== undefined && isUnchanged(pages, before.pages)
          ? before
          : { pages, as, objects: joined(pages) };
      if (!once) {
        memory.remember(key, list);
      }
      return list.objects as readonly T[];
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

interface Reading<C extends CollectionName, T> {
  readonly collection: C;
  readonly filters: NeutronFilters<C>;
  readonly as: (object: NeutronObject<C>) => T;
}

/** Nothing else of the answer is kept: what it says is several times larger than what is made of it. */
function readObjects<C extends CollectionName, T>(
  { collection, filters, as }: Reading<C, T>,
  query: string,
  answer: Answer,
): ReadPage {
  const { entries, next } = readPage(collection, answer);
  const wanted = entries.filter(({ raw }) => passes(raw, filters));
  const ids = entries.map(({ id }) => id);
  return {
    query,
    digest: answer.digest,
    ids,
    passing: wanted.length === ids.length ? ids : wanted.map(({ id }) => id),
    objects: wanted.map((entry) => as(parseObject(collection, entry))),
    next,
  };
}

interface Asking {
  readonly collection: CollectionName;
  readonly send: Send;
  readonly signal: AbortSignal | undefined;
}

/** A walk that makes of each page what `read` makes of it. */
function walkOf<P extends Pick<WalkedPage, 'ids' | 'next'>>(
  { collection, send, signal }: Asking,
  read: (query: string, answer: Answer) => P,
): Walk<WalkedPage & { readonly page: P }> {
  const ask = async (query: string): Promise<Answer> => send(`${collection}?${query}`, { signal });
  return {
    idField: idField(collection),
    fetchPage: async (query) => {
      const answer = await ask(query);
      const page = read(query, answer);
      const { what, suffix, details } = answer;
      return { answer: { what, suffix, details }, ids: page.ids, next: page.next, page };
    },
    fetchIds: async (query) => readPage(collection, await ask(query)).entries.map(({ id }) => id),
  };
}

async function changedSince<C extends CollectionName>(
  send: Send,
  { collection, since }: { readonly collection: C; readonly since: string },
  { signal, filters = {} }: Parameters<NetworkClient['changedSince']>[2] = {},
): Promise<readonly NeutronObject<C>[]> {
  const [query = ''] = buildQueries(fieldsOf(collection), filters);
  const as = itself as (object: NeutronObject<C>) => NeutronObject<C>;
  const walk = walkOf({ collection, send, signal }, (asked, answer) =>
    readObjects({ collection, filters, as }, asked, answer),
  );
  const pages = await walkList(`${query}&changed_since=${since}`, walk);
  return pages.flatMap(({ page }) => page.objects as readonly NeutronObject<C>[]);
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
