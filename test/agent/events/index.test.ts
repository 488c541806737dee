import { expect } from 'chai';
import { execFileSync } from 'node:child_process';

describe('the module of notifications', () => {
  it('does not load the client of RabbitMQ before it is needed', () => {
    const index = new URL('../../../src/agent/events/index.ts', import.meta.url).href;
    const code = [
      `await import(${JSON.stringify(index)});`,
      "const { createRequire } = await import('node:module');",
      `const loaded = Object.keys(createRequire(${JSON.stringify(index)}).cache);`,
      'console.log(JSON.stringify(loaded));',
    ].join('\n');
    const argv = ['--input-type=module', '-e', code];
    const loaded = execFileSync(process.execPath, argv, { encoding: 'utf8' });

    expect(JSON.parse(loaded)).to.be.an('array');
    expect(loaded).not.to.contain('amqplib');
  });
});
