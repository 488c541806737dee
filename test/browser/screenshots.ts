/** Takes the pictures of docs/status-page.md: `node test/browser/screenshots.ts` from the top of the checkout. */
import { join } from 'node:path';

import { boardOf, busyDay, calmDay, journals } from '../agent/page/scene.ts';
import { openChromium } from './chromium.ts';
import { servePage } from './page-server.ts';

const IMAGES = join(import.meta.dirname, '../../docs/images');
const SIZE = { width: 1280, height: 860 };

const [sound] = journals();
const named = sound?.runs.map((run) => ({ ...run, begin: { ...run.begin, user: 'route-sync' } }));
const server = await servePage(
  boardOf(calmDay(), busyDay()),
  sound === undefined || named === undefined ? [] : [{ ...sound, runs: named }],
);
const browser = await openChromium();
try {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await browser.newPage({ viewport: SIZE, colorScheme });
    await page.goto(server.url);
    await page.locator('#live[data-state="live"]').waitFor();
    await page.screenshot({ path: join(IMAGES, `status-${colorScheme}.png`) });
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
