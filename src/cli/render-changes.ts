/** The changes that `route-sync render` is given: a file that people and programs write, so nothing of it is believed. */
import { z } from 'zod';

import { familyOf, parseAddress, parsePrefix, type Address, type Prefix } from '../core/prefix.ts';
import { forbiddenReason } from '../core/policy.ts';
import type { InstalledRoute, NextHop, RouteChange } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';

/** More keys may stand in it: the changes of a plan have them too. */
const changeSchema = z.object({
  action: z.enum(['add', 'replace', 'remove']),
  prefix: z.string(),
  nextHops: z.array(z.string()),
  before: z.array(z.string()).nullable().default(null),
  distance: z.int().min(1).max(4_294_967_295).nullable().default(null),
});

const fileSchema = z.object({
  vrf: z.string().nullable().default(null),
  owner: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
    error: 'must be a word of letters, digits, ".", "_" and "-" (at most 63)',
  }),
  changes: z.array(changeSchema),
});

type FileChange = z.output<typeof changeSchema>;

/** One change of the file, with the distance that it names. */
export interface GivenChange {
  readonly change: RouteChange;
  readonly distance: number | undefined;
}

export interface GivenChanges {
  readonly vrf: string | undefined;
  readonly owner: string;
  readonly changes: readonly GivenChange[];
}

/** Throws ROUTES_INVALID with all `problems`, one for each change that must be refused. */
export function readChanges(text: string): GivenChanges {
  const { vrf, owner, changes } = readFile(text);
  const problems: string[] = [];
  const seen = new Set<string>();
  const given = changes.flatMap((entry, index): readonly GivenChange[] => {
    try {
      const change = changeOf(entry);
      const { text: prefix } =
        change.action === 'remove' ? change.before.prefix : change.after.prefix;
      if (seen.has(prefix)) {
        throw new RouteSyncError(
          'ROUTES_INVALID',
          `${prefix} is also the prefix of another change`,
        );
      }
      seen.add(prefix);
      return [{ change, distance: entry.distance ?? undefined }];
    } catch (error) {
      problems.push(
        `changes[${index}] (${entry.action} ${shown(entry.prefix)}): ${wordsOf(error)}`,
      );
      return [];
    }
  });
  refuseWith(problems);
  return { vrf: vrf ?? undefined, owner, changes: given };
}

/** Throws ROUTES_INVALID if there are any. */
export function refuseWith(problems: readonly string[]): void {
  if (problems.length > 0) {
    throw new RouteSyncError('ROUTES_INVALID', problems.join('\n'), { details: { problems } });
  }
}

/** What went wrong with one change; throws what is no error of the input. */
export function wordsOf(error: unknown): string {
  if (error instanceof RouteSyncError || (error instanceof Error && error.name === 'PrefixError')) {
    return error.message;
  }
  throw error;
}

function readFile(text: string): z.output<typeof fileSchema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuseFile(['the file is not JSON']);
  }
  const parsed = fileSchema.safeParse(value);
  return parsed.success
    ? parsed.data
    : refuseFile(
        parsed.error.issues.map(
          ({ path, message }) => `${path.join('.') || 'the file'}: ${message}`,
        ),
      );
}

function refuseFile(problems: readonly string[]): never {
  refuseWith(problems);
  throw new RouteSyncError('INTERNAL', 'a file was refused without a problem');
}

function changeOf(entry: FileChange): RouteChange {
  const prefix = parsePrefix(entry.prefix);
  const special = forbiddenReason(prefix);
  if (special !== undefined) {
    throw invalid(`${prefix.text} is never announced: ${special}`);
  }
  const after = hopsOf(entry.nextHops, entry, prefix);
  const before = hopsOf(entry.before ?? [], entry, prefix);
  const { action } = entry;
  const problem = shapeProblem(action, before.length, after.length);
  if (problem !== undefined) {
    throw invalid(problem);
  }
  return assemble(action, prefix, { before, after });
}

function shapeProblem(
  action: FileChange['action'],
  before: number,
  after: number,
): string | undefined {
  if (action === 'remove' && after > 0) {
    return '"nextHops" of a remove must be empty; what goes is named in "before"';
  }
  if (action === 'add' && before > 0) {
    return 'an add has no "before"; to change what is there, use replace';
  }
  if (action !== 'remove' && after === 0) {
    return '"nextHops" is empty';
  }
  return action !== 'add' && before === 0
    ? '"before" must name the next hops of the installed route'
    : undefined;
}

function assemble(
  action: FileChange['action'],
  prefix: Prefix,
  { before, after }: Readonly<Record<'before' | 'after', readonly NextHop[]>>,
): RouteChange {
  const route = { prefix, nextHops: after, origin: [] };
  const installed: InstalledRoute = {
    prefix,
    nextHops: before,
    owned: true,
    kind: 'static',
    description: 'as given',
  };
  if (action === 'add') {
    return { action, after: route };
  }
  return action === 'replace'
    ? { action, before: installed, after: route }
    : { action, before: installed, origin: [] };
}

/** What is installed has the same distance, unless nothing else can be what a replace is for. */
function hopsOf(
  texts: readonly string[],
  { distance }: FileChange,
  prefix: Prefix,
): readonly NextHop[] {
  const addresses = texts.map((text) => hopOf(text, prefix));
  const twin = addresses.find((address, index) => addresses.indexOf(address) !== index);
  if (twin !== undefined) {
    throw invalid(`next hop ${twin} is named twice`);
  }
  return addresses.map((address) => ({ address, ...(distance === null ? {} : { distance }) }));
}

function hopOf(text: string, prefix: Prefix): Address {
  const address = parseAddress(text);
  if (familyOf(address) !== prefix.family) {
    throw invalid(`next hop ${address} is not of the family of ${prefix.text}`);
  }
  if (/^(?:0\.|127\.|2(?:2[4-9]|[3-5]\d)\.|ff)|^::1?$/.test(address)) {
    throw invalid(`next hop ${address} is not the address of a router`);
  }
  return address;
}

function invalid(message: string): RouteSyncError {
  return new RouteSyncError('ROUTES_INVALID', message);
}

/** A word of the file in a message: never long, never with what a terminal acts on. */
function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
