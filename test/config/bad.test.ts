/** One small file per rule of the schema, with the exact lines that an operator gets to see beside it. */
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';

import { parseConfig } from '../../src/config/load.ts';
import { RouteSyncError } from '../../src/errors.ts';

const folder = new URL('bad/', import.meta.url);
const names = readdirSync(folder);

function problemsOf(text: string): unknown {
  try {
    parseConfig(text, 'route-sync.yaml');
  } catch (error) {
    if (error instanceof RouteSyncError && error.code === 'CONFIG_INVALID') {
      return error.details['problems'];
    }
    throw error;
  }
  return [];
}

describe('bad configuration files', () => {
  for (const name of names.filter((file) => file.endsWith('.yaml'))) {
    it(`explains ${name.replace('.yaml', '').replaceAll('-', ' ')}`, () => {
      const text = readFileSync(new URL(name, folder), 'utf8');
      const want = readFileSync(new URL(name.replace('.yaml', '.txt'), folder), 'utf8');

      expect(problemsOf(text)).to.deep.equal(want.trimEnd().split('\n'));
    });
  }

  it('has a text beside every file and no other', () => {
    const of = (suffix: string) =>
      names.filter((file) => file.endsWith(suffix)).map((file) => file.slice(0, -suffix.length));

    expect(of('.txt')).to.deep.equal(of('.yaml')).and.to.have.length.above(50);
  });
});
