/** One configured upstream, with the ways to speak to it. */
import { createHash } from 'node:crypto';

import type { Config, UpstreamConfig } from '../config/schema.ts';
import type { UpstreamView } from '../core/claims.ts';
import { desiredFor, type Desired, type DesiredInput } from '../core/desired.ts';
import { planUpstream, type PlanInput, type UpstreamPlan } from '../core/plan.ts';
import type { UpstreamState } from '../core/route.ts';
import type { ExternalNetwork } from '../core/snapshot.ts';
import type { CommandOutput, RouterDriver, RouteScope } from '../drivers/driver.ts';
import { driverFor } from '../drivers/index.ts';
import { RouteSyncError } from '../errors.ts';
import { rememberLast } from './remember.ts';
import type { LedgerKey } from './state.ts';
import { scopeOf } from './scope.ts';
import { type ConnectOptions, transportTo } from './transport-to.ts';
import type { Transport } from '../transport/transport.ts';

export interface Upstream {
  readonly config: UpstreamConfig;
  readonly driver: RouterDriver;
  readonly transport: Transport;
  readonly scope: RouteScope;
  /** Its view of the cloud's external networks; throws CLOUD_NETWORK_UNKNOWN. */
  readonly viewOf: (networks: ReadonlyMap<string, ExternalNetwork>) => UpstreamView;
  /** The core's desiredFor, with its last answer at hand. */
  readonly desiredFor: (...input: DesiredArguments) => Desired;
  /** The core's planUpstream, likewise; mode, rule and budget are those of one configuration. */
  readonly planUpstream: (input: PlanInput) => UpstreamPlan;
}

type DesiredArguments = readonly [
  view: UpstreamView,
  candidates: DesiredInput['candidates'],
  state: DesiredInput['state'],
  ledger: DesiredInput['ledger'],
  policy: DesiredInput['policy'],
];

/** Chooses driver and transport of each upstream by the configuration; opens nothing yet. */
export async function connectUpstreams(
  { owner, upstreams }: Pick<Config, 'owner' | 'upstreams'>,
  options: ConnectOptions = {},
): Promise<readonly Upstream[]> {
  return Promise.all(
    upstreams.map(async (config) => {
      const driver = await driverFor(config.os);
      const transport = await transportTo(config, driver, options);
      return assembleUpstream(config, { driver, transport, owner });
    }),
  );
}

/** Ends what is kept open to them. */
export async function closeUpstreams(upstreams: readonly Upstream[]): Promise<void> {
  await Promise.all(upstreams.map(async ({ transport }) => transport.close()));
}

export interface UpstreamParts {
  readonly driver: RouterDriver;
  readonly transport: Transport;
  readonly owner: string;
}

/** Throws CONFIG_INVALID where the configuration asks for what the driver does not have. */
export function assembleUpstream(
  config: UpstreamConfig,
  { driver, transport, owner }: UpstreamParts,
): Upstream {
  return {
    config,
    driver: rememberingParse(driver),
    transport,
    scope: scopeOf(config, owner, driver),
    viewOf: rememberLast((networks: ReadonlyMap<string, ExternalNetwork>) =>
      viewOfUpstream(config, networks),
    ),
    planUpstream: rememberingPlan(),
    desiredFor: rememberLast((...[upstream, candidates, state, ledger, policy]: DesiredArguments) =>
      desiredFor({ upstream, candidates, state, ledger, policy }),
    ),
  };
}

/** The core's planUpstream with its last answer at hand; only removals make a plan depend on the time. */
function rememberingPlan(): (input: PlanInput) => UpstreamPlan {
  let last: { readonly input: PlanInput; readonly plan: UpstreamPlan } | undefined;
  return (input) => {
    const { desired, state, ledger, missing } = input;
    const isKnown =
      last !== undefined &&
      last.plan.missing.size === 0 &&
      last.input.desired === desired &&
      last.input.state === state &&
      last.input.ledger === ledger &&
      last.input.missing === missing;
    last = isKnown && last !== undefined ? last : { input, plan: planUpstream(input) };
    return last.plan;
  };
}

