/** Whatever `ip` prints, the answer is a state or an error on purpose, and nothing goes that the rows do not show as ours. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { parseAddress, parsePrefix } from '../../src/core/prefix.ts';
import { planUpstream, type PlanInput } from '../../src/core/plan.ts';
import type { UpstreamState } from '../../src/core/route.ts';
import type { CommandOutput } from '../../src/drivers/driver.ts';
import { linux } from '../../src/drivers/linux.ts';
import { desired, SCOPE } from '../drivers/routes.ts';
import { checkCommands, checkRemovals, removalsIn } from './fuzz-model.ts';
import { HOSTILE_TEXTS, type Json, jsonText, mutateJson, mutateText } from './fuzz-mutate.ts';
import type { Random } from './fuzz-random.ts';
import { fuzz, orRefused, promise } from './fuzz-run.ts';

const FOLDER = path.join(import.meta.dirname, '../drivers/data/linux/iproute2-6.1');
const TEXTS = ['routes4', 'routes6', 'addresses'].map((name) =>
  readFileSync(path.join(FOLDER, `${name}.json`), 'utf8'),
);
const TRUE_STATE = linux.parse(SCOPE, TEXTS.map(answer));
const EMPTY_ANSWERS = [answer('[]'), answer('[]'), answer('[]')];
const VALUES = TEXTS.map((text) => JSON.parse(text) as readonly Json[]);
const NOW = Date.UTC(2026, 0, 1);
const RULE = { snapshots: 2, graceSeconds: 60 };
const WANTED = [
  desired('10.1.0.0/24', '192.0.2.2'),
  desired('10.1.1.0/24', '192.0.2.9'),
  desired('10.1.20.0/24', '192.0.2.2'),
  desired('2001:db8:1::/64', '2001:db8::2'),
];
const KNOWN = new Map(
  [...hopsOf(TRUE_STATE)].map(([prefix, hops]) => [prefix, { origin: [], nextHops: [...hops] }]),
);
const OVERDUE = new Map(
  [...KNOWN.keys()].map((prefix) => [prefix, { since: NOW - 3_600_000, snapshots: 9 }]),
);
const REFUSALS = [
  'RTNETLINK answers: File exists\nCommand failed -:1\n',
  'RTNETLINK answers: No such process\nCommand failed -:2\n',
  'Error: Nexthop has invalid gateway.\nCommand failed -:3\nCannot find device "d9"\nCommand failed -:1\n',
  'RTNETLINK answers: Operation not permitted\nCommand failed -:1\n',
  'Error: ipv4: FIB table does not exist.\nDump terminated\n',
];

function answer(stdout: string): CommandOutput {
  return { stdout, stderr: '', exitCode: 0 };
}

/** Our routes with their next hops, by prefix. */
function hopsOf({ routes }: UpstreamState): ReadonlyMap<string, ReadonlySet<string>> {
  const ours = routes.filter(({ owned }) => owned);
  return new Map(
    [...Map.groupBy(ours, ({ prefix }) => prefix.text)].map(([prefix, same]) => [
      prefix,
      new Set(same.flatMap(({ nextHops }) => nextHops.map(({ address }) => address))),
    ]),
  );
}

/** The prefixes of the rows that carry our mark, read without the driver. */
function markedRows(answers: readonly CommandOutput[]): ReadonlySet<string> {
  const marked = answers.slice(0, 2).flatMap(({ stdout }, index) =>
    (JSON.parse(stdout) as readonly Record<string, Json>[]).flatMap((row) => {
      const { protocol, metric, dst, type = '1' } = row;
      const isOurs = protocol === '201' && metric === 1024 && (type === '1' || type === 'unicast');
      return isOurs && typeof dst === 'string' ? [canonical(dst, index)] : [];
    }),
  );
  return new Set(marked);
}

function canonical(dst: string, index: number): string {
  if (dst === 'default') {
    return index === 0 ? '0.0.0.0/0' : '::/0';
  }
  return parsePrefix(dst.includes('/') ? dst : `${dst}/${index === 0 ? 32 : 128}`).text;
}

