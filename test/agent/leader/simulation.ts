/** Elections in a time of their own: a store with leases, messages that are late or lost, and agents that stand still. */
import { startElection } from '../../../src/agent/leader/election.ts';
import type { Holder } from '../../../src/agent/leader/holder.ts';
import type { Leadership } from '../../../src/agent/leader/leadership.ts';
import type { LockStore, Tenure } from '../../../src/agent/leader/lock-store.ts';
import { type Timing, timesOf } from '../../../src/agent/leader/timing.ts';

export interface Weather {
  /** What becomes of the next message: milliseconds on its way, or undefined where it is lost. */
  readonly message: (agent: number) => number | undefined;
  /** From 0 up to, but not including, 1. */
  readonly random: () => number;
}

export interface World {
  readonly now: () => number;
  /** Agent by agent; they join at once. */
  readonly agents: readonly Leadership[];
  /** Who holds the lock in truth. */
  readonly owner: () => number | undefined;
  /** What was logged, with the number of the agent first. */
  readonly said: readonly string[];
  /** Resolves when this agent is awake, after so much time. */
  readonly sleep: (agent: number, ms: number) => Promise<void>;
  /** Lets so much time pass. */
  readonly pass: (ms: number) => Promise<void>;
  /** Nothing happens in this agent for so long: it sleeps. What it waits for comes afterwards. */
  readonly freeze: (agent: number, ms: number) => void;
}

interface Happening {
  readonly at: number;
  readonly agent: number | undefined;
  readonly run: () => void;
}

interface Lock {
  readonly agent: number;
  readonly holder: Holder;
  readonly lease: number;
  expires: number;
}

export async function openWorld(
  count: number,
  leaseSeconds: number,
  weather: Weather,
): Promise<World> {
  let now = 0;
  let leases = 0;
  let lock: Lock | undefined;
  const agenda: Happening[] = [];
  const frozenUntil = Array.from({ length: count }, () => 0);
  const said: string[] = [];
  const plan = (at: number, agent: number | undefined, run: () => void): void => {
    agenda.push({ at, agent, run });
  };
  const current = (): Lock | undefined =>
    lock !== undefined && lock.expires > now ? lock : undefined;

  /** To the store, there something happens at one instant, and back. */
  async function ask<T>(agent: number, effect: () => T): Promise<T> {
    return new Promise((resolve) => {
      const there = weather.message(agent);
      const back = weather.message(agent);
      if (there === undefined) {
        return;
      }
      plan(now + there, undefined, () => {
        const answer = effect();
        if (back !== undefined) {
          plan(now + back, agent, () => resolve(answer));
        }
      });
    });
  }

  function storeOf(agent: number, ttlMs: number): LockStore {
    const tenureOf = (lease: number): Tenure => ({
      ttlMs,
      renew: async () =>
        ask(agent, () => {
          const mine = current()?.lease === lease;
          if (lock !== undefined && mine) {
            lock.expires = now + ttlMs;
          }
          return mine;
        }),
      holds: async () => ask(agent, () => current()?.lease === lease),
      release: async () =>
        ask(agent, () => {
          lock = current()?.lease === lease ? undefined : lock;
        }),
    });
    return {
      description: 'the store',
      campaign: async (holder) =>
        ask(agent, () => {
          const held = current();
          if (held !== undefined) {
            return { holder: held.holder };
          }
          leases += 1;
          lock = { agent, holder, lease: leases, expires: now + ttlMs };
          return { tenure: tenureOf(leases) };
        }),
      read: async () => ask(agent, () => current()?.holder),
      close: () => Promise.resolve(),
    };
  }
  function timingOf(agent: number): Timing {
    return {
      now: () => now,
      random: weather.random,
      sleep: async (ms, signal) =>
        new Promise((resolve) => {
          if (signal.aborted) {
            resolve();
            return;
          }
          signal.addEventListener('abort', () => resolve(), { once: true });
          plan(now + ms, agent, resolve);
        }),
    };
  }

  const times = timesOf(leaseSeconds);
  const joining = Array.from({ length: count }, async (_, agent) => {
    const note = (message: string): void => void said.push(`${agent} ${message}`);
    return startElection({
      store: storeOf(agent, times.ttlSeconds * 1000),
      me: { host: `host${agent}`, pid: agent, place: `${agent}`, id: `${agent}` },
      times,
      timing: timingOf(agent),
      wall: () => now,
      log: { error: note, info: note, warn: note },
    });
  });

  async function pass(ms: number): Promise<void> {
    const end = now + ms;
    await settled();
    for (;;) {
      const next = earliest(agenda, frozenUntil);
      if (next === undefined || next.at > end) {
        break;
      }
      agenda.splice(agenda.indexOf(next.happening), 1);
      now = Math.max(now, next.at);
      next.happening.run();
      await settled();
    }
    now = end;
  }

  // The first answers take their time.
  const first = { isOver: false };
  const joined = Promise.all(joining).finally(() => {
    first.isOver = true;
  });
  while (!first.isOver) {
    await pass(100);
  }
  const agents = await joined;
  return {
    now: () => now,
    agents,
    owner: () => current()?.agent,
    said,
    sleep: async (agent, ms) =>
      new Promise((resolve) => {
        plan(now + ms, agent, resolve);
      }),
    pass,
    freeze: (agent, ms) => {
      frozenUntil[agent] = Math.max(frozenUntil[agent] ?? 0, now + ms);
    },
  };
}

interface Next {
  readonly at: number;
  readonly happening: Happening;
}

function earliest(agenda: readonly Happening[], frozenUntil: readonly number[]): Next | undefined {
  let first: Next | undefined;
  for (const happening of agenda) {
    const frozen = happening.agent === undefined ? 0 : (frozenUntil[happening.agent] ?? 0);
    const at = Math.max(happening.at, frozen);
    if (first === undefined || at < first.at) {
      first = { at, happening };
    }
  }
  return first;
}

/** All promises that can go on have gone on. */
async function settled(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}
