/**
 * The last good desired state of one upstream: `desired/NAME.json` in the state directory. It repairs the upstream
 * while the cloud cannot be read.
 */
import { z } from 'zod';

import { parseAddress, parsePrefix, PrefixError } from '../core/prefix.ts';
import type { DesiredRoute, NextHop } from '../core/route.ts';
import { corrupt, readJson, readText, replaceFile } from './state-file.ts';
import {
  areDistinct,
  areOriginRows,
  belonging,
  isOurs,
  openText,
  originOf,
  rowOf,
  type Belonging,
  type OriginRow,
} from './upstream-file.ts';

export interface LastGood {
  /** Of the configuration that the routes were computed with. */
  readonly configDigest: string;
  /** When the cloud was read, Unix milliseconds. */
  readonly at: number;
  readonly routes: readonly DesiredRoute[];
}

type HopRow = readonly [address: string, device?: string | null, onlink?: boolean];

type RouteRow = readonly [
  prefix: string,
  nextHops: readonly HopRow[],
  origins: readonly OriginRow[],
];

const VERSION = 1;

/** The last moment that a Date can name, in Unix milliseconds (ECMA-262, time values). */
const MAX_TIME = 8.64e15;

const FORMAT = {
  schema: z.strictObject({
    version: z.literal(VERSION),
    ...belonging,
    configDigest: z.string(),
    // By hand, as in the ledger: these may be 100,000.
    routes: z.array(z.custom<RouteRow>(isRouteRow)).refine(areDistinct),
    at: z.int().min(-MAX_TIME).max(MAX_TIME),
  }),
  version: VERSION,
  repair:
    'restore it from a backup, or remove it: until the cloud was read again, lost routes are then not repaired while it cannot be',
};

/** Undefined where there is no file. Throws as {@link readJson} does, and STATE_FOREIGN. */
export async function readDesiredFile(
  path: string,
  whose: Belonging,
): Promise<LastGood | undefined> {
  const file = await readJson(path, FORMAT);
  if (file === undefined || !isOurs(path, file, whose)) {
    return undefined;
  }
  const { configDigest, at, routes } = file;
  try {
    return { configDigest, at, routes: routes.map(routeOf) };
  } catch (error) {
    if (error instanceof PrefixError) {
      throw corrupt(path, `is not as route-sync wrote it (${error.message}); ${FORMAT.repair}`);
    }
    throw error;
  }
}

function isRouteRow(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 3) {
    return false;
  }
  const [prefix, nextHops, origins] = value as readonly unknown[];
  return (
    typeof prefix === 'string' &&
    Array.isArray(nextHops) &&
    nextHops.length > 0 &&
    nextHops.every(isHopRow) &&
    areOriginRows(origins)
  );
}

function isHopRow(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0 || value.length > 3) {
    return false;
  }
  const [address, device = null, onlink = false] = value as readonly unknown[];
  return (
    typeof address === 'string' &&
    (device === null || (typeof device === 'string' && device !== '')) &&
    typeof onlink === 'boolean'
  );
}

function routeOf([text, nextHops, origins]: RouteRow): DesiredRoute {
  const prefix = parsePrefix(text);
  refuseOtherForm(text, prefix.text);
  return { prefix, nextHops: nextHops.map(hopOf), origin: origins.map(originOf) };
}

function hopOf([text, device, onlink]: HopRow): NextHop {
  const address = parseAddress(text);
  refuseOtherForm(text, address);
  return {
    address,
    ...(typeof device === 'string' && { device }),
    ...(onlink !== undefined && { onlink }),
  };
}

/** We write canonical text only; and in another form the same prefix could stand there twice. */
function refuseOtherForm(text: string, canonical: string): void {
  if (text !== canonical) {
    throw new PrefixError(`"${text}" is not the canonical form`, canonical);
  }
}

/** Leaves a file as it is that differs only in `at`. Throws STATE_UNWRITABLE and leaves the old file. */
export async function writeDesiredFile(
  path: string,
  whose: Belonging,
  { configDigest, at, routes }: LastGood,
): Promise<void> {
  const rows = routes.map(({ prefix, nextHops, origin }) =>
    JSON.stringify([prefix.text, nextHops.map(hopRow), origin.map(rowOf)]),
  );
  const stem = `${openText({ version: VERSION, ...whose, configDigest }, rows)},"at":`;
  const found = await readText(path);
  if (!found?.startsWith(stem) || !/^-?\d+\}\n$/.test(found.slice(stem.length))) {
    await replaceFile(path, `${stem}${at}}\n`);
  }
}

function hopRow({ address, device, onlink }: NextHop): HopRow {
  if (onlink !== undefined) {
    return [address, device ?? null, onlink];
  }
  return device === undefined ? [address] : [address, device];
}
