/**
 * The configuration: the one source of its types, defaults, validation, JSON schema and reference page. Defaults are
 * written nowhere else.
 */
import { z } from 'zod';

import { cronProblem } from './cron.ts';
import {
  choice,
  cloudName,
  filledList,
  mustBe,
  seconds,
  section,
  show,
  whole,
  word,
} from './fields.ts';
import { guardSchema, removalSchema } from './guard-schema.ts';
import { leaderSchema } from './leader-schema.ts';
import { notificationsSchema } from './notifications-schema.ts';
import { policySchema } from './policy-schema.ts';
import { serverSchema } from './server-schema.ts';
import { upstreamsSchema } from './upstream-schema.ts';

/** Neutron makes UUIDs; nothing here needs more than that it is safe in a URL. */
const OBJECT_ID = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,254}$/;

function objectId(what: string, list: string): z.ZodString {
  return word(OBJECT_ID, `the id of a ${what} as "${list}" shows it`);
}

const sentinel = section({
  router: objectId('router', 'openstack router list')
    .optional()
    .describe('The id of a router, best in another project than that of the user.'),
  network: objectId('network', 'openstack network list')
    .optional()
    .describe('The id of a network, external or not.'),
}).check((context) => {
  if (context.value.router === undefined && context.value.network === undefined) {
    const message = 'must name a router, a network, or both, by id';
    context.issues.push({ code: 'custom', message, input: context.value });
  }
});

function programWord(): z.ZodString {
  const error = mustBe('a word in quotes');
  return z.string({ error }).regex(/^[^\0]+$/u, { error });
}

const cloud = section({
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
  maxLoadPercent: whole(1, 100)
    .default(25)
    .describe(
      'How much of its time `route-sync run` may spend reading the whole cloud: a cloud that answers slowly is read less often than the schedule says, and in between only what changed is.',
    ),
  sentinel: sentinel
    .optional()
    .describe(
      'What the cloud must show in every snapshot: where it is missing, the user has lost its view of all projects, and nothing is removed.',
    ),
  secretFile: z
    .string({ error: mustBe('the path of a file') })
    .regex(/^[^\0]+$/u, { error: mustBe('the path of a file') })
    .optional()
    .describe(
      "A file that holds the password or the application credential's secret and nothing else. Others may not be able to change it; that they can read it is a warning.",
    ),
  secretCommand: filledList(
    programWord(),
    'a program and its arguments, for example [pass, show, openstack]',
  )
    .optional()
    .describe(
      'A program, and its arguments, that prints that secret. It is started without a shell.',
    ),
  notifications: notificationsSchema
    .optional()
    .describe('What Neutron tells on RabbitMQ, so that a change is seen at once.'),
}).check((context) => {
  if (context.value.secretFile !== undefined && context.value.secretCommand !== undefined) {
    const message = 'cannot be used together with secretFile; remove one of the two';
    context.issues.push({
      code: 'custom',
      message,
      path: ['secretCommand'],
      input: context.value.secretCommand,
    });
  }
});

const journal = section({
  keepFiles: whole(1, 100_000)
    .default(16)
    .describe(
      'How many older files of 64 MiB the journal of each upstream keeps; move them elsewhere in time if you need them for longer.',
    ),
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
  maxParallelUpstreams: whole(1, 1000)
    .default(32)
    .describe('How many upstreams are read, or written to, at a time.'),
  cloud: cloud.prefault({}).describe('The OpenStack cloud to read.'),
  policy: policySchema.describe('What may go upstream, and how.'),
  guard: guardSchema
    .prefault({})
    .describe('How much may change at once; `--force` goes past it once.'),
  removal: removalSchema.prefault({}).describe('How late removals are.'),
  journal: journal.prefault({}).describe('What was done, by whom and why; in the state directory.'),
  server: serverSchema
    .prefault({})
    .describe('Metrics, health and the status page of `route-sync run`.'),
  leader: leaderSchema
    .optional()
    .describe('Several agents with one owner, of which one writes and the others stand by.'),
  upstreams: upstreamsSchema.describe('The routers to write to.'),
});

/** A valid configuration with all defaults filled in; prefixes are parsed. */
export type Config = z.output<typeof configSchema>;

export type UpstreamConfig = Config['upstreams'][number];
