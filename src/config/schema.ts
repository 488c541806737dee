/**
 * The configuration: the one source of its types, defaults, validation, JSON schema and reference page. Defaults are
 * written nowhere else.
 */
import { z } from 'zod';

import { cronProblem } from './cron.ts';
import { choice, cloudName, mustBe, seconds, section, show, whole, word } from './fields.ts';
import { policySchema } from './policy-schema.ts';
import { upstreamsSchema } from './upstream-schema.ts';

const cloud = section(
  {
    name: cloudName()
      .optional()
      .describe(
        'The entry of clouds.yaml. It wins over OS_CLOUD. Default: OS_CLOUD, else the OS_* variables.',
      ),
    natModel: choice(['auto', 'ovs', 'ovn'])
      .default('auto')
      .describe(
        "Who does the cloud's NAT: the L3 agent (`ovs`) or OVN (`ovn`); `auto` asks the API.",
      ),
    requestTimeoutSeconds: seconds(0.1, 3600)
      .default(60)
      .describe('How long one request may take; Neutron needs many seconds for long lists.'),
    snapshotTimeoutSeconds: seconds(0.1, 86_400)
      .default(300)
      .describe('How long reading the whole cloud may take.'),
    retries: whole(0, 20)
      .default(3)
      .describe('How often a request that failed for a passing reason is sent again.'),
    maxConcurrentRequests: whole(1, 64)
      .default(8)
      .describe('How many requests may be under way at once.'),
  },
  { later: ['notifications'] },
);

interface Caps {
  readonly count: number;
  readonly percent: number;
  readonly free: number;
}

type CapsInput = { readonly [K in keyof Caps]?: number | undefined };

function caps(what: string, defaults: Caps): z.ZodPrefault<z.ZodType<Caps, CapsInput>> {
  return section({
    count: whole(0, 10_000_000)
      .default(defaults.count)
      .describe(`More ${what} than this are refused.`),
    percent: whole(0, 100)
      .default(defaults.percent)
      .describe(`More ${what} than this share of our installed routes are refused.`),
    free: whole(0, 10_000_000)
      .default(defaults.free)
      .describe(`So many ${what} are never refused, however small the table.`),
  })
    .prefault({})
    .describe(`Caps on the ${what} of one cycle on one upstream.`);
}

const guard = section({
  maxRemovals: caps('removals', { count: 20, percent: 20, free: 2 }),
  maxReplaces: caps('replaces', { count: 200, percent: 50, free: 10 }),
});

const removal = section({
  snapshots: whole(1, 1000)
    .default(2)
    .describe(
      'How many complete snapshots in a row must agree that a route has no reason any more.',
    ),
  graceSeconds: seconds(0, 604_800)
    .default(60)
    .describe('How long after the first of them the route stays at least.'),
});

const schedule = z
  .string({ error: mustBe('a cron line in quotes, with the seconds first') })
  .check((context) => {
    const problem = cronProblem(context.value);
    if (problem !== undefined) {
      const message = `${show(context.value)} ${problem}`;
      context.issues.push({ code: 'custom', message, input: context.value });
    }
  })
  .default('*/30 * * * * *')
  .describe('When `route-sync run` works: a cron line with the seconds first, in local time.');

const stateDir = z
  .string({ error: mustBe('a folder') })
  .regex(/^[^~\0]/u, { error: mustBe('a path without "~"; write the home directory in full') })
  .optional()
  .describe(
    'Where ledgers and status are kept. A relative path starts at the folder of this file. Default: $STATE_DIRECTORY, else $XDG_STATE_HOME/route-sync, else ~/.local/state/route-sync.',
  );

export const configSchema = section({
  owner: word(
    /^[a-z0-9][a-z0-9._-]{0,62}$/,
    'an id of a-z, 0-9, ".", "_" and "-" (at most 63), for example "owner: prod-region-one"',
  ).describe(
    'The id of this installation; ledgers and locks carry it, so two installations never share routes by accident.',
  ),
  stateDir,
  schedule,
  jitterSeconds: seconds(0, 3600)
    .default(3)
    .describe(
      'Each scheduled cycle starts up to this much later, at random, to spread the load on the cloud.',
    ),
  cloud: cloud.prefault({}).describe('The OpenStack cloud to read.'),
  policy: policySchema.describe('What may go upstream, and how.'),
  guard: guard.prefault({}).describe('How much may change at once; `--force` goes past it once.'),
  removal: removal.prefault({}).describe('How late removals are.'),
  upstreams: upstreamsSchema.describe('The routers to write to.'),
});

/** A valid configuration with all defaults filled in; prefixes are parsed. */
export type Config = z.output<typeof configSchema>;

export type UpstreamConfig = Config['upstreams'][number];
