/** A proxy that takes connections and never answers must not take our time. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import {
  createOpenStackClient,
  loadCloudConfig,
  OpenStackError,
} from '../../src/openstack-client-lite/index.ts';

describe('a proxy that never answers', () => {
  let server: Server;
  const sockets = new Set<Socket>();

  beforeEach(async () => {
    server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(() => {
    sockets.forEach((socket) => socket.destroy());
    sockets.clear();
    server.close();
  });

  async function failureThrough(proxy: string): Promise<unknown> {
    const env = {
      OS_AUTH_URL: 'https://keystone.example.org/v3',
      OS_USERNAME: 'admin',
      OS_PASSWORD: 'x',
      OS_PROJECT_NAME: 'admin',
      https_proxy: proxy,
    };
    const config = await loadCloudConfig({ env, cwd: '/', homeDir: '/' });
    const client = createOpenStackClient(config, { requestTimeoutMs: 200, retries: 0, env });
    try {
      return await client.token().catch((error: unknown) => error);
    } finally {
      await client.close();
    }
  }

  it('is given up at the deadline of the request, and the client closes', async () => {
    const { port } = server.address() as AddressInfo;

    const error = await failureThrough(`http://127.0.0.1:${port}`);

    expect(error).to.be.instanceOf(OpenStackError).with.property('code', 'CLOUD_TIMEOUT');
  });

  it('of a kind that is not supported is refused by name', async () => {
    const error = await failureThrough('socks5://127.0.0.1:1080');

    expect(error).to.be.instanceOf(OpenStackError).with.property('code', 'CLOUD_CONFIG_INVALID');
    expect(String(error)).to.contain('https_proxy').and.contain('socks5');
  });
});
