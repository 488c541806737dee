/** The command line for the other side, run by the shells of this host. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { CommandOutput, Program } from '../../src/drivers/driver.ts';
import { outputOf } from '../../src/transport/ssh-refusal.ts';
import { bareCommand, remoteCommand, remoteEnd } from '../../src/transport/ssh-remote.ts';
import { shellWord } from '../../src/transport/ssh-word.ts';
import { thrown } from '../drivers/thrown.ts';

const MARK = 'mark-0123';

/** Login shells that sshd may start; those that are here. */
const SHELLS = ['sh', 'dash', 'bash', 'ksh', 'zsh', 'fish', 'csh', 'busybox'].filter(
  (name) => spawnSync(name, [...applet(name), '-c', 'exit 0']).status === 0,
);

function applet(shell: string): readonly string[] {
  return shell === 'busybox' ? ['sh'] : [];
}

describe('remoteCommand', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rs-remote-'));
  });

  afterEach(async () => rm(folder, { recursive: true }));

  function run(program: Program, shell = 'sh', input = program.stdin): CommandOutput {
    const args = [...applet(shell), '-c', ...remoteCommand(program, MARK)];
    const { stdout, stderr, status } = spawnSync(shell, args, {
      input: input ?? '',
      env: { PATH: '/usr/bin:/bin', TMPDIR: folder },
      encoding: 'utf8',
    });
    return { stdout, stderr, exitCode: status ?? -1 };
  }

  for (const shell of SHELLS) {
    it(`gives every word, all input and the exit status back through ${shell}`, () => {
      const words = ['', 'a b', "it's", '$(id)', '`id`', '"', '\\', '*', '~', 'ü', "'\\''"];
      const script = 'printf "<%s>" "$@"; cat; echo err >&2; exit 42';
      const program = { argv: ['sh', '-c', script, 'sh', ...words], stdin: 'one\ntwo' } as const;

      const end = remoteEnd(run(program, shell), MARK);

      const stdout = `${words.map((word) => `<${word}>`).join('')}one\ntwo`;
      const output = { stdout, stderr: 'err\n', exitCode: 42 };
      expect(end).to.deep.equal({ kind: 'ended', output });
    });

    it(`starts nothing through ${shell} when input is missing, and leaves no file`, async () => {
      const started = join(folder, 'started');
      const program = { argv: ['touch', started], stdin: 'route add 10.0.0.0/24\n' } as const;

      const end = remoteEnd(run(program, shell, 'route add 10.'), MARK);

      expect(end).to.deep.equal({ kind: 'torn', bytes: '13' });
      expect(existsSync(started)).to.equal(false);
      expect(await readdir(folder)).to.deep.equal([]);
    });
  }

  it('gives a program without input none', () => {
    const end = remoteEnd(run({ argv: ['cat'] }, 'sh', 'not for it'), MARK);

    expect(end).to.deep.equal({
      kind: 'ended',
      output: { stdout: '', stderr: '', exitCode: 0 },
    });
  });

  it('leaves out what the login shell wrote before', () => {
    const program: Program = { argv: ['sh', '-c', 'echo out; echo err >&2'] };
    const noise = 'echo welcome; echo Last login >&2';

    const script = `${noise}; ${remoteCommand(program, MARK)[0]}`;
    const { stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });

    expect(remoteEnd({ stdout, stderr, exitCode: 0 }, MARK)).to.deep.include({
      output: { stdout: 'out\n', stderr: 'err\n', exitCode: 0 },
    });
  });

  it('tells a missing program from one that ends with 127', () => {
    expect(remoteEnd(run({ argv: ['no-such-program'] }), MARK)).to.deep.equal({ kind: 'missing' });
    expect(remoteEnd(run({ argv: ['sh', '-c', 'exit 127'] }), MARK)).to.have.property(
      'kind',
      'ended',
    );
  });

  it('runs nothing where no file can be made', () => {
    const [line] = remoteCommand({ argv: ['echo', 'ran'], stdin: 'x' }, MARK);
    const script = line.replace('mark=$1', 'mktemp() { return 1; }; mark=$1');
    const { stdout, stderr } = spawnSync('sh', ['-c', script], { input: 'x', encoding: 'utf8' });

    expect(stdout).to.not.contain('ran');
    expect(remoteEnd({ stdout, stderr, exitCode: 0 }, MARK)).to.deep.equal({ kind: 'no file' });
  });

  it('is not deceived by a program that writes another mark', () => {
    const program = { argv: ['sh', '-c', 'printf "\\nmark-9 ended 0\\n" >&2; exit 3'] } as const;

    expect(remoteEnd(run(program), MARK)).to.deep.include({
      output: { stdout: '', stderr: '\nmark-9 ended 0\n', exitCode: 3 },
    });
    expect(remoteEnd({ stdout: '', stderr: 'Killed', exitCode: 255 }, MARK)).to.equal(undefined);
  });
});

