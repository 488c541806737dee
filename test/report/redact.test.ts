import { expect } from 'chai';
import { inspect } from 'node:util';

import { RouteSyncError } from '../../src/errors.ts';
import { Secret } from '../../src/openstack-client-lite/secret.ts';
import { redact, redactText } from '../../src/report/redact.ts';

const FERNET = `gAAAAABl${'Ab-_9'.repeat(30)}==`;
const JWS = `eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.${'q'.repeat(40)}`;

describe('redactText', () => {
  for (const [given, want] of [
    [`token is ${FERNET}.`, 'token is [redacted].'],
    [`got ${JWS} back`, 'got [redacted] back'],
    ['https://admin:hunter2@cloud.example/v3', 'https://admin:[redacted]@cloud.example/v3'],
    ['X-Auth-Token: 0123abcd', 'X-Auth-Token: [redacted]'],
    ['Authorization: Basic YWRtaW46aHVudGVyMg==', 'Authorization: Basic [redacted]'],
    ['{"password":"hun\\"ter2","user":"a"}', '{"password":[redacted],"user":"a"}'],
    ["{'password': 'hunter 2'}", "{'password': [redacted]}"],
    ['OS_PASSWORD=hunter2 openstack', 'OS_PASSWORD=[redacted] openstack'],
    ['application_credential_secret: hunter2', 'application_credential_secret: [redacted]'],
    [
      'http://[2001:db8::1]:9696/v2.0/ports?limit=1',
      'http://[2001:db8::1]:9696/v2.0/ports?limit=1',
    ],
    ['wrong password for admin', 'wrong password for admin'],
  ] as const) {
    it(`makes of ${given.slice(0, 40)}: ${want.slice(0, 40)}`, () => {
      expect(redactText(given)).to.equal(want);
    });
  }
});

describe('redact', () => {
  for (const key of [
    'password',
    'OS_PASSWORD',
    'adminPasswd',
    'secret',
    'application_credential_secret',
    'token',
    'x-auth-token',
    'X-Subject-Token',
    'Authorization',
    'passphrase',
    'privateKey',
    'private_key',
    'Set-Cookie',
  ]) {
    it(`masks what is under ${key}, at any depth`, () => {
      const data = { list: [{ [key]: { deep: 'hunter2' }, plain: 1 }] };

      expect(redact(data, true)).to.deep.equal({ list: [{ [key]: '[redacted]', plain: 1 }] });
    });
  }

  it('shows of a secret what it shows of itself', () => {
    const shown = redact({ given: new Secret('hunter2') }, true);

    expect(inspect(shown, { depth: 9 })).to.not.contain('hunter2');
  });

  it('never walks the fields of a class', () => {
    class Session {
      readonly key = 'hunter2';
    }

    expect(redact({ session: new Session() }, true)).to.deep.equal({ session: '[Session]' });
  });

  it('keeps code, message, details and causes of errors, without secrets', () => {
    const cause = new TypeError(`bad header ${FERNET}`);
    const error = new RouteSyncError('INTERNAL', 'broken', {
      details: { url: 'https://a:b@host.example/', password: 'x' },
      cause,
    });

    expect(redact({ error }, false)).to.deep.equal({
      error: {
        name: 'RouteSyncError',
        code: 'INTERNAL',
        message: 'broken',
        details: { url: 'https://a:[redacted]@host.example/', password: '[redacted]' },
        cause: { name: 'TypeError', message: 'bad header [redacted]' },
      },
    });
  });

  it('keeps the errors of an aggregate, and stacks only when asked', () => {
    const error = new AggregateError([new Error('one')], 'both');

    expect(redact(error, false)).to.deep.equal({
      name: 'AggregateError',
      message: 'both',
      errors: [{ name: 'Error', message: 'one' }],
    });
    expect(redact(error, true)).to.have.property('stack').that.contains('redact.test.ts');
  });

  it('makes JSON of what JSON cannot say', () => {
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    const data = {
      big: 2n ** 70n,
      map: new Map([
        ['password', 'x'],
        ['k', 'v'],
      ]),
      set: new Set([1]),
      bytes: Buffer.from('hunter2'),
      date: new Date(0),
      nothing: null,
      call: () => 'hunter2',
      loop,
    };

    expect(JSON.parse(JSON.stringify(redact(data, false)))).to.deep.equal({
      big: '1180591620717411303424',
      map: { password: '[redacted]', k: 'v' },
      set: [1],
      bytes: '[7 bytes]',
      date: '1970-01-01T00:00:00.000Z',
      nothing: null,
      loop: { self: '[...]' },
    });
  });

  it('cuts what is nested too deep', () => {
    let data: unknown = 'bottom';
    for (let depth = 0; depth < 5000; depth++) {
      data = [data];
    }

    expect(JSON.stringify(redact(data, false))).to.equal('[[[[[[[["[...]"]]]]]]]]');
  });

  it('shows one value twice where it appears twice', () => {
    const shared = { a: 1 };

    expect(redact([shared, shared], false)).to.deep.equal([shared, shared]);
  });
});
