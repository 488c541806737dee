/** What taking a run back does with each of its changes, whatever happened on the upstream since. */
import { expect } from 'chai';

import type { JournalChange } from '../../src/agent/journal-facts.ts';
import type { EndFacts, RecoveredFacts } from '../../src/agent/journal-record.ts';
import { readRuns, type JournalRun } from '../../src/agent/journal-runs.ts';
import { undoProposal } from '../../src/agent/undo.ts';
import { parseAddress, parsePrefix } from '../../src/core/prefix.ts';
import { type InstalledRoute, type NextHop, prefixOf } from '../../src/core/route.ts';
import { newRouter } from '../cli/fake-ip.ts';
import { ADD, installed, journalScene, REMOVE, REPLACE, stateOf } from './journal-scene.ts';
import { inputFor, route } from './push-input.ts';

const PREFIX = '198.51.100.0/27';
const { origin } = route(PREFIX, '203.0.113.5');

function via(...addresses: readonly string[]): readonly NextHop[] {
  return addresses.map((address) => ({ address: parseAddress(address) }));
}

const ADDED: JournalChange = {
  action: 'add',
  prefix: PREFIX,
  before: undefined,
  after: via('203.0.113.5'),
  origin,
  was: undefined,
};
const REPLACED: JournalChange = {
  ...ADDED,
  action: 'replace',
  before: via('203.0.113.4'),
  was: 'proto 201',
};
const REMOVED: JournalChange = {
  ...ADDED,
  action: 'remove',
  before: via('203.0.113.5'),
  after: undefined,
  was: 'proto 201',
};
const ADOPTED: JournalChange = {
  ...REPLACED,
  action: 'adopt',
  was: 'proto 4 metric 50 dev eth1\u{1b}',
};

const END: EndFacts = {
  kind: 'end',
  run: 'run-1',
  added: 1,
  replaced: 0,
  removed: 0,
  failed: [],
  skipped: [],
  verified: true,
  released: false,
};
const PROBLEM = { prefix: PREFIX, code: 'ROUTE_REJECTED', message: 'no' };
const RECOVERED: RecoveredFacts = {
  kind: 'recovered',
  run: 'run-1',
  standing: 0,
  missing: [PREFIX],
};

const OURS = installed(PREFIX, '203.0.113.5');
const STRANGER: InstalledRoute = { ...OURS, owned: false, description: 'proto 4 metric 50' };

function runOf(changes: readonly JournalChange[], end?: JournalRun['end']): JournalRun {
  const begin = {
    kind: 'begin',
    run: 'run-1',
    command: 'apply',
    force: false,
    owner: 'test',
    host: 'host1',
    user: '0',
    upstream: 'edge1',
    target: 'here',
    changes: changes.length,
  } as const;
  const counts = { add: 0, replace: 0, remove: 0, adopt: 0 };
  return { at: '2026-01-01T00:00:00.000Z', begin, counts, changes, end };
}

async function undo(run: JournalRun, ...routes: readonly InstalledRoute[]) {
  const open = await inputFor(await newRouter(), []);
  return undoProposal(run, { ...open, journal: undefined, state: stateOf(...routes) });
}

