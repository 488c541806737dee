/** Removes everything on one upstream that carries our mark. */
import type { UpstreamPlan } from '../core/plan.ts';
import { comparePrefixes } from '../core/prefix.ts';
import type { InstalledRoute, UpstreamState } from '../core/route.ts';
import type { ApplyResult } from '../report/report.ts';
import type { OpenUpstream } from './open-upstream.ts';
import { pushPlan } from './push.ts';
import type { StateDirectory } from './state.ts';

/** Removes them and reads back; the ledger is empty afterwards. */
export async function purgeUpstream(
  open: OpenUpstream,
  store: StateDirectory,
  signal: AbortSignal,
): Promise<ApplyResult> {
  return pushPlan({ ...open, desired: [], plan: purgePlan(open) }, store, signal);
}

function purgePlan({ upstream, state, ledger }: OpenUpstream): UpstreamPlan {
  const routes = ownedRoutes(state);
  return {
    upstream: upstream.config.name,
    changes: routes.map((before) => ({
      action: 'remove',
      before,
      origin: ledger.routes.get(before.prefix.text)?.origin ?? [],
    })),
    held: [],
    conflicts: [],
    warnings: [],
    unneeded: [],
    unchanged: 0,
    owned: routes.length,
    refused: undefined,
    missing: new Map(),
  };
}

/** Our routes on the upstream, sorted by prefix. */
function ownedRoutes({ routes }: UpstreamState): readonly InstalledRoute[] {
  return routes.filter(({ owned }) => owned).sort((a, b) => comparePrefixes(a.prefix, b.prefix));
}
