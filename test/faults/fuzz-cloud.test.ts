/**
 * Whatever Neutron answers, the cloud is refused or read whole: no route goes that the answers still show, or that the
 * cloud still shows when asked for it by id; nothing else than permitted prefixes and legs enters a command; and what
 * tenants typed is printed escaped.
 */
import { confirmLosses } from '../../src/agent/confirm.ts';
import { readSnapshot } from '../../src/agent/snapshot.ts';
import { parseConfig } from '../../src/config/load.ts';
import { desiredFor, type Desired, type DesiredInput } from '../../src/core/desired.ts';
import {
  checksOf,
  judge,
  type Candidate,
  type EligibilityInput,
} from '../../src/core/eligibility.ts';
import { planUpstream, type UpstreamPlan } from '../../src/core/plan.ts';
import { parseAddress } from '../../src/core/prefix.ts';
import { prefixOf, type DesiredRoute, type UpstreamState } from '../../src/core/route.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { linux } from '../../src/drivers/linux.ts';
import type { OpenStackClient } from '../../src/openstack-client-lite/index.ts';
import { escapeJson } from '../../src/report/escape.ts';
import { reportToJson } from '../../src/report/json.ts';
import { describeError } from '../../src/report/lines.ts';
import { reportToMarkdown } from '../../src/report/markdown.ts';
import type { Report } from '../../src/report/report.ts';
import { painter, reportToText } from '../../src/report/text.ts';
import { installed, stateOf } from '../core/world.ts';
import { SCOPE } from '../drivers/routes.ts';
import { clientOf, ovnWorld, ovsWorld, type World } from './fuzz-cloud.ts';
import { type Damaged, damageOf, listOf } from './fuzz-cloud-damage.ts';
import { checkCommands, checkPrinted, checkRemovals, removalsIn } from './fuzz-model.ts';
import type { Json } from './fuzz-mutate.ts';
import { fuzz, orRefusedLater, promise } from './fuzz-run.ts';

const NOW = Date.UTC(2026, 0, 1);
const RULE = { snapshots: 2, graceSeconds: 60 };
const ORPHAN = installed('10.99.0.0/24', ['203.0.113.10']);
const FOREIGN = installed('10.98.0.0/24', ['203.0.113.99'], 'foreign');
const CONNECTED = [
  ['203.0.113.1', '203.0.113.0/24'],
  ['2001:db8:100::1', '2001:db8:100::/64'],
] as const;
const { policy: POLICY } = parseConfig(
  JSON.stringify({
    owner: 'test',
    policy: {
      mode: 'sync',
      allow: [
        { prefix: '10.0.0.0/8', minLength: 16, maxLength: 29 },
        { prefix: '2001:db8::/32', maxLength: 64 },
      ],
      extraRoutes: true,
      floatingIps: true,
    },
    upstreams: [{ name: 'edge1', os: 'linux', externalNetworks: ['public'] }],
  }),
  'route-sync.yaml',
);
const PERMITTED =
  /^(?:10(?:\.\d+){3}\/(?:1[6-9]|2\d)|2001:db8:[0-9a-f:]*\/(?:3[2-9]|[45]\d|6[0-4]))$/;
const { signal } = new AbortController();

