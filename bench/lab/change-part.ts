/** From change to route on the lab: ours with events, and ours by polling. */
import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Measurement } from '../measurement.ts';
import { whyNoNamespace, withNamespaces } from '../namespace.ts';
import { createNotes, type Notes } from '../notes.ts';
import type { Findings, PartContext } from '../part.ts';
import { startLabAgent } from './agent.ts';
import type { How } from './change-section.ts';
import { type ChangePlace, measureChanges, withChangePlace } from './change.ts';
import { type Lab, openLab, whyNoLab } from './fill-api.ts';
import { watchKernel } from './kernel-watch.ts';

interface Way {
  readonly how: How;
  readonly events: boolean;
  /** Seconds between two polls. */
  readonly seconds: number;
  readonly mostRounds: number;
}

const WAYS: readonly Way[] = [
  { how: 'events', events: true, seconds: 30, mostRounds: Number.POSITIVE_INFINITY },
  { how: 'poll every 5 s', events: false, seconds: 5, mostRounds: 2 },
];
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

/** About one minute a round with events, and two for a round by polling. The lab has to be empty but for this. */
export async function measureChangeToRoute(context: PartContext, size: number): Promise<Findings> {
  const why = whyNoLab() ?? whyNoNamespace();
  if (why !== undefined) {
    return { measurements: [], skipped: [{ part: 'lab', size, what: 'change to route', why }] };
  }
  const notes = createNotes();
  const lab = await openLab();
  const name = `rs-change-${randomBytes(3).toString('hex')}`;
  await withNamespaces(1, async ([netns = '']) =>
    withChangePlace(lab, name, async (place) => {
      for (const way of WAYS) {
        await measureWay({ lab, context, place, netns }, way, notes);
      }
    }),
  );
  const { rounds } = context;
  const measurement = { part: 'lab', size, rounds, samples: notes.samples, notes: NOTES } as const;
  return { measurements: [measurement], skipped: [] };
}

async function measureWay(request: WayRequest, way: Way, notes: Notes): Promise<void> {
  const { lab, context, place, netns } = request;
  const { root, signal } = context;
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
      const period = way.events ? 0 : way.seconds;
      await measureChanges({ lab, place, watch, rounds, how: way.how, period, signal }, notes);
    } finally {
      await agent.stop();
    }
  } finally {
    await watch.close();
  }
}
