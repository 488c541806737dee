/** The part `lab`: what needs a real Neutron. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { buildProgram } from '../footprint-part.ts';
import type { Skipped } from '../measurement.ts';
import { whyNoNamespace, withNamespaces } from '../namespace.ts';
import { createNotes, type Notes } from '../notes.ts';
import type { Findings, MeasurePart, PartContext } from '../part.ts';
import { type Lab, openLab, whyNoLab } from './fill-api.ts';
import { withFilledLab } from './fill.ts';
import { measureResilience } from './resilience.ts';
import { measureSnapshot, whyNoCli } from './snapshot.ts';

/** One of the things that are measured on the filled lab. */
type Measure = (lab: Lab, context: PartContext, notes: Notes) => Promise<readonly Skipped[]>;

const ROUTERS = 1000;
const SUBNETS = 5;
/** Of the filled lab. */
export const LAB_PREFIXES = ROUTERS * SUBNETS;

export type FilledLabName = 'snapshot' | 'resilience';

const ON_FILLED_LAB: Readonly<Record<FilledLabName, Measure>> = {
  snapshot: snapshotOn,
  resilience: resilienceOn,
};

/** Both, or the named ones. */
export function measureFilledLab(
  names: readonly FilledLabName[] = ['snapshot', 'resilience'],
): MeasurePart {
  return async (context, size): Promise<Findings> => {
    const why = whyNoLab() ?? whyNoNamespace();
    if (why !== undefined) {
      return { measurements: [], skipped: [{ part: 'lab', size, what: 'everything', why }] };
    }
    const notes = createNotes();
    const skipped: Skipped[] = [];
    const lab = await openLab();
    await withFilledLab(lab, { routers: ROUTERS, subnets: SUBNETS }, async () => {
      for (const name of names) {
        skipped.push(...(await ON_FILLED_LAB[name](lab, context, notes)));
      }
    });
    const { rounds } = context;
    const { samples } = notes;
    return { measurements: [{ part: 'lab', size, rounds, samples, notes: [] }], skipped };
  };
}

async function snapshotOn(
  lab: Lab,
  { rounds, signal }: PartContext,
  notes: Notes,
): Promise<readonly Skipped[]> {
  await measureSnapshot({ lab, rounds, routers: ROUTERS, prefixes: LAB_PREFIXES, signal }, notes);
  const why = whyNoCli();
  return why === undefined ? [] : [{ part: 'lab', size: LAB_PREFIXES, what: '`openstack`', why }];
}

async function resilienceOn(
  { env: cloud }: Lab,
  context: PartContext,
  notes: Notes,
): Promise<readonly Skipped[]> {
  const { root, rounds, signal } = context;
  await buildProgram(context);
  const dir = await mkdtemp(join(context.dir, 'resilience-'));
  await withNamespaces(1, async ([netns = '']) => {
    const place = { root, dir, netns, cloud };
    await measureResilience({ place, prefixes: LAB_PREFIXES, rounds, signal }, notes);
  });
  return [];
}
