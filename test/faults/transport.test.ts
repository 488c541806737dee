/** Faults of `ip` and hands on the table during a cycle, against real kernel routes. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';

import { expect } from 'chai';

import {
  answers,
  type Call,
  DONE,
  type FaultTransport,
  faultTransport,
  killedAfter,
  refusedLine,
  unreadableLine,
} from './fault-transport.ts';
import {
  AFTER,
  BEFORE,
  batch,
  type KernelScene,
  needKernel,
  onKernel,
  openKernelScene,
  type Routes,
} from './kernel-scene.ts';
import { count } from './summary.ts';

const READ_FAULTS: Readonly<Record<string, string>> = {
  'is killed': 'kill -9 $$',
  'prints garbage': answers(']]> not json'),
  'prints half of its JSON': '"$real" "$@" | head -c 150; exit 0',
  'prints nothing': 'exit 0',
  'prints an object': answers('{}'),
  'prints a list of words': answers('["a","b"]'),
  'prints routes without prefixes': answers('[{"gateway":"192.0.2.1"}]'),
  'exits with strange words': answers('[]', { exitCode: 1, stderr: 'Segmentation violation' }),
  'exits without a word': 'exit 1',
  'prints 20 MB of one letter': 'head -c 20000000 /dev/zero | tr "\\0" a; exit 0',
  'is slow': 'sleep 0.2',
};

const BATCH_FAULTS: Readonly<Record<string, string>> = {
  'is killed before the first line': killedAfter(0),
  'is killed after the first line': killedAfter(1),
  'is killed after the second line': killedAfter(2),
  'is killed when all is done': killedAfter(1000),
  'is refused the first line': refusedLine(1),
  'is refused the second line': refusedLine(2),
  'cannot read the first line': unreadableLine(1),
  'cannot read the second line': unreadableLine(2),
  'does nothing and says so with strange words': answers('', { exitCode: 1, stderr: 'Ouch' }),
  'does nothing and does not say so': 'exit 0',
  'is slow': 'sleep 0.2',
};

/** Of a first reading that fails nothing is learned, so nothing is done. */
const FIRST: ReadonlySet<Call> = new Set(['read4.1', 'read6.1', 'address.1']);

describe(onKernel('faults of ip at every call'), function suite() {
  this.timeout(300_000);
  let scene: KernelScene;
  let ip: FaultTransport;
  let calls: readonly Call[];

  before(async function open() {
    needKernel(this);
    scene = await openKernelScene();
    ip = faultTransport(scene.bin);
    ip.arm({});
    await scene.assertConverges('without a fault');
    calls = ip.calls();
    scene.restore();
  });

  beforeEach(() => {
    scene.restore();
  });

  after(async () => {
    await scene?.close();
  });

  function callsOf(kinds: RegExp): readonly Call[] {
    return calls.filter((call) => kinds.test(call));
  }

  async function tryFault(call: Call, fault: string, what: string): Promise<void> {
    ip.arm({ [call]: fault });
    const { exitCode, said } = await scene.apply();
    count('faults tried');
    const told = `${call} ${what}: ${said}`;
    const found = scene.table();
    scene.assertNothingWrong(found, told);
    expect(exitCode, told).to.be.oneOf([0, 1, 4]);
    if (FIRST.has(call) && what !== 'is slow') {
      expect({ exitCode, ours: found.ours }, told).to.deep.equal({ exitCode: 1, ours: BEFORE });
    }
    ip.arm({});
    // A table that nothing was done to is led on by the clean cycle at the end of the row.
    if (exitCode === 1 && !said.includes('Plan:')) {
      return;
    }
    await scene.assertConverges(told);
    scene.restore();
  }

  for (const [what, fault] of Object.entries(READ_FAULTS)) {
    it(`survives a reading that ${what}`, async () => {
      expect(callsOf(/^(?:read|address)/)).to.have.lengthOf.at.least(9);
      for (const call of callsOf(/^(?:read|address)/)) {
        await tryFault(call, fault, what);
      }
      await scene.assertConverges(what);
    });
  }

  for (const [what, fault] of Object.entries(BATCH_FAULTS)) {
    it(`survives a batch that ${what}`, async () => {
      expect(callsOf(/^batch/)).to.have.lengthOf.at.least(4);
      for (const call of callsOf(/^batch/)) {
        await tryFault(call, fault, what);
      }
    });
  }

  it('survives a question for rights that is killed, or answered with strange words', async () => {
    for (const call of callsOf(/^probe/)) {
      await tryFault(call, 'kill -9 $$', 'is killed');
      await tryFault(call, answers('', { exitCode: 7, stderr: 'Ouch' }), 'says strange words');
    }
  });
});

