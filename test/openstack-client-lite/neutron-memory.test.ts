import { expect } from 'chai';
import type { CollectionName, OpenStackClient } from '../../src/openstack-client-lite/index.ts';
import {
  createListMemory,
  isUnchanged,
  joined,
  type ReadPage,
} from '../../src/openstack-client-lite/neutron-memory.ts';
import { connect, type FakeCloud, openrc, type Reply, startFakeCloud } from './fake-cloud.ts';

const list = (...objects: unknown[]) => ({ pages: [], as: undefined, objects });

describe('createListMemory', () => {
  it('gives back what was remembered last under the key', () => {
    const memory = createListMemory(2);
    memory.remember('a', list(1));
    memory.remember('a', list(2));

    expect(memory.recall('a')).to.deep.equal(list(2));
    expect(memory.recall('b')).to.equal(undefined);
  });

  it('forgets the list that was read longest ago', () => {
    const memory = createListMemory(2);
    ['a', 'b', 'a', 'c'].forEach((key) => memory.remember(key, list(key)));

    expect(['a', 'b', 'c'].map((key) => memory.recall(key)?.objects)).to.deep.equal([
      ['a'],
      undefined,
      ['c'],
    ]);
  });
});

/** A page of things that pass, each named as its id. */
function read(query: string, digest: string, ids = ''): ReadPage {
  const names = Array.from(ids);
  return { query, digest, ids: names, passing: names, objects: names, next: undefined };
}

describe('isUnchanged', () => {
  const then = [read('1', 'a'), read('2', 'b')];

  for (const { name, pages, want } of [
    { name: 'the same texts', pages: [read('1', 'a'), read('2', 'b')], want: true },
    { name: 'another text', pages: [read('1', 'a'), read('2', 'c')], want: false },
    { name: 'a page that was not there', pages: [...then, read('3', 'a')], want: false },
    { name: 'another page of the same text', pages: [read('1', 'a'), read('3', 'b')], want: false },
  ]) {
    it(`says ${String(want)} for ${name}`, () => {
      expect(isUnchanged(pages, then)).to.equal(want);
    });
  }
});

describe('joined', () => {
  it('gives the objects of all pages, each id once', () => {
    expect(joined([])).to.deep.equal([]);
    expect(joined([read('1', 'a', 'yx')])).to.deep.equal(['y', 'x']);
    expect(joined([read('1', 'a', 'yx'), read('2', 'b', 'xz')])).to.deep.equal(['y', 'x', 'z']);
  });
});

