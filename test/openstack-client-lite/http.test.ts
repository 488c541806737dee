import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  CLOUD_ERROR_CODES,
  type CloudErrorCode,
  OpenStackError,
  type OpenStackClient,
  type OpenStackClientOptions,
  type RequestEvent,
} from '../../src/openstack-client-lite/index.ts';
import {
  connect,
  type FakeCloud,
  type Handler,
  openrc,
  PASSWORD,
  recorded,
  recordedList,
  type Reply,
  startFakeCloud,
  TOKEN,
  tokenReply,
} from './fake-cloud.ts';

describe('createHttpClient', () => {
  const opened: { close: () => Promise<void> }[] = [];

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(({ close }) => close()));
  });

  async function open(
    neutron: Handler,
    options: Partial<OpenStackClientOptions> = {},
  ): Promise<{ cloud: FakeCloud; client: OpenStackClient }> {
    const cloud = await startFakeCloud({ neutron });
    const client = await connect(openrc(cloud.url), options);
    opened.push(client, cloud);
    return { cloud, client };
  }

  async function failure(promise: Promise<unknown>): Promise<OpenStackError> {
    const error: unknown = await promise.catch((reason: unknown) => reason);
    if (!(error instanceof OpenStackError)) {
      throw new Error(`not the expected failure: ${String(error)}`);
    }
    expect(error.message).not.to.match(/[\n\p{Cc}]/v);
    expect(JSON.parse(JSON.stringify(error.details))).to.deep.equal(error.details);
    return error;
  }

  const passing = [
    ...[408, 429, 500, 502, 503, 504].map((status) => ({
      name: `status ${status.toString()}`,
      reply: { status, body: '' },
    })),
    { name: 'a reset connection', reply: { fault: 'reset' } },
    { name: 'a body that breaks off', reply: { fault: 'cut-off' } },
  ] as const;

  for (const { name, reply } of passing) {
    it(`tries again after ${name}`, async () => {
      const replies: Reply[] = [reply, reply];
      const { client, cloud } = await open((seen) => replies.shift() ?? recordedList(seen), {
        retries: 2,
      });

      const routers = await client.network.list('routers');

      expect(routers).to.have.length(10);
      expect(cloud.requests).to.have.length(4);
    });
  }

  const final: readonly { name: string; reply: Reply; code: CloudErrorCode; says: RegExp }[] = [
    {
      name: 'a body that breaks off each time',
      reply: { fault: 'cut-off' },
      code: 'CLOUD_ANSWER_INVALID',
      says: /broke off after 13 bytes \(request req-1\)/v,
    },
    {
      name: 'Keystone down, in HTML',
      reply: { status: 503, body: recorded('keystone-down.html') },
      code: 'CLOUD_UNAVAILABLE',
      says: /^GET \/v2\.0\/routers: 503 "<html> <head> <title>503.*\(request req-1\)$/v,
    },
    {
      name: 'HTML with status 200',
      reply: { body: '<html>\n\u001b[31m"login"</html>' },
      code: 'CLOUD_ANSWER_INVALID',
      says: /200, but no JSON \(.*\): "<html> \[31m\\"login\\"<\/html>"/v,
    },
    {
      name: 'JSON that is cut off',
      reply: { body: '{"routers": [{"id": "a"' },
      code: 'CLOUD_ANSWER_INVALID',
      says: /no JSON/v,
    },
    {
      name: 'an empty body',
      reply: { body: '' },
      code: 'CLOUD_ANSWER_INVALID',
      says: /an empty body/v,
    },
    {
      name: 'a list under another name',
      reply: { body: '{"ports": []}' },
      code: 'CLOUD_ANSWER_INVALID',
      says: /no list of objects under "routers"/v,
    },
    {
      name: 'a policy that forbids',
      reply: { status: 403, body: recorded('error-403-member-provider-network.json') },
      code: 'CLOUD_FORBIDDEN',
      says: /403 PolicyNotAuthorized: .*disallowed by policy/v,
    },
    {
      name: 'a URL that is too long',
      reply: { status: 414, headers: { 'content-type': '' }, body: '' },
      code: 'CLOUD_REJECTED',
      says: /414 an empty body/v,
    },
    {
      name: 'a path that does not exist',
      reply: { status: 404, body: recorded('error-404-path.json') },
      code: 'CLOUD_NOT_FOUND',
      says: /HTTPNotFound/v,
    },
    {
      name: 'a redirect',
      reply: { status: 302, headers: { location: 'http://192.0.2.66/' }, body: '' },
      code: 'CLOUD_REJECTED',
      says: /redirects to "http:\/\/192\.0\.2\.66\/"; a token is not sent there/v,
    },
  ];

  for (const { name, reply, code, says } of final) {
    it(`gives up on ${name} with the request id`, async () => {
      const { client } = await open(() => reply, { retries: 1 });

      const error = await failure(client.network.list('routers'));

      expect(error.code).to.equal(code);
      expect(CLOUD_ERROR_CODES).to.have.property(code);
      expect(error.message).to.match(says);
      expect(error.details).to.include({
        requestId: 'req-1',
        path: '/v2.0/routers',
        method: 'GET',
      });
    });
  }

  it('does not repeat what cannot succeed', async () => {
    const { client, cloud } = await open(() => ({ status: 400, body: '{}' }), { retries: 3 });

    await failure(client.network.list('routers'));

    expect(cloud.requests).to.have.length(2);
  });

  it('repeats the login too', async () => {
    const replies: Reply[] = [{ fault: 'reset' }, { status: 503, body: '' }];
    const cloud = await startFakeCloud({
      keystone: () => replies.shift() ?? tokenReply(cloud.url),
    });
    const client = await connect(openrc(cloud.url), { retries: 2 });
    opened.push(client, cloud);

    expect((await client.token()).userName).to.equal('admin');
  });

  it('waits with full jitter, and at least as long as Retry-After says', async () => {
    const pauses: number[] = [];
    const waits = ['', '7', '60', 'Thu, 01 Jan 2026 00:00:05 GMT', 'soon'];
    const { client } = await open(
      (seen) => {
        const wait = waits.shift();
        return wait === undefined
          ? recordedList(seen)
          : { status: 429, headers: wait === '' ? {} : { 'retry-after': wait }, body: '' };
      },
      {
        retries: 5,
        random: () => 0.5,
        now: () => Date.parse('2026-01-01T00:00:00Z'),
        sleep: async (ms) => {
          pauses.push(ms);
        },
      },
    );

    await client.network.list('routers');

    expect(pauses).to.deep.equal([250, 7500, 61_000, 7000, 4000]);
  });

  it('takes a part of an answer for no answer', async () => {
    const { client } = await open((seen) => ({ ...recordedList(seen), status: 206 }));

    const error = await failure(client.network.list('routers'));

    expect(error.code).to.equal('CLOUD_ANSWER_INVALID');
    expect(error.message).to.contain('206, a part of an answer');
  });

  it('does not wait for longer than a minute, and says what was answered', async () => {
    const { client } = await open(
      () => ({ status: 429, headers: { 'retry-after': '61' }, body: '' }),
      { retries: 5 },
    );

    const error = await failure(client.network.list('routers'));

    expect(error.code).to.equal('CLOUD_UNAVAILABLE');
    expect(error.message).to.contain('429');
  });

  for (const fault of ['hang', 'hang-after-headers'] as const) {
    it(`ends a request at its deadline when the server is in ${fault}, and does not repeat it`, async () => {
      const { client, cloud } = await open(() => ({ fault }), {
        requestTimeoutMs: 100,
        retries: 3,
      });

      const error = await failure(client.network.list('routers'));

      expect(error.code).to.equal('CLOUD_TIMEOUT');
      expect(error.message).to.match(/no complete answer within 0\.1 s/v);
      expect(cloud.requests).to.have.length(2);
    });
  }

  it('stops when the caller gives up, also in a pause', async () => {
    const controller = new AbortController();
    const { client } = await open(() => ({ status: 503, body: '' }), {
      retries: 9,
      sleep: async (_ms, signal) => {
        controller.abort(new Error('the snapshot took too long'));
        signal.throwIfAborted();
      },
    });

    const error = await failure(client.network.list('routers', {}, { signal: controller.signal }));

    expect(error.code).to.equal('CLOUD_CANCELLED');
    expect(error.message).to.include('the snapshot took too long');
  });

  it('stops everything when it is closed', async () => {
    const { client } = await open(() => ({ fault: 'hang' }));
    await client.token();
    const waiting = failure(client.network.list('routers'));

    await client.close();

    expect((await waiting).code).to.equal('CLOUD_CANCELLED');
    expect((await failure(client.network.list('routers'))).code).to.equal('CLOUD_CANCELLED');
  });

  it('refuses a body that is too large', async () => {
    const { client } = await open(recordedList, { maxBodyBytes: 5000 });

    const error = await failure(client.network.list('routers'));

    expect(error.message).to.match(/larger than 5000 bytes/v);
  });

  it('reports every attempt', async () => {
    const events: RequestEvent[] = [];
    const replies: Reply[] = [{ fault: 'reset' }];
    const { client } = await open((seen) => replies.shift() ?? recordedList(seen), {
      retries: 1,
      now: () => 0,
      onRequest: (event) => events.push(event),
    });

    await client.network.list('agents');

    expect(events).to.deep.equal([
      { method: 'POST', path: '/v3/auth/tokens', status: 201, ms: 0 },
      { method: 'GET', path: '/v2.0/agents', status: undefined, ms: 0 },
      { method: 'GET', path: '/v2.0/agents', status: 200, ms: 0 },
    ]);
  });

  it('names the place when nobody listens there', async () => {
    const cloud = await startFakeCloud();
    await cloud.close();
    const client = await connect(openrc(cloud.url), { retries: 1 });
    opened.push(client);

    const error = await failure(client.token());

    expect(error.code).to.equal('CLOUD_UNREACHABLE');
    expect(error.retryable).to.equal(true);
    expect(error.message).to.include(
      `POST /v3/auth/tokens: ${new URL(cloud.url).host}: connection refused`,
    );
  });

  it('names the host when it does not resolve', async () => {
    const client = await connect(openrc('http://keystone.invalid:5000'));
    opened.push(client);

    const error = await failure(client.token());

    expect(error.code).to.equal('CLOUD_UNREACHABLE');
    expect(error.message).to.match(/keystone\.invalid:5000: .*DNS/v);
  });

  it('shows no password and no token, even when the server sends them back', async () => {
    const echo: Handler = ({ token, body }) => ({ status: 500, body: `<p>${token ?? ''}${body}` });
    const cloud = await startFakeCloud({ keystone: echo });
    const other = await startFakeCloud({ neutron: echo });
    const clients = [await connect(openrc(cloud.url)), await connect(openrc(other.url))] as const;
    opened.push(cloud, other, ...clients);

    const errors = [
      await failure(clients[0].token()),
      await failure(clients[1].network.list('routers')),
    ];

    const seen = [...errors, ...clients, await clients[1].token()].map(
      (thing) => inspect(thing, { depth: 20, showHidden: true }) + JSON.stringify(thing),
    );
    expect(errors[1]?.message).to.include('[secret]');
    for (const secret of [PASSWORD, JSON.stringify(PASSWORD).slice(1, -1), 'sentinel', TOKEN]) {
      expect(seen.join('\n')).not.to.include(secret);
    }
  });
});
