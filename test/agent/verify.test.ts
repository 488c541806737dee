import { expect } from 'chai';
import { applyChanges, type Push } from '../../src/agent/apply.ts';
import { verifyChanges } from '../../src/agent/verify.ts';
import type { RouteChange } from '../../src/core/route.ts';
import { memoryRouter } from '../../src/demo/memory-router.ts';
import { linux } from '../../src/drivers/linux.ts';
import { add, remove, replace, SCOPE } from '../drivers/routes.ts';
import { programOf } from '../../src/transport/transport.ts';

const MARK = 'proto 201 metric 1024';

/** A router that holds the given routes (words of `ip route append`), and the push of the changes to it. */
async function router(
  routes: readonly string[],
  ...changes: readonly RouteChange[]
): Promise<Push & { show(): Promise<readonly string[]> }> {
  const transport = memoryRouter({
    interfaces: [{ device: 'd0', addresses: ['192.0.2.1/24', '2001:db8::1/64'] }],
  });
  const { signal } = new AbortController();
  const state = { routes: [], addresses: [] };
  const push = { driver: linux, transport, scope: SCOPE, signal, changes, state };
  for (const words of routes) {
    const stdin = `route append ${words}\n`;
    const { stderr } = await transport.run({ argv: ['ip', '-batch', '-'], stdin }, signal);
    expect(stderr).to.equal('');
  }
  return {
    ...push,
    show: async () => {
      const outputs = await Promise.all(
        linux.gather(SCOPE).map((command) => transport.run(command, signal)),
      );
      return linux
        .parse(SCOPE, outputs)
        .routes.filter(({ kind }) => kind === 'static')
        .map(({ prefix, description }) => `${prefix.text} ${description}`);
    },
  };
}

/** A removal of a route as the router shows it. */
function removeShown(prefix: string, ...hops: readonly string[]): RouteChange {
  const change = remove(prefix, ...hops);
  const description = [...hops.map((hop) => `via ${hop}`), `dev d0 ${MARK}`].join(' ');
  return change.action === 'remove'
    ? { ...change, before: { ...change.before, description } }
    : change;
}

