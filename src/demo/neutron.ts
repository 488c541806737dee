/** The networking half of the embedded cloud: Neutron v2.0 over the model, read-only, with its rules of visibility. */
import { agentsOf, extensionsOf } from './deployment.ts';
import { type Answer, json } from './keystone.ts';
import type { Cloud } from './model.ts';
import { type Kind, KINDS, NeutronError, notFound } from './neutron-objects.ts';
import { answerList, pickFields, type Row } from './neutron-lists.ts';

/** For whom an answer is made. */
export interface Viewer {
  readonly isAdmin: boolean;
  /** undefined for a token without a project. */
  readonly projectId: string | undefined;
}

export interface NeutronRequest {
  readonly method: string;
  readonly viewer: Viewer;
  /** The whole address as the client asked it; its path ends in `/v2.0/COLLECTION` or `/v2.0/COLLECTION/ID`. */
  readonly url: URL;
  readonly maxPageSize: number | undefined;
}

const PATH = /\/v2\.0\/(?<collection>[a-z-]+)(?:\.json)?(?:\/(?<id>[^/]+))?\/?$/;
/** Fields that Neutron's default policy shows to the role admin only. */
const ADMIN_FIELDS = /^(?:provider:|binding:(?!vnic_type)|distributed$|ha$)/;

/** Answers one request of an authenticated client; never throws a NeutronError. */
export function answerNeutron(cloud: Cloud, request: NeutronRequest): Answer {
  try {
    return json(200, answer(cloud, request));
  } catch (error) {
    if (error instanceof NeutronError) {
      return neutronError(error);
    }
    throw error;
  }
}

function neutronError({ status, type, message }: NeutronError): Answer {
  return json(status, { NeutronError: { type, message, detail: '' } });
}

function answer(cloud: Cloud, request: NeutronRequest): Row {
  const { collection = '', id } = PATH.exec(request.url.pathname)?.groups ?? {};
  if (request.method !== 'GET') {
    throw new NeutronError(403, 'PolicyNotAuthorized', 'This API is read-only.');
  }
  if (id === undefined) {
    const rows = rowsOf(cloud, collection, request.viewer);
    const key = collection.replaceAll('-', '_');
    const { searchParams: query, origin, pathname } = request.url;
    const { maxPageSize } = request;
    return answerList(rows, { query, key, url: `${origin}${pathname}`, maxPageSize });
  }
  if (!isKind(collection)) {
    throw noSuchPath();
  }
  const row = rowsOf(cloud, collection, request.viewer).find((row) => row['id'] === id);
  if (row === undefined) {
    throw notFound(collection, id);
  }
  return { [KINDS[collection].one]: pickFields(row, request.url.searchParams.getAll('fields')) };
}

function rowsOf(cloud: Cloud, collection: string, viewer: Viewer): readonly Row[] {
  if (collection === 'extensions') {
    return extensionsOf(cloud).map((row) => ({ ...row }));
  }
  if (collection === 'agents') {
    return viewer.isAdmin ? agentsOf(cloud).map((row) => ({ ...row })) : [];
  }
  if (!isKind(collection)) {
    throw noSuchPath();
  }
  const rows = cloud.list(collection).map((row): Row => ({ ...row }));
  if (viewer.isAdmin) {
    return rows;
  }
  const mayRead = readableNetworks(cloud, collection, viewer);
  return rows
    .filter((row) => isOwn(row, viewer) || isOpen(row) || mayRead.has(String(row['network_id'])))
    .map((row) =>
      Object.fromEntries(Object.entries(row).filter(([field]) => !ADMIN_FIELDS.test(field))),
    );
}

function isOwn({ project_id }: Row, { projectId }: Viewer): boolean {
  return projectId !== undefined && project_id === projectId;
}

/** Networks, pools and scopes that Neutron shows to every project. */
function isOpen(row: Row): boolean {
  return row['shared'] === true || row['router:external'] === true;
}

/** Networks whose ports (for their owner) or subnets (for those it is shared with) are visible beyond the project's own. */
function readableNetworks(cloud: Cloud, collection: Kind, viewer: Viewer): ReadonlySet<string> {
  const networks = cloud
    .list('networks')
    .filter((network) =>
      collection === 'ports'
        ? isOwn({ ...network }, viewer)
        : collection === 'subnets' && network.shared,
    );
  return new Set(networks.map(({ id }) => id));
}

function isKind(collection: string): collection is Kind {
  return Object.hasOwn(KINDS, collection);
}

function noSuchPath(): NeutronError {
  return new NeutronError(404, 'HTTPNotFound', 'The resource could not be found.');
}
