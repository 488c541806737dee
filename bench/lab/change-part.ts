/** From change to route on the lab: ours with events, ours by polling, and neutron-dynamic-routing. */
import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Measurement } from '../measurement.ts';
import { whyNoNamespace, withNamespaces } from '../namespace.ts';
import { createNotes, type Notes } from '../notes.ts';
import type { Findings, PartContext } from '../part.ts';
import { startLabAgent } from './agent.ts';
import { type ChangePlace, withChangePlace } from './change-place.ts';
import { type Operation, PEER, PEER_RESYNCS } from './change-section.ts';
import { measureChanges, type Pace } from './change.ts';
import {
  dynamicRoutingVersion,
  whyNoDynamicRouting,
  withDynamicRouting,
} from './dynamic-routing.ts';
import { type Lab, openLab, whyNoLab } from './fill-api.ts';
import { watchKernel } from './kernel-watch.ts';

/** Ours. */
interface Way {
  readonly how: 'events' | 'poll every 5 s';
  readonly events: boolean;
  /** Seconds between two polls. */
  readonly seconds: number;
  readonly mostRounds: number;
}

const WAYS: readonly Way[] = [
  { how: 'events', events: true, seconds: 30, mostRounds: Number.POSITIVE_INFINITY },
  { how: 'poll every 5 s', events: false, seconds: 5, mostRounds: 2 },
];
/** What is never seen costs a minute in the first round. */
const PEER_ROUNDS = 3;
/** Its default time between two readings of everything. */
const PEER_PERIOD = 40;
const PEER_PACE: Pace = {
  how: PEER,
  period: (operation) => (PEER_RESYNCS.includes(operation) ? PEER_PERIOD : 0),
  limit: 60,
};
const NOTES: Measurement['notes'] = [
  'removal: { snapshots: 1, graceSeconds: 0 }, so that a removal goes out as soon as it is known',
  'policy.extraRoutes: true',
  'by polling at most 2 rounds, the changes spread over the time between two polls',
];

interface WayRequest {
  readonly lab: Lab;
  readonly context: PartContext;
  readonly place: ChangePlace;
  readonly netns: string;
}

/**
 * About one minute a round with events, two for a round by polling; with neutron-dynamic-routing eight for the first round and two
 * for another. The lab has to be empty but for this.
 */
export async function measureChangeToRoute(context: PartContext, size: number): Promise<Findings> {
  const why = whyNoLab() ?? whyNoNamespace();
  if (why !== undefined) {
    return { measurements: [], skipped: [{ part: 'lab', size, what: 'change to route', why }] };
  }
  const notes = createNotes();
  const lab = await openLab();
  const name = `rs-change-${randomBytes(3).toString('hex')}`;
  const peer = await withNamespaces(2, async ([netns = '', peerNetns = '']) =>
    withChangePlace(lab, name, async (place) => {
      for (const way of WAYS) {
        await measureWay({ lab, context, place, netns }, way, notes);
      }
      return measurePeer({ lab, context, place, netns: peerNetns }, notes);
    }),
  );
  const { rounds } = context;
  const { samples } = notes;
  return {
    measurements: [{ part: 'lab', size, rounds, samples, notes: [...NOTES, ...peer.notes] }],
    skipped: peer.skipped.map((why) => ({ part: 'lab', size, what: PEER, why })),
  };
}

async function measureWay(request: WayRequest, way: Way, notes: Notes): Promise<void> {
  const { lab, context, place, netns } = request;
  const { root, signal } = context;
  const period = way.events ? 0 : way.seconds;
  const pace: Pace = { how: way.how, period: () => period, limit: 15 + 3 * period };
  const watch = await watchKernel(netns);
  try {
    const agent = await startLabAgent({
      lab,
      root,
      dir: await mkdtemp(join(context.dir, 'change-')),
      netns,
      externalNetwork: place.name,
      schedule: `*/${way.seconds} * * * * *`,
      events: way.events,
    });
    try {
      const rounds = Math.min(context.rounds, way.mostRounds);
      const unseen = await measureChanges({ lab, place, watch, rounds, pace, signal }, notes);
      if (unseen.size > 0) {
        throw new Error(`${way.how}: not within ${pace.limit} s: ${listed(unseen)}`);
      }
    } finally {
      await agent.stop();
    }
  } finally {
    await watch.close();
  }
}

interface Peer {
  /** What has to be known to read its numbers. */
  readonly notes: readonly string[];
  /** Why it has none. */
  readonly skipped: readonly string[];
}

/** Ours are kept if it fails. */
async function measurePeer(request: WayRequest, notes: Notes): Promise<Peer> {
  const { lab, context } = request;
  const rounds = Math.min(context.rounds, PEER_ROUNDS);
  try {
    const why = await whyNoDynamicRouting(lab);
    if (why !== undefined) {
      return { notes: [], skipped: [why] };
    }
    const unseen = await runPeer(request, { rounds, notes });
    const seen = `${PEER} ${dynamicRoutingVersion()}: ${rounds === 1 ? 'one round' : `${rounds} rounds`}`;
    const missed = `${PEER}, not within ${PEER_PACE.limit} s: ${listed(unseen)}`;
    return { notes: unseen.size === 0 ? [seen] : [seen, missed], skipped: [] };
  } catch (error) {
    context.signal.throwIfAborted();
    return { notes: [], skipped: [String(error)] };
  }
}

async function runPeer(
  { lab, context, place, netns }: WayRequest,
  { rounds, notes }: { readonly rounds: number; readonly notes: Notes },
): Promise<ReadonlySet<Operation>> {
  const { signal } = context;
  const dir = await mkdtemp(join(context.dir, 'dragent-'));
  const watch = await watchKernel(netns);
  try {
    return await withDynamicRouting({ lab, place, dir, netns }, async () =>
      measureChanges({ lab, place, watch, rounds, pace: PEER_PACE, signal }, notes),
    );
  } finally {
    await watch.close();
  }
}

function listed(operations: ReadonlySet<Operation>): string {
  return [...operations].join(', ');
}
