import { expect } from 'chai';
import type { CommandOutput } from '../../src/drivers/driver.ts';
import { readRows, type Fields } from '../../src/drivers/linux/rows.ts';
import { SCOPE } from './routes.ts';
import { thrown } from './thrown.ts';

/** Some 3 MB of text: read in parts. */
const ROUTES: readonly Fields[] = Array.from({ length: 40_000 }, (_, i) => ({
  ...(i % 2 === 0 && { type: '1' }),
  dst: `10.${i >> 8}.${i & 255}.0/24`,
  dev: '},{dst:',
  nexthops: [{ gateway: '192.0.2.2', dev: 'é' }, { gateway: '192.0.2.3' }],
  flags: [],
}));
const TEXT = JSON.stringify(ROUTES);

function asText(stdout: string): CommandOutput {
  return { stdout, stderr: '', exitCode: 0 };
}

/** As the transport gives it: cut anywhere, also within a letter. */
function asBytes(stdout: string): CommandOutput {
  const bytes = Buffer.from(stdout);
  const chunks = Array.from({ length: Math.ceil(bytes.length / 99_991) }, (_, i) =>
    bytes.subarray(i * 99_991, (i + 1) * 99_991),
  );
  return { ...asText(stdout), bytes: { chunks, digest: '' } };
}

function partsOf(output: CommandOutput): readonly (readonly Fields[])[] {
  return [...readRows(SCOPE, 4, output)];
}

describe('readRows', () => {
  for (const [what, answer] of [
    ['text', asText],
    ['bytes', asBytes],
  ] as const) {
    it(`reads ${what} part by part, and every route of it in order`, () => {
      const parts = partsOf(answer(TEXT));

      expect(parts.length).to.be.above(2);
      expect(JSON.stringify(parts.flat()) === TEXT).to.equal(true);
    });

    it(`reads ${what} that it cannot cut as a whole`, () => {
      const routes = ROUTES.map(({ flags, ...route }) => ({ flags, ...route }));

      const parts = partsOf(answer(JSON.stringify(routes)));

      expect(JSON.stringify(parts) === JSON.stringify([routes])).to.equal(true);
    });

    const middle = TEXT.indexOf('},{"type":', 1_500_000);
    const cases: readonly (readonly [string, string, string])[] = [
      ['is cut within a route', TEXT.slice(0, -100), 'not JSON'],
      ['is cut between two routes', TEXT.slice(0, middle + 1), 'not JSON'],
      ['is cut behind a comma', TEXT.slice(0, middle + 2), 'not JSON'],
      ['goes on behind its end', `${TEXT}[]`, 'not JSON'],
      ['ends and goes on', `${TEXT.slice(0, middle + 1)}]${TEXT.slice(middle + 1)}`, 'not JSON'],
      ['has no beginning', TEXT.slice(1), 'not JSON'],
      ['lacks a brace in the middle', TEXT.slice(0, middle) + TEXT.slice(middle + 1), 'not JSON'],
      ['holds a text at its end', `${TEXT.slice(0, -1)},"x"]`, 'not a list of objects'],
      [
        'holds a text in the middle',
        `${TEXT.slice(0, middle + 1)},1${TEXT.slice(middle + 1)}`,
        'not a list of objects',
      ],
      ['is no list', `{"a":${TEXT}}`, 'not a list of objects'],
    ];
    for (const [how, text, problem] of cases) {
      it(`refuses ${what} that ${how}`, () => {
        const error = thrown(() => partsOf(answer(text)));

        expect(error.code).to.equal('UPSTREAM_OUTPUT_INVALID');
        expect(error.message).to.contain(problem);
      });
    }
  }
});
