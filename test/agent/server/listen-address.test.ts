import { expect } from 'chai';

import {
  addressToAsk,
  formatAddress,
  isLoopback,
  parseListen,
} from '../../../src/agent/server/listen-address.ts';

describe('parseListen', () => {
  for (const [text, host, port] of [
    ['127.0.0.1:9717', '127.0.0.1', 9717],
    ['[::1]:0', '::1', 0],
    ['edge.example:80', 'edge.example', 80],
  ] as const) {
    it(`takes ${text} apart, and formatAddress puts it together`, () => {
      const address = parseListen(text);

      expect(address).to.deep.equal({ host, port });
      expect(formatAddress({ host, port })).to.equal(text);
    });
  }

  it('takes off for no address', () => {
    expect(parseListen('off')).to.equal(undefined);
  });
});

describe('isLoopback', () => {
  for (const [host, answer] of [
    ['127.0.0.1', true],
    ['127.8.9.1', true],
    ['::1', true],
    ['localhost', true],
    ['127.example', false],
    ['0.0.0.0', false],
    ['::', false],
    ['192.0.2.1', false],
  ] as const) {
    it(`says ${answer} of ${host}`, () => {
      expect(isLoopback(host)).to.equal(answer);
    });
  }
});

describe('addressToAsk', () => {
  for (const [host, asked] of [
    ['0.0.0.0', '127.0.0.1'],
    ['::', '::1'],
    ['192.0.2.1', '192.0.2.1'],
  ] as const) {
    it(`asks ${asked} where the agent listens on ${host}`, () => {
      expect(addressToAsk({ host, port: 1 })).to.deep.equal({ host: asked, port: 1 });
    });
  }
});
