/** Whatever stands in a configuration file, the answer is a configuration or one error that names what is wrong. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { parse } from 'yaml';

import { parseConfig } from '../../src/config/load.ts';
import { RouteSyncError } from '../../src/errors.ts';
import { type Json, jsonText, mutateJson, mutateText } from './fuzz-mutate.ts';
import type { Random } from './fuzz-random.ts';
import { fuzz, promise } from './fuzz-run.ts';

const FOLDER = path.join(import.meta.dirname, '../../config');
const TEXTS = ['minimal.yaml', 'two-edge-routers.yaml'].map((name) =>
  readFileSync(path.join(FOLDER, name), 'utf8').replaceAll(/^ *#.*\n/gm, ''),
);
const VALUES = TEXTS.map((text) => parse(text) as Json);

/** JSON is YAML too, and costs the parser less than blocks do. */
function damagedValue(random: Random): string {
  return jsonText(mutateJson(random, random.pick(VALUES)));
}

function damagedText(random: Random): string {
  let text = random.pick(TEXTS);
  for (let left = 1 + random.int(4); left > 0; left -= 1) {
    text = mutateText(random, text);
  }
  return text;
}

function garbage(random: Random): string {
  const length = random.int(60);
  return String.fromCharCode(...Array.from({ length }, () => random.int(256)));
}

/** A configuration that is taken must be one that the drivers can use without a second look. */
function check(text: string): void {
  try {
    const config = parseConfig(text, 'route-sync.yaml');
    promise(config.policy.allow.length > 0, 'a policy that allows nothing was taken');
    for (const { name, table = 'main', protocol = 201 } of config.upstreams) {
      promise(/^[A-Za-z0-9][\w.-]{0,62}$/.test(name), `the name ${JSON.stringify(name)} was taken`);
      promise(/^[\w.-]+$/.test(table), `the table ${JSON.stringify(table)} was taken`);
      promise(protocol > 18, `protocol ${protocol} was taken`);
    }
  } catch (error) {
    if (!(error instanceof RouteSyncError) || error.code !== 'CONFIG_INVALID') {
      throw error;
    }
  }
}

describe('fuzz: the configuration', () => {
  it('takes or refuses every mapping', async () => {
    await fuzz({
      name: 'config-json',
      share: 40_000,
      attempt: (random, note) => {
        const text = damagedValue(random);
        note(text);
        check(text);
      },
    });
  });

  it('takes or refuses every text', async () => {
    await fuzz({
      name: 'config-text',
      share: 20_000,
      attempt: (random, note) => {
        const text = random.percent(80) ? damagedText(random) : garbage(random);
        note(text);
        check(text);
      },
    });
  });
});
