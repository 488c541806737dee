import { expect } from 'chai';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';

import type { Route } from '../../../src/agent/server/route.ts';
import { startServer } from '../../../src/agent/server/server.ts';
import { Secret } from '../../../src/openstack-client-lite/index.ts';
import { until } from '../../support/until.ts';
import { failureOf } from '../cycle-scene.ts';
import { logTo, LOOPBACK, serve, type Served } from './server-scene.ts';

const TEXT = 'text/plain; charset=utf-8';
const TOKEN = 'a-token-of-many-letters';

function page(path: string, body: string, change: Partial<Route> = {}): Route {
  return { path, answer: () => ({ status: 200, type: TEXT, body }), ...change };
}

const ROUTES: readonly Route[] = [
  page('/', 'root'),
  page('/open', '', {
    isOpen: true,
    answer: ({ isTrusted }) => ({ status: 200, type: TEXT, body: `trusted: ${isTrusted}` }),
  }),
  page('/assets/*', 'some asset'),
  page('/assets/css/*', 'a style'),
  page('/long', 'long '.repeat(1000)),
  page('/image', '', {
    answer: () => ({ status: 200, type: 'image/png', body: new Uint8Array(5000) }),
  }),
  page('/tagged', '', {
    answer: () => ({
      status: 200,
      type: TEXT,
      body: 'tagged',
      headers: { ETag: '"v1"', 'Cache-Control': 'no-cache' },
    }),
  }),
  page('/echo', '', {
    answer: ({ path, query }) => ({ status: 200, type: TEXT, body: `${path} ${query.get('q')}` }),
  }),
  page('/broken', '', {
    answer: () => {
      throw new Error('the inside story');
    },
  }),
];