/** A world with an upstream that holds all it wants, and a ledger to which everything seems overdue. */
interface Scene {
  readonly world: World;
  readonly state: UpstreamState;
  readonly ledger: ReadonlyMap<string, Known>;
  readonly missing: ReadonlyMap<string, { readonly since: number; readonly snapshots: number }>;
  readonly wanted: readonly DesiredRoute[];
  readonly externalSubnets: readonly string[];
  /** The true rows of each list as text, by id. */
  readonly truth: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

type Known = Pick<DesiredRoute, 'origin'> & { readonly nextHops: readonly string[] };

async function sceneOf(world: World): Promise<Scene> {
  const truth = new Map<string, ReadonlyMap<string, string>>();
  const watch = (path: string, body: Json): undefined => {
    const rows = Object.values(body as Record<string, readonly Record<string, Json>[]>).flat();
    truth.set(listOf(path), new Map(rows.map((row) => [row['id'] as string, JSON.stringify(row)])));
  };
  const client = clientOf(world, watch, ['admin']);
  const { natModel } = world;
  const snapshot = await readSnapshot({ client, policy: POLICY, natModel, signal });
  const { routes: wanted } = desire(
    { candidates: judge(inputOf(snapshot)), state: stateOf([], CONNECTED), ledger: new Map() },
    snapshot,
  );
  const state = stateOf(
    [
      ...wanted.map(({ prefix, nextHops }) =>
        installed(
          prefix.text,
          nextHops.map(({ address }) => address),
        ),
      ),
      ORPHAN,
      FOREIGN,
    ],
    CONNECTED,
  );
  const ledger = new Map<string, Known>(
    [...wanted, { ...ORPHAN, origin: [] }].map(({ prefix, nextHops, origin }) => [
      prefix.text,
      { origin, nextHops: nextHops.map(({ address }) => address) },
    ]),
  );
  const overdue = { since: NOW - 3_600_000, snapshots: 9 };
  const missing = new Map([...ledger.keys()].map((prefix) => [prefix, overdue]));
  const externalSubnets = [...snapshot.externalNetworks.values()].flatMap((each) => each.subnetIds);
  return { world, state, ledger, missing, wanted, externalSubnets, truth };
}

function inputOf(snapshot: Snapshot): EligibilityInput {
  const servedNetworks = new Set(snapshot.externalNetworks.keys());
  return { snapshot, policy: POLICY, servedNetworks, protectedAddresses: [] };
}

function desire(
  input: Pick<DesiredInput, 'candidates' | 'state' | 'ledger'>,
  { externalNetworks }: Snapshot,
): Desired {
  const networkIds = new Set(externalNetworks.keys());
  const upstream = { name: 'edge1', networkIds, devices: new Map() };
  return desiredFor({ ...input, upstream, policy: POLICY });
}

/** The damaged lists, and the true rows of each list as text, by id. */
interface Shown {
  readonly bodies: ReadonlyMap<string, string>;
  readonly truth: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** True if the list shows the object as it truly is. */
function isIntact(list: string, id: string, { bodies, truth }: Shown): boolean {
  const body = bodies.get(list);
  const row = truth.get(list)?.get(id);
  return body === undefined || row === undefined || body.includes(row);
}

/** The wanted routes whose objects are all shown as they are, in surroundings that are. */
function undoubted({ wanted, externalSubnets }: Scene, shown: Shown): readonly DesiredRoute[] {
  const isClear =
    !['networks', 'subnetpools', 'address-scopes'].some((list) => shown.bodies.has(list)) &&
    externalSubnets.every((id) => isIntact('subnets', id, shown));
  return wanted.filter(
    ({ origin }) =>
      isClear &&
      origin.every(
        ({ router, subnet, port, leg }) =>
          isIntact('routers', router, shown) &&
          isIntact('subnets', subnet, shown) &&
          [port, leg].every(
            (id) => isIntact('interfaces', id, shown) && isIntact('gateways', id, shown),
          ),
      ),
  );
}

/** Every address that the answers name, in canonical form. */
function namedAddresses(lists: readonly string[]): ReadonlySet<string> {
  const texts = lists.flatMap((text) => [...text.matchAll(/"ip_address":"([^"]*)"/g)]);
  return new Set(texts.flatMap(([, text = '']) => canonical(text)));
}

function canonical(text: string): readonly string[] {
  try {
    return [parseAddress(text)];
  } catch {
    return [];
  }
}

interface Outcome {
  readonly plan: UpstreamPlan;
  readonly input: EligibilityInput;
  readonly candidates: readonly Candidate[];
}

/** From the client to the confirmed plan; undefined where the cloud is refused. */
async function planWith(client: OpenStackClient, scene: Scene): Promise<Outcome | undefined> {
  const { world, state, ledger, missing } = scene;
  const { natModel } = world;
  const options = { client, policy: POLICY, natModel, signal };
  const snapshot = await orRefusedLater(
    async () => readSnapshot(options),
    (refusal) => checkPrinted(describeError(refusal), 'the refusal'),
  );
  if (snapshot === undefined) {
    return undefined;
  }
  const input = inputOf(snapshot);
  const candidates = judge(input);
  const draft = planUpstream({
    upstream: 'edge1',
    state,
    ledger,
    missing,
    removal: RULE,
    mode: 'sync',
    now: NOW,
    reading: 'whole',
    desired: desire({ candidates, state, ledger }, snapshot),
    maxRoutes: undefined,
    windows: { windows: [], timezone: 'UTC' },
  });
  const { network } = client;
  const plan = await confirmLosses(draft, {
    network,
    eligibility: input,
    candidates,
    ledger,
    signal,
  });
  return { plan, input, candidates };
}

/** Holds the plan against what the answers, and what stands behind them, permit. */
function checkPlan({ plan }: Outcome, scene: Scene, { kind, bodies }: Damaged): void {
  const { wanted, ledger, missing, truth } = scene;
  const ofAction = (action: string): readonly string[] =>
    plan.changes.filter((each) => each.action === action).map((each) => prefixOf(each).text);
  const hops = new Map([...ledger].map(([prefix, { nextHops }]) => [prefix, new Set(nextHops)]));
  const safe = kind === 'lost' ? wanted : undoubted(scene, { bodies, truth });
  checkRemovals(removalsIn(plan.changes), {
    installed: hops,
    ledger,
    missing,
    mode: 'sync',
    rule: RULE,
    now: NOW,
    wanted: new Set(safe.map(({ prefix }) => prefix.text)),
  });
  const written = [...ofAction('add'), ...ofAction('replace')];
  const wrong = written.find((prefix) => !PERMITTED.test(prefix) || prefix === FOREIGN.prefix.text);
  promise(wrong === undefined, `${wrong} is not for us to write`);
  const sendable = plan.changes.filter((change) => linux.unsupported(change) === undefined);
  const lists = [...truth.keys()].map(
    (list) => bodies.get(list) ?? [...(truth.get(list)?.values() ?? [])].join(','),
  );
  checkCommands(
    linux.render(SCOPE, sendable).map(({ command }) => command),
    {
      prefixes: new Set([...written, ...ofAction('remove')]),
      nextHops: new Set([
        ...namedAddresses(lists),
        ...[...hops.values()].flatMap((each) => [...each]),
      ]),
    },
  );
}

function checkReports({ plan, input, candidates }: Outcome): void {
  const { natModel, routers, interfacePorts, subnets, externalNetworks } = input.snapshot;
  const report: Report = {
    owner: 'test',
    run: 'run',
    snapshot: {
      natModel,
      routers: routers.length,
      ports: interfacePorts.length,
      subnets: subnets.size,
      externalNetworks: externalNetworks.size,
      readMs: 1,
    },
    blind: undefined,
    freeze: undefined,
    upstreams: [
      {
        name: 'edge1',
        os: 'linux',
        description: 'this host',
        plan,
        error: undefined,
        networkIds: new Set(),
        counts: undefined,
        stale: undefined,
        result: undefined,
      },
    ],
    candidates,
    isVerbose: true,
    checksOf: (some) => checksOf(some, input),
    externalNetworks: new Map(),
    exitCode: undefined,
  };
  checkPrinted(reportToText(report, painter(false)), 'the text');
  checkPrinted(reportToMarkdown(report), 'the Markdown');
  checkPrinted(escapeJson(JSON.stringify(reportToJson(report), undefined, 2)), 'the JSON');
}

describe('fuzz: the answers of the cloud', () => {
  for (const makeWorld of [ovnWorld, ovsWorld]) {
    it(`${makeWorld.name}: refuses them, or takes nothing away that is still there`, async () => {
      const scene = await sceneOf(makeWorld());
      await fuzz({
        name: makeWorld.name,
        share: 45_000,
        attempt: async (random, note) => {
          const damaged = damageOf(random);
          note(damaged.bodies);
          const roles = random.percent(90) ? ['admin'] : ['reader'];
          const outcome = await planWith(clientOf(scene.world, damaged.damage, roles), scene);
          if (outcome !== undefined) {
            checkPlan(outcome, scene, damaged);
            if (random.percent(25)) {
              checkReports(outcome);
            }
          }
        },
      });
    });
  }
});
