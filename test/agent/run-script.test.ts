import { expect } from 'chai';

import { applyChanges } from '../../src/agent/apply.ts';
import { runScript } from '../../src/agent/run-script.ts';
import type { RouteChange, UpstreamState } from '../../src/core/route.ts';
import type {
  CliLine,
  Command,
  CommandOutput,
  Dialogue,
  Rejection,
  RouterDriver,
  Script,
} from '../../src/drivers/driver.ts';
import { lines, say } from '../../src/drivers/kit/script.ts';
import { RouteSyncError } from '../../src/errors.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { add, desired, SCOPE } from '../drivers/routes.ts';
import { rejected } from '../drivers/thrown.ts';

const [A, B, C, D] = ['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24', '10.4.0.0/24'].map((prefix) =>
  add(prefix, '192.0.2.2'),
) as [RouteChange, RouteChange, RouteChange, RouteChange];

function prefixIn(change: RouteChange): string {
  return change.action === 'remove' ? change.before.prefix.text : change.after.prefix.text;
}

function scriptFor(changes: readonly RouteChange[], atomic: boolean): Script {
  const step = (verb: string) => (change: RouteChange) => ({
    change,
    lines: lines(`${verb} ${prefixIn(change)}`),
  });
  return {
    enter: lines('configure'),
    makes: changes.map(step('make')),
    breaks: changes.map(step('break')),
    commit: lines('check', 'commit'),
    abort: lines('abort'),
    atomic,
  };
}

/** A router that refuses the lines of one pattern, or loses the session at those of another. */
function routerThat({ refuses = /^$/, dies = /^$/ }: { refuses?: RegExp; dies?: RegExp }) {
  const typed: string[] = [];
  const answer = ({ text }: CliLine) => {
    if (dies.test(text)) {
      throw new RouteSyncError('UPSTREAM_UNREACHABLE', 'the session is lost');
    }
    typed.push(text);
    return { line: text, text: refuses.test(text) ? '% no' : '', refused: refuses.test(text) };
  };
  const run = async (command: Command): Promise<CommandOutput> => {
    const { lines: all, goesOn } = command as Dialogue;
    const answers = [];
    for (const line of all) {
      answers.push(answer(line));
      if (answers.at(-1)?.refused === true && goesOn !== true) {
        break;
      }
    }
    const exitCode = answers.some(({ refused }) => refused) ? 1 : 0;
    return Promise.resolve({ stdout: '', stderr: '', exitCode, answers });
  };
  const driver = {
    unsupported: () => undefined,
    refusal: (change: RouteChange) =>
      new RouteSyncError('ROUTE_REJECTED', `${prefixIn(change)} is refused`),
    probed: (_: unknown, output: CommandOutput) => {
      if (output.exitCode !== 0) {
        throw new RouteSyncError('UPSTREAM_COMMAND_FAILED', 'a line is refused');
      }
    },
  } as unknown as RouterDriver;
  const transport = { run } as unknown as Transport;
  const access = { driver, transport, scope: SCOPE, signal: new AbortController().signal };
  return { typed, access };
}

function codes(rejections: readonly { change: RouteChange; error: RouteSyncError }[]) {
  return rejections.map(({ change, error }) => `${prefixIn(change)} ${error.code}`);
}

/** What was committed stays. */
async function stands(): Promise<readonly Rejection[]> {
  return [];
}

