/**
 * What the agent knows of the cloud from cycle to cycle. The whole cloud is read on schedule, as often as it can bear; in
 * between, what is known to have changed is read by itself and takes its place in the last view. What happens while the
 * whole is being read does not wait for it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CloudSource, CloudView } from '../cloud-view.ts';
import { isNothing, NOTHING_TOUCHED, touchedTogether, type Touched } from '../events/touched.ts';
import { look, sightOf, stillReading, type Sight } from '../look.ts';
import { changeFeed, type ChangeFeed } from './changes.ts';
import { refreshCloud } from './refresh.ts';
import { createRest, type Rest } from './spacing.ts';

export interface CloudWatch {
  /** What a cycle goes by. Rejects as look does. */
  readonly look: (source: CloudSource) => Promise<Sight>;
  /** A cycle is due by the schedule: the next look reads the whole cloud where it is time, and what changed where not. */
  readonly tick: () => void;
  /** These changed; nobody waits any shorter for that. */
  readonly touch: (touched: Touched) => void;
  /** A look that waits for the whole cloud takes what was touched first. */
  readonly wake: () => void;
  /** What is known may be out of date: the whole cloud is to be read. */
  readonly distrust: () => void;
  /** There is something to look at: a reading under way, or a change. */
  readonly isExpecting: () => boolean;
}

export interface CloudWatchOptions {
  /** Unix milliseconds. */
  readonly now: () => number;
  /** The part of the time that may be spent with reading the whole cloud, in percent. */
  readonly percent: number;
  /**
   * Asked where nothing is known of the cloud yet, and reading it takes long: whether the upstreams can be kept to what
   * it asked for last.
   */
  readonly canGoOn: () => Promise<boolean>;
}

/** The whole cloud being read, and what changed since that began. */
interface WholeReading {
  readonly startedAt: number;
  readonly sight: Promise<Sight>;
  touched: Touched;
}

/** What is known, and what is to be found out. */
interface Knowledge {
  view: CloudView | undefined;
  whole: WholeReading | undefined;
  pending: Touched;
  /** Nothing happened that the view might lack and nobody told of. */
  isTrusted: boolean;
  /** A cycle of the schedule is waiting for its look. */
  isDue: boolean;
  /** The last look left the whole cloud alone for what was touched. */
  hasYielded: boolean;
  /** Nothing was known yet when the first look gave up waiting. */
  hasGoneOn: boolean;
  news: PromiseWithResolvers<void>;
}

interface Watching extends CloudWatchOptions {
  readonly known: Knowledge;
  readonly feed: ChangeFeed;
  readonly rest: Rest;
}

/** A cloud that answers sooner is waited for. */
const PATIENCE_MS = 100;

export function watchCloud(options: CloudWatchOptions): CloudWatch {
  const known: Knowledge = {
    view: undefined,
    whole: undefined,
    pending: NOTHING_TOUCHED,
    isTrusted: true,
    isDue: false,
    hasYielded: false,
    hasGoneOn: false,
    news: Promise.withResolvers(),
  };
  const rest = createRest(options.now, options.percent);
  const watching = { ...options, known, feed: changeFeed(), rest };
  const wake = (): void => {
    known.news.resolve();
    known.news = Promise.withResolvers();
  };
  return {
    look: async (source) => lookOn(watching, source),
    tick: () => {
      known.isDue = true;
      wake();
    },
    touch: (touched) => {
      known.pending = touchedTogether(known.pending, touched);
      if (known.whole !== undefined) {
        known.whole.touched = touchedTogether(known.whole.touched, touched);
      }
    },
    wake,
    distrust: () => {
      known.isTrusted = false;
      wake();
    },
    isExpecting: () =>
      known.whole !== undefined ||
      known.isDue ||
      (known.view !== undefined && !isNothing(known.pending)) ||
      (!known.isTrusted && rest.isLong()),
  };
}

async function lookOn(watching: Watching, source: CloudSource): Promise<Sight> {
  const { known } = watching;
  const { view } = known;
  const isTouched = view !== undefined && !isNothing(known.pending);
  // The cloud answers few questions faster than many; but changes that never end must not put off the whole for ever.
  const yields = isTouched && !known.hasYielded;
  known.hasYielded = yields;
  if (yields) {
    return refresh(known, view, source);
  }
  if (known.whole === undefined && wantsWhole(watching)) {
    known.whole = beginWhole(watching, source);
  }
  const { whole } = known;
  const wasDue = known.isDue;
  known.isDue = false;
  if (isTouched) {
    return refresh(known, view, source);
  }
  if (whole !== undefined) {
    return followWhole(watching, whole, source);
  }
  if (view === undefined) {
    return stillReading();
  }
  return wasDue ? poll(watching, view, source) : seen(view);
}

