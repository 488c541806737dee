/**
 * Cloud changes, faults, restarts, lost state and manual route edits in random order: no cycle does what the simple
 * model of the table forbids, and quiet days bring the table to what the cloud wants.
 */
import { expect } from 'chai';
import fc from 'fast-check';

import { RULES, System } from './model-system.ts';
import type { Rules } from './model-judge.ts';
import { addressOf, prefixOfTenant, type TenantIndex, TENANTS } from './model-tenants.ts';
import { type Weather, WEATHERS } from './model-weather.ts';
import { count } from './summary.ts';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 250);
const SEED = Number(process.env['MODEL_SEED'] ?? 20_260_101);
const MOST_COMMANDS = 60;

type Work = (system: System) => Promise<void> | void;

/** The model keeps no state of its own: the judge inside the system watches. */
class Command implements fc.AsyncCommand<object, System> {
  readonly #words: string;
  readonly #work: Work;

  constructor(words: string, work: Work) {
    this.#words = words;
    this.#work = work;
  }

  check(): boolean {
    return true;
  }

  async run(_: object, system: System): Promise<void> {
    count('model steps');
    await this.#work(system);
  }

  toString(): string {
    return this.#words;
  }
}

const tenant = fc.constantFrom(...TENANTS);
const mark = 'proto 201 metric 1024';

function onTenant(
  words: string,
  work: (system: System, index: TenantIndex) => Promise<void> | void,
): fc.Arbitrary<Command> {
  return tenant.map(
    (index) => new Command(`${words} ${index}`, async (system) => work(system, index)),
  );
}

function cycleIn(weather: Weather, isForced: boolean): Command {
  return new Command(`cycle(${weather}${isForced ? ', force' : ''})`, async (system) =>
    system.cycle(weather, isForced),
  );
}

const cloudChanges = [
  onTenant('toggle tenant', ({ tenants }, index) => tenants.toggle(index)),
  onTenant('toggle interface', ({ tenants }, index) => tenants.toggleInterface(index)),
  onTenant('toggle SNAT', ({ tenants }, index) => tenants.toggleSnat(index)),
  onTenant('toggle tag', ({ tenants }, index) => tenants.toggleTag(index)),
  onTenant('toggle floating IP', ({ tenants }, index) => tenants.toggleFloatingIp(index)),
  fc
    .tuple(tenant, fc.nat(2))
    .map(
      ([index, variant]) =>
        new Command(`move gateway ${index} ${variant}`, ({ tenants }) =>
          tenants.moveGateway(index, variant),
        ),
    ),
];

const edits = [
  onTenant('delete ours', async (system, index) =>
    system.edit(`del ${prefixOfTenant(index)} ${mark}`),
  ),
  onTenant('add foreign', async (system, index) =>
    system.edit(`add ${prefixOfTenant(index)} via ${addressOf(index, 7)} proto 4 metric 50`),
  ),
  onTenant('delete foreign', async (system, index) =>
    system.edit(`del ${prefixOfTenant(index)} proto 4 metric 50`),
  ),
  onTenant('change ours', async (system, index) => {
    await system.edit(`del ${prefixOfTenant(index)} ${mark}`);
    await system.edit(`add ${prefixOfTenant(index)} via ${addressOf(index, 8)} ${mark}`);
  }),
  onTenant('add with our mark', async (system, index) =>
    system.edit(`add 198.51.100.${128 + 32 * index}/27 via 203.0.113.99 ${mark}`),
  ),
];

const rules: fc.Arbitrary<Rules> = fc.record({
  mode: fc.constantFrom('sync', 'sync', 'sync', 'upsert-only', 'create-only'),
  snapshots: fc.integer({ min: 1, max: 3 }),
  graceSeconds: fc.constantFrom(0, 60, 300),
  maxRemovals: fc.constantFrom(RULES.maxRemovals, { count: 20, percent: 100, free: 2 }),
});

const operations = [
  rules.map(
    (next) =>
      new Command(`configure ${JSON.stringify(next)}`, async (system) => system.configure(next)),
  ),
  fc.constant(new Command('restart', async (system) => system.restart())),
  fc.constant(new Command('lose state', async (system) => system.loseState())),
  fc
    .boolean()
    .map((on) => new Command(on ? 'freeze' : 'unfreeze', async (system) => system.setFrozen(on))),
  fc
    .constantFrom(1, 20, 61, 400)
    .map((seconds) => new Command(`pass ${seconds} s`, (system) => system.pass(seconds))),
];

const cycles = fc.oneof(
  { weight: 6, arbitrary: fc.boolean().map((force) => cycleIn('fair', force)) },
  { weight: 3, arbitrary: fc.constantFrom(...WEATHERS).map((weather) => cycleIn(weather, false)) },
);

/** Nobody touches anything: time passes, and whoever must may use force. */
async function settle(system: System): Promise<void> {
  await system.setFrozen(false);
  await system.configure({ ...RULES, snapshots: 2 });
  for (let left = 5; left > 0; left -= 1) {
    system.pass(4000);
    await system.cycle('fair', true);
  }
}

describe('the table of one upstream', () => {
  it('is never what the model forbids, and in the end what the cloud wants', async () => {
    const commands = fc.commands(
      [
        ...cloudChanges,
        ...edits,
        ...operations,
        // As often as everything else together.
        ...Array.from({ length: 14 }, () => cycles),
      ],
      { maxCommands: MOST_COMMANDS, size: 'max' },
    );
    const property = fc.asyncProperty(commands, async (sequence) => {
      const system = await System.open();
      try {
        await fc.asyncModelRun(() => ({ model: {}, real: system }), sequence);
        await settle(system);
        const { ours, foreign } = await system.tables();
        const wanted = [...system.tenants.wanted()].filter(
          ([prefix]) => ours.has(prefix) || !foreign.includes(`"${prefix}"`),
        );
        expect(Object.fromEntries(ours)).to.deep.equal(Object.fromEntries(wanted));
      } finally {
        await system.close();
      }
    });
    await fc.assert(property, { numRuns: RUNS, seed: SEED });
  });
});
