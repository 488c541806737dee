/** The `upstreams` section: the routers that we write to, and what shows there that a route is ours. */
import { z } from 'zod';

import { ROUTER_OSES } from '../drivers/index.ts';
import { deviceKeys } from './device-schema.ts';
import {
  choice,
  cloudName,
  filledList,
  flag,
  mustBe,
  section,
  show,
  whole,
  word,
} from './fields.ts';
import { sshSchema } from './ssh-schema.ts';
import { problemsOfDevices, problemsOfKeys } from './upstream-rules.ts';

const MAX_UINT32 = 4_294_967_295;

/** Tables of Linux that mean something else to `ip route` than a table of routes, or that the kernel fills itself. */
const RESERVED_TABLES = new Set(['0', 'unspec', '255', 'local', 'all', 'cache']);

/** Numbers of /etc/iproute2/rt_tables that every Linux has under these names. */
const WELL_KNOWN_TABLES: Readonly<Record<string, string>> = { '253': 'default', '254': 'main' };

/** Who owns which route protocol numbers: linux/rtnetlink.h, and FRR's zebra/rt_netlink.h for 191-198. */
const RESERVED_PROTOCOLS: readonly (readonly [first: number, last: number, owner: string])[] = [
  [1, 1, 'the kernel (redirect)'],
  [2, 2, 'the kernel'],
  [3, 3, 'routes that someone added by hand (boot)'],
  [4, 4, 'static routes of the administrator'],
  [5, 10, 'the kernel and older routing daemons (gated, ra, mrt)'],
  [11, 11, 'FRR (zebra)'],
  [12, 12, 'BIRD'],
  [13, 15, 'older routing daemons (dnrouted, xorp, ntk)'],
  [16, 16, 'DHCP clients'],
  [17, 17, 'multicast routing daemons (mrouted)'],
  [18, 18, 'keepalived'],
  [42, 42, 'Babel daemons'],
  [84, 84, 'OVN'],
  [99, 99, 'Open/R'],
  [186, 192, 'routing daemons (bgp, isis, ospf, rip, eigrp)'],
  [193, 198, 'FRR'],
];

const interfaceName = word(
  /^[A-Za-z0-9_][\w./:-]{0,63}$/,
  'the name of a network interface such as eth1 or GigabitEthernet0/0/0 (at most 63 characters)',
);

const protocol = whole(1, 255)
  .check((context) => {
    const owner = RESERVED_PROTOCOLS.find(
      ([first, last]) => first <= context.value && context.value <= last,
    )?.[2];
    if (owner !== undefined) {
      const message = `must not be ${context.value}, which belongs to ${owner}; use a free number such as 201`;
      context.issues.push({ code: 'custom', message, input: context.value });
    }
  })
  .optional()
  .describe(
    'Linux route protocol number: the mark of our routes. Default: 201. Refused: 1-18, 42, 84, 99 and 186-198, which belong to the kernel and to routing daemons. Two owners on one table need two numbers.',
  );

const TABLE = 'a routing table: its number, or its name in rt_tables';

const noTable = mustBe(TABLE);

const tableNumber = z
  .int({ error: noTable })
  .min(0, { error: noTable })
  .max(MAX_UINT32, { error: noTable });

const table = z
  .union([z.string(), tableNumber], { error: noTable })
  .transform((input, context): string => {
    const text = WELL_KNOWN_TABLES[String(input)] ?? String(input);
    const refuse = (message: string): never => {
      context.issues.push({ code: 'custom', message, input });
      return z.NEVER;
    };
    if (RESERVED_TABLES.has(text)) {
      return refuse(
        `must not be ${text}, which is not ours to write; use main or a table of your own`,
      );
    }
    const isNumber = /^[1-9]\d{0,9}$/.test(text) && Number(text) <= MAX_UINT32;
    const isName = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/.test(text);
    return isNumber || isName ? text : refuse(noTable({ input }));
  })
  .optional()
  .describe('Linux routing table, by number or by its name in rt_tables. Default: main.');

