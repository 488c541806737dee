import { expect } from 'chai';

import { applyChanges } from '../../src/agent/apply.ts';
import { gatherState, type UpstreamAccess } from '../../src/agent/gather.ts';
import { parseAddress, parsePrefix } from '../../src/core/prefix.ts';
import type { RouteChange } from '../../src/core/route.ts';
import type { DeviceScope } from '../../src/drivers/driver.ts';
import { cliTransport } from '../../src/transport/cli-transport.ts';
import { startRouterServer } from '../support/router-server.ts';
import { type Lab, LABS } from '../support/routers/labs.ts';
import type { Router } from '../support/routers/router.ts';

const SECRET = 'enable-secret';
const PREFIXES = Array.from({ length: 60 }, (_, index) => `10.7.${index}.0/24`);

interface Place {
  readonly access: UpstreamAccess;
  readonly router: Router;
  readonly close: () => Promise<void>;
}

describe('cliTransport through the OpenSSH client', () => {
  for (const [name, lab] of Object.entries<Lab>(LABS)) {
    it(`reads and writes ${name}`, async () => {
      const { access, router, close } = await placeOf(lab);
      try {
        const state = await gatherState(access);
        expect(state.routes.map(({ prefix }) => prefix.text)).to.deep.equal(['10.99.0.0/16']);
        expect(state.addresses.map(({ address }) => address)).to.include('203.0.113.1');

        expect(await applyChanges({ ...access, changes: PREFIXES.map(add), state })).to.deep.equal(
          [],
        );

        const after = await gatherState(access);
        const ours = after.routes.filter(({ owned }) => owned);
        expect(ours.map(({ prefix }) => prefix.text)).to.have.members(PREFIXES);
        expect(router.running()).to.have.length(PREFIXES.length + 1);

        const changes: readonly RouteChange[] = ours.map((before) => ({
          action: 'remove',
          before,
          origin: [],
        }));
        expect(await applyChanges({ ...access, changes, state: after })).to.deep.equal([]);
        expect(router.running().map(({ prefix }) => prefix)).to.deep.equal(['10.99.0.0/16']);
      } finally {
        await close();
      }
    }).timeout(30_000);
  }
});

async function placeOf({ driver, model, config, scope: special, terminal }: Lab): Promise<Place> {
  const { dialect } = special;
  const router = model.boot({
    hostname: 'edge1',
    config,
    now: () => 0,
    enableSecret: SECRET,
    ...(dialect !== undefined && { dialect }),
  });
  const server = await startRouterServer(router, {
    pager: model.pager,
    password: SECRET,
    motd: 'Authorized access only #\n',
    ...terminal,
  });
  const { port, user, identityFile, knownHostsFile, passwordFile } = server;
  if (driver.session === undefined) {
    throw new Error(`${model.os} has no CLI`);
  }
  const transport = cliTransport(
    {
      host: '127.0.0.1',
      port,
      user,
      identityFile,
      knownHostsFile,
      configFile: '/dev/null',
      enableSecretFile: passwordFile,
      commandTimeoutSeconds: 10,
    },
    driver.session,
  );
  const scope: DeviceScope = {
    vrf: undefined,
    distance: undefined,
    mark: { tag: 4711, name: 'route-sync-test' },
    dialect: undefined,
    confirmSeconds: driver.capabilities.transaction === 'confirmed' ? 300 : undefined,
    ...special,
  };
  return {
    router,
    access: { driver, transport, scope, signal: new AbortController().signal },
    close: async () => {
      await transport.close();
      await server.close();
    },
  };
}

function add(prefix: string): RouteChange {
  const nextHops = [{ address: parseAddress('203.0.113.5') }];
  return { action: 'add', after: { prefix: parsePrefix(prefix), nextHops, origin: [] } };
}
