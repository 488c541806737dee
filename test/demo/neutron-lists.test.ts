/** Filters, fields and pages as a real Neutron answers them. */
import { expect } from 'chai';
import { answerList, type Row } from '../../src/demo/neutron-lists.ts';
import { NeutronError } from '../../src/demo/neutron-objects.ts';

const ROWS: readonly Row[] = [
  { id: 'a', name: 'one', up: true, tags: [], updated_at: '2026-01-01T00:00:01Z' },
  { id: 'b', name: 'two', up: false, tags: ['x'], updated_at: '2026-01-01T00:00:02Z' },
  { id: 'c', name: 'one', up: true, tags: ['x', 'y'], updated_at: '2026-01-01T00:00:03Z' },
  { id: 'd', name: '', up: true, tags: [], updated_at: '2026-01-01T00:00:04Z' },
];
const URL = 'http://192.0.2.1/v2.0/things';

function ask(query: string, maxPageSize?: number): Row {
  return answerList(ROWS, {
    query: new URLSearchParams(query),
    url: URL,
    key: 'things',
    maxPageSize,
  });
}

function idsOf(answer: Row): string {
  return (answer['things'] as readonly Row[]).map(({ id }) => String(id)).join('');
}

function linksOf(answer: Row): unknown {
  const links = (answer['things_links'] ?? []) as readonly Row[];
  return links.map(({ rel, href }) => `${String(rel)} ${String(href).replace(URL, '')}`);
}

describe('answerList', () => {
  const cases = [
    { name: 'everything without a query', query: '', want: 'abcd' },
    { name: 'an equal value', query: 'name=one', want: 'ac' },
    { name: 'an empty value', query: 'name=', want: 'd' },
    { name: 'one of several values', query: 'id=a&id=d&id=z', want: 'ad' },
    { name: 'several filters together', query: 'name=one&id=c', want: 'c' },
    { name: 'a boolean as Python writes it', query: 'up=True', want: 'acd' },
    { name: 'a boolean in lower case', query: 'up=false', want: 'b' },
    { name: 'everything for an unknown filter', query: 'nonsense=1', want: 'abcd' },
    { name: 'all tags of a list', query: 'tags=x,y', want: 'c' },
    { name: 'what changed since a time', query: 'changed_since=2026-01-01T00:00:03Z', want: 'cd' },
    { name: 'everything for limit=0', query: 'limit=0', want: 'abcd' },
    { name: 'a page', query: 'limit=2', want: 'ab' },
    { name: 'the page after a marker', query: 'limit=2&marker=b', want: 'cd' },
    { name: 'the page before a marker', query: 'limit=2&marker=d&page_reverse=True', want: 'bc' },
    { name: 'nothing after a marker that is gone', query: 'limit=2&marker=z', want: '' },
    {
      name: 'the page after a marker that the filter hides',
      query: 'name=one&marker=b',
      want: 'c',
    },
  ] as const;
  for (const { name, query, want } of cases) {
    it(`answers ${name}`, () => {
      expect(idsOf(ask(query))).to.equal(want);
    });
  }

  for (const { query, want } of [
    { query: 'fixed_ips=subnet_id%3Ds1', want: 'pq' },
    { query: 'fixed_ips=ip_address%3D10.0.0.2', want: 'q' },
    { query: 'fixed_ips=ip_address=10.0.0.1&fixed_ips=ip_address=10.0.0.2', want: 'pq' },
    { query: 'fixed_ips=subnet_id=s1&fixed_ips=ip_address=10.0.0.2', want: 'q' },
    { query: 'fixed_ips=subnet_id=s2&fixed_ips=ip_address=10.0.0.2', want: '' },
  ]) {
    it(`looks into lists of objects for ${query}`, () => {
      const rows = [
        { id: 'p', fixed_ips: [{ subnet_id: 's1', ip_address: '10.0.0.1' }] },
        { id: 'q', fixed_ips: [{ subnet_id: 's1', ip_address: '10.0.0.2' }] },
      ];
      const params = new URLSearchParams(query);

      const answer = answerList(rows, {
        query: params,
        url: URL,
        key: 'things',
        maxPageSize: undefined,
      });

      expect(idsOf(answer)).to.equal(want);
    });
  }

  it('picks the asked fields and gives empty objects for unknown ones', () => {
    expect(ask('fields=id&limit=1')['things']).to.deep.equal([{ id: 'a' }]);
    expect(ask('fields=nonsense')['things']).to.deep.equal([{}, {}, {}, {}]);
  });

  it('has no links without a page size', () => {
    expect(ask('')).to.have.all.keys('things');
  });

  it('links a full page to the next one, even when nothing follows', () => {
    expect(linksOf(ask('limit=2&marker=b&fields=id'))).to.deep.equal([
      'next ?limit=2&fields=id&marker=d',
      'previous ?limit=2&fields=id&marker=c&page_reverse=True',
    ]);
    expect(idsOf(ask('limit=2&marker=d'))).to.equal('');
  });

  it('links a short page and a vanished marker only to the previous one', () => {
    expect(linksOf(ask('limit=3&marker=c'))).to.deep.equal([
      'previous ?limit=3&marker=d&page_reverse=True',
    ]);
    expect(linksOf(ask('limit=3&marker=z'))).to.deep.equal(['previous ?limit=3&page_reverse=True']);
  });

  it('forces pages on who asks for none, or for more', () => {
    expect(idsOf(ask('', 3))).to.equal('abc');
    expect(linksOf(ask('', 3))).to.include('next ?marker=c');
    expect(idsOf(ask('limit=0', 3))).to.equal('abc');
    expect(idsOf(ask('limit=100', 3))).to.equal('abc');
    expect(idsOf(ask('limit=2', 3))).to.equal('ab');
  });

  const refusals = [
    { query: 'limit=abc', type: 'BadRequest' },
    { query: 'limit=-1', type: 'BadRequest' },
    { query: 'changed_since=yesterday', type: 'InvalidInput' },
  ] as const;
  for (const { query, type } of refusals) {
    it(`refuses ${query} as ${type}`, () => {
      expect(() => ask(query))
        .to.throw(NeutronError)
        .that.includes({ type, status: 400 });
    });
  }
});
