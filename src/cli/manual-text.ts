/** What the man page says beside the commands. Words in backquotes are literal. */

export interface Term {
  readonly term: string;
  readonly meaning: string;
}

export interface Example {
  readonly what: string;
  readonly lines: readonly string[];
}

/** When the words of this file were last changed. */
export const UPDATED = '2026-11-23';

export const NAME = 'keep upstream routers in step with OpenStack Neutron';

export const DESCRIPTION: readonly string[] = [
  'Some Neutron routers do no NAT: their tenant subnets are reachable only if the router in front of the cloud has a route to each of them, with the address of the tenant router on the external network as its next hop. `route-sync` reads Neutron, computes these routes, compares them with what each upstream router holds, and pushes the difference. It only ever reads the cloud.',
  'Every route that it writes carries a mark, and a ledger says which object of the cloud it came from. Routes without the mark are never touched. Removals come late: after several complete readings of the cloud and a grace time, and never more at once than the guard permits.',
  'stdout is the result, stderr is the log. Names that tenants typed are printed with their control characters escaped.',
];

export const ENVIRONMENT: readonly Term[] = [
  {
    term: 'OS_CLOUD',
    meaning: 'The entry of clouds.yaml, unless `cloud.name` of the configuration names one.',
  },
  {
    term: 'OS_*',
    meaning:
      'Credentials as for the `openstack` command, where neither names an entry of clouds.yaml; `OS_CLIENT_CONFIG_FILE` and `OS_CLIENT_SECURE_FILE` name other files.',
  },
  { term: 'ROUTE_SYNC_LOG', meaning: '`json`: the log on stderr is JSON lines.' },
  { term: 'NO_COLOR', meaning: 'Not empty: no colour, as on anything that is not a terminal.' },
  {
    term: 'STATE_DIRECTORY',
    meaning:
      'Where ledgers, journals and status are kept, unless `stateDir` of the configuration says so. Default: `$XDG_STATE_HOME/route-sync`, else `~/.local/state/route-sync`.',
  },
  {
    term: 'RUNTIME_DIRECTORY',
    meaning:
      'Where locks are kept. Default: `/run/route-sync` for root and for whoever may write there, else a folder of the user.',
  },
  {
    term: 'NOTIFY_SOCKET, WATCHDOG_USEC',
    meaning: 'Set by systemd: `run` tells it when it is ready and that it is alive.',
  },
];

export const FILES: readonly Term[] = [
  {
    term: './route-sync.yaml, /etc/route-sync/route-sync.yaml',
    meaning: 'The configuration; the first that there is.',
  },
  {
    term: 'clouds.yaml, secure.yaml',
    meaning:
      'Credentials, in the current folder, `~/.config/openstack` or `/etc/openstack`, as for the `openstack` command.',
  },
  {
    term: 'upstreams/NAME.json',
    meaning: 'In the state directory: which of the routes on an upstream are ours, and why.',
  },
  {
    term: 'desired/NAME.json',
    meaning:
      'In the state directory: the last good state, for as long as the cloud cannot be read.',
  },
  {
    term: 'journal/NAME.jsonl',
    meaning: 'In the state directory: what was done, by whom and why, hash-chained.',
  },
  { term: 'status.json', meaning: 'In the state directory: what the last cycles did.' },
  {
    term: 'freeze',
    meaning: 'In the state directory: while it is there, nothing is written to any upstream.',
  },
];

export const EXAMPLES: readonly Example[] = [
  {
    what: 'The first plan, with the credentials of an openrc file:',
    lines: ['source keystonerc_admin', 'route-sync init', 'route-sync plan'],
  },
  {
    what: 'Review a plan, then do exactly that:',
    lines: ['route-sync plan --output json > plan.json', 'route-sync apply --plan plan.json'],
  },
  {
    what: 'From cron: mail only when something changed or failed:',
    lines: ['*/5 * * * * root route-sync apply --quiet --wait 60'],
  },
  {
    what: 'Why is this prefix announced, or not?',
    lines: ['route-sync explain 10.10.1.0/24'],
  },
  {
    what: 'Stop everything, look at what a run did, and take it back:',
    lines: [
      "route-sync freeze --reason 'looking into it'",
      'route-sync journal show RUN',
      'route-sync undo RUN',
    ],
  },
];

export const SEE_ALSO: readonly string[] = ['ip-route(8)', 'ssh(1)', 'ssh_config(5)', 'crontab(5)'];
