/** The shape of `plan --output json` and `apply --output json`: docs/plan.schema.json is generated from it. */
import { z } from 'zod';
import { VERDICTS } from '../core/eligibility.ts';

const uuid = z.string();

const prefix = z.string().describe('A prefix in canonical text, such as 10.1.0.0/24.');
const action = z.enum(['add', 'replace', 'remove']);
const nextHops = z.array(z.string()).describe('Addresses, sorted; empty for a removal.');
const before = z
  .array(z.string())
  .nullable()
  .describe('The next hops that are installed now; null for an add.');

const origin = z
  .strictObject({
    router: uuid.describe('The Neutron router.'),
    subnet: uuid.describe('The subnet whose prefix is announced.'),
    project: z.string().describe('The Keystone project of the subnet.'),
    port: uuid.describe("The router's port on the subnet."),
    leg: uuid.describe("The router's port on the external network; empty where it is not known."),
    network: uuid.describe('The external network of the leg.'),
    floatingIp: uuid.describe('The floating IP that is announced; empty for everything else.'),
  })
  .meta({ id: 'origin', description: 'The cloud objects that a route comes from.' });

const origins = z
  .array(origin)
  .describe('Where the route comes from; several only with ECMP, none where no ledger tells.');

const change = z
  .strictObject({ action, prefix, nextHops, before, origin: origins })
  .meta({ id: 'change', description: 'One change of one route of ours.' });

const problem = z
  .strictObject({
    code: z.string().describe('A stable code; docs/errors.md lists them.'),
    message: z.string().describe('One line for people.'),
  })
  .meta({ id: 'problem', description: 'What went wrong or was refused.' });

const conflict = z
  .strictObject({
    code: z.enum([
      'foreign',
      'foreign-overlap',
      'foreign-covering',
      'connected',
      'next-hop-is-upstream',
      'duplicate',
      'overlap',
    ]),
    prefix,
    message: z.string(),
    origin: z.array(origin).describe('The claimant; for duplicate and overlap then the winner.'),
  })
  .meta({ id: 'conflict', description: 'A wanted route that something stands in the way of.' });

const held = z
  .strictObject({
    code: z.enum([
      'mode',
      'ledger',
      'grace',
      'window',
      'unconfirmed',
      'max-routes',
      'guard',
      'standby',
      'frozen',
    ]),
    action,
    prefix,
    until: z.iso.datetime().nullable().describe('When it may go at the earliest; null: open.'),
    message: z.string(),
    nextHops,
    before,
    origin: origins,
  })
  .meta({ id: 'held', description: 'A change that is kept back.' });

const warning = z
  .strictObject({
    code: z.enum(['foreign-overlap', 'foreign-covering']),
    prefix,
    message: z.string(),
  })
  .meta({ id: 'warning', description: 'Something about a route that is installed all the same.' });

const count = z.int().min(0);

const problems = z.array(z.strictObject({ action, prefix, code: z.string(), message: z.string() }));

const result = z
  .strictObject({
    added: count,
    replaced: count,
    removed: count,
    failed: problems.describe('The changes that the upstream refused or does not show afterwards.'),
    skipped: problems.describe('Removals of routes that changed since they were planned.'),
    verified: z.boolean().describe('True if the read-back shows every change that did not fail.'),
    save: z
      .strictObject({
        saved: z.boolean().describe('False while a restart of the router would lose changes.'),
        error: problem.nullable(),
      })
      .optional()
      .describe('Present where the router keeps what runs and what it starts with apart.'),
  })
  .meta({ id: 'result', description: 'What a push did; only after apply.' });

const upstream = z
  .strictObject({
    name: z.string().describe('The name in the configuration.'),
    os: z.string().describe('The router OS.'),
    description: z.string().describe('Where and what is written, for people.'),
    reachable: z.boolean().describe('False: it could not be read, and everything below is empty.'),
    error: problem.nullable().describe('Why it could not be read or written as a whole.'),
    lastGood: z
      .strictObject({
        at: z.iso.datetime().describe('When the cloud was last read whole.'),
        ageSeconds: count,
        because: problem,
      })
      .nullable()
      .describe('Set where the last good state is repaired because the cloud does not tell more.'),
    refused: problem.nullable().describe('What the guard refused; adds still go out.'),
    changes: z.array(change).describe('Sorted by prefix.'),
    conflicts: z.array(conflict).describe('Sorted by prefix.'),
    held: z.array(held).describe('Sorted by prefix.'),
    warnings: z.array(warning),
    unchanged: count.describe('How many routes of ours are as wanted.'),
    result: result.optional(),
  })
  .meta({ id: 'upstream', description: 'One upstream router.' });

const verdict = z.enum([...VERDICTS.keys()]).describe('The first rule that failed, or eligible.');

const candidate = z
  .strictObject({
    router: uuid,
    port: uuid.nullable(),
    subnet: uuid.nullable(),
    project: z.string(),
    source: z.enum(['subnet', 'extra-route', 'floating-ip']).describe('Where the prefix is from.'),
    prefix,
    externalNetwork: uuid.nullable().describe('Null for a router without external leg.'),
    leg: z.enum(['gateway', 'interface']).nullable(),
    nextHops: z.array(z.string()).describe("The leg's addresses that may be a next hop."),
    verdict,
    warnings: z.array(z.enum(['one-way', 'return-path'])),
    checks: z.array(z.strictObject({ code: verdict, passed: z.boolean(), detail: z.string() })),
  })
  .meta({ id: 'candidate', description: 'One pair of external leg and prefix with its verdict.' });

const snapshot = z
  .strictObject({
    complete: z.literal(true).describe('Only a complete snapshot is a snapshot.'),
    natModel: z.enum(['ovs', 'ovn']).describe('Whose rules of NAT were applied.'),
    routers: count,
    ports: count,
    subnets: count,
    externalNetworks: count,
    readMs: count.describe('How long reading the cloud took.'),
  })
  .describe('What was read of the cloud.');

const noSnapshot = z
  .strictObject({ complete: z.literal(false), error: problem })
  .describe('The cloud could not be read: the last good state is kept, and nothing is removed.');

const freeze = z
  .strictObject({ by: z.string(), at: z.string(), reason: z.string() })
  .describe('The kill switch, while it is on: every change is held.');

/** One object of `plan --output json` or `apply --output json`, version 1. */
export const planSchema = z
  .strictObject({
    version: z.literal(1),
    owner: z.string().describe('The owner of the configuration.'),
    run: z.string().describe('Id of this run; sorts by time.'),
    digest: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/)
      .describe('Covers the names and changes of all upstreams and nothing else.'),
    snapshot: z.union([snapshot, noSnapshot]),
    frozen: freeze.nullable(),
    upstreams: z.array(upstream),
    verdicts: z.partialRecord(verdict, count).describe('How many candidates got which verdict.'),
    candidates: z.array(candidate).optional().describe('Only with --verbose.'),
    exitCode: z.int().optional().describe("The command's exit code; only after apply."),
  })
  .describe('What route-sync plan --output json and apply --output json print.');

/** The text of docs/plan.schema.json: JSON Schema, draft 2020-12. */
export function planJsonSchema(): string {
  const schema = { title: 'The plan of route-sync', ...z.toJSONSchema(planSchema) };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
