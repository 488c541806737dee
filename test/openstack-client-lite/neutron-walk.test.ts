import { expect } from 'chai';
import fc from 'fast-check';
import type { Answer } from '../../src/openstack-client-lite/answer.ts';
import { hasCloudCode } from '../../src/openstack-client-lite/index.ts';
import { readPage } from '../../src/openstack-client-lite/neutron-page.ts';
import { type WalkedPage, walkList } from '../../src/openstack-client-lite/neutron-walk.ts';
import { recorded } from './fake-cloud.ts';

function page(body: unknown): WalkedPage {
  const answer: Answer = {
    what: 'GET /v2.0/routers',
    digest: '',
    json: () => body,
    headers: {},
    suffix: ' (request req-1)',
    details: {},
  };
  const { entries, next } = readPage('routers', answer);
  return { answer, ids: entries.map(({ id }) => id), next };
}

function recordedPage(name: string): WalkedPage {
  return page(JSON.parse(recorded(name)));
}

/** Neutron's way with pages, the vanished marker included; `remove` deletes before an answer is made. */
function createPagedList(
  ids: readonly string[],
  pageSize: number,
  remove: (request: number) => readonly string[],
) {
  const present = new Set(ids);
  let requests = 0;
  return {
    present,
    fetchPage: async (query: string): Promise<WalkedPage> => {
      requests += 1;
      remove(requests).forEach((id) => present.delete(id));
      const params = new URLSearchParams(query);
      const all = [...present].toSorted();
      if (params.has('id')) {
        return page({ routers: all.filter((id) => id === params.get('id')).map((id) => ({ id })) });
      }
      const marker = params.get('marker');
      const start = marker === null ? 0 : all.indexOf(marker) + 1;
      const isGone = marker !== null && start === 0;
      const found = isGone ? [] : all.slice(start, start + pageSize);
      const href = `http://192.0.2.1:9696/v2.0/routers?limit=${pageSize.toString()}&marker=${found.at(-1) ?? ''}`;
      return page({
        routers: found.map((id) => ({ id })),
        routers_links: found.length === pageSize ? [{ rel: 'next', href }] : [],
      });
    },
  };
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function walk(query: string, fetchPage: (query: string) => Promise<WalkedPage>) {
  const fetchIds = async (asked: string) => (await fetchPage(asked)).ids;
  const pages = await walkList(query, { idField: 'id', fetchPage, fetchIds });
  return pages.flatMap(({ ids }) => ids);
}

describe('walkList', () => {
  it('follows the recorded pages to the end, by the query of their links alone', async () => {
    const asked: string[] = [];

    const found = await walk('limit=4', async (query) => {
      asked.push(query);
      return recordedPage(`routers-page-${asked.length.toString()}.json`);
    });

    expect(found).to.have.length(10);
    expect(asked).to.deep.equal([
      'limit=4',
      'limit=4&fields=id&fields=name&marker=a951674e-ca0b-427a-9473-7b137379b356',
      'limit=4&fields=id&fields=name&marker=d4e15a49-35e6-4c68-88fc-ce7fa7ad9017',
    ]);
  });

  it('ends at the empty page after a last page that was full, if its last object is still there', async () => {
    const full = recordedPage('routers-page-exactly-full.json');
    const last = 'f96497a3-c413-47c5-98c7-92316bb20707';

    const found = await walk('', async (query) => {
      if (query === '') {
        return full;
      }
      return query === `id=${last}&fields=id`
        ? page({ routers: [{ id: last }] })
        : page({ routers: [] });
    });

    expect(found).to.have.length(10);
  });

  it('begins anew when the marker vanished, and gives up after four walks', async () => {
    let walks = 0;

    const error = await failure(
      walk('', async (query) => {
        walks += query === '' ? 1 : 0;
        if (query === '') {
          return recordedPage('routers-page-1.json');
        }
        return query.startsWith('id=')
          ? page({ routers: [] })
          : recordedPage('routers-marker-gone.json');
      }),
    );

    expect(hasCloudCode(error, 'CLOUD_LIST_BROKEN')).to.equal(true);
    expect(String(error)).to.match(/a951674e.* was deleted meanwhile.*request req-1/v);
    expect(walks).to.equal(4);
  });

  const next = (query: string) => [{ rel: 'next', href: `/v2.0/routers?${query}` }];
  const loops = [
    {
      name: 'a link to its own page',
      pages: [{ routers: [{ id: 'a' }], routers_links: next('') }],
    },
    {
      name: 'an id on two pages',
      pages: [
        { routers: [{ id: 'a' }], routers_links: next('marker=a') },
        { routers: [{ id: 'a' }] },
      ],
    },
    {
      name: 'an id twice on one page',
      pages: [{ routers: [{ id: 'a' }, { id: 'b' }, { id: 'a' }] }],
    },
    {
      name: 'a page that comes again',
      pages: [
        { routers: [{ id: 'a' }, { id: 'b' }], routers_links: next('marker=b') },
        { routers: [{ id: 'a' }, { id: 'b' }], routers_links: next('marker=b') },
      ],
    },
    {
      name: 'an empty page with a link',
      pages: [{ routers: [], routers_links: next('marker=a') }],
    },
  ];

  for (const { name, pages } of loops) {
    it(`refuses ${name}`, async () => {
      const error = await failure(walk('', async (query) => page(pages[query === '' ? 0 : 1])));

      expect(hasCloudCode(error, 'CLOUD_LIST_BROKEN')).to.equal(true);
    });
  }

  it('takes pages in any order', async () => {
    const pages: Readonly<Record<string, object>> = {
      '': { routers: [{ id: 'd' }, { id: 'c' }], routers_links: next('marker=c') },
      'marker=c': { routers: [{ id: 'b' }, { id: 'a' }] },
    };

    const found = await walk('', async (query) => page(pages[query]));

    expect(found).to.deep.equal(['d', 'c', 'b', 'a']);
  });

  const ids = fc.uniqueArray(fc.uuid(), { maxLength: 30 });
  const pageSize = fc.integer({ min: 1, max: 12 });

  it('gives every list whole, whatever the page size', async () => {
    await fc.assert(
      fc.asyncProperty(ids, pageSize, async (all, size) => {
        const { fetchPage } = createPagedList(all, size, () => []);

        const found = await walk('', fetchPage);

        expect(found).to.deep.equal(all.toSorted());
      }),
    );
  });

  it('never misses an object that was there all the time, whatever is deleted meanwhile', async () => {
    const removals = fc.array(fc.tuple(fc.integer({ min: 2, max: 12 }), fc.nat(29)), {
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(ids, pageSize, removals, async (all, size, removed) => {
        const sorted = all.toSorted();
        const { fetchPage, present } = createPagedList(all, size, (request) =>
          removed.filter(([at]) => at === request).flatMap(([, index]) => sorted[index] ?? []),
        );

        const outcome = await walk('', fetchPage).catch((error: unknown) => error);

        if (!Array.isArray(outcome)) {
          expect(hasCloudCode(outcome, 'CLOUD_LIST_BROKEN')).to.equal(true);
          return;
        }
        expect(outcome).to.include.members([...present]);
      }),
      { numRuns: 500 },
    );
  });
});
