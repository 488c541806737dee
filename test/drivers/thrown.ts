/** Catches the error that a test expects, with its type. */
import { RouteSyncError } from '../../src/errors.ts';

export function thrown(act: () => unknown): RouteSyncError {
  try {
    act();
  } catch (error) {
    return asRouteSyncError(error);
  }
  throw new Error('nothing was thrown');
}

export async function rejected(promise: Promise<unknown>): Promise<RouteSyncError> {
  try {
    await promise;
  } catch (error) {
    return asRouteSyncError(error);
  }
  throw new Error('the promise was not rejected');
}

function asRouteSyncError(error: unknown): RouteSyncError {
  if (error instanceof RouteSyncError) {
    return error;
  }
  throw error;
}
