/** Whatever lies in a plan file, only the plan that was reviewed is ever applied. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { readPlanDigest } from '../../src/cli/plan-file.ts';
import { digestOf, reportToJson } from '../../src/report/json.ts';
import { REPORT } from '../report/sample.ts';
import { type Json, jsonText, mutateJson, mutateText } from './fuzz-mutate.ts';
import { fuzz, orRefusedLater, promise } from './fuzz-run.ts';

const TEXT = JSON.stringify(reportToJson(REPORT));
const PLAN = JSON.parse(TEXT) as Json;

describe('fuzz: the plan file', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'route-sync-fuzz-'));

  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('takes no changes but the reviewed ones', async () => {
    const file = path.join(folder, 'plan.json');
    const { owner } = REPORT;
    await fuzz({
      name: 'plan-file',
      share: 15_000,
      attempt: async (random, note) => {
        const text = random.percent(60)
          ? jsonText(mutateJson(random, PLAN))
          : mutateText(random, TEXT);
        note(text);
        writeFileSync(file, text);
        const digest = await orRefusedLater(async () =>
          readPlanDigest({ path: file, cwd: folder, owner }),
        );
        promise(digest === undefined || digest === digestOf(REPORT), 'another plan was taken');
      },
    });
  });
});
