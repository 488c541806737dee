import { expect } from 'chai';

import { deviceScope, markFor } from '../../src/agent/scope.ts';
import type { Capabilities } from '../../src/drivers/driver.ts';
import { thrown } from '../drivers/thrown.ts';

const MARK = 3514963537;

const CAPABILITIES: Capabilities = {
  ipv6: true,
  vrf: true,
  ecmp: true,
  mark: 'tag',
  transaction: 'confirmed',
  chunk: 100,
  nextHops: 16,
  dialects: ['new', 'old'],
};

describe('markFor', () => {
  it('is the same for the same owner, and another one for another', () => {
    // printf %s prod-region-one | sha256sum | cut -c1-8, as a number, plus 1
    expect(markFor('prod-region-one')).to.deep.equal({
      tag: MARK,
      name: 'route-sync-prod-region-one',
    });
    expect(markFor('prod-region-two').tag).not.to.equal(MARK);
  });
});

describe('deviceScope', () => {
  it('takes what is configured over what is made of the owner', () => {
    const options = {
      vrf: 'red',
      distance: 7,
      tag: 9,
      markName: 'x',
      dialect: 'old',
      confirmSeconds: 60,
    };

    expect(deviceScope(options, 'prod', CAPABILITIES)).to.deep.equal({
      vrf: 'red',
      distance: 7,
      mark: { tag: 9, name: 'x' },
      dialect: 'old',
      confirmSeconds: 60,
    });
  });

  it('waits for the confirmation of a commit where the OS can, unless that is switched off', () => {
    const plain: Capabilities = { ...CAPABILITIES, transaction: 'candidate' };

    expect(deviceScope({}, 'prod', CAPABILITIES)).to.include({
      confirmSeconds: 300,
      dialect: 'new',
    });
    expect(deviceScope({ vrf: 'default' }, 'prod', CAPABILITIES).vrf).to.equal(undefined);
    expect(deviceScope({ confirmSeconds: 0 }, 'prod', CAPABILITIES).confirmSeconds).to.equal(
      undefined,
    );
    expect(deviceScope({}, 'prod', plain).confirmSeconds).to.equal(undefined);
  });

  it('refuses a dialect that the OS does not have', () => {
    const { dialects: _, ...none } = CAPABILITIES;

    expect(thrown(() => deviceScope({ dialect: 'odd' }, 'prod', CAPABILITIES)).message).to.equal(
      'dialect is "odd", and for this router OS it must be new or old',
    );
    expect(thrown(() => deviceScope({ dialect: 'odd' }, 'prod', none)).message).to.contain(
      'left out',
    );
  });
});
