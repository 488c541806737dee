/** `closing.ts URL WHEN`: listens until it is `away`, `connected` or still `opening`, closes, and prints what timers are left. */
import { setTimeout as sleep } from 'node:timers/promises';

import { until } from '../support/until.ts';
import { listenTo } from './listening.ts';

const [url = '', when] = process.argv.slice(2);
const { states, notifications } = await listenTo(`url: "${url}"`);
if (when === 'opening') {
  // The socket is open by then, and nobody answers there.
  await sleep(300);
} else {
  await until(() => states.length > 0);
}
await notifications.close();
// By now the waits above are no timers any more.
const left = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout');
process.stdout.write(JSON.stringify(left));
