/** Writes every generated file: `npm run docs`. A test compares the files with what this would write. */
import { writeFile } from 'node:fs/promises';

import { configJsonSchema, configReference, errorReference } from '../src/config/reference.ts';
import { ERROR_CODES } from '../src/errors.ts';
import { CLOUD_ERROR_CODES } from '../src/openstack-client-lite/errors.ts';
import { planJsonSchema } from '../src/report/plan-schema.ts';

/** Every generated file by its path from the project's root, with its text. */
export const GENERATED: Readonly<Record<string, string>> = {
  'config/route-sync.schema.json': configJsonSchema(),
  'docs/configuration.md': configReference(),
  'docs/errors.md': errorReference([
    { title: 'route-sync', codes: ERROR_CODES },
    { title: 'The OpenStack client', codes: CLOUD_ERROR_CODES },
  ]),
  'docs/plan.schema.json': planJsonSchema(),
};

if (process.argv[1] === import.meta.filename) {
  for (const [path, text] of Object.entries(GENERATED)) {
    await writeFile(new URL(`../${path}`, import.meta.url), text);
  }
}