function wantsWhole({ known: { view, isTrusted, isDue }, rest }: Watching): boolean {
  if (view === undefined) {
    return true;
  }
  return isTrusted ? isDue && rest.isOver() : isDue || rest.isLong();
}

function beginWhole({ known, now }: Watching, source: CloudSource): WholeReading {
  known.isTrusted = true;
  const sight = look(source);
  // Whoever waits for it is told; nobody may be waiting yet.
  sight.catch(() => undefined);
  return { startedAt: now(), sight, touched: known.pending };
}

async function endWhole(
  { known, rest }: Watching,
  whole: WholeReading,
  source: CloudSource,
): Promise<Sight> {
  known.whole = undefined;
  const sight = await whole.sight;
  rest.begin(whole.startedAt, sight.cloud !== undefined);
  if (sight.cloud === undefined) {
    return sight;
  }
  known.view = asBefore(sight.cloud);
  // What was touched while it was read may be older in it than what was known already.
  known.pending = whole.touched;
  return isNothing(whole.touched) ? sight : refresh(known, sight.cloud, source);
}

/** Reads what was touched; whatever was whole before is whole after that. */
async function refresh(known: Knowledge, view: CloudView, source: CloudSource): Promise<Sight> {
  const touched = known.pending;
  known.pending = NOTHING_TOUCHED;
  let isEnough = false;
  const sight = await sightOf(async () => {
    const fresh = await refreshCloud(view, touched, source);
    isEnough = fresh !== undefined;
    return fresh ?? view;
  }, source);
  known.isTrusted &&= isEnough;
  known.view = asBefore(sight.cloud ?? view);
  return sight;
}

/** What the cloud itself tells of changes, where it does. */
async function poll(
  { known, feed }: Watching,
  view: CloudView,
  source: CloudSource,
): Promise<Sight> {
  const sight = await sightOf(async () => {
    const changes = (await feed.since(view, source)) ?? NOTHING_TOUCHED;
    known.pending = touchedTogether(known.pending, changes);
    return view;
  }, source);
  known.isTrusted &&= sight.cloud !== undefined;
  return sight.cloud === undefined || isNothing(known.pending)
    ? sight
    : refresh(known, view, source);
}

/** Waits for the whole cloud, unless something can be done before. */
async function followWhole(
  watching: Watching,
  whole: WholeReading,
  source: CloudSource,
): Promise<Sight> {
  const { known } = watching;
  const over = (): 'ended' => 'ended';
  // Why it failed is for whoever takes it.
  const ended = whole.sight.then(over, over);
  let patience = known.view === undefined && !known.hasGoneOn ? [late()] : [];
  for (let event: 'news' | 'late' | 'ended' = 'news'; ;) {
    // Before anything is looked at: what comes after that is news.
    const news = known.news.promise.then(() => 'news' as const);
    const sight = await meanwhile(watching, event === 'late', source);
    if (sight !== undefined) {
      return sight;
    }
    event = await Promise.race([ended, news, ...patience]);
    if (event === 'ended') {
      return endWhole(watching, whole, source);
    }
    patience = event === 'late' ? [] : patience;
  }
}

async function late(): Promise<'late'> {
  await sleep(PATIENCE_MS);
  return 'late';
}

/** What can be done before the whole cloud is read. */
async function meanwhile(
  { known, canGoOn }: Watching,
  isLate: boolean,
  source: CloudSource,
): Promise<Sight | undefined> {
  const { view, isDue } = known;
  known.isDue = false;
  if (view === undefined) {
    known.hasGoneOn ||= isLate;
    return (isLate || isDue) && (await canGoOn()) ? stillReading() : undefined;
  }
  if (!isNothing(known.pending)) {
    return refresh(known, view, source);
  }
  return isDue ? seen(view) : undefined;
}

function seen(cloud: CloudView): Sight {
  return { cloud, blind: undefined };
}

/** The view as a later look takes it: no new reading of the whole, and nothing that was asked for just now. */
function asBefore(view: CloudView): CloudView {
  return { ...view, reading: 'touched', network: undefined };
}