interface Hand {
  /** Lines for `ip` in the namespace. */
  readonly lines: readonly string[];
  /** What is then somebody else's: it must stay until they take it away. */
  readonly theirs?: string;
  /** A route with our mark that is not what the plan saw: this cycle must leave it. */
  readonly keeps?: Routes;
}

const HANDS: Readonly<Record<string, Hand>> = {
  'deletes a route of ours': {
    lines: ['-4 route del 203.0.112.0/27 proto 201 metric 1024'],
  },
  'deletes what we are about to remove': {
    lines: ['-4 route del 203.0.112.64/27 proto 201 metric 1024'],
  },
  'adds a route of its own inside one of ours': {
    lines: ['-4 route add 203.0.112.0/28 via 192.0.2.250 proto 4'],
    theirs: '203.0.112.0/28 via 192.0.2.250',
  },
  'takes the place that we are about to take': {
    lines: ['-4 route add 203.0.112.128/27 via 192.0.2.250 proto 4 metric 1024'],
    theirs: '203.0.112.128/27 via 192.0.2.250',
  },
  'makes what we are about to remove its own': {
    lines: [
      '-4 route del 203.0.112.64/27 proto 201 metric 1024',
      '-4 route add 203.0.112.64/27 via 192.0.2.12 proto 4 metric 1024',
    ],
    theirs: '203.0.112.64/27 via 192.0.2.12',
  },
  'makes what we are about to replace its own': {
    lines: [
      '-6 route del 2001:db8:b::/64 proto 201 metric 1024',
      '-6 route add 2001:db8:b::/64 via 2001:db8::99 proto 4 metric 1024',
    ],
    theirs: '2001:db8:b::/64 via 2001:db8::99',
  },
  'turns what we are about to remove elsewhere': {
    lines: ['-4 route change 203.0.112.64/27 via 192.0.2.98 proto 201 metric 1024'],
    keeps: { '203.0.112.64/27': '192.0.2.98' },
  },
};

/** Before and in the batch that brings the new in, at its read-backs, and right before the batch that takes the old out. */
const MOMENTS: readonly Call[] = [
  'probe.1',
  'batch4.1',
  'batch6.1',
  'read4.2',
  'batch4.2',
  'read4.3',
  'batch4.3',
];

