/** `adopt`: hand-made routes that stand where the cloud wants ours become ours, on every upstream that was asked for. */
import { RouteSyncError } from '../errors.ts';
import type { Adoption } from '../drivers/driver.ts';
import { planAdoption, type AdoptPlan, type AdoptRequest } from './adopt-plan.ts';
import { pushAdoption, type AdoptOutcome } from './adopt-push.ts';
import { readCloud } from './cloud-view.ts';
import type { CycleDeps } from './cycle.ts';
import { refuseFrozen } from './frozen.ts';
import { leadFor } from './leader/lead.ts';
import { openUpstream, type OpenUpstream } from './open-upstream.ts';
import { attempt, next, type Step } from './steps.ts';

/** One upstream's plan with what it takes to carry it out. */
export interface AdoptPlanned extends AdoptPlan {
  readonly open: OpenUpstream;
}

export interface AdoptDone extends AdoptOutcome {
  readonly refused: AdoptPlan['refused'];
}

/**
 * What would be taken over; locks and changes nothing. Rejects with FROZEN, with NOTHING_TO_ADOPT where a named prefix
 * cannot be taken over, and when the cloud cannot be read whole; what goes wrong on one upstream is its step's error.
 */
export async function planAdoptions(
  deps: CycleDeps,
  request: AdoptRequest,
): Promise<readonly Step<AdoptPlanned>[]> {
  return withPlans({ ...deps, lock: undefined, journal: undefined }, request, (steps) =>
    Promise.resolve(steps),
  );
}

/** How many routes would be taken over. */
export function countAdoptions(steps: readonly Step<AdoptPlanned>[]): number {
  return steps.reduce((sum, { value }) => sum + (value?.adoptions.length ?? 0), 0);
}

/** Takes over what was shown; anything else is refused (PLAN_STALE), and then nothing is changed. */
export async function adoptRoutes(
  deps: CycleDeps,
  request: AdoptRequest,
  { run, shown }: { readonly run: string; readonly shown: readonly Step<AdoptPlanned>[] },
): Promise<readonly Step<AdoptDone>[]> {
  if (countAdoptions(shown) === 0) {
    return Promise.all(
      shown.map(async (step) =>
        next(step, ({ refused }) => Promise.resolve({ ...NOTHING, refused })),
      ),
    );
  }
  const lead = leadFor(deps);
  return withPlans(deps, request, async (steps) => {
    if (!steps.every((step, index) => isAsShown(step, shown[index]))) {
      throw new RouteSyncError(
        'PLAN_STALE',
        'what could be taken over changed since it was shown; nothing was changed: look again',
      );
    }
    deps.signal.throwIfAborted();
    const { signal } = new AbortController();
    const facts = { run, command: deps.command, force: false };
    const context = { store: deps.state, facts, clock: deps.clock, lead, signal };
    return Promise.all(
      steps.map(async (step) =>
        next(step, async ({ open, ...plan }) => {
          const outcome =
            plan.adoptions.length === 0 ? NOTHING : await pushAdoption(open, plan, context);
          return { ...outcome, refused: plan.refused };
        }),
      ),
    );
  });
}

const NOTHING: AdoptOutcome = {
  adopted: [],
  result: { added: 0, replaced: 0, removed: 0, failed: [], skipped: [], verified: true },
};

/** An upstream that cannot be opened (any more) has its own error and holds up no other. */
function isAsShown(now: Step<AdoptPlanned>, then: Step<AdoptPlanned> | undefined): boolean {
  return now.value === undefined || digestOf(now.value) === digestOf(then?.value);
}

function digestOf(plan: AdoptPlanned | undefined): string {
  return JSON.stringify(plan?.adoptions.map(factsOf));
}

function factsOf({ stranger, after }: Adoption): unknown {
  const { nextHops, origin, prefix } = after;
  return [prefix.text, stranger.route.description, nextHops, origin];
}

/** Device first, cloud second, as in every cycle; the locks are held while `use` works. */
async function withPlans<T>(
  deps: CycleDeps,
  request: AdoptRequest,
  use: (steps: readonly Step<AdoptPlanned>[]) => Promise<T>,
): Promise<T> {
  await refuseFrozen(deps.state);
  const opened = await Promise.all(
    deps.upstreams.map(async (upstream) =>
      attempt(upstream, async () => openUpstream(upstream, deps)),
    ),
  );
  try {
    const cloud = await readCloud(deps);
    const { signal, config } = deps;
    const context = { cloud, policy: config.policy, request, signal };
    const steps = await Promise.all(
      opened.map(async (step) =>
        next(step, async (open) => ({ open, ...(await planAdoption(open, context)) })),
      ),
    );
    request.prefixes.forEach(({ text }) => {
      refuseUnless(text, steps);
    });
    return await use(steps);
  } finally {
    await Promise.all(opened.map(async (step) => step.value?.lock?.release()));
  }
}

/**
 * A named prefix must be taken over somewhere, and on no upstream may a foreign route at it have to stay. Where no
 * upstream could be read at all, their own errors say enough.
 */
function refuseUnless(prefix: string, steps: readonly Step<AdoptPlanned>[]): void {
  const adopts = steps.some(({ value }) =>
    value?.adoptions.some(({ after }) => after.prefix.text === prefix),
  );
  const stays = steps.some(({ value }) =>
    value?.refused.some((each) => each.prefix === prefix && each.isForeign),
  );
  if ((adopts && !stays) || steps.every(({ value }) => value === undefined)) {
    return;
  }
  const reasons = steps.flatMap(({ upstream, value, error }) => {
    const reason = value?.refused.find((each) => each.prefix === prefix)?.reason ?? error?.message;
    return reason === undefined ? [] : [`${upstream.config.name}: ${reason}`];
  });
  throw new RouteSyncError(
    'NOTHING_TO_ADOPT',
    `${prefix} cannot be taken over, nothing was changed; ${reasons.join('; ')}`,
    { details: { prefix, reasons } },
  );
}
