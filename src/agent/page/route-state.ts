/** The few states that the status page tells apart, the graver ones first. */

export const STATES = [
  'failed',
  'conflict',
  'unreachable',
  'held',
  'pending',
  'in-sync',
  'not-announced',
] as const;

export type RouteState = (typeof STATES)[number];

/** What a state is called, and what it means. */
export const STATE_TEXTS: Readonly<Record<RouteState, readonly [name: string, meaning: string]>> = {
  failed: ['failed', 'the upstream did not take the change'],
  conflict: ['conflict', 'something is in the way on the upstream, or another router goes first'],
  unreachable: ['unreachable', 'the upstream was not read'],
  held: ['held', 'a change is kept back for now'],
  pending: ['pending', 'a change that goes out next'],
  'in-sync': ['in sync', 'the upstream holds what the cloud asks for'],
  'not-announced': ['not announced', 'a rule says that it is not to be announced'],
};

const RANKS: ReadonlyMap<RouteState, number> = new Map(STATES.map((state, rank) => [state, rank]));

/** Below zero where `a` is the graver one. */
export function compareStates(a: RouteState, b: RouteState): number {
  return (RANKS.get(a) ?? 0) - (RANKS.get(b) ?? 0);
}

/** The gravest; `not-announced` where there is none. */
export function worstOf(states: Iterable<RouteState>): RouteState {
  let worst: RouteState = 'not-announced';
  for (const state of states) {
    worst = compareStates(state, worst) < 0 ? state : worst;
  }
  return worst;
}

export function isRouteState(text: string): text is RouteState {
  return (STATES as readonly string[]).includes(text);
}
