/** What the files of one upstream share: whose they are, and how the origin of a route stands in a row. */
import { z } from 'zod';

import type { Origin } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';

/** Whose files: the upstream's configured name, and the place and mark that it writes to. */
export interface LedgerKey {
  readonly name: string;
  readonly target: string;
}

/** Whose file it is, as it stands in its head. */
export interface Belonging {
  readonly owner: string;
  readonly upstream: string;
  readonly target: string;
}

interface OwnedFile extends Belonging {
  readonly routes: readonly unknown[];
  readonly missing?: readonly unknown[];
}

/** The fields of {@link Belonging} in a schema. */
export const belonging = { owner: z.string(), upstream: z.string(), target: z.string() };

/**
 * False for the file of somebody else that lists nothing: after a purge, owner and mark may change. Throws
 * STATE_FOREIGN where it lists something.
 */
export function isOurs(path: string, file: OwnedFile, wanted: Belonging): boolean {
  const field = (['owner', 'upstream', 'target'] as const).find(
    (name) => file[name] !== wanted[name],
  );
  if (field === undefined) {
    return true;
  }
  if (file.routes.length + (file.missing?.length ?? 0) === 0) {
    return false;
  }
  throw new RouteSyncError(
    'STATE_FOREIGN',
    `${path} lists ${file.routes.length} routes of ${field} "${file[field]}", not "${wanted[field]}"; run "route-sync purge" with the old configuration first, or, if those routes are gone, move upstreams/${wanted.upstream}.json, desired/${wanted.upstream}.json and journal/${wanted.upstream}* away`,
    { details: { path, found: file[field], wanted: wanted[field] } },
  );
}

export type OriginRow = readonly [
  router: string,
  subnet: string,
  project: string,
  port: string,
  leg: string,
  /** Absent in ledgers of older versions. */
  network?: string,
  floatingIp?: string,
];

export function rowOf(origin: Origin): OriginRow {
  const { router, subnet, project, port, leg, network, floatingIp } = origin;
  return [router, subnet, project, port, leg, network, floatingIp];
}

export function originOf(row: OriginRow, keep: (text: string) => string): Origin {
  const [router, subnet, project, port, leg, network = '', floatingIp = ''] = row;
  return {
    router: keep(router),
    subnet: keep(subnet),
    project: keep(project),
    port: keep(port),
    leg: keep(leg),
    network: keep(network),
    floatingIp: keep(floatingIp),
  };
}

export function areOriginRows(value: unknown): value is readonly OriginRow[] {
  return (
    Array.isArray(value) &&
    value.every((row) => isTextList(row) && (row.length === 5 || row.length === 7))
  );
}

export function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** True if no two rows are of the same prefix, which is what they begin with. */
export function areDistinct(rows: readonly (readonly [prefix: string, ...unknown[]])[]): boolean {
  return new Set(rows.map(([prefix]) => prefix)).size === rows.length;
}
