/** The completion scripts; bash itself runs its own. The other shells are in test/shells. */
import { expect } from 'chai';
import { execa } from 'execa';
import os from 'node:os';

import { commandFacts, type OptionFacts } from '../../src/cli/command-facts.ts';
import { commandTree } from '../../src/cli/command-tree.ts';
import { completionScript } from '../../src/cli/completion.ts';
import { SHELLS } from '../../src/cli/shells.ts';
import { runHere } from './scene.ts';

const commands = commandFacts(commandTree());

/** Runs the function as bash would, on words as bash splits them; "FILES" is bash's own completion of names. */
async function proposals(...words: readonly string[]): Promise<readonly string[]> {
  const program = `${completionScript('bash')}
    compopt() { COMPREPLY=(FILES); }
    COMP_WORDS=(route-sync "$@")
    COMP_CWORD=$#
    _route_sync
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await execa('bash', ['--norc', '-c', program, 'bash', ...words]);
  return stdout.split('\n').filter((word) => word !== '');
}

describe('completionScript', () => {
  it('is what `route-sync completion SHELL` prints', async () => {
    for (const shell of SHELLS) {
      const run = await runHere(['completion', shell], { env: {}, folder: os.tmpdir() });
      expect(run).to.deep.equal({ exitCode: 0, stdout: completionScript(shell), stderr: '' });
    }
  });

  it('exists for no other shell', async () => {
    const run = await runHere(['completion', 'tcsh'], { env: {}, folder: os.tmpdir() });

    expect(run.exitCode).to.equal(64);
    expect(run.stderr).to.include('bash, zsh, fish');
  });

  it('may know an option by its name alone: it means the same in every command', () => {
    const values = Map.groupBy(
      commands.flatMap(({ options }) => options),
      ({ flag }: OptionFacts) => flag,
    );
    // A switch of one command is the option with a value of another.
    const meanings = [...values].map(
      ([flag, options]) =>
        [flag, new Set(options.map(({ value }) => JSON.stringify(value?.choices))).size] as const,
    );

    expect(meanings.filter(([, count]) => count > 1)).to.deep.equal([]);
  });
});

describe('the completion of bash', () => {
  const LISTS = [
    [['expl'], ['explain']],
    [['--'], ['--help', '--version']],
    [
      ['journal', ''],
      ['verify', 'show'],
    ],
    [['journal', 'show', ''], []],
    [
      ['plan', '--output', ''],
      ['text', 'json', 'markdown'],
    ],
    [['plan', '--output', '=', 'j'], ['json']],
    [
      ['plan', '--log-format', '='],
      ['text', 'json'],
    ],
    [['--output', 'json', 'apply', '--qu'], ['--quiet']],
    [['freeze', '--reason', 'plan', '--re'], ['--reason']],
    [['freeze', '--reason', '=', 'plan', '--re'], ['--reason']],
    [['plan', '--config', ''], ['FILES']],
    [['parse', '--os', 'linux', ''], ['FILES']],
    [['init', '--os', 'nok'], ['nokia-sros']],
    [['completion', 'z'], ['zsh']],
    [['explain', ''], []],
    [['check', '--upstream', ''], []],
    [['nonsense', ''], commandFacts(commandTree()).map(({ path: [first = ''] }) => first)],
  ] as const;

  for (const [words, expected] of LISTS) {
    it(`proposes ${[...expected].slice(0, 3).join(', ') || 'nothing'} after "${words.join(' ')}"`, async () => {
      const shown = await proposals(...words);
      expect(shown.filter((word) => word !== 'help')).to.have.members([...new Set(expected)]);
    });
  }

  it('proposes every option of every command', async () => {
    for (const { path, options } of commands) {
      const flags = ['--help', ...options.map(({ flag }) => flag)];
      expect(await proposals(...path, '--')).to.have.members(flags);
    }
  });
});
