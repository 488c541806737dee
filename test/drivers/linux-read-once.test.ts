import { expect } from 'chai';
import { readOnce } from '../../src/drivers/linux/read-once.ts';

type Row = Parameters<ReturnType<typeof readOnce>>[0];

const ROW: Row = {
  type: '1',
  dst: '10.1.0.0/24',
  gateway: '192.0.2.2',
  via: undefined,
  dev: 'd0',
  protocol: '201',
  metric: 1024,
  tos: undefined,
  nhid: undefined,
  nexthops: undefined,
  flags: [],
};

/** The same row with one thing that is not. */
const OTHERS: readonly Row[] = [
  { type: '6' },
  { protocol: '4' },
  { metric: 50 },
  { tos: '0x10' },
  { via: { family: 'inet6', host: '2001:db8::1' } },
  { dev: 'd1' },
  { nexthops: [{ gateway: '192.0.2.3' }] },
  { nhid: 7 },
  { flags: ['onlink'] },
  { gateway: '192.0.2.3' },
].map((other) => ({ ...ROW, ...other }));

/** How often rows were really read. */
function counting() {
  let reads = 0;
  const read = readOnce((row) => {
    reads += 1;
    return { row };
  });
  return { read, reads: () => reads };
}

describe('readOnce', () => {
  it('reads rows that differ in nothing but their prefix once', () => {
    const { read, reads } = counting();

    const results = [ROW, { ...ROW, dst: '10.2.0.0/24' }, { ...ROW, flags: [] }].map(read);

    expect(reads()).to.equal(1);
    expect(new Set(results).size).to.equal(1);
  });

  it('knows a row again after others', () => {
    const { read, reads } = counting();

    [ROW, ...OTHERS, ROW, ...OTHERS].map(read);

    expect(reads()).to.equal(1 + OTHERS.length);
  });

  for (const other of OTHERS) {
    const name = Object.keys(other).find((key) => other[key] !== ROW[key]);

    it(`takes a neighbour with another ${name} for another kind, in either order`, () => {
      const { read } = counting();

      const rows = [ROW, other, ROW, other].map((row) => read(row).row);

      expect(rows).to.deep.equal([ROW, other, ROW, other]);
    });
  }
});
