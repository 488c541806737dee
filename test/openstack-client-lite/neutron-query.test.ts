import { expect } from 'chai';
import fc from 'fast-check';
import { buildQueries, passes } from '../../src/openstack-client-lite/neutron-query.ts';

/** What Neutron's server takes for method, path, query and protocol, less a limit and a marker in a next link. */
const LONGEST_QUERY = 8192 - 'GET /networking/v2.0/address-scopes? HTTP/1.1\r\n'.length - 400;

describe('buildQueries', () => {
  const values = fc.array(fc.oneof(fc.uuid(), fc.string()), {
    minLength: 1,
    maxLength: 600,
  });

  it('asks for every combination of values, in queries that the server takes', () => {
    fc.assert(
      fc.property(
        values,
        fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 3 }),
        (ids, owners) => {
          const queries = buildQueries(['id', 'name'], { id: ids, device_owner: owners });

          const asked = queries.flatMap((query) => {
            expect(query.length).to.be.lessThan(LONGEST_QUERY);
            const params = new URLSearchParams(query);
            expect(params.getAll('fields')).to.deep.equal(['id', 'name']);
            return params
              .getAll('id')
              .flatMap((id) =>
                params.getAll('device_owner').map((owner) => JSON.stringify([id, owner])),
              );
          });
          const wanted = [...new Set(ids)].flatMap((id) =>
            owners.map((owner) => JSON.stringify([id, owner])),
          );
          expect(asked.toSorted()).to.deep.equal(wanted.toSorted());
        },
      ),
      { numRuns: 50 },
    );
  });

  it('splits as soon as it must', () => {
    for (let count = 150; count < 230; count += 1) {
      const ids = Array.from(
        { length: count },
        (_, n) => `00000000-0000-0000-0000-${n.toString().padStart(12, '0')}`,
      );

      const lengths = buildQueries(['id'], { id: ids }).map(({ length }) => length);

      expect(Math.max(...lengths)).to.be.lessThan(LONGEST_QUERY);
      expect(lengths.length).to.be.lessThan(3);
    }
  });

  it('takes single values, and asks nothing where no value is permitted', () => {
    expect(buildQueries(['id'], { 'router:external': true, name: undefined })).to.deep.equal([
      'fields=id&router%3Aexternal=true',
    ]);
    expect(buildQueries(['id'], { id: [] })).to.deep.equal([]);
  });
});

describe('passes', () => {
  const cases = [
    { name: 'one of the values', object: { a: 'x' }, filters: { a: ['y', 'x'] }, want: true },
    { name: 'none of the values', object: { a: 'x' }, filters: { a: ['y'] }, want: false },
    { name: 'a boolean', object: { a: false }, filters: { a: true }, want: false },
    { name: 'a field that the answer does not have', object: {}, filters: { a: 'x' }, want: true },
  ] as const;

  for (const { name, object, filters, want } of cases) {
    it(`says ${want.toString()} for ${name}`, () => {
      expect(passes(object, filters)).to.equal(want);
    });
  }
});
