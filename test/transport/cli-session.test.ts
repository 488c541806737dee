import { expect } from 'chai';

import { say } from '../../src/drivers/kit/script.ts';
import type { Cli } from '../support/routers/router.ts';
import {
  configure,
  failureOf,
  FOREIGN,
  routeLine,
  routeLines,
  run,
  sceneOf,
  SHOW,
} from './cli-scene.ts';

const SECRET = 'correct horse';
const secret = async () => SECRET;

describe('cliSession', () => {
  it('answers with the text between echo and prompt', async () => {
    const line = 'show running-config | include ^ip route';
    expect(await run(sceneOf(), SHOW)).to.deep.equal({
      stdout: FOREIGN,
      stderr: '',
      exitCode: 0,
      answers: [{ line, text: FOREIGN, refused: false }],
    });
  });

  it('types a script of many lines, several at a time', async () => {
    const scene = sceneOf();
    const { exitCode, answers } = await configure(scene, routeLines(40));
    expect(exitCode).to.equal(0);
    expect(answers).to.have.length(40);
    expect(scene.router.running()).to.have.length(41);
    expect(scene.wire.terminal.roundTrips()).to.be.below(60);
  });

  it('tells which of the lines were refused', async () => {
    const scene = sceneOf();
    const lines = [routeLine(1), 'ip route nonsense', routeLine(2)].map((text) => ({ text }));
    const { exitCode, answers } = await configure(scene, { lines, goesOn: true, continues: true });
    expect(exitCode).to.equal(1);
    expect(answers?.map(({ refused }) => refused)).to.deep.equal([false, true, false]);
    expect(answers?.[1]?.text).to.contain('Invalid input');
    expect(scene.router.running()).to.have.length(3);
  });

  it('sends nothing after a refused line unless it is told to go on', async () => {
    const scene = sceneOf();
    const { exitCode, answers } = await run(scene, say('nonsense', 'configure terminal'));
    expect(exitCode).to.equal(1);
    expect(answers).to.have.length(1);
    expect(scene.wire.typed()).not.to.contain('configure');
  });

  it('takes words as harmless that the line expects', async () => {
    const output = await run(sceneOf(), { lines: [{ text: 'nonsense', harmless: /Invalid/ }] });
    expect(output.exitCode).to.equal(0);
  });

  it('comes back to the privileged prompt before a dialogue that does not continue', async () => {
    const scene = sceneOf();
    await run(scene, say('configure terminal'));
    expect((await run(scene, SHOW)).stdout).to.equal(FOREIGN);
    expect(scene.wire.terminal.lines).to.include('end');
  });

  it('refuses to go on in a session that has not begun', async () => {
    const error = await failureOf(run(sceneOf(), { ...SHOW, continues: true }));
    expect(error.code).to.equal('UPSTREAM_UNREACHABLE');
  });

  it('types no control character', async () => {
    const error = await failureOf(run(sceneOf(), say('show\u0003')));
    expect(error.code).to.equal('UNSAFE_WORD');
  });

  it('does not send a line that is too long for the router, and says so', async () => {
    const scene = sceneOf({ definition: { lineLength: 64 } });
    const lines = [routeLine(1), 'x'.repeat(65), routeLine(2)].map((text) => ({ text }));
    const { answers } = await configure(scene, { lines, goesOn: true, continues: true });
    expect(answers?.map(({ refused }) => refused)).to.deep.equal([false, true, false]);
    expect(answers?.[1]?.text).to.match(/not sent: a line of 65 characters/);
    expect(scene.router.running()).to.have.length(3);
  });
});

