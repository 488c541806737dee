/** Waiting for what another process brings about; a test that waits in vain ends by its time limit. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves as soon as `holds` says so. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) {
    await sleep(20);
  }
}