const via = section({
  netns: word(
    /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/,
    'the name of a network namespace as "ip netns list" shows it',
  )
    .optional()
    .describe('The named network namespace on this host that is the upstream.'),
  ssh: sshSchema.optional().describe('The router over SSH, by the OpenSSH client of this host.'),
}).check((context) => {
  const { netns, ssh } = context.value;
  if ((netns === undefined) === (ssh === undefined)) {
    const message = 'must have one of the keys netns and ssh';
    context.issues.push({ code: 'custom', message, input: context.value });
  }
});

const device = section({
  dev: interfaceName.describe("The upstream's interface towards the external network."),
  onlink: flag()
    .default(false)
    .describe(
      'Take next hops on that interface although no connected network covers them (`onlink`).',
    ),
});

const upstream = section({
  name: word(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'a name of letters, digits, ".", "_" and "-" (at most 63)',
  ).describe('What reports, logs and `--upstream` call it. Unique.'),
  os: choice(ROUTER_OSES).describe('The router OS, which decides how routes are read and written.'),
  externalNetworks: filledList(
    cloudName(),
    'a list of the external networks that this router is connected to, for example [public]',
  ).describe('The external networks in front of which this router stands (names or ids).'),
  via: via
    .optional()
    .describe('Where the router is. Default: this host, in the network namespace of route-sync.'),
  table,
  protocol,
  metric: whole(1, MAX_UINT32)
    .optional()
    .describe('Linux route metric of our routes; part of the mark. Default: 1024.'),
  ...deviceKeys,
  maxRoutes: whole(1, 10_000_000)
    .optional()
    .describe(
      'The most routes of ours that this router may hold; adds beyond it are held. Default: no limit.',
    ),
  devices: z
    .record(z.string(), device, {
      error: mustBe('a mapping from external network to { dev: NAME }'),
    })
    .optional()
    .describe(
      'For external networks whose next hops are link-local or off-link: the interface to use, by network as written in `externalNetworks`.',
    ),
}).check((context) => {
  const problems = [...problemsOfKeys(context.value), ...problemsOfDevices(context.value)];
  for (const { path, message } of problems) {
    context.issues.push({ code: 'custom', message, path: [...path], input: context.value });
  }
});

type Upstream = z.output<typeof upstream>;

export const upstreamsSchema = filledList(
  upstream,
  'a list of the routers to write to, for example "[{ name: edge1, os: linux, externalNetworks: [public] }]"',
).check((context) => {
  refuseTwins(context, 'name', (entry) => entry.name);
  refuseTwins(context, 'table', targetOf);
});

const TWIN_REASONS = {
  name: 'is also the name of another entry',
  table: 'is also written by another entry with the same mark',
};

/** What is written to and with which mark, as far as the configuration tells. */
function targetOf(entry: Upstream): string {
  const { os, via: where, table = 'main', protocol: number = 201, vrf, tag, markName } = entry;
  const place = [where?.netns, where?.ssh?.host, where?.ssh?.port];
  const mark = os === 'linux' ? [table, number] : [os, vrf, tag, markName];
  return JSON.stringify([...place, ...mark]);
}

/** Two entries that write to the same place with the same mark would undo each other's work, cycle by cycle. */
function refuseTwins(
  context: z.core.ParsePayload<readonly Upstream[]>,
  key: keyof typeof TWIN_REASONS,
  identity: (entry: Upstream) => string,
): void {
  const first = new Map<string, number>();
  for (const [index, entry] of context.value.entries()) {
    const twin = first.get(identity(entry));
    if (twin === undefined) {
      first.set(identity(entry), index);
      continue;
    }
    const message =
      key === 'name'
        ? `${show(entry.name)} ${TWIN_REASONS.name}, upstreams[${twin}]; use one entry, or another name`
        : `${show(entry.table ?? 'main')} ${TWIN_REASONS.table}, upstreams[${twin}]; use one entry, or another table, VRF or mark`;
    context.issues.push({ code: 'custom', message, path: [index, key], input: entry });
  }
}
