/** Reads a plan that somebody reviewed. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { RouteSyncError } from '../errors.ts';
import { digestOfChanges } from '../report/json.ts';

const id = z.string();

// The order of the keys is the order in which they are digested.
const planSchema = z.object({
  version: z.literal(1),
  owner: z.string(),
  digest: z.string(),
  upstreams: z.array(
    z.object({
      name: z.string(),
      changes: z.array(
        z.object({
          action: z.enum(['add', 'replace', 'remove']),
          prefix: z.string(),
          nextHops: z.array(z.string()),
          before: z.array(z.string()).nullable(),
          origin: z.array(
            z.object({
              router: id,
              subnet: id,
              project: id,
              port: id,
              leg: id,
              network: id,
              floatingIp: id,
            }),
          ),
        }),
      ),
    }),
  ),
});

export interface PlanFile {
  readonly path: string;
  readonly cwd: string;
  /** Whose plan it must be. */
  readonly owner: string;
}

/** The digest of the plan in the file; throws PLAN_INVALID, also when it is another owner's or was edited by hand. */
export async function readPlanDigest({ path, cwd, owner }: PlanFile): Promise<string> {
  const refuse = (problem: string, cause?: unknown): RouteSyncError =>
    new RouteSyncError(
      'PLAN_INVALID',
      `--plan ${path} ${problem}; write one with route-sync plan --output json > FILE`,
      { cause },
    );
  let value: unknown;
  try {
    value = JSON.parse(await readFile(resolve(cwd, path), 'utf8'));
  } catch (cause) {
    throw refuse(cause instanceof SyntaxError ? 'is not JSON' : 'cannot be read', cause);
  }
  const plan = planSchema.safeParse(value);
  if (!plan.success) {
    throw refuse('is not a plan of route-sync');
  }
  if (plan.data.owner !== owner) {
    throw refuse(`is a plan of owner "${plan.data.owner}", not of "${owner}"`);
  }
  if (digestOfChanges(plan.data.upstreams) !== plan.data.digest) {
    throw refuse('was changed after it was written: its digest does not fit its changes');
  }
  return plan.data.digest;
}