/** One answer is damaged in its structure, in its characters, or in what comes with it; the others list nothing. */
function damaged(random: Random): readonly CommandOutput[] {
  const at = random.int(3);
  const rows = VALUES[at] ?? [];
  // Few rows at a time: what goes wrong goes wrong in one or two of them.
  const first = random.int(rows.length);
  const some = rows.slice(first, first + 4);
  const kind = random.int(10);
  if (kind < 6) {
    return EMPTY_ANSWERS.with(at, answer(jsonText(mutateJson(random, some))));
  }
  const text = JSON.stringify(some);
  if (kind < 9) {
    return EMPTY_ANSWERS.with(at, answer(mutateText(random, text)));
  }
  const stderr = mutateText(random, random.pick([...REFUSALS, ...HOSTILE_TEXTS]));
  const exitCode = random.pick([0, 1, 2, 255]);
  return EMPTY_ANSWERS.with(at, { stdout: text, stderr, exitCode });
}

function check(answers: readonly CommandOutput[]): void {
  const state = orRefused(() => linux.parse(SCOPE, answers));
  if (state === undefined) {
    return;
  }
  const installed = hopsOf(state);
  const marked = answers.every(({ exitCode }) => exitCode === 0) ? markedRows(answers) : undefined;
  for (const prefix of installed.keys()) {
    promise(marked?.has(prefix) !== false, `${prefix} is taken for ours without the mark`);
  }
  const { changes } = planUpstream(planInput(state));
  checkRemovals(removalsIn(changes), {
    installed,
    ledger: KNOWN,
    missing: OVERDUE,
    mode: 'sync',
    rule: RULE,
    now: NOW,
    wanted: new Set(WANTED.map(({ prefix }) => prefix.text)),
  });
  const sendable = changes.filter((change) => linux.unsupported(change) === undefined);
  const hops = [...WANTED, ...state.routes].flatMap(({ nextHops }) => nextHops);
  checkCommands(
    linux.render(SCOPE, sendable).map(({ command }) => command),
    {
      prefixes: new Set([...installed.keys(), ...WANTED.map(({ prefix }) => prefix.text)]),
      nextHops: new Set(hops.map(({ address }) => parseAddress(address))),
    },
  );
}

function planInput(state: UpstreamState): PlanInput {
  return {
    upstream: 'edge1',
    desired: { routes: WANTED, conflicts: [], warnings: [], unneeded: [] },
    state,
    mode: 'sync',
    removal: RULE,
    maxRoutes: undefined,
    windows: { windows: [], timezone: 'UTC' },
    missing: OVERDUE,
    ledger: KNOWN,
    now: NOW,
    reading: 'whole',
  };
}

describe('fuzz: the answers of ip', () => {
  it('reads or refuses every listing, and removes nothing that is not ours and due', async () => {
    await fuzz({
      name: 'ip-show',
      share: 500_000,
      attempt: (random, note) => {
        const answers = damaged(random);
        note(answers.find((output, index) => output !== EMPTY_ANSWERS[index]));
        check(answers);
      },
    });
  });

  it('maps every complaint about a batch to its changes, or refuses it', async () => {
    const [chunk] = linux.render(SCOPE, planUpstream(planInput(TRUE_STATE)).changes);
    if (chunk === undefined) {
      throw new Error('nothing was rendered');
    }
    await fuzz({
      name: 'ip-batch',
      share: 185_000,
      attempt: (random, note) => {
        const stderr = mutateText(random, random.pick(REFUSALS));
        const output = { stdout: '', stderr, exitCode: random.pick([0, 1, 2, 255, NaN]) };
        note(output);
        const rejected = orRefused(() => linux.rejections(chunk, output)) ?? [];
        promise(
          rejected.every(({ change }) => chunk.changes.includes(change)),
          'a change was refused that was not asked for',
        );
        orRefused(() => linux.probed(SCOPE, output));
      },
    });
  });
});