describe('cliSession at the login', () => {
  it('gets the privilege, and shows the secret to nobody', async () => {
    const scene = sceneOf({ boot: { enableSecret: SECRET }, session: { enableSecret: secret } });
    expect((await run(scene, SHOW)).stdout).to.equal(FOREIGN);
    expect(scene.wire.typed()).to.contain(SECRET);
    expect(JSON.stringify(scene.events)).not.to.contain(SECRET);
  });

  it('refuses a wrong secret after one try', async () => {
    const boot = { enableSecret: 'another' };
    const scene = sceneOf({ boot, session: { enableSecret: secret } });
    const error = await failureOf(run(scene, SHOW));
    expect(error.code).to.equal('UPSTREAM_LOGIN');
    expect(error.message).not.to.contain(SECRET);
    expect(scene.wire.typed().split(SECRET)).to.have.length(2);
    expect(scene.session.isOpen()).to.equal(false);
  });

  it('asks for a secret where none is configured', async () => {
    const error = await failureOf(run(sceneOf({ boot: { enableSecret: SECRET } }), SHOW));
    expect(error.code).to.equal('UPSTREAM_LOGIN');
    expect(error.message).to.match(/none is configured/);
  });

  it('takes no banner for the prompt', async () => {
    const motd = '*****\nwelcome#\nedge9#\nedge9#\nAuthorized\nonly>\n';
    const cut = (text: string) => text.split(/(?<=[#>])/);
    const scene = sceneOf({ terminal: { motd, cut } });
    expect((await run(scene, SHOW)).stdout).to.equal(FOREIGN);
  });

  it('answers the questions of the greeting', async () => {
    const scene = sceneOf({
      terminal: { greeting: 'The password needs to be changed. Change now? [Y/N]: ' },
      definition: { greeting: [{ question: /Change now\? \[Y\/N\]/, answer: 'n' }] },
    });
    expect((await run(scene, SHOW)).stdout).to.equal(FOREIGN);
  });

  it('starts the CLI from a shell', async () => {
    const shell = { prompt: /^[\w.-]+%\s?$/, line: 'cli' };
    const scene = sceneOf({ definition: { shell }, cli: behindShell });
    expect((await run(scene, SHOW)).stdout).to.equal(FOREIGN);
  });

  it('tells what stands there where no prompt comes', async () => {
    const scene = sceneOf({
      boot: { hostname: 'edge 1' },
      session: { deadlineMs: 200 },
    });
    const error = await failureOf(run(scene, SHOW));
    expect(error.code).to.equal('UPSTREAM_SESSION');
    expect(error.message).to.contain('"edge 1#"');
  });

  it('refuses a login inside of the session', async () => {
    const error = await failureOf(run(sceneOf({ terminal: { greeting: 'Username: ' } }), SHOW));
    expect(error.code).to.equal('UPSTREAM_LOGIN');
  });

  it('refuses a router that does not take its set-up lines', async () => {
    const scene = sceneOf({ definition: { setup: [{ text: 'screen-length 0' }] } });
    const error = await failureOf(run(scene, SHOW));
    expect(error.code).to.equal('UPSTREAM_SESSION');
    expect(error.message).to.contain('screen-length 0').and.to.contain('Invalid input');
  });
});

describe('cliSession and questions', () => {
  it('gives the answers that the line expects', async () => {
    const answers = [{ question: /Destination filename/, answer: '' }];
    const output = await run(sceneOf(), { lines: [{ text: 'write memory', answers }] });
    expect(output.stdout).to.equal('Building configuration...\n[OK]');
  });

  it('leaves a question that nobody expects, and stays usable', async () => {
    const scene = sceneOf();
    const error = await failureOf(run(scene, say('reload')));
    expect(error.code).to.equal('UPSTREAM_SESSION');
    expect(error.message).to.contain('Proceed with reload? [confirm]');
    expect(scene.wire.typed()).to.satisfy((typed: string) => typed.endsWith('reload\r\u0003'));
    expect((await run(scene, SHOW)).stdout).to.equal(FOREIGN);
  });

  it('turns the pages of a pager that could not be switched off', async () => {
    const text = Array.from({ length: 100 }, (_, index) => `line ${index}`).join('\n');
    const scene = sceneOf({ boot: { config: text }, definition: { setup: [] } });
    expect((await run(scene, say('show text'))).stdout).to.equal(text);
  });

  it('pastes what a line makes the router read, in pieces', async () => {
    const texts = Array.from({ length: 50 }, (_, index) => routeLine(index));
    const paste = `${texts.join('\n')}\n`;
    const scene = sceneOf({ terminal: { inputBuffer: 256 } });
    const lines = [{ text: 'load terminal', paste }];
    const output = await configure(scene, { lines, continues: true });
    expect(output.stdout).to.equal('[Type ^D at a new line to end input]\n\nload complete');
    expect(scene.router.running()).to.have.length(51);
  });

  it('notices that a part of what it pasted was lost', async () => {
    const texts = Array.from({ length: 50 }, (_, index) => routeLine(index));
    const scene = sceneOf({ terminal: { inputBuffer: 200 } });
    const lines = [{ text: 'load terminal', paste: texts.join('\n') }];
    const error = await failureOf(configure(scene, { lines, continues: true }));
    expect(error.message).to.contain('lost characters').and.to.contain('10.0.3.0');
    expect(error.details['torn']).to.equal(true);
  });

  it('pastes nothing where the line was refused', async () => {
    const scene = sceneOf();
    const lines = [{ text: 'load nonsense', paste: 'ip route\n' }];
    const output = await configure(scene, { lines, continues: true });
    expect(output.exitCode).to.equal(1);
    expect(scene.wire.terminal.lines).not.to.include('ip route');
  });

  it('masks the secrets of answers in its record', async () => {
    const scene = sceneOf({ boot: { config: 'tacacs key S3CRET end' } });
    expect((await run(scene, say('show text'))).stdout).to.contain('S3CRET');
    expect(JSON.stringify(scene.events)).not.to.contain('S3CRET');
    expect(scene.events).to.deep.include({ kind: 'received', text: 'tacacs key [redacted] end' });
  });
});

/** A shell with its own prompt before the CLI. */
function behindShell(cli: Cli): Cli {
  let isInside = false;
  return {
    ...cli,
    prompt: () => (isInside ? cli.prompt() : 'freebsd%'),
    enter: (line) => {
      if (isInside) {
        return cli.enter(line);
      }
      isInside = line === 'cli';
      return { text: isInside || line === '' ? '' : `${line}: Command not found.\n` };
    },
  };
}
