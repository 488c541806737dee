import { expect } from 'chai';
import { readFileSync } from 'node:fs';

import { GENERATED } from '../../docs/generate.ts';

const root = new URL('../../', import.meta.url);

interface Described {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly items?: Described;
  readonly additionalProperties?: Described | boolean;
}

/** The paths of all keys without a description. */
function undescribed(node: Described, path: string): readonly string[] {
  const { additionalProperties } = node;
  const below = [
    ...Object.entries(node.properties ?? {}).map(
      ([key, child]) => [`${path}.${key}`, child] as const,
    ),
    ...(node.items === undefined ? [] : [[`${path}[]`, node.items] as const]),
    ...(typeof additionalProperties === 'object'
      ? [[`${path}.*`, additionalProperties] as const]
      : []),
  ];
  return below.flatMap(([childPath, child]) => [
    ...(child.description === undefined && !/(\]|\*)$/.test(childPath) ? [childPath] : []),
    ...undescribed(child, childPath),
  ]);
}

describe('generated files', () => {
  for (const [path, text] of Object.entries(GENERATED)) {
    it(`${path} is what docs/generate.ts would write`, () => {
      expect(readFileSync(new URL(path, root), 'utf8')).to.equal(text);
    });
  }

  it('describe every key of the configuration', () => {
    const schema = JSON.parse(GENERATED['config/route-sync.schema.json'] ?? '') as Described;

    expect(undescribed(schema, '')).to.deep.equal([]);
  });
});
