import { createServer, request as forward, type Server } from 'node:http';
import { type AddressInfo, connect as dial } from 'node:net';
import { expect } from 'chai';
import { OpenStackError } from '../../src/openstack-client-lite/index.ts';
import { connect, openrc, startFakeCloud } from './fake-cloud.ts';

interface Proxy {
  readonly url: string;
  /** Like `POST http://host/path`, or `CONNECT host:port`. */
  readonly seen: readonly string[];
  readonly close: () => Promise<void>;
}

async function startProxy(): Promise<Proxy> {
  const seen: string[] = [];
  const server: Server = createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming;
    seen.push(`${method} ${url}`);
    incoming.pipe(
      forward(url, { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(outgoing);
      }),
    );
  });
  server.on('connect', (incoming, socket) => {
    seen.push(`CONNECT ${incoming.url ?? ''}`);
    const [host = '', port = ''] = (incoming.url ?? '').split(':');
    if (host === 'forbidden.invalid') {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const target = dial(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    target.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port.toString()}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

describe('createDispatchers with a proxy', () => {
  const opened: { close: () => Promise<void> }[] = [];

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(({ close }) => close()));
  });

  async function login(variables: (proxy: string) => Record<string, string>) {
    const proxy = await startProxy();
    const cloud = await startFakeCloud();
    const client = await connect({ ...openrc(cloud.url), ...variables(proxy.url) });
    opened.push(client, cloud, proxy);
    await client.token();
    return { seen: proxy.seen, cloud };
  }

  const names = ['http_proxy', 'HTTP_PROXY', 'all_proxy'] as const;

  for (const name of names) {
    it(`goes through ${name}, without a tunnel for http`, async () => {
      const { seen, cloud } = await login((proxy) => ({ [name]: proxy }));

      expect(seen).to.deep.equal([`POST ${cloud.url}/v3/auth/tokens`]);
    });
  }

  const direct: readonly { name: string; env: Record<string, string> }[] = [
    { name: 'the address', env: { no_proxy: 'localhost, 127.0.0.1' } },
    { name: 'the range of the address', env: { NO_PROXY: '192.0.2.0/24,127.0.0.0/8' } },
    { name: 'everything', env: { no_proxy: '*' } },
  ];

  for (const { name, env } of direct) {
    it(`goes straight when no_proxy names ${name}`, async () => {
      const { seen } = await login((proxy) => ({ http_proxy: proxy, ...env }));

      expect(seen).to.deep.equal([]);
    });
  }

  it('goes through the proxy when no_proxy names something else', async () => {
    const { seen } = await login((proxy) => ({
      http_proxy: proxy,
      no_proxy:
        '127.0.0.1:1, example.com, .invalid, 192.0.2.0/24, 2001:db8::/32, ::1, 127.0.0.0/99',
    }));

    expect(seen).to.have.length(1);
  });

  it('takes no http proxy for https, and tunnels through the https one', async () => {
    const proxy = await startProxy();
    opened.push(proxy);
    const env = { ...openrc('https://forbidden.invalid:5000'), http_proxy: 'http://192.0.2.1:1' };
    const client = await connect({ ...env, https_proxy: proxy.url.replace('http://', '') });
    opened.push(client);

    const error: unknown = await client.token().catch((reason: unknown) => reason);

    expect(proxy.seen).to.deep.equal(['CONNECT forbidden.invalid:5000']);
    expect(error).to.be.instanceOf(OpenStackError);
    expect(String(error)).to.match(/the proxy answered 403; check the proxy variables/v);
  });

  it('refuses a proxy variable that is no URL', async () => {
    const client = await connect({ ...openrc('http://192.0.2.1:5000'), http_proxy: 'http://[' });
    opened.push(client);

    const error: unknown = await client.token().catch((reason: unknown) => reason);

    expect(error).to.have.property('code', 'CLOUD_CONFIG_INVALID');
    expect(String(error)).to.include('http_proxy is no proxy URL');
  });
});
