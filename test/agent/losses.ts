/** Removals, held against a cloud that is read over HTTP. */
import { readCloud } from '../../src/agent/cloud-view.ts';
import { confirmLosses } from '../../src/agent/confirm.ts';
import type { UpstreamPlan } from '../../src/core/plan.ts';
import { parseAddress, parsePrefix } from '../../src/core/prefix.ts';
import type { InstalledRoute, Origin, RouteChange } from '../../src/core/route.ts';
import type { Fault, SeenRequest } from '../../src/demo/cloud.ts';
import type { CycleScene } from './cycle-scene.ts';

const EMPTY: UpstreamPlan = {
  upstream: 'edge1',
  changes: [],
  held: [],
  conflicts: [],
  warnings: [],
  unneeded: [],
  unchanged: 0,
  owned: 1,
  refused: undefined,
  missing: new Map(),
};

/** Our route at the prefix, as an upstream holds it. */
export function ourRoute(prefix: string, ...nextHops: readonly string[]): InstalledRoute {
  return {
    prefix: parsePrefix(prefix),
    nextHops: nextHops.map((address) => ({ address: parseAddress(address) })),
    owned: true,
    kind: 'static',
    description: '',
  };
}

export function removal(before: InstalledRoute, ...origin: readonly Origin[]): RouteChange {
  return { action: 'remove', before, origin };
}

/** Reads the cloud, then asks for what the changes would take away; what it was held for, or `confirmed`. */
export async function confirmAll(
  scene: CycleScene,
  changes: readonly RouteChange[],
  onceRead: () => void = () => undefined,
): Promise<readonly string[]> {
  return scene.withDeps(true, async (deps) => {
    const cloud = await readCloud(deps);
    onceRead();
    const { held } = await confirmLosses(
      { ...EMPTY, changes },
      {
        network: deps.client.network,
        eligibility: cloud.eligibility,
        candidates: cloud.candidates,
        ledger: new Map(),
        signal: deps.signal,
      },
    );
    return changes.map((change) => {
      const hold = held.find((each) => each.change === change);
      return hold === undefined ? 'confirmed' : `${hold.code}: ${hold.message}`;
    });
  });
}

/** A list that is asked for whole, not by prefix, address or id. */
const WHOLE_LIST = /v2\.0\/(?<kind>\w+)\?(?!.*(?:cidr|fixed_ips|floating_ip_address)=\w)/;

/** Leaves objects out of every whole list. */
export function hiding(
  isHidden: (row: Row) => boolean,
): (request: SeenRequest) => Fault | undefined {
  return ({ url }) => {
    const kind = WHOLE_LIST.exec(url)?.groups?.['kind'];
    return kind === undefined
      ? undefined
      : {
          body: (text) => {
            const answer = JSON.parse(text) as Readonly<Record<string, readonly Row[]>>;
            return JSON.stringify({ [kind]: answer[kind]?.filter((row) => !isHidden(row)) });
          },
        };
  };
}

export interface Row {
  readonly id: string;
  readonly device_id?: string;
  readonly device_owner?: string;
}
