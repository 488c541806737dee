import { expect } from 'chai';

import type { CommandOutput, Dialogue } from '../../src/drivers/driver.ts';
import { say } from '../../src/drivers/kit/script.ts';
import { type CliTransportOptions, cliTransport } from '../../src/transport/cli-transport.ts';
import type { Transport } from '../../src/transport/transport.ts';
import {
  type RouterServer,
  type RouterServerOptions,
  startRouterServer,
} from '../support/router-server.ts';
import { PLAIN_SESSION, plainModel } from '../support/routers/plain.ts';
import type { Router } from '../support/routers/router.ts';
import { failureOf, FOREIGN, routeLine, routeLines, SHOW } from './cli-scene.ts';

interface Place {
  readonly router: Router;
  readonly server: RouterServer;
  readonly transport: Transport;
}

describe('cliTransport to a router over SSH', () => {
  let places: Place[] = [];

  async function placeOf(
    server: Partial<RouterServerOptions> = {},
    options: Partial<CliTransportOptions> = {},
  ): Promise<Place> {
    const router = plainModel.boot({ hostname: 'edge1', config: FOREIGN, now: () => 0 });
    const running = await startRouterServer(router, { pager: plainModel.pager, ...server });
    const place = {
      router,
      server: running,
      transport: cliTransport({ ...wayTo(running), ...options }, PLAIN_SESSION),
    };
    places.push(place);
    return place;
  }

  afterEach(async () => {
    for (const { transport, server } of places) {
      await transport.close();
      await server.close();
    }
    places = [];
  });

  it('logs in by key through the OpenSSH client', async () => {
    const place = await placeOf();
    expect((await run(place, SHOW)).stdout).to.equal(FOREIGN);
  });

  it('logs in by password', async () => {
    const { server } = await placeOf({ password: 'correct horse' });
    const transport = cliTransport(
      {
        ...wayTo(server),
        identityFile: undefined,
        agent: false,
        passwordFile: server.passwordFile,
      },
      PLAIN_SESSION,
    );
    const output = await transport.run(SHOW, new AbortController().signal);
    await transport.close();
    expect(output.stdout).to.equal(FOREIGN);
  });

  it('tells why SSH does not let it in', async () => {
    const { server } = await placeOf();
    const transport = cliTransport({ ...wayTo(server), user: 'nobody' }, PLAIN_SESSION);
    const error = await failureOf(transport.run(SHOW, new AbortController().signal));
    expect(error.code).to.equal('UPSTREAM_LOGIN');
  });

  it('keeps one session open, and runs dialogues one after another', async () => {
    const place = await placeOf({ banner: 'Authorized access only #\r\n', latencyMs: 4 });
    const outputs = await Promise.all([run(place, SHOW), run(place, SHOW), run(place, say('x'))]);
    expect(outputs.map(({ exitCode }) => exitCode)).to.deep.equal([0, 0, 1]);
    expect(place.server.terminals).to.have.length(1);
  });

  it('comes back when the session was lost between two dialogues', async () => {
    const place = await placeOf();
    await run(place, SHOW);
    place.server.disconnect();
    await new Promise((resolve) => void setTimeout(resolve, 200));
    expect((await run(place, SHOW)).stdout).to.equal(FOREIGN);
    expect(place.server.terminals).to.have.length(2);
  });

  it('does not go on in another session than the one that was lost', async () => {
    const place = await placeOf();
    await run(place, say('configure terminal'));
    place.server.disconnect();
    await new Promise((resolve) => void setTimeout(resolve, 200));
    const error = await failureOf(run(place, routeLines(2)));
    expect(error.code).to.equal('UPSTREAM_UNREACHABLE');
    expect(place.server.terminals).to.have.length(1);
    expect(place.router.running()).to.have.length(1);
  });

  it('sends less at once to a router that has lost characters', async () => {
    const place = await placeOf({ inputBuffer: 100, lineMs: 1 });
    await run(place, say('configure terminal'));
    expect((await failureOf(run(place, routeLines(20)))).message).to.contain('lost characters');
    await run(place, say('configure terminal'));
    expect((await run(place, routeLines(20))).exitCode).to.equal(0);
    await run(place, say('end'));
    expect(place.router.running()).to.have.length(21);
  });

  it('tells of a router that does not answer any more', async () => {
    const faults = [{ kind: 'stall', line: 6 }] as const;
    const place = await placeOf({ faults }, { commandTimeoutSeconds: 1 });
    const error = await failureOf(run(place, SHOW));
    expect(error.code).to.equal('UPSTREAM_UNREACHABLE');
    expect(error.message).to.contain('no complete answer within 1 s');
    place.server.behave({ faults: [] });
    expect((await run(place, SHOW)).stdout).to.equal(FOREIGN);
  });

  it('needs few round trips for many lines', async () => {
    const place = await placeOf({ latencyMs: 10 });
    await run(place, say('configure terminal'));
    const before = place.server.terminals[0]?.roundTrips() ?? 0;
    const count = 200;
    expect((await run(place, routeLines(count))).exitCode).to.equal(0);
    const trips = (place.server.terminals[0]?.roundTrips() ?? 0) - before;
    expect(trips).to.be.at.most(count / 2 + 2);
    expect(place.server.terminals[0]?.lines).to.include(routeLine(count - 1));
  });

  it('runs no programs', async () => {
    const { transport } = await placeOf();
    const work = transport.run({ argv: ['ip', 'route'] }, new AbortController().signal);
    expect((await failureOf(work)).code).to.equal('INTERNAL');
  });

  it('has the lock of every way to the same router', async () => {
    const { transport, server } = await placeOf();
    expect(await transport.lockTarget()).to.equal(`ssh 127.0.0.1:${server.port}`);
    expect(transport.target).to.equal(`ssh/127.0.0.1:${server.port}`);
  });
});

function wayTo({ port, user, identityFile, knownHostsFile }: RouterServer): CliTransportOptions {
  return { host: '127.0.0.1', port, user, identityFile, knownHostsFile, configFile: '/dev/null' };
}

async function run({ transport }: Place, dialogue: Dialogue): Promise<CommandOutput> {
  return transport.run(dialogue, new AbortController().signal);
}