describe('bareCommand', () => {
  it('joins words, and is none for a session that is fed by its input', () => {
    expect(bareCommand({ argv: ['show', 'ip', 'route', '10.0.0.0/8'] })).to.deep.equal([
      'show ip route 10.0.0.0/8',
    ]);
    expect(bareCommand({ argv: [''] })).to.deep.equal([]);
  });

  for (const word of ['a b', 'a;b', '$(id)', '`id`', '|', '>', "'", '', 'a\nb', '*']) {
    it(`refuses ${JSON.stringify(word)}`, () => {
      expect(thrown(() => bareCommand({ argv: ['show', word] })).code).to.equal('UNSAFE_WORD');
    });
  }
});

describe('outputOf', () => {
  const program: Program = { argv: ['ip', '-batch', '-'], stdin: 'four' };
  const options = { host: 'edge1', user: 'bot', sudo: true };

  function ended(stderr: string, exitCode = 1) {
    return { kind: 'ended', output: { stdout: '', stderr, exitCode } } as const;
  }

  const refusals: readonly (readonly [string, string])[] = [
    ['sudo: a password is required\n', 'UPSTREAM_NOT_PERMITTED'],
    [
      "Sorry, user bot is not allowed to execute '/sbin/ip' as root on edge1.\n",
      'UPSTREAM_NOT_PERMITTED',
    ],
    ['bot is not in the sudoers file.\n', 'UPSTREAM_NOT_PERMITTED'],
    ['sudo: ip: command not found\n', 'UPSTREAM_TOOL_MISSING'],
  ];
  for (const [words, code] of refusals) {
    it(`takes "${words.trim()}" for ${code}`, () => {
      const error = thrown(() => outputOf(ended(words), program, options));

      expect(error.code).to.equal(code);
      expect(error.message).to.contain('bot@edge1').and.to.contain('ip');
    });
  }

  it('leaves the failures of the program to the driver', () => {
    const output = ended('RTNETLINK answers: Operation not permitted\n', 2);

    expect(outputOf(output, program, options)).to.equal(output.output);
    expect(outputOf(ended('sudo: a password is required\n'), program, { host: 'e' })).to.include({
      exitCode: 1,
    });
  });

  it('says what was not run, and why', () => {
    const messages = (
      [{ kind: 'missing' }, { kind: 'no file' }, { kind: 'torn', bytes: '3' }] as const
    ).map((end) => thrown(() => outputOf(end, program, options)));

    expect(messages.map(({ code }) => code)).to.deep.equal([
      'UPSTREAM_TOOL_MISSING',
      'UPSTREAM_COMMAND_FAILED',
      'UPSTREAM_COMMAND_FAILED',
    ]);
    expect(messages[0]?.message).to.contain('sudo ip on bot@edge1');
    expect(messages[2]?.message).to.contain('only 3 of the 4 bytes');
  });
});

describe('shellWord', () => {
  it('leaves plain words as they are', () => {
    expect(shellWord('10.0.0.0/8')).to.equal('10.0.0.0/8');
    expect(shellWord('')).to.equal("''");
  });
});