describe('verifyChanges', () => {
  it('finds what was pushed', async () => {
    const push = await router(
      [`10.2.0.0/24 via 192.0.2.2 ${MARK}`, `10.3.0.0/24 via 192.0.2.2 ${MARK}`],
      add('10.1.0.0/24', '192.0.2.2', '192.0.2.3'),
      replace('10.2.0.0/24', ['192.0.2.2'], ['192.0.2.3']),
      removeShown('10.3.0.0/24', '192.0.2.2'),
    );
    await applyChanges(push);

    const { failed, state } = await verifyChanges(push);

    expect(failed).to.deep.equal([]);
    expect(state.routes.filter(({ owned }) => owned)).to.have.length(2);
  });

  it('says what is there instead of what was pushed', async () => {
    const push = await router(
      [`10.1.0.0/24 via 192.0.2.9 proto 4`],
      add('10.1.0.0/24', '192.0.2.2'),
      add('10.2.0.0/24', '192.0.2.2', '192.0.2.3'),
    );

    const { failed } = await verifyChanges(push);

    expect(failed.map(({ error }) => error.code)).to.deep.equal([
      'ROUTE_UNVERIFIED',
      'ROUTE_UNVERIFIED',
    ]);
    expect(failed[1]?.error.message).to.match(
      /^add 10\.2\.0\.0\/24: the upstream shows no route of ours instead of via 192\.0\.2\.2, 192\.0\.2\.3; /,
    );
  });

  it('removes an old route of ours beside its replacement', async () => {
    const push = await router(
      [`2001:db8:1::/64 dev d0 ${MARK}`, `2001:db8:1::/64 via 2001:db8::3 ${MARK}`],
      replace('2001:db8:1::/64', ['2001:db8::2'], ['2001:db8::3']),
    );
    const { failed } = await verifyChanges(push);

    expect(failed.map(({ error }) => error.message)).to.deep.equal([]);
  });

  it('replaces once more where the wrong next hop is left', async () => {
    const push = await router(
      [`10.1.0.0/24 via 192.0.2.2 ${MARK}`],
      replace('10.1.0.0/24', ['192.0.2.2'], ['192.0.2.3']),
    );

    const { failed } = await verifyChanges(push);

    expect(failed).to.deep.equal([]);
    expect(await push.show()).to.deep.equal([
      '10.1.0.0/24 via 192.0.2.3 dev d0 proto 201 metric 1024',
    ]);
  });

  it('removes the second of two routes of ours, and of a removal only the route that was planned for', async () => {
    const push = await router(
      [
        `10.1.0.0/24 via 192.0.2.2 ${MARK}`,
        `10.1.0.0/24 via 192.0.2.3 ${MARK}`,
        `10.2.0.0/24 via 192.0.2.2 ${MARK}`,
        `10.2.0.0/24 via 192.0.2.3 ${MARK}`,
      ],
      replace('10.1.0.0/24', ['192.0.2.2'], ['192.0.2.3']),
      removeShown('10.2.0.0/24', '192.0.2.2'),
    );

    const { failed } = await verifyChanges(push);

    expect(failed).to.deep.equal([]);
    expect(await push.show()).to.deep.equal([
      '10.1.0.0/24 via 192.0.2.3 dev d0 proto 201 metric 1024',
      '10.2.0.0/24 via 192.0.2.3 dev d0 proto 201 metric 1024',
    ]);
  });

  it('shrinks an IPv6 set after it has grown', async () => {
    const push = await router(
      [`2001:db8:1::/64 via 2001:db8::2 ${MARK}`, `2001:db8:1::/64 via 2001:db8::3 ${MARK}`],
      replace('2001:db8:1::/64', ['2001:db8::2', '2001:db8::3'], ['2001:db8::4']),
    );
    await applyChanges(push);

    const { failed } = await verifyChanges(push);

    expect(failed).to.deep.equal([]);
    expect(await push.show()).to.deep.equal([
      '2001:db8:1::/64 via 2001:db8::4 dev d0 proto 201 metric 1024',
    ]);
  });

  it("keeps a stranger's member of an IPv6 set, and says that it is there", async () => {
    const push = await router(
      [
        `2001:db8:1::/64 via 2001:db8::2 ${MARK}`,
        '2001:db8:1::/64 via 2001:db8::9 proto 4 metric 1024',
      ],
      replace('2001:db8:1::/64', ['2001:db8::2', '2001:db8::9'], ['2001:db8::2']),
    );
    await applyChanges(push);

    const { failed } = await verifyChanges(push);

    expect(failed.map(({ error }) => error.message)).to.have.length(1);
    expect(failed[0]?.error.message).to.contain('another program added via 2001:db8::9');
    expect(await push.show()).to.deep.equal([
      '2001:db8:1::/64 via 2001:db8::2 dev d0 via 2001:db8::9 dev d0 proto 201 metric 1024',
    ]);
  });

  it("takes ours out of an IPv6 set that has come to show a stranger's mark", async () => {
    const push = await router(
      [
        `2001:db8:1::/64 via 2001:db8::2 ${MARK}`,
        '2001:db8:1::/64 via 2001:db8::9 proto 4 metric 1024',
      ],
      replace('2001:db8:1::/64', ['2001:db8::2', '2001:db8::9'], ['2001:db8::3']),
    );
    await applyChanges(push);

    const { failed } = await verifyChanges(push);

    expect(failed[0]?.error.message).to.match(/no route of ours .* another program holds/);
    expect(await push.show()).to.deep.equal([
      '2001:db8:1::/64 via 2001:db8::9 dev d0 proto 4 metric 1024',
    ]);
  });

  it('leaves a route alone that vanished in between', async () => {
    const push = await router([], add('10.1.0.0/24', '192.0.2.2'));

    const { failed } = await verifyChanges(push);

    expect(failed).to.have.length(1);
    expect(await push.show()).to.deep.equal([]);
  });

  it('shows a route of ours without next hop that stays', async () => {
    const inner = await router([`10.1.0.0/24 dev d0 ${MARK}`], removeShown('10.1.0.0/24'));
    const transport = {
      ...inner.transport,
      run: async (...[command, signal]: Parameters<typeof inner.transport.run>) =>
        programOf(command).stdin === undefined
          ? inner.transport.run(command, signal)
          : { stdout: '', stderr: '', exitCode: 0 },
    };

    const { failed } = await verifyChanges({ ...inner, transport });

    expect(failed[0]?.error.message).to.match(
      /^remove 10\.1\.0\.0\/24: the upstream shows a route without next hop instead of no route of ours; /,
    );
  });
});
