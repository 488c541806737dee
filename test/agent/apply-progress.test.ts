import { expect } from 'chai';

import { applyChanges } from '../../src/agent/apply.ts';
import type {
  Command,
  CommandOutput,
  RenderedChunk,
  RouterDriver,
} from '../../src/drivers/driver.ts';
import { lines } from '../../src/drivers/kit/script.ts';
import { RouteSyncError } from '../../src/errors.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { add, SCOPE } from '../drivers/routes.ts';

const CHANGES = Array.from({ length: 10 }, (_, index) => add(`10.0.${index}.0/24`, '192.0.2.2'));

interface RouterOptions {
  readonly atomic: boolean;
  /** How many lines of changes it answers before its session is lost. */
  readonly answers?: number;
  /** It refuses every commit. */
  readonly refuses?: boolean;
}

/** What is told of a push of ten changes in two scripts, with two lines for each change. */
async function toldBy({ atomic, answers = Infinity, refuses = false }: RouterOptions) {
  let left = answers;
  const run = async (command: Command): Promise<CommandOutput> => {
    const typed = 'lines' in command ? command.lines : [];
    for (const _ of typed) {
      if ('lines' in command && command.onAnswer !== undefined) {
        left -= 1;
        if (left < 0) {
          throw new RouteSyncError('UPSTREAM_UNREACHABLE', 'the session is lost');
        }
        command.onAnswer();
      }
    }
    const isRefused = refuses && typed.some(({ text }) => text === 'commit');
    return Promise.resolve({ stdout: '', stderr: '', exitCode: isRefused ? 1 : 0, answers: [] });
  };
  const chunkOf = (changes: RenderedChunk['changes']): RenderedChunk => ({
    changes,
    command: {
      enter: lines('configure'),
      makes: changes.map((change) => ({ change, lines: lines('one', 'two') })),
      breaks: [],
      commit: lines('commit'),
      abort: lines('abort'),
      atomic,
    },
  });
  const driver = {
    unsupported: () => undefined,
    render: () => [chunkOf(CHANGES.slice(0, 5)), chunkOf(CHANGES.slice(5))],
    probed: (_: unknown, { exitCode }: CommandOutput) => {
      if (exitCode !== 0) {
        throw new RouteSyncError('UPSTREAM_COMMAND_FAILED', 'refused');
      }
    },
  } as unknown as RouterDriver;
  const told: number[] = [];
  await applyChanges({
    driver,
    transport: { run } as unknown as Transport,
    scope: SCOPE,
    signal: new AbortController().signal,
    changes: CHANGES,
    state: { routes: [], addresses: [] },
    onSent: (count) => told.push(count),
  });
  return told;
}

describe('Push.onSent', () => {
  for (const atomic of [true, false]) {
    it(`is told of each change once it is typed, ${atomic ? 'in a transaction' : 'line by line'}`, async () => {
      expect(await toldBy({ atomic })).to.deep.equal(Array(10).fill(1));
    });
  }

  it('is told of all the changes of a script whose session was lost', async () => {
    expect(await toldBy({ atomic: false, answers: 4 })).to.deep.equal([1, 1, 3, 5]);
  });

  it('counts nothing twice that is typed again', async () => {
    const told = await toldBy({ atomic: true, refuses: true });

    expect(told).to.deep.equal(Array(10).fill(1));
  });
});
