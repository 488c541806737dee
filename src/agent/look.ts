/** The cloud as far as it can be seen: a complete view, or the reason why there is none. */
import { RouteSyncError } from '../errors.ts';
import { OpenStackError } from '../openstack-client-lite/index.ts';
import type { ReportedError } from '../report/report.ts';
import { readCloud, type CloudSource, type CloudView } from './cloud-view.ts';

/** What went wrong; `cause` is the error itself. */
export interface Blindness extends ReportedError {
  readonly cause: RouteSyncError | OpenStackError;
}

export type Sight =
  | { readonly cloud: CloudView; readonly blind: undefined }
  | { readonly cloud: undefined; readonly blind: Blindness };

/** Reads the whole cloud. Rejects only when the caller asked to stop, and with what is no error of cloud or snapshot. */
export async function look(source: CloudSource): Promise<Sight> {
  return sightOf(readCloud, source);
}

/** The view that is read, or why there is none. Rejects as {@link look} does. */
export async function sightOf(
  read: (source: CloudSource) => Promise<CloudView>,
  source: CloudSource,
): Promise<Sight> {
  try {
    return { cloud: await read(source), blind: undefined };
  } catch (cause) {
    source.signal.throwIfAborted();
    return blindTo(cause);
  }
}

function blindTo(cause: unknown): Sight {
  if (cause instanceof RouteSyncError || cause instanceof OpenStackError) {
    const { code, message } = cause;
    return { cloud: undefined, blind: { code, message, cause } };
  }
  throw cause;
}

/** For want of a view: nobody is to blame, the cloud is still being read. */
export function stillReading(): Sight {
  return blindTo(
    new RouteSyncError(
      'SNAPSHOT_PENDING',
      'the cloud is still being read for the first time; until then what it asked for last counts',
      { retryable: true },
    ),
  );
}
