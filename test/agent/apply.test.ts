import { expect } from 'chai';
import { applyChanges, proveRights } from '../../src/agent/apply.ts';
import type { Push } from '../../src/agent/apply.ts';
import { gatherState } from '../../src/agent/gather.ts';
import type { RouteChange } from '../../src/core/route.ts';
import { memoryRouter } from '../../src/demo/memory-router.ts';
import type { Program } from '../../src/drivers/driver.ts';
import { linux } from '../../src/drivers/linux.ts';
import { RouteSyncError } from '../../src/errors.ts';
import { programOf, type Transport } from '../../src/transport/transport.ts';
import { add, remove, replace, SCOPE } from '../drivers/routes.ts';
import { rejected } from '../drivers/thrown.ts';

const INTERFACES = [{ device: 'd0', addresses: ['192.0.2.1/24', '2001:db8::1/64'] }];

const EMPTY = { routes: [], addresses: [] };

function pushTo(transport: Transport, ...changes: readonly RouteChange[]): Push {
  const { signal } = new AbortController();
  return { driver: linux, transport, scope: SCOPE, signal, changes, state: EMPTY };
}

async function ownedRoutes(push: Push): Promise<readonly string[]> {
  const { routes } = await gatherState(push);
  return routes
    .filter(({ owned }) => owned)
    .map(({ prefix, nextHops }) => [prefix.text, ...nextHops.map((hop) => hop.address)].join(' '));
}

/** A transport that remembers its commands and may fail one of them. */
function spied(inner: Transport, fail?: (command: Program) => void) {
  const sent: string[] = [];
  const transport: Transport = {
    ...inner,
    run: async (command, signal) => {
      const program = programOf(command);
      sent.push(program.argv.join(' '));
      fail?.(program);
      return inner.run(command, signal);
    },
  };
  return { sent, transport };
}

describe('applyChanges', () => {
  it('adds and removes, and puts what replaces beside what it replaces', async () => {
    const transport = memoryRouter({ interfaces: INTERFACES });
    await applyChanges(
      pushTo(
        transport,
        add('10.1.0.0/24', '192.0.2.2'),
        add('10.2.0.0/24', '192.0.2.2'),
        add('2001:db8:1::/64', '2001:db8::2'),
      ),
    );
    const push = pushTo(
      transport,
      add('10.3.0.0/24', '192.0.2.2', '192.0.2.3'),
      replace('10.1.0.0/24', ['192.0.2.2'], ['192.0.2.4']),
      replace('2001:db8:1::/64', ['2001:db8::2'], ['2001:db8::3']),
      remove('10.2.0.0/24', '192.0.2.2'),
    );

    const applied = await applyChanges(push);

    expect(applied).to.deep.equal([]);
    expect(await ownedRoutes(push)).to.have.members([
      '10.1.0.0/24 192.0.2.2',
      '10.1.0.0/24 192.0.2.4',
      '10.3.0.0/24 192.0.2.2 192.0.2.3',
      '2001:db8:1::/64 2001:db8::2 2001:db8::3',
    ]);
  });

  it('lets a refused change cost nothing but itself', async () => {
    const transport = memoryRouter({ interfaces: INTERFACES });
    const stranger = [
      'ip',
      '-4',
      'route',
      'add',
      '10.1.0.0/24',
      'via',
      '192.0.2.9',
      'metric',
      '1024',
    ] as const;
    await transport.run({ argv: stranger }, new AbortController().signal);
    const push = pushTo(
      transport,
      add('10.1.0.0/24', '192.0.2.2'),
      add('10.2.0.0/24', '10.9.9.9'),
      add('10.3.0.0/24', '192.0.2.2'),
      add('2001:db8:1::/64', 'fe80::1'),
      add('2001:db8:2::/64', '2001:db8::2'),
    );

    const failed = await applyChanges(push);

    expect(
      failed.map(({ change, error }) => [push.changes.indexOf(change), error.code]),
    ).to.deep.equal([
      [3, 'ROUTE_REJECTED'],
      [0, 'ROUTE_EXISTS'],
      [1, 'ROUTE_REJECTED'],
    ]);
    expect(await ownedRoutes(push)).to.deep.equal([
      '10.3.0.0/24 192.0.2.2',
      '2001:db8:2::/64 2001:db8::2',
    ]);
  });

  it('says of each change that the rights are missing, where nobody asked before', async () => {
    const transport = memoryRouter({ interfaces: INTERFACES, permitted: false });

    const refused = await applyChanges(pushTo(transport, add('10.1.0.0/24', '192.0.2.2')));

    expect(refused.map(({ error }) => error.code)).to.deep.equal(['UPSTREAM_NOT_PERMITTED']);
  });

  it('sends nothing at all for no change', async () => {
    const { sent, transport } = spied(memoryRouter({ interfaces: INTERFACES }));

    const applied = await applyChanges(pushTo(transport));

    expect(applied).to.deep.equal([]);
    expect(sent).to.deep.equal([]);
  });

  it('goes on with the next chunk when one fails, and fails each of its changes', async () => {
    const { transport } = spied(memoryRouter({ interfaces: INTERFACES }), ({ argv }) => {
      if (argv.includes('-batch') && argv.includes('-4')) {
        throw new RouteSyncError('UPSTREAM_UNREACHABLE', 'the deadline passed');
      }
    });
    const push = pushTo(
      transport,
      add('10.1.0.0/24', '192.0.2.2'),
      add('10.2.0.0/24', '192.0.2.2'),
      add('2001:db8:1::/64', '2001:db8::2'),
    );

    const failed = await applyChanges(push);

    expect(failed.map(({ error }) => error.code)).to.deep.equal([
      'UPSTREAM_UNREACHABLE',
      'UPSTREAM_UNREACHABLE',
    ]);
  });

  it('does not hide a defect behind a failed chunk', async () => {
    const { transport } = spied(memoryRouter({ interfaces: INTERFACES }), ({ argv }) => {
      if (argv.includes('-batch')) {
        throw new TypeError('defect');
      }
    });
    let caught: unknown;

    try {
      await applyChanges(pushTo(transport, add('10.1.0.0/24', '192.0.2.2')));
    } catch (error) {
      caught = error;
    }

    expect(caught).to.be.instanceOf(TypeError);
  });
});

describe('proveRights', () => {
  it('asks once, changes nothing, and throws where rights are missing', async () => {
    const { sent, transport } = spied(memoryRouter({ interfaces: INTERFACES, permitted: false }));

    const error = await rejected(proveRights(pushTo(transport)));

    expect(error.code).to.equal('UPSTREAM_NOT_PERMITTED');
    expect(sent).to.deep.equal([linux.probe(SCOPE).argv.join(' ')]);
  });

  it('passes where changes are permitted', async () => {
    await proveRights(pushTo(memoryRouter({ interfaces: INTERFACES })));
  });

  it('tells an unknown table', async () => {
    const push = pushTo(memoryRouter({ interfaces: INTERFACES }));

    const error = await rejected(proveRights({ ...push, scope: { ...SCOPE, table: 'blue' } }));

    expect(error.code).to.equal('UPSTREAM_TABLE_UNKNOWN');
  });
});