describe('runScript', () => {
  it('sends everything in order, and commits', async () => {
    const { typed, access } = routerThat({});

    expect(await runScript(access, scriptFor([A, B], true), stands)).to.deep.equal([]);
    expect(typed).to.deep.equal([
      'configure',
      'make 10.1.0.0/24',
      'make 10.2.0.0/24',
      'break 10.1.0.0/24',
      'break 10.2.0.0/24',
      'check',
      'commit',
    ]);
  });

  it('leaves a refused change out of a transaction and makes the others', async () => {
    const { typed, access } = routerThat({ refuses: /make 10\.2/ });

    const refused = await runScript(access, scriptFor([A, B], true), stands);

    expect(codes(refused)).to.deep.equal(['10.2.0.0/24 ROUTE_REJECTED']);
    expect(typed.slice(5)).to.deep.equal([
      'abort',
      'configure',
      'make 10.1.0.0/24',
      'break 10.1.0.0/24',
      'check',
      'commit',
    ]);
  });

  it('finds the change for which a commit is refused, and settles each commit before the next', async () => {
    const { typed, access } = routerThat({});
    const bad = { ...access };
    let seen: string[] = [];
    bad.transport = {
      ...access.transport,
      run: async (command, signal) => {
        const { lines: all } = command as Dialogue;
        seen = all.some(({ text }) => text === 'configure') ? [] : seen;
        seen.push(...all.map(({ text }) => text));
        const isBad = seen.includes('make 10.3.0.0/24') && seen.includes('commit');
        const output = await access.transport.run(command, signal);
        return isBad ? { ...output, exitCode: 1 } : output;
      },
    };

    const refused = await runScript(bad, scriptFor([A, B, C, D], true), async (changes) => {
      typed.push(`settle ${changes.map(prefixIn).join(' ')}`);
      return [];
    });

    expect(codes(refused)).to.deep.equal(['10.3.0.0/24 UPSTREAM_COMMAND_FAILED']);
    expect(typed.filter((line) => /^(?:configure|abort|settle)/.test(line))).to.deep.equal([
      'configure',
      'abort',
      'configure',
      'settle 10.1.0.0/24 10.2.0.0/24',
      'configure',
      'abort',
      'configure',
      'abort',
      'configure',
      'settle 10.4.0.0/24',
    ]);
  });

  it('gives up on a commit that is always refused', async () => {
    const many = Array.from({ length: 100 }, (_, index) => add(`10.${index}.0.0/24`, '192.0.2.2'));
    const { typed, access } = routerThat({ refuses: /^commit$/ });

    const refused = await runScript(access, scriptFor(many, true), stands);

    expect(refused.length).to.equal(100);
    expect(typed.filter((line) => line === 'commit').length).to.be.lessThan(25);
  });

  it('divides no transaction whose session is lost', async () => {
    const { typed, access } = routerThat({ dies: /^commit$/ });

    const refused = await runScript(access, scriptFor([A, B], true), stands);

    expect(codes(refused)).to.deep.equal([
      '10.1.0.0/24 UPSTREAM_UNREACHABLE',
      '10.2.0.0/24 UPSTREAM_UNREACHABLE',
    ]);
    expect(typed.filter((line) => line === 'configure').length).to.equal(1);
  });

  it('aborts what it cannot finish', async () => {
    const { typed, access } = routerThat({ dies: /make 10\.2/ });

    const error = await rejected(runScript(access, scriptFor([A, B], true), stands));

    expect(error.code).to.equal('UPSTREAM_UNREACHABLE');
    expect(typed.at(-1)).to.equal('abort');
  });

  it('tells the first error, also where the abort fails as well', async () => {
    const { access } = routerThat({ refuses: /^configure$/, dies: /^abort$/ });

    const error = await rejected(runScript(access, scriptFor([A], true), stands));

    expect(error.code).to.equal('UPSTREAM_COMMAND_FAILED');
  });

  it('breaks nothing, line by line, whose replacement was refused', async () => {
    const { typed, access } = routerThat({ refuses: /make 10\.2/ });

    const refused = await runScript(access, scriptFor([A, B], false), stands);

    expect(codes(refused)).to.deep.equal(['10.2.0.0/24 ROUTE_REJECTED']);
    expect(typed).to.deep.equal([
      'configure',
      'make 10.1.0.0/24',
      'make 10.2.0.0/24',
      'break 10.1.0.0/24',
      'check',
      'commit',
    ]);
  });

  it('leaves the configuration mode, line by line, when it is cut off', async () => {
    const { typed, access } = routerThat({ dies: /break 10\.1/ });

    const error = await rejected(runScript(access, scriptFor([A], false), stands));

    expect(error.code).to.equal('UPSTREAM_UNREACHABLE');
    expect(typed.at(-1)).to.equal('abort');
  });
});

describe('applyChanges with a commit that waits for its confirmation', () => {
  const WANTED = desired('10.1.0.0/24', '192.0.2.2');

  function pushTo(held: UpstreamState) {
    const { typed, access } = routerThat({});
    const changes: readonly RouteChange[] = [{ action: 'add', after: WANTED }];
    const driver = {
      ...access.driver,
      gather: () => [say('show')],
      parse: () => held,
      render: () => [
        {
          changes,
          command: { ...scriptFor(changes, true), breaks: [] },
          confirm: say('confirm'),
          revert: say('revert'),
        },
      ],
    } as unknown as RouterDriver;
    return { typed, push: { ...access, driver, changes, state: held } };
  }

  it('confirms once the read-back shows the routes', async () => {
    const route = { ...WANTED, owned: true, kind: 'static', description: '' } as const;
    const { typed, push } = pushTo({ routes: [route], addresses: [] });

    expect(await applyChanges(push)).to.deep.equal([]);
    expect(typed.slice(-3)).to.deep.equal(['commit', 'show', 'confirm']);
  });

  it('takes everything back at once where it does not', async () => {
    const { typed, push } = pushTo({ routes: [], addresses: [] });

    const refused = await applyChanges(push);

    expect(codes(refused)).to.deep.equal(['10.1.0.0/24 ROUTE_UNVERIFIED']);
    expect(typed.slice(-2)).to.deep.equal(['show', 'revert']);
  });
});
