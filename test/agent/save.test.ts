import { expect } from 'chai';

import { unsavedPrefixes } from '../../src/agent/drift.ts';
import { saveWhenDue, type SaveMemory } from '../../src/agent/save.ts';
import type { UpstreamConfig } from '../../src/config/schema.ts';
import type { CommandOutput, RouterDriver } from '../../src/drivers/driver.ts';
import { say } from '../../src/drivers/kit/script.ts';
import { RouteSyncError } from '../../src/errors.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { installed, SCOPE } from '../drivers/routes.ts';

const NOW = 10_000_000;
const OK: CommandOutput = { stdout: '', stderr: '', exitCode: 0 };

function upstreamWith(config: Pick<UpstreamConfig, 'save' | 'saveWindowSeconds'>, output = OK) {
  const driver = {
    save: () => say('write memory'),
    probed: (_: unknown, { exitCode }: CommandOutput) => {
      if (exitCode !== 0) {
        throw new RouteSyncError('UPSTREAM_COMMAND_FAILED', 'no space');
      }
    },
  } as unknown as RouterDriver;
  const transport = { run: () => Promise.resolve(output) } as unknown as Transport;
  return { driver, transport, scope: SCOPE, signal: new AbortController().signal, config };
}

describe('saveWhenDue', () => {
  const pending: SaveMemory = { pending: true, at: NOW - 100_000 };
  for (const { name, config, memory, changed, want } of [
    {
      name: 'saves the first change',
      config: {},
      memory: undefined,
      changed: true,
      want: [true, false],
    },
    {
      name: 'waits for the end of its window',
      config: {},
      memory: pending,
      changed: false,
      want: [false, true],
    },
    {
      name: 'saves when its window is over, also without another change',
      config: { saveWindowSeconds: 100 },
      memory: pending,
      changed: false,
      want: [true, false],
    },
    {
      name: 'saves where the clock was set back',
      config: {},
      memory: { pending: true, at: NOW + 1 },
      changed: false,
      want: [true, false],
    },
    {
      name: 'saves always',
      config: { save: 'always' as const },
      memory: pending,
      changed: true,
      want: [true, false],
    },
    {
      name: 'saves never',
      config: { save: 'never' as const },
      memory: undefined,
      changed: true,
      want: [false, true],
    },
  ]) {
    it(name, async () => {
      const outcome = await saveWhenDue(upstreamWith(config), { memory, changed, now: NOW });

      expect([outcome?.facts.saved, outcome?.memory.pending]).to.deep.equal(want);
    });
  }

  it('does nothing where nothing changed, or nothing has to be saved', async () => {
    const saved = { pending: false, at: NOW - 1 };
    const idle = await saveWhenDue(upstreamWith({}), { memory: saved, changed: false, now: NOW });
    const upstream = upstreamWith({});
    const driver = { ...upstream.driver, save: () => undefined };
    const none = await saveWhenDue(
      { ...upstream, driver },
      { memory: undefined, changed: true, now: NOW },
    );

    expect([idle, none]).to.deep.equal([undefined, undefined]);
  });

  it('tells why a save failed, and tries it again', async () => {
    const upstream = upstreamWith({}, { ...OK, exitCode: 1 });

    const outcome = await saveWhenDue(upstream, { memory: undefined, changed: true, now: NOW });

    expect(outcome).to.deep.equal({
      memory: { pending: true, at: undefined },
      facts: { saved: false, error: { code: 'UPSTREAM_COMMAND_FAILED', message: 'no space' } },
    });
  });
});

describe('unsavedPrefixes', () => {
  it('names what a restart would lose, bring back or turn elsewhere', async () => {
    const running = {
      routes: [
        installed('10.1.0.0/24', '192.0.2.2'),
        installed('10.2.0.0/24', '192.0.2.2'),
        installed('10.4.0.0/24', '192.0.2.2'),
      ],
      addresses: [],
    };
    const saved = {
      routes: [
        installed('10.2.0.0/24', '192.0.2.3'),
        installed('10.3.0.0/24', '192.0.2.2'),
        installed('10.4.0.0/24', '192.0.2.2'),
      ],
      addresses: [],
    };
    const upstream = upstreamWith({});
    const driver = {
      ...upstream.driver,
      gatherSaved: () => [say('show startup')],
      parse: () => saved,
    };

    const unsaved = await unsavedPrefixes({ ...upstream, driver }, running);

    expect(unsaved).to.deep.equal(['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24']);
  });

  it('has nothing to say where what runs is what is saved', async () => {
    const upstream = upstreamWith({});
    const driver = { ...upstream.driver, gatherSaved: () => undefined };

    expect(
      await unsavedPrefixes(
        { ...upstream, driver },
        {
          routes: [],
          addresses: [],
        },
      ),
    ).to.equal(undefined);
  });
});
