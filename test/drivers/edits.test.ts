import { expect } from 'chai';

import type { RouteChange } from '../../src/core/route.ts';
import type { DeviceScope } from '../../src/drivers/driver.ts';
import { editsOf, type DevicePath, type Edit } from '../../src/drivers/kit/edits.ts';
import { add, installed, remove, replace } from './routes.ts';

const SCOPE: DeviceScope = {
  vrf: undefined,
  distance: undefined,
  mark: { tag: 7, name: 'route-sync-test' },
  dialect: undefined,
  confirmSeconds: undefined,
};

function shown({ address, device, distance, disabled }: DevicePath): string {
  return [address, device, distance, disabled ? 'disabled' : undefined]
    .filter((word) => word !== undefined)
    .join(' ');
}

function summary({ make, move, drop }: Edit): Record<string, readonly string[]> {
  return {
    make: make.map(shown),
    move: move.map(({ path, from }) => `${shown(from)} -> ${shown(path)}`),
    drop: drop.map(shown),
  };
}

function only(change: RouteChange, scope: Partial<DeviceScope> = {}): Record<string, unknown> {
  const [edit] = editsOf({ ...SCOPE, ...scope }, [change], 1);
  return edit === undefined ? {} : summary(edit);
}

describe('editsOf', () => {
  for (const { name, change, scope, want } of [
    {
      name: 'makes every next hop of an add, with the distance of the scope',
      change: add('10.1.0.0/24', '192.0.2.2', '192.0.2.3'),
      scope: { distance: 7 },
      want: { make: ['192.0.2.2 7', '192.0.2.3 7'], move: [], drop: [] },
    },
    {
      name: 'writes no distance where it is the one of the OS',
      change: add('10.1.0.0/24', '192.0.2.2'),
      scope: { distance: 1 },
      want: { make: ['192.0.2.2'], move: [], drop: [] },
    },
    {
      name: 'leaves next hops alone that stay',
      change: replace('10.1.0.0/24', ['192.0.2.2', '192.0.2.3'], ['192.0.2.3', '192.0.2.4']),
      scope: {},
      want: { make: ['192.0.2.4'], move: [], drop: ['192.0.2.2'] },
    },
    {
      name: 'drops what a removal names',
      change: remove('10.1.0.0/24', '192.0.2.2%eth1', '192.0.2.3'),
      scope: {},
      want: { make: [], move: [], drop: ['192.0.2.2 eth1', '192.0.2.3'] },
    },
    {
      name: 'takes a replace by the same next hops for one of the attributes',
      change: replace('10.1.0.0/24', ['192.0.2.2'], ['192.0.2.2']),
      scope: {},
      want: { make: [], move: ['192.0.2.2 -> 192.0.2.2'], drop: [] },
    },
    {
      name: 'tells a device apart only where one is wanted',
      change: replace('10.1.0.0/24', ['192.0.2.2%eth1'], ['192.0.2.2%eth2']),
      scope: {},
      want: { make: ['192.0.2.2 eth2'], move: [], drop: ['192.0.2.2 eth1'] },
    },
  ]) {
    it(name, () => {
      expect(only(change, scope)).to.deep.equal(want);
    });
  }

  it('moves a next hop whose distance is another one, or that is switched off', () => {
    const route = installed('10.1.0.0/24', '192.0.2.2', '192.0.2.3');
    const [first, second] = route.nextHops;
    const before = {
      ...route,
      nextHops: [first, second].flatMap((hop, index) =>
        hop === undefined
          ? []
          : [{ ...hop, ...(index === 0 ? { distance: 9 } : { disabled: true as const }) }],
      ),
    };
    const { after } = add('10.1.0.0/24', '192.0.2.2', '192.0.2.3') as Extract<
      RouteChange,
      { action: 'add' }
    >;

    expect(only({ action: 'replace', before, after })).to.deep.equal({
      make: [],
      move: ['192.0.2.2 9 -> 192.0.2.2', '192.0.2.3 disabled -> 192.0.2.3'],
      drop: [],
    });
  });

  it('keeps the one of two equal next hops that is right, and drops the other', () => {
    const route = installed('10.1.0.0/24', '192.0.2.2', '192.0.2.2');
    const nextHops = route.nextHops.map((hop, index) =>
      index === 0 ? { ...hop, distance: 9 } : hop,
    );
    const { after } = add('10.1.0.0/24', '192.0.2.2') as Extract<RouteChange, { action: 'add' }>;

    expect(only({ action: 'replace', before: { ...route, nextHops }, after })).to.deep.equal({
      make: [],
      move: [],
      drop: ['192.0.2.2 9'],
    });
  });

  it('puts adds first and removals last', () => {
    const edits = editsOf(
      SCOPE,
      [
        remove('10.3.0.0/24', '192.0.2.2'),
        replace('10.2.0.0/24', ['192.0.2.2'], ['192.0.2.3']),
        add('10.1.0.0/24', '192.0.2.2'),
      ],
      1,
    );

    expect(edits.map(({ prefix }) => prefix.text)).to.deep.equal([
      '10.1.0.0/24',
      '10.2.0.0/24',
      '10.3.0.0/24',
    ]);
  });
});
