/** Tells whether node-schedule understands a cron line as we mean it: six fields, the seconds first. */
import { createRequire } from 'node:module';

import type * as NodeSchedule from 'node-schedule';

// Loaded for a schedule that somebody wrote: a plan under the default one need not wait for it.
const require = createRequire(import.meta.url);

const EXAMPLE = 'for example "*/30 * * * * *"';

/** Why the text is no schedule, as the end of a sentence that starts with the text; undefined when it is one. */
export function cronProblem(cron: string): string | undefined {
  const fields = cron.trim().split(/\s+/);
  if (fields.length === 5) {
    return `has five fields; put the seconds first: "0 ${fields.join(' ')}"`;
  }
  if (fields.length !== 6) {
    return `must have six fields (second, minute, hour, day of month, month, day of week), ${EXAMPLE}`;
  }
  return isRecurring(cron) ? undefined : `has a field that is not valid; write ${EXAMPLE}`;
}

function isRecurring(cron: string): boolean {
  // Only a job shows whether the text parses; what is no cron line but a date becomes a job that runs once.
  const { Job } = require('node-schedule') as typeof NodeSchedule;
  const job = new Job(() => undefined);
  try {
    return job.schedule(cron) && Reflect.get(job, 'isOneTimeJob') !== true;
  } finally {
    job.cancel();
  }
}
