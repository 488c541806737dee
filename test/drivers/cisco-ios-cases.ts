import { readdirSync, readFileSync } from 'node:fs';
import type { StaticPath } from '../../src/drivers/static-path.ts';

/** A text of a router, and the static paths that a person read in it. */
export interface ParseCase {
  readonly name: string;
  readonly text: string;
  readonly paths: readonly StaticPath[];
}

/** The texts of data/OS, each with its paths in the JSON file of the same name. */
export function casesOf(os: string): readonly ParseCase[] {
  const folder = new URL(`data/${os}/`, import.meta.url);
  return readdirSync(folder)
    .filter((file) => file.endsWith('.txt'))
    .map((file) => {
      const name = file.replace('.txt', '');
      const json = readFileSync(new URL(`${name}.json`, folder), 'utf8');
      const paths = JSON.parse(json) as readonly StaticPath[];
      return { name, text: readFileSync(new URL(file, folder), 'utf8'), paths };
    });
}