describe('a list that is read again', () => {
  const opened: { close: () => Promise<void> }[] = [];
  let replies: Map<string, Reply>;
  let cloud: FakeCloud;
  let client: OpenStackClient;

  /** One page of named things; the marker of the next one, if any. */
  function page(collection: CollectionName, names: string, next?: string): Reply {
    const key = collection.replace('-', '_');
    const objects = Array.from(names, (name) => ({ id: name.toLowerCase(), name }));
    const links = next === undefined ? [] : [{ rel: 'next', href: `/v2.0/x?marker=${next}` }];
    return { body: JSON.stringify({ [key]: objects, [`${key}_links`]: links }) };
  }

  async function listNames(): Promise<string> {
    return (await client.network.list('address-scopes')).map(({ name }) => name).join('');
  }

  beforeEach(async () => {
    replies = new Map([
      ['', page('address-scopes', 'ab', 'b')],
      ['b', page('address-scopes', 'cd', 'd')],
      ['d', page('address-scopes', 'e')],
    ]);
    cloud = await startFakeCloud({
      neutron: ({ query }) => replies.get(query.get('marker') ?? '') ?? { status: 500, body: '' },
    });
    client = await connect(openrc(cloud.url));
    opened.push(client, cloud);
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(({ close }) => close()));
  });

  it('is the very same array where every page is the same, and every page is asked for again', async () => {
    const first = await client.network.list('address-scopes');
    const asked = cloud.requests.length;
    const second = await client.network.list('address-scopes');

    expect(first.map(({ name }) => name)).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
    expect(second).to.equal(first);
    expect(cloud.requests.length - asked).to.equal(3);
  });

  for (const { name, marker, reply, want } of [
    { name: 'first', marker: '', reply: page('address-scopes', 'Ab', 'b'), want: 'Abcde' },
    { name: 'middle', marker: 'b', reply: page('address-scopes', 'cD', 'd'), want: 'abcDe' },
    { name: 'last', marker: 'd', reply: page('address-scopes', 'E'), want: 'abcdE' },
  ]) {
    it(`is new where one byte of the ${name} page changed, and the same again from then on`, async () => {
      const first = await client.network.list('address-scopes');
      replies.set(marker, reply);
      const second = await client.network.list('address-scopes');

      expect(second).to.not.equal(first);
      expect(second.map((scope) => scope.name).join('')).to.equal(want);
      expect(await client.network.list('address-scopes')).to.equal(second);
      expect(first.map((scope) => scope.name).join('')).to.equal('abcde');
    });
  }

  it('follows a list that becomes shorter and longer', async () => {
    expect(await listNames()).to.equal('abcde');
    replies.set('', page('address-scopes', 'ab'));
    expect(await listNames()).to.equal('ab');
    replies.set('', page('address-scopes', 'ab', 'b'));
    expect(await listNames()).to.equal('abcde');
  });

  it('is another array for other filters, whatever was asked in between', async () => {
    replies = new Map([['', page('address-scopes', 'ab')]]);
    const all = await client.network.list('address-scopes');
    const one = await client.network.list('address-scopes', { id: 'a' });

    expect(one.map(({ id }) => id)).to.deep.equal(['a']);
    expect(await client.network.list('address-scopes')).to.equal(all);
    expect(await client.network.list('address-scopes', { id: 'a' })).to.equal(one);
  });

  it('is made anew for another use of the objects', async () => {
    replies = new Map([['', page('address-scopes', 'ab')]]);
    const as = ({ name }: { readonly name: string }): string => name;
    const objects = await client.network.list('address-scopes');
    const names = await client.network.list('address-scopes', {}, { as });

    expect(names).to.deep.equal(['a', 'b']);
    expect(await client.network.list('address-scopes', {}, { as })).to.equal(names);
    expect(await client.network.list('address-scopes')).to.not.equal(objects);
  });

  it('makes anew only what is on the pages that changed', async () => {
    const first = await client.network.list('address-scopes');
    replies.set('b', page('address-scopes', 'cD', 'd'));
    const second = await client.network.list('address-scopes');

    expect([0, 1, 4].map((at) => second[at] === first[at])).to.deep.equal([true, true, true]);
    expect(second[2]).to.not.equal(first[2]);
    expect(second[2]).to.deep.equal(first[2]);
  });

  it('is not remembered where it is asked for once', async () => {
    const once = await client.network.list('address-scopes', {}, { once: true });

    expect(await client.network.list('address-scopes', {}, { once: true })).to.not.equal(once);
  });

  it('does not mix two collections with the same answer', async () => {
    const objects = [{ id: 'a', name: 'a', address_scope_id: null }];
    const body = JSON.stringify({ address_scopes: objects, subnetpools: objects });
    replies = new Map([['', { body }]]);

    const scopes = await client.network.list('address-scopes');
    const pools = await client.network.list('subnetpools');

    expect(scopes).to.deep.equal([{ id: 'a', name: 'a' }]);
    expect(pools).to.deep.equal([{ id: 'a', name: 'a', address_scope_id: null }]);
    expect(await client.network.list('address-scopes')).to.equal(scopes);
    expect(await client.network.list('subnetpools')).to.equal(pools);
  });

  for (const { name, reply } of [
    { name: 'status 500', reply: { status: 500, body: '' } },
    { name: 'a body that is no JSON', reply: { body: '{' } },
    { name: 'a body of another shape', reply: { body: '{}' } },
    { name: 'an object without a name', reply: { body: '{"address_scopes": [{"id": "e"}]}' } },
    { name: 'a connection that breaks', reply: { fault: 'reset' } },
  ] as const) {
    it(`fails each time with ${name}, and is the same array once all is well again`, async () => {
      const first = await client.network.list('address-scopes');
      const good = replies.get('d') ?? { fault: 'reset' };
      replies.set('d', reply);
      for (let times = 0; times < 2; times += 1) {
        expect(await listNames().catch(() => 'failed')).to.equal('failed');
      }
      replies.set('d', good);

      expect(await client.network.list('address-scopes')).to.equal(first);
    });
  }

  it('fails with an error status also where its body is that of the good answer before', async () => {
    await listNames();
    replies.set('d', { body: '', ...replies.get('d'), status: 503 });

    expect(await listNames().catch(() => 'failed')).to.equal('failed');
  });

  it('is read anew after many other lists', async () => {
    replies = new Map([['', page('address-scopes', 'ab')]]);
    const first = await client.network.list('address-scopes');
    for (let n = 0; n < 32; n += 1) {
      await client.network.list('address-scopes', { id: n.toString() });
    }
    const again = await client.network.list('address-scopes');

    expect(again).to.not.equal(first);
    expect(again).to.deep.equal(first);
  });
});