describe('startServer', () => {
  let server: Served;

  afterEach(async () => {
    await server.close();
  });

  describe('without a token', () => {
    beforeEach(async () => {
      server = await serve(ROUTES);
    });

    for (const [path, status, body] of [
      ['/', 200, 'root'],
      ['/?x=1', 200, 'root'],
      ['/assets/app.js', 200, 'some asset'],
      ['/assets/css/app.css', 200, 'a style'],
      ['/echo?q=10.0.0.0%2F8', 200, '/echo 10.0.0.0/8'],
      ['/open', 200, 'trusted: true'],
      ['/asset', 404, 'there is no such page\n'],
      ['/open/', 404, 'there is no such page\n'],
      ['/assets/../broken2', 404, 'there is no such page\n'],
      ['*', 400, 'the request names no path\n'],
      ['http://127.0.0.1/', 400, 'the request names no path\n'],
    ] as const) {
      it(`answers ${path} with ${status}`, async () => {
        const answer = await server.ask(path);

        expect([answer.status, answer.body.toString()]).to.deep.equal([status, body]);
      });
    }

    it('sends the security headers with every answer, also with errors', async () => {
      for (const path of ['/', '/nowhere', '/broken']) {
        const { headers } = await server.ask(path);

        expect(headers['content-security-policy'], path).to.match(/^default-src 'none'; /);
        expect(headers, path).to.include({
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'cross-origin-opener-policy': 'same-origin',
          'cross-origin-resource-policy': 'same-origin',
          'cache-control': 'no-store',
        });
      }
    });

    it('answers HEAD as GET, without the body', async () => {
      const { status, headers, body } = await server.ask('/long', { method: 'HEAD' });

      expect([status, headers['content-length'], body.length]).to.deep.equal([200, '5000', 0]);
    });

    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
      it(`refuses ${method}`, async () => {
        const { status, headers } = await server.ask('/', { method });

        expect([status, headers.allow]).to.deep.equal([405, 'GET, HEAD']);
      });
    }

    it('closes the connection of a request that brings a body', async () => {
      const { headers } = await server.ask('/', { method: 'POST', body: 'something' });

      expect(headers.connection).to.equal('close');
    });

    it('compresses what is long, for those who take it', async () => {
      const { headers, body } = await server.ask('/long', {
        headers: { 'accept-encoding': 'br, gzip;q=0.5' },
      });

      expect(headers).to.include({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
      expect(body.length).to.be.lessThan(500);
      expect(gunzipSync(body).toString()).to.equal('long '.repeat(1000));
    });

    for (const [what, path, accepted] of [
      ['a short text', '/', 'gzip'],
      ['an image', '/image', 'gzip'],
      ['for a client that takes no gzip', '/long', 'br'],
      ['for a client that refuses gzip', '/long', 'gzip;q=0, br'],
    ] as const) {
      it(`does not compress ${what}`, async () => {
        const { headers } = await server.ask(path, { headers: { 'accept-encoding': accepted } });

        expect(headers).not.to.have.property('content-encoding');
      });
    }

    it('says 304 where the client has this version', async () => {
      const etags = ['"v1"', 'W/"v1"', '"v0", "v1"', '"v2"'];
      const answers = await Promise.all(
        etags.map(async (etag) => server.ask('/tagged', { headers: { 'if-none-match': etag } })),
      );

      expect(answers.map(({ status }) => status)).to.deep.equal([304, 304, 304, 200]);
      expect(answers[0]?.headers['cache-control']).to.equal('no-cache');
    });

    it('tells nothing of what broke, except to the log', async () => {
      const { status, body } = await server.ask('/broken');

      expect(status).to.equal(500);
      expect(body.toString()).not.to.contain('story');
      expect(server.complaints.join()).to.contain('"path":"/broken"');
    });

    for (const host of ['localhost', 'LOCALHOST:9717', '127.0.0.1:1', '[::1]:9717']) {
      it(`answers to the name ${host}`, async () => {
        expect((await server.ask('/', { headers: { host } })).status).to.equal(200);
      });
    }

    for (const host of ['rebound.example', 'localhost.rebound.example:9717', '192.0.2.1']) {
      it(`does not answer to the name "${host}", which a page elsewhere may give to loopback`, async () => {
        const statuses = await Promise.all(
          ['/', '/open'].map(
            async (path) => (await server.ask(path, { headers: { host } })).status,
          ),
        );

        expect(statuses).to.deep.equal([421, 421]);
      });
    }

    it('says where it listens', () => {
      expect(server.url).to.match(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
      expect(server.complaints).to.deep.equal([]);
    });

    it('says why it cannot listen', async () => {
      const port = Number(new URL(server.url).port);
      const again = startServer({ listen: { ...LOOPBACK, port }, routes: [], log: logTo([]) });

      const { code, message } = await failureOf(again);

      expect(code).to.equal('SERVER_FAILED');
      expect(message).to.match(
        /^cannot listen on 127\.0\.0\.1:\d+ \(server\.listen\): EADDRINUSE; /,
      );
    });
  });

  it('warns of other machines that may ask without a token', async () => {
    server = await serve(ROUTES, { listen: { host: '0.0.0.0', port: 0 } });

    expect(server.complaints.join()).to.contain('set server.tokenFile');
  });

  describe('with a token', () => {
    beforeEach(async () => {
      server = await serve(ROUTES, { token: new Secret(TOKEN) });
    });

    function basic(user: string, password: string): string {
      return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    }

    for (const authorization of [
      `Bearer ${TOKEN}`,
      `bearer  ${TOKEN}`,
      basic('anybody', TOKEN),
      basic('', TOKEN),
    ]) {
      it(`trusts ${authorization}`, async () => {
        const { status } = await server.ask('/', { headers: { authorization } });
        const { body } = await server.ask('/open', { headers: { authorization } });

        expect([status, body.toString()]).to.deep.equal([200, 'trusted: true']);
      });
    }

    for (const authorization of [
      '',
      'Bearer',
      'Bearer ',
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN} x`,
      `Bearer ${TOKEN.slice(1)}`,
      TOKEN,
      `Digest ${TOKEN}`,
      basic(TOKEN, ''),
      basic('user', 'wrong'),
      `Basic ${Buffer.from(TOKEN).toString('base64')}`,
      'Basic %%%',
    ]) {
      it(`does not trust "${authorization}"`, async () => {
        const { status, headers } = await server.ask('/', { headers: { authorization } });
        const { body } = await server.ask('/open', { headers: { authorization } });

        expect(status).to.equal(401);
        expect(headers['www-authenticate']).to.match(/Basic realm=.*Bearer realm=/);
        expect(body.toString()).to.equal('trusted: false');
      });
    }

    it('does not even tell which pages there are', async () => {
      expect((await server.ask('/nowhere')).status).to.equal(401);
    });

    it('answers to any name, as a browser elsewhere does not know the token', async () => {
      const headers = { host: 'agent.example', authorization: `Bearer ${TOKEN}` };

      expect((await server.ask('/', { headers })).status).to.equal(200);
    });
  });

  describe('of an event stream', () => {
    let send: (event: string, data: string) => void;
    let ended: AbortSignal;
    let responses: IncomingMessage[];

    const events: Route = {
      path: '/events',
      answer: () => ({
        start: (sender, signal) => {
          send = sender;
          ended = signal;
        },
      }),
    };

    beforeEach(async () => {
      responses = [];
      server = await serve([events], { maxStreams: 2, heartbeatMs: 20 });
    });

    afterEach(() => {
      responses.forEach((response) => response.destroy());
    });

    async function open(): Promise<IncomingMessage> {
      const [response] = (await once(
        get(`${server.url}/events`, { agent: false }),
        'response',
      )) as [IncomingMessage];
      response.on('error', () => undefined);
      responses.push(response);
      return response;
    }

    function textOf(response: IncomingMessage): () => string {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      return () => text;
    }

    it('sends events as they come, and a comment now and then', async () => {
      const response = await open();
      send('cycle', '{"run":"1"}');
      send('note', 'two\nlines');

      const text = textOf(response);
      await until(() => text().includes('lines') && text().includes('\n\n:\n\n'));

      expect(response.headers).to.include({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
      });
      expect(text().replaceAll(':\n\n', '')).to.equal(
        'retry: 3000\n\nevent: cycle\ndata: {"run":"1"}\n\nevent: note\ndata: two\ndata: lines\n\n',
      );
    });

    it('tells the route when the client goes away', async () => {
      const response = await open();
      const gone = once(ended, 'abort');
      response.destroy();
      await gone;

      expect(() => send('late', 'nobody reads this')).not.to.throw();
    });

    it('has an end to how many there may be, and room again when one goes away', async () => {
      await open();
      const second = await open();
      const refused = await open();
      const gone = once(ended, 'abort');
      second.destroy();
      await gone;
      const third = await open();

      expect([refused.statusCode, third.statusCode]).to.deep.equal([503, 200]);
    });

    it('answers HEAD with the head', async () => {
      const { status, body } = await server.ask('/events', { method: 'HEAD' });

      expect([status, body.length]).to.deep.equal([200, 0]);
    });

    it('ends with the server, which does not wait for clients that stay', async () => {
      const response = await open();
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      const end = once(response.resume(), 'end');

      await server.close();
      await end;

      expect(ended.aborted).to.equal(true);
      socket.destroy();
      server = await serve([]);
    });
  });
});
