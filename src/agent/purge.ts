/** Removes everything on one upstream that carries our mark. */
import { comparePrefixes } from '../core/prefix.ts';
import { handMadePlan, type Proposal } from './by-hand.ts';
import type { OpenUpstream } from './open-upstream.ts';

/** The ledger is empty afterwards. */
export function purgeProposal({ upstream, state, ledger }: OpenUpstream): Proposal {
  const routes = state.routes.filter(({ owned }) => owned);
  const changes = routes
    .sort((a, b) => comparePrefixes(a.prefix, b.prefix))
    .map((before) => ({
      action: 'remove' as const,
      before,
      origin: ledger.routes.get(before.prefix.text)?.origin ?? [],
    }));
  const plan = handMadePlan(upstream.config.name, { changes, state, missing: new Map() });
  return { plan, desired: [], left: [] };
}
