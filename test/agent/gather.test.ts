import { expect } from 'chai';
import { gatherState } from '../../src/agent/gather.ts';
import { memoryRouter } from '../../src/demo/memory-router.ts';
import { linux } from '../../src/drivers/linux.ts';
import { programOf, type Transport } from '../../src/transport/transport.ts';
import { SCOPE } from '../drivers/routes.ts';
import { rejected } from '../drivers/thrown.ts';

const ROUTER = memoryRouter({ interfaces: [{ device: 'd0', addresses: ['192.0.2.1/24'] }] });

/** A router whose table changes under the first `times` readings. */
function restless(times: number) {
  let readings = 0;
  const transport: Transport = {
    ...ROUTER,
    run: async (command, signal) => {
      const output = await ROUTER.run(command, signal);
      if (!programOf(command).argv.includes('-6')) {
        return output;
      }
      readings += 1;
      return readings <= times ? { ...output, stderr: 'Dump was interrupted\n' } : output;
    },
  };
  return { transport, readings: () => readings };
}

function upstream(transport: Transport) {
  return { driver: linux, transport, scope: SCOPE, signal: new AbortController().signal };
}

describe('gatherState', () => {
  it('reads routes and addresses', async () => {
    const { routes, addresses } = await gatherState(upstream(ROUTER));

    expect(routes.map(({ prefix, kind }) => `${kind} ${prefix.text}`)).to.deep.equal([
      'connected 192.0.2.0/24',
    ]);
    expect(addresses.map(({ address }) => address)).to.deep.equal(['192.0.2.1']);
  });

  it('reads again when the table changed meanwhile', async () => {
    const { transport, readings } = restless(2);

    await gatherState(upstream(transport));

    expect(readings()).to.equal(3);
  });

  it('gives up on a table that never rests, rather than take part of it', async () => {
    const { transport, readings } = restless(Infinity);

    const error = await rejected(gatherState(upstream(transport)));

    expect(error.code).to.equal('UPSTREAM_OUTPUT_INVALID');
    expect(readings()).to.equal(5);
  });

  it('does not repeat what will not change', async () => {
    const unknown = { ...upstream(ROUTER), scope: { ...SCOPE, table: 'blue' } };

    expect((await rejected(gatherState(unknown))).code).to.equal('UPSTREAM_TABLE_UNKNOWN');
  });
});