describe(onKernel('hands on the table during the push'), function suite() {
  this.timeout(300_000);
  let scene: KernelScene;
  let ip: FaultTransport;

  before(async function open() {
    needKernel(this);
    scene = await openKernelScene();
    ip = faultTransport(scene.bin);
  });

  beforeEach(() => {
    scene.restore();
  });

  after(async () => {
    await scene?.close();
  });

  for (const [what, { lines, theirs, keeps = {} }] of Object.entries(HANDS)) {
    it(`leaves alone what is not ours when somebody ${what}`, async () => {
      let times = 0;
      for (const moment of MOMENTS) {
        const { name } = scene.namespace;
        const { foreign } = scene.table();
        const commands = lines.map((line) => `"$real" -n ${name} ${line} 2>/dev/null`);
        ip.arm({ [moment]: [...commands, DONE].join(' && ') });
        const { exitCode, said } = await scene.apply();
        count('faults tried');
        const isDone = ip.isDone();
        times += isDone ? 1 : 0;
        const told = `${moment}${isDone ? '' : ' (too late)'}: ${said}`;
        const { ours, foreign: found } = scene.table();
        expect(ours, told).to.include(isDone ? keeps : {});
        const lost = foreign.filter((line) => !found.includes(line));
        const trampled = isDone && theirs !== undefined && findLine(found, theirs) === undefined;
        count('foreign routes touched', lost.length + (trampled ? 1 : 0));
        expect({ lost, trampled }, told).to.deep.equal({ lost: [], trampled: false });
        expect(exitCode, told).to.be.oneOf([0, 4]);
        ip.arm({});
        if (theirs !== undefined && findLine(found, theirs) !== undefined) {
          const family = theirs.includes(':') ? '-6' : '-4';
          batch(scene.namespace, [`${family} route del ${theirs} proto 4`]);
        }
        await scene.apply();
        await scene.assertConverges(told);
        scene.restore();
      }
      expect(times, 'moments in time').to.be.at.least(2);
    });
  }
});

function findLine(lines: readonly string[], route: string): string | undefined {
  return lines.find((line) => line.startsWith(`1 ${route} `) && line.includes(' proto 4 '));
}

describe(onKernel('an upstream in trouble'), function suite() {
  this.timeout(300_000);
  let scene: KernelScene;

  before(function skipWithoutNamespaces() {
    needKernel(this);
  });

  beforeEach(async () => {
    scene = await openKernelScene();
  });

  afterEach(async () => {
    await scene?.close();
  });

  it('works between 20,000 routes of others and touches none', async () => {
    const foreign = Array.from({ length: 20_000 }, (_, index) => {
      const [high, low] = [Math.floor(index / 256), index % 256];
      return `-4 route add 10.${high}.${low}.0/24 via 198.51.100.9 proto 4`;
    });
    batch(scene.namespace, foreign);
    const before = scene.table().foreign;

    const { exitCode, said } = await scene.apply();

    count('faults tried');
    const found = scene.table();
    expect(before).to.have.lengthOf.above(20_000);
    expect(found.foreign.join('\n') === before.join('\n'), 'foreign routes are the same').to.equal(
      true,
    );
    expect({ exitCode, ours: found.ours }, said).to.deep.equal({ exitCode: 0, ours: AFTER });
  });

  for (const moment of ['read4.1', 'probe.1', 'batch4.1', 'read4.2'] as const) {
    it(`says so when the namespace vanishes at ${moment}, and starts anew in a new one`, async () => {
      const { name } = scene.namespace;
      const ip = faultTransport(scene.bin);
      ip.arm({ [moment]: `"$real" netns del ${name}` });

      const { exitCode, said } = await scene.apply();

      count('faults tried');
      // What close() removes.
      execFileSync('ip', ['netns', 'add', name]);
      expect(exitCode, said).to.be.oneOf([1, 4]);
      expect(said).to.contain('UPSTREAM_UNREACHABLE').and.contain('ip netns list');
    });
  }

  for (const tool of ['flock', 'ip']) {
    it(`does nothing without ${tool}, and says so`, async () => {
      const tools = path.join(scene.folder, 'tools');
      mkdirSync(tools);
      const others = ['ip', 'flock', 'cat', 'sh'].filter((name) => name !== tool);
      for (const name of others) {
        const found = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
        symlinkSync(found.trim(), path.join(tools, name));
      }

      const { exitCode, said } = await scene.apply(undefined, { env: { PATH: tools } });

      count('faults tried');
      const found = scene.table();
      scene.assertNothingWrong(found, said);
      expect({ exitCode, ours: found.ours }, said).to.deep.equal({ exitCode: 1, ours: BEFORE });
      expect(said).to.contain('UPSTREAM_TOOL_MISSING').and.contain(tool);
      await scene.assertConverges(tool);
    });
  }
});