/**
 * A driver that parses equal answers once: cycle by cycle most upstreams say what they said before. Of the answers no
 * more than digests is kept.
 */
function rememberingParse(driver: RouterDriver): RouterDriver {
  let last: { readonly prints: readonly Print[]; readonly state: UpstreamState } | undefined;
  return {
    ...driver,
    parse: (scope, outputs) => {
      const prints = outputs.map(printOf);
      if (last === undefined || !areEqual(prints, last.prints)) {
        last = { prints, state: driver.parse(scope, outputs) };
      }
      return last.state;
    },
  };
}

/** Equal for equal answers. */
type Print = readonly [digest: string, stderr: string, exitCode: number];

function printOf(output: CommandOutput): Print {
  const digest = output.bytes?.digest ?? createHash('sha256').update(output.stdout).digest('hex');
  return [digest, output.stderr, output.exitCode];
}

function areEqual(a: readonly Print[], b: readonly Print[]): boolean {
  return a.every((print, index) => print.every((part, i) => part === b[index]?.[i]));
}

/** Where and what is written, for people. */
export function describeUpstream(upstream: Upstream): string {
  const { transport, scope } = upstream;
  const metric = 'table' in scope ? [`metric ${scope.metric}`] : [];
  return [transport.description, placeOf(scope), markOf(upstream), ...metric].join(', ');
}

/** What is written to, for the lock: the same for everyone who writes there. Rejects like Transport.lockTarget. */
export async function lockTarget({ transport, scope }: Upstream): Promise<string> {
  return `${await transport.lockTarget()} ${placeOf(scope)}`;
}

/** Whose files of the state directory: the name, what is written to, and with which mark. */
export function ledgerKey(upstream: Upstream): LedgerKey {
  const { config, transport, scope } = upstream;
  const metric = 'table' in scope ? [`metric ${scope.metric}`] : [];
  const target = [transport.target, placeOf(scope), markOf(upstream), ...metric].join(' ');
  return { name: config.name, target };
}

function placeOf(scope: RouteScope): string {
  return 'table' in scope ? `table ${scope.table}` : `vrf ${scope.vrf ?? 'global'}`;
}

/** The configured names and ids of external networks -> ids; throws CLOUD_NETWORK_UNKNOWN. */
function viewOfUpstream(
  config: UpstreamConfig,
  networks: ReadonlyMap<string, ExternalNetwork>,
): UpstreamView {
  const idOf = (name: string): string => externalNetworkId(name, networks, config.name);
  return {
    name: config.name,
    networkIds: new Set(config.externalNetworks.map(idOf)),
    devices: new Map(
      Object.entries(config.devices ?? {}).map(([name, device]) => [idOf(name), device]),
    ),
  };
}

function externalNetworkId(
  nameOrId: string,
  networks: ReadonlyMap<string, ExternalNetwork>,
  upstream: string,
): string {
  if (networks.has(nameOrId)) {
    return nameOrId;
  }
  const [match, ...others] = [...networks.values()].filter(({ name }) => name === nameOrId);
  if (match !== undefined && others.length === 0) {
    return match.id;
  }
  const problem =
    match === undefined
      ? 'is not an external network of the cloud'
      : `is the name of ${others.length + 1} external networks; use the id`;
  throw new RouteSyncError(
    'CLOUD_NETWORK_UNKNOWN',
    `externalNetworks of upstream ${upstream}: "${nameOrId}" ${problem} (openstack network list --external)`,
  );
}

/** What shows on the upstream that a route is ours. */
export function markOf({ scope, driver }: Pick<Upstream, 'scope' | 'driver'>): string {
  if ('table' in scope) {
    return `protocol ${scope.protocol}`;
  }
  const { mark } = driver.capabilities;
  return mark === 'tag' ? `tag ${scope.mark.tag}` : `${mark} ${scope.mark.name}`;
}
