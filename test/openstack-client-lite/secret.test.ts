import { inspect } from 'node:util';
import { expect } from 'chai';
import { Secret } from '../../src/openstack-client-lite/index.ts';

describe('Secret', () => {
  const secret = new Secret('pa"ss\\word');

  it('hides in text, JSON and inspect, and comes out only by reveal', () => {
    expect(
      `${String(secret)} ${JSON.stringify({ secret })} ${inspect({ secret }, { showHidden: true })}`,
    ).to.equal('[secret] {"secret":"[secret]"} { secret: [secret] }');
    expect(secret.reveal()).to.equal('pa"ss\\word');
  });

  it('masks itself in foreign text, plain and JSON-escaped', () => {
    const text = `plain pa"ss\\word, in JSON ${JSON.stringify({ password: 'pa"ss\\word' })}`;

    expect(secret.maskIn(text)).to.equal('plain [secret], in JSON {"password":"[secret]"}');
    expect(new Secret('').maskIn('abc')).to.equal('abc');
  });
});
