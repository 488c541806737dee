import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';

import { expect } from 'chai';

import { createServing, type Serving } from '../../src/cli/serve.ts';
import type { Route } from '../../src/agent/server/route.ts';
import { Secret } from '../../src/openstack-client-lite/index.ts';
import type { Log, LogFields } from '../../src/report/log.ts';

const ROUTES: readonly Route[] = [
  { path: '/', answer: () => ({ status: 200, type: 'text/plain', body: 'here' }) },
];

describe('createServing', () => {
  let serving: Serving;
  let lines: string[];
  let occupied: Server | undefined;

  beforeEach(() => {
    lines = [];
    occupied = undefined;
    const note =
      (level: string) =>
      (message: string, { url = '' }: LogFields = {}): void => {
        lines.push(`${level} ${message} ${String(url)}`.trim());
      };
    const log: Log = {
      error: note('error'),
      warn: note('warn'),
      info: note('info'),
      debug: () => undefined,
      child: () => log,
      writes: () => true,
    };
    serving = createServing({ routes: ROUTES, log, retryMs: 20 });
  });

  afterEach(async () => {
    await serving.close();
    occupied?.close();
  });

  async function occupy(port = 0): Promise<number> {
    const server = createServer();
    occupied = server;
    await new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', resolve);
    });
    return (server.address() as AddressInfo).port;
  }

  async function release(): Promise<void> {
    await new Promise((resolve) => {
      occupied?.close(resolve);
    });
  }

  async function freePort(): Promise<number> {
    const port = await occupy();
    await release();
    return port;
  }

  async function ask(port: number): Promise<string> {
    return fetch(`http://127.0.0.1:${port}/`).then(
      async (answer) => `${answer.status} ${await answer.text()}`,
      () => 'nobody',
    );
  }

  const at = (port: number): { readonly host: string; readonly port: number } => ({
    host: '127.0.0.1',
    port,
  });

  it('takes a port as soon as it is free, and says once that it waits', async () => {
    const port = await occupy();
    await serving.become({ listen: at(port), token: undefined });
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    await release();

    while ((await ask(port)) !== '200 here') {
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
    expect(lines).to.deep.equal([
      'error the server cannot listen; it tries again',
      `info serving http://127.0.0.1:${port}`,
    ]);
  });

  it('serves on where it was while the new place cannot be had', async () => {
    const port = await freePort();
    await serving.become({ listen: at(port), token: undefined });
    const other = await occupy();

    await serving.become({ listen: at(other), token: undefined });

    expect(await ask(port)).to.equal('200 here');
  });

  it('moves to another port, and gives the old one up', async () => {
    const port = await freePort();
    await serving.become({ listen: at(port), token: undefined });
    const other = await freePort();

    await serving.become({ listen: at(other), token: undefined });

    expect([await ask(port), await ask(other)]).to.deep.equal(['nobody', '200 here']);
  });

  it('leaves alone what stays the same, and asks for a new token at once', async () => {
    const port = await freePort();
    await serving.become({ listen: at(port), token: undefined });
    await serving.become({ listen: at(port), token: undefined });
    expect(lines).to.have.length(1);

    await serving.become({ listen: at(port), token: new Secret('0123456789abcdef') });

    expect(await ask(port)).to.match(/^401/);
  });

  it('tries no more once it is closed or switched off', async () => {
    const port = await occupy();
    await serving.become({ listen: at(port), token: undefined });
    await serving.become({ listen: undefined, token: undefined });
    await release();
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });

    expect(await ask(port)).to.equal('nobody');
  });
});