describe('undoProposal', () => {
  for (const end of [END, undefined]) {
    const which = end === undefined ? 'a run without end' : 'a run';

    it(`removes what ${which} added`, async () => {
      const { plan, left } = await undo(runOf([ADDED], end), OURS);

      expect(plan.changes).to.deep.equal([{ action: 'remove', before: OURS, origin }]);
      expect(plan).to.include({ owned: 1, unchanged: 0 });
      expect(left).to.deep.equal([]);
    });

    it(`replaces back what ${which} replaced`, async () => {
      const { plan } = await undo(runOf([REPLACED], end), OURS);

      const after = { prefix: OURS.prefix, nextHops: via('203.0.113.4'), origin: [] };
      expect(plan.changes).to.deep.equal([{ action: 'replace', before: OURS, after }]);
    });

    it(`adds what ${which} removed, for the router that had it`, async () => {
      const { plan } = await undo(runOf([REMOVED], end));

      const after = { prefix: OURS.prefix, nextHops: via('203.0.113.5'), origin };
      expect(plan.changes).to.deep.equal([{ action: 'add', after }]);
    });
  }

  it('puts a route back with its device', async () => {
    const before = [{ address: parseAddress('203.0.113.5'), device: 'ext0', onlink: true }];

    const { plan } = await undo(runOf([{ ...REMOVED, before }]));

    expect(plan.changes).to.have.nested.property('[0].after.nextHops').that.deep.equals(before);
  });

  it('keeps the record of unwanted routes', async () => {
    const missing = new Map([['198.51.100.96/27', { since: 1, snapshots: 2 }]]);
    const open = await inputFor(await newRouter(), []);
    const ledger = { ...open.ledger, missing };

    const { plan } = undoProposal(runOf([ADDED]), { ...open, journal: undefined, ledger });

    expect(plan.missing).to.equal(missing);
  });

  const OTHER = installed(PREFIX, '203.0.113.9');
  const NETWORK = { ...STRANGER, prefix: parsePrefix('0.0.0.0/0') };
  const left: readonly [
    name: string,
    run: JournalRun,
    routes: readonly InstalledRoute[],
    reason: RegExp,
  ][] = [
    ['an added route that is gone', runOf([ADDED]), [], /^no route of ours is there any more$/],
    ['an added route that is a stranger’s now', runOf([ADDED]), [STRANGER], /^no route of ours/],
    [
      'an added route that was changed',
      runOf([ADDED]),
      [OTHER],
      /^our route was changed since: it is via 203.0.113.9 dev ext0, not via 203.0.113.5$/,
    ],
    [
      'an added route beside which there is another',
      runOf([ADDED]),
      [OURS, OTHER],
      /changed since/,
    ],
    ['a replaced route that is gone', runOf([REPLACED]), [], /^no route of ours/],
    ['a replaced route that was changed', runOf([REPLACED]), [OTHER], /changed since/],
    [
      'a replaced route that had no next hop',
      runOf([{ ...REPLACED, before: [] }]),
      [OURS],
      /before had no next hop$/,
    ],
    ['a removed route that is back', runOf([REMOVED]), [OTHER], /^a route of ours is there again/],
    [
      'a removed route whose prefix somebody took',
      runOf([REMOVED]),
      [STRANGER],
      /^somebody else holds this prefix now \(proto 4 metric 50\)$/,
    ],
    [
      'a removed route without next hop',
      runOf([{ ...REMOVED, before: [] }]),
      [],
      /had no next hop$/,
    ],
    ['an adoption', runOf([ADOPTED]), [OURS], /where it was "proto 4 metric 50 dev eth1.*"$/],
    [
      'a change that failed',
      runOf([ADDED], { ...END, failed: [{ action: 'add', ...PROBLEM }] }),
      [OURS],
      /could not make this change \(ROUTE_REJECTED\)$/,
    ],
    [
      'a change that was skipped',
      runOf([REMOVED], { ...END, skipped: [{ action: 'remove', ...PROBLEM }] }),
      [],
      /could not make this change/,
    ],
    ['a change that a crash cut off', runOf([ADDED], RECOVERED), [OURS], /cut short before/],
  ];
  for (const [name, run, routes, reason] of left) {
    it(`leaves ${name} alone`, async () => {
      const proposal = await undo(run, NETWORK, ...routes);

      expect(proposal.plan.changes).to.deep.equal([]);
      expect(proposal.left).to.have.length(1);
      expect(proposal.left[0]).to.include({ prefix: PREFIX });
      expect(proposal.left[0]?.reason).to.match(reason);
    });
  }

  it('leaves a removed route alone whose network the upstream is connected to now', async () => {
    const open = await inputFor(await newRouter(), []);
    const network = parsePrefix('198.51.100.0/25');
    const addresses = [{ address: parseAddress('198.51.100.1'), network }];

    const proposal = undoProposal(runOf([REMOVED]), {
      ...open,
      journal: undefined,
      state: { routes: [], addresses },
    });

    expect(proposal.plan.changes).to.deep.equal([]);
    expect(proposal.left[0]?.reason).to.equal('the upstream is connected to 198.51.100.0/25 now');
  });

  it('puts one route back where several of one prefix were removed', async () => {
    const { plan, left: others } = await undo(runOf([REMOVED, REMOVED]));

    expect(plan.changes).to.have.length(1);
    expect(others.map(({ reason }) => reason)).to.deep.equal([
      'the run removed several routes of this prefix; the first of them is put back',
    ]);
  });

  it('takes back what a journal on the disk says', async () => {
    const scene = await journalScene();
    try {
      await scene.write('run-1', [ADD, REPLACE, REMOVE]);
      await scene.write('run-2', [ADD]);
      const runs = await readRuns({ stateDir: scene.dir, upstream: 'edge1' }, 'test', 'run-1');
      const [run, later] = runs;
      if (run === undefined) {
        throw new Error('no run');
      }
      expect(run.counts).to.deep.equal({ add: 1, replace: 1, remove: 1, adopt: 0 });
      expect(later?.changes).to.deep.equal([]);

      const { plan } = await undo(run, OURS, installed('198.51.100.32/27', '203.0.113.7'));

      expect(
        plan.changes.map((change) => `${change.action} ${prefixOf(change).text}`),
      ).to.deep.equal([
        'remove 198.51.100.0/27',
        'replace 198.51.100.32/27',
        'add 198.51.100.64/27',
      ]);
    } finally {
      await scene.close();
    }
  });
});
