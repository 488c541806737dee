import { expect } from 'chai';
import fc from 'fast-check';

import { say } from '../../src/drivers/kit/script.ts';
import type { Fault, TerminalOptions } from '../support/router-server-terminal.ts';
import type { Cli } from '../support/routers/router.ts';
import { configure, failureOf, FOREIGN, routeLine, routeLines, run, sceneOf } from './cli-scene.ts';
import type { SceneOptions } from './cli-scene.ts';

const MESSAGE = '*Mar  1 00:02:32.123: %SYS-5-CONFIG_I: Configured from console by admin';
/** Not known to the session's definition. */
const NOTICE = 'Broadcast message from root@edge1 (pts/0):';
/** Lines of the login: an empty one, two of the set-up with one each to see whether they are over. */
const LOGIN_LINES = 5;

const TEXT = Array.from({ length: 30 }, (_, index) => `line ${index} of the answer`).join('\n');
const SHOW_TEXT = say('show text');
/** The line that `show text` is. */
const SHOWN = LOGIN_LINES + 1;

describe('cliSession on a bad line', () => {
  const texts: readonly (readonly [name: string, options: SceneOptions])[] = [
    ['escape sequences', { terminal: { ansi: true } }],
    ['a prompt that is drawn twice', { terminal: { redraws: true } }],
    [
      'a message in each line',
      { terminal: at({ kind: 'message', where: 'answer', text: MESSAGE }) },
    ],
    ['a notice in each line', { terminal: at({ kind: 'message', where: 'answer', text: NOTICE }) }],
    ['a message in the echo', { terminal: at({ kind: 'message', where: 'echo', text: MESSAGE }) }],
    [
      'a message after the prompt',
      { terminal: at({ kind: 'message', where: 'prompt', text: MESSAGE }) },
    ],
    [
      'an unknown message after the prompt',
      { terminal: at({ kind: 'message', where: 'prompt', text: 'ping' }) },
    ],
    ['a slow router', { terminal: { lineMs: 30 } }],
    ['single characters', { terminal: { cut: (text) => text.split('') } }],
  ];
  for (const [name, options] of texts) {
    it(`reads an answer with ${name}`, async () => {
      const scene = sceneOf({ ...options, boot: { config: TEXT } });
      const { stdout } = await run(scene, SHOW_TEXT);
      expect(name.includes('unknown') ? stdout.slice(0, TEXT.length) : stdout).to.equal(TEXT);
      expect((await run(scene, SHOW_TEXT)).stdout).to.equal(TEXT);
    });
  }

  const wraps = ['newline', 'readline', 'scroll'] as const;
  for (const wrap of wraps) {
    it(`knows an echo that is wider than the terminal (${wrap})`, async () => {
      const scene = sceneOf({ terminal: { wrap }, definition: { setup: [] } });
      const { exitCode, answers } = await configure(scene, routeLines(30));
      expect(exitCode).to.equal(0);
      expect(answers?.map(({ text }) => text).join('')).to.equal('');
      expect(scene.router.running()).to.have.length(31);
    });
  }

  it('knows answers that hold the prompt itself', async () => {
    const text = 'banner login ^C\nedge1#\nedge1(config)#end\n^C\nend';
    const scene = sceneOf({
      boot: { config: text },
      terminal: { cut: (all) => all.split(/(?<=#)/) },
    });
    expect((await run(scene, SHOW_TEXT)).stdout).to.equal(text);
    expect((await run(scene, SHOW_TEXT)).stdout).to.equal(text);
  });

  it('takes the lines above a prompt out of every answer', async () => {
    const cli = (inner: Cli): Cli => ({ ...inner, prompt: () => `\n[edit]\n${inner.prompt()}` });
    const scene = sceneOf({ cli, boot: { config: TEXT } });
    expect((await run(scene, SHOW_TEXT)).stdout).to.equal(TEXT);
    const { answers } = await configure(scene, routeLines(12));
    expect(answers?.map(({ text }) => text)).to.deep.equal(Array(12).fill(''));
  });

  it('fits its lines into a small input buffer', async () => {
    const scene = sceneOf({ terminal: { inputBuffer: 256, lineMs: 1 } });
    expect((await configure(scene, routeLines(40))).exitCode).to.equal(0);
    expect(scene.router.running()).to.have.length(41);
  });

  it('sends one line at a time where it is told to', async () => {
    const scene = sceneOf({ session: { window: 1 }, terminal: { inputBuffer: 70, lineMs: 1 } });
    expect((await configure(scene, routeLines(10))).exitCode).to.equal(0);
    expect(scene.router.running()).to.have.length(11);
  });

  it('notices that characters were lost', async () => {
    const scene = sceneOf({ terminal: { inputBuffer: 100, lineMs: 1 } });
    const error = await failureOf(configure(scene, routeLines(40)));
    expect(error.code).to.equal('UPSTREAM_SESSION');
    expect(error.message).to.contain('lost characters');
    expect(error.details['torn']).to.equal(true);
    expect(scene.session.isOpen()).to.equal(false);
  });

  it('does not trust a line whose echo is cut short', async () => {
    const fault = { kind: 'short echo', line: LOGIN_LINES + 4, characters: 12 } as const;
    const scene = sceneOf({ terminal: { faults: [fault] } });
    const error = await failureOf(configure(scene, routeLines(3)));
    expect(error.message).to.contain('lost characters: "ip route 10."');
  });
});

describe('cliSession that is lost', () => {
  const third = LOGIN_LINES + 2 + 3;
  const cases: readonly (readonly [name: string, fault: Fault, last: number])[] = [
    ['before the answer', { kind: 'hang up', line: third, when: 'before' }, 2],
    ['within the answer', { kind: 'hang up', line: third, when: 'within' }, 2],
    ['after the answer', { kind: 'hang up', line: third, when: 'after' }, 3],
    ['silently', { kind: 'stall', line: third }, 2],
  ];
  for (const [name, fault, last] of cases) {
    it(`tells after which line it was lost (${name})`, async () => {
      const scene = sceneOf({
        terminal: { faults: [fault] },
        session: { deadlineMs: 100, window: 1 },
      });
      const error = await failureOf(configure(scene, routeLines(5)));
      expect(error.code).to.equal('UPSTREAM_UNREACHABLE');
      expect(error.retryable).to.equal(true);
      expect(error.message).to.contain(routeLine(last)).and.to.contain('2 of 5 lines');
      expect(scene.session.isOpen()).to.equal(false);
    });
  }

  it('tells the last words of a router that ends the session at the login', async () => {
    const ending = (cli: Cli): Cli => ({
      ...cli,
      enter: () => ({ text: 'All lines are busy\n', closes: true }),
    });
    const error = await failureOf(run(sceneOf({ cli: ending }), SHOW_TEXT));
    expect(error.code).to.equal('UPSTREAM_UNREACHABLE');
    expect(error.message).to.contain('"All lines are busy"');
  });

  it('tells of a reload that was announced', async () => {
    const warning = {
      kind: 'message',
      line: SHOWN,
      where: 'prompt',
      text: '*** System going down NOW ***',
    };
    const faults = [
      warning,
      { kind: 'hang up', line: SHOWN + 2, when: 'before' },
    ] as readonly Fault[];
    const scene = sceneOf({ boot: { config: TEXT }, terminal: { faults } });
    expect((await run(scene, SHOW_TEXT)).stdout).to.equal(TEXT);
    const error = await failureOf(run(scene, SHOW_TEXT));
    expect(error.message).to.contain('System going down NOW');
  });

  it('stops at once when it is told to', async () => {
    const scene = sceneOf({ terminal: { faults: [{ kind: 'stall', line: SHOWN }] } });
    const stop = new AbortController();
    const work = failureOf(scene.session.run(SHOW_TEXT, stop.signal));
    setTimeout(() => stop.abort(), 100);
    const error = await work;
    expect(error.code).to.equal('UPSTREAM_UNREACHABLE');
    expect(error.message).to.contain('stopped');
  });

  it('ends an answer that never ends', async () => {
    const config = Array.from({ length: 2000 }, () => TEXT).join('\n');
    const scene = sceneOf({ boot: { config }, session: { maxOutput: 100_000 } });
    const error = await failureOf(run(scene, SHOW_TEXT));
    expect(error.code).to.equal('UPSTREAM_SESSION');
    expect(error.message).to.contain('more than 100000 characters');
  });
});

describe('cliSession and the pieces in which text comes', () => {
  it('gives the same answers whatever they are', async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });
    const terminals = fc.record<Partial<TerminalOptions>>({
      ansi: fc.boolean(),
      redraws: fc.boolean(),
      wrap: fc.constantFrom('newline', 'readline', 'scroll'),
      faults: fc.array(
        fc.record({
          kind: fc.constant('message' as const),
          line: fc.integer({ min: 2, max: 30 }),
          where: fc.constantFrom('echo', 'answer', 'prompt'),
          text: fc.constantFrom(MESSAGE, NOTICE),
        }),
        { maxLength: 4 },
      ),
    });
    const setups = fc.boolean();
    await fc.assert(
      fc.asyncProperty(cuts, terminals, setups, async (sizes, terminal, isSetUp) => {
        const scene = sceneOf({
          boot: { config: `${TEXT}\n${FOREIGN}` },
          terminal: { ...terminal, cut: cutter(sizes) },
          ...(!isSetUp && { definition: { setup: [] } }),
        });
        const shown = await run(scene, SHOW_TEXT);
        expect(shown.stdout).to.equal(TEXT);
        const { exitCode, answers } = await configure(scene, routeLines(12));
        expect(exitCode).to.equal(0);
        expect(answers?.map(({ text }) => text)).to.deep.equal(Array(12).fill(''));
        expect(scene.router.running()).to.have.length(13);
        await scene.session.close();
      }),
      { numRuns: 60 },
    );
  }).timeout(60_000);
});

type Message = Omit<Extract<Fault, { readonly kind: 'message' }>, 'line'>;

/** A message at the line that `show text` is. */
function at(message: Message): Partial<TerminalOptions> {
  return { faults: [{ ...message, line: SHOWN }] };
}

function cutter(sizes: readonly number[]): (text: string) => readonly string[] {
  let turn = 0;
  return (text) => {
    const pieces: string[] = [];
    for (let from = 0; from < text.length;) {
      const size = sizes[turn % sizes.length] ?? 1;
      turn += 1;
      pieces.push(text.slice(from, from + size));
      from += size;
    }
    return pieces;
  };
}
