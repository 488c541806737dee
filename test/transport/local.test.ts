import { createHash } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import type { Command } from '../../src/drivers/driver.ts';
import { localTransport } from '../../src/transport/local.ts';
import { rejected, thrown } from '../drivers/thrown.ts';

const NEVER = new AbortController().signal;

function shell(script: string, stdin?: string): Command {
  return { argv: ['sh', '-c', script], ...(stdin !== undefined && { stdin }) };
}

describe('localTransport', () => {
  let folder: string;
  let path: string | undefined;

  beforeEach(async () => {
    path = process.env['PATH'];
    folder = await mkdtemp(join(tmpdir(), 'route-sync-'));
  });

  afterEach(async () => {
    process.env['PATH'] = path;
    await rm(folder, { recursive: true });
  });

  /** Puts a stand-in for `ip` first in PATH. */
  async function standIn(script: string): Promise<void> {
    const file = join(folder, 'ip');
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
    process.env['PATH'] = [folder, path].join(delimiter);
  }

  it('resolves with output and exit status, also of a failure', async () => {
    const { stdout, stderr, exitCode } = await localTransport().run(
      shell('echo out; echo err >&2; exit 3'),
      NEVER,
    );

    expect({ stdout, stderr, exitCode }).to.deep.equal({
      stdout: 'out\n',
      stderr: 'err\n',
      exitCode: 3,
    });
  });

  it('resolves with the same output as bytes, and a digest of them', async () => {
    const { stdout, bytes } = await localTransport().run(shell('seq 400000; printf é'), NEVER);

    expect(stdout).to.match(/^1\n2\n[^]*\n400000\né$/);
    expect(Buffer.concat(bytes?.chunks ?? []).toString() === stdout).to.equal(true);
    expect(bytes?.digest).to.equal(createHash('sha256').update(stdout).digest('hex'));
  });

  it('passes stdin through unchanged', async () => {
    const { stdout } = await localTransport().run(shell('cat', 'one\ntwo\n'), NEVER);

    expect(stdout).to.equal('one\ntwo\n');
  });

  it('survives a program that reads only the start of its stdin', async () => {
    const stdin = 'route add\n'.repeat(100_000);

    const { exitCode } = await localTransport().run(shell('exit 7', stdin), NEVER);

    expect(exitCode).to.equal(7);
  });

  it('gives a child PATH and the C locale and nothing else, secrets least of all', async () => {
    process.env['OS_PASSWORD'] = 'hidden';
    try {
      const { stdout } = await localTransport().run({ argv: ['env'] }, NEVER);

      const names = stdout.split('\n').map((line) => line.slice(0, line.indexOf('=')));
      expect(names.filter((name) => name !== '').sort()).to.deep.equal(['LANG', 'LC_ALL', 'PATH']);
      expect(stdout).to.contain('LANG=C\n').and.to.contain('LC_ALL=C\n');
    } finally {
      delete process.env['OS_PASSWORD'];
    }
  });

  it('never lets a shell read an argument', async () => {
    const { stdout } = await localTransport().run({ argv: ['echo', '$(id); `id`'] }, NEVER);

    expect(stdout).to.equal('$(id); `id`\n');
  });

  it('says what to install when the program is missing', async () => {
    process.env['PATH'] = folder;

    const error = await rejected(localTransport().run({ argv: ['ip', 'address'] }, NEVER));

    expect(error.code).to.equal('UPSTREAM_TOOL_MISSING');
    expect(error.message).to.contain('install iproute2');
  });

  it('names an unknown program that is missing', async () => {
    const command: Command = { argv: ['no-such-program'] };

    const error = await rejected(localTransport().run(command, NEVER));

    expect(error.message).to.contain('install the package of no-such-program');
  });

  it('does not start at all after its deadline', async () => {
    const error = await rejected(localTransport().run(shell('sleep 60'), AbortSignal.abort()));

    expect(error).to.include({ code: 'UPSTREAM_UNREACHABLE', retryable: true });
  });

  it('ends a running program at the deadline', async () => {
    const deadline = new AbortController();
    const running = localTransport().run(shell('exec sleep 60'), deadline.signal);

    deadline.abort();

    expect((await rejected(running)).code).to.equal('UPSTREAM_UNREACHABLE');
  });

  it('ends a program that never answers, with all that it started, and says where', async () => {
    await standIn('sleep 60 & sleep 60');
    const transport = localTransport({ netns: 'edge', deadlineMs: 50 });

    const error = await rejected(transport.run({ argv: ['ip', 'route'] }, NEVER));

    expect(error).to.include({ code: 'UPSTREAM_UNREACHABLE', retryable: true });
    expect(error.message).to.match(/^ip gave no answer within 0\.05 s on netns edge/);
  });

  it('reports a program that a signal ended', async () => {
    const error = await rejected(localTransport().run(shell('kill -9 $$'), NEVER));

    expect(error.code).to.equal('UPSTREAM_COMMAND_FAILED');
    expect(error.message).to.equal('sh was ended by SIGKILL');
  });

  it('enters a namespace with the means of ip, and by ip netns exec for other programs', async () => {
    await standIn(`printf '%s\\n' "$*"`);
    const transport = localTransport({ netns: 'edge.1' });

    const own = await transport.run({ argv: ['ip', '-4', 'route', 'show'] }, NEVER);
    const other = await transport.run({ argv: ['vtysh', '-c', 'show'] }, NEVER);

    expect(own.stdout).to.equal('-n edge.1 -4 route show\n');
    expect(other.stdout).to.equal('netns exec edge.1 vtysh -c show\n');
  });

  const entries: readonly (readonly [string, string, string])[] = [
    [
      'Cannot open network namespace "edge": No such file or directory',
      'UPSTREAM_UNREACHABLE',
      '"ip netns list"',
    ],
    [
      'setting the network namespace "edge" failed: Invalid argument',
      'UPSTREAM_UNREACHABLE',
      'Invalid argument',
    ],
    [
      'setting the network namespace "edge" failed: Operation not permitted',
      'UPSTREAM_NOT_PERMITTED',
      'CAP_SYS_ADMIN',
    ],
    [
      'Cannot open network namespace "edge": Permission denied',
      'UPSTREAM_NOT_PERMITTED',
      'CAP_SYS_ADMIN',
    ],
  ];
  for (const [words, code, hint] of entries) {
    it(`takes '${words}' for ${code}`, async () => {
      await standIn(`echo '${words}' >&2; exit 255`);

      const error = await rejected(
        localTransport({ netns: 'edge' }).run({ argv: ['ip', 'address'] }, NEVER),
      );

      expect(error.code).to.equal(code);
      expect(error.message).to.contain('network namespace "edge"').and.to.contain(hint);
    });
  }

  it('leaves the failures of the command itself to the driver', async () => {
    await standIn("echo 'RTNETLINK answers: Operation not permitted' >&2; exit 2");

    const output = await localTransport({ netns: 'edge' }).run({ argv: ['ip', 'route'] }, NEVER);

    expect(output.exitCode).to.equal(2);
  });

  for (const netns of ['', '.', '..', '../1/ns/net', '-all', 'a b', 'a/b', 'x'.repeat(256)]) {
    it(`refuses the namespace ${JSON.stringify(netns)}`, () => {
      expect(thrown(() => localTransport({ netns })).code).to.equal('UNSAFE_WORD');
    });
  }

  it('locks the namespace that it writes to, and leaves a missing one to the first command', async () => {
    expect(await localTransport().lockTarget()).to.match(/^network namespace \d+:\d+$/);
    expect(await localTransport({ netns: 'rs-test-missing' }).lockTarget()).to.equal(
      'network namespace rs-test-missing',
    );
  });

  it('is known by what it leads to', () => {
    expect(localTransport()).to.include({ description: 'this host', target: 'local' });
    expect(localTransport({ netns: 'edge' })).to.include({
      description: 'netns edge',
      target: 'local/netns/edge',
    });
  });
});
