import { expect } from 'chai';
import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';

import { createLog, logStyle, type Log, type LogOptions } from '../../src/report/log.ts';

const HOSTILE = 'net\u001b[2J\n2026 error forged\u202e';
const FERNET = `gAAAAABl${'x'.repeat(60)}`;

function logTo(lines: string[], options: Partial<LogOptions> = {}): Log {
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  return createLog({ stream, level: 'info', format: 'text', colour: false, ...options });
}

describe('createLog', () => {
  let lines: string[];

  beforeEach(() => {
    lines = [];
  });

  it('writes one line of text with its fields', () => {
    logTo(lines).info('cycle done', {
      added: 3,
      upstream: 'edge1',
      note: 'two words',
      none: undefined,
    });

    expect(lines.join('')).to.match(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z info {2}cycle done added=3 upstream=edge1 note="two words"\n$/,
    );
  });

  it('writes one JSON object a line', () => {
    logTo(lines, { format: 'json' }).warn('cycle done', { added: 3 });

    const entry = JSON.parse(lines.join('')) as Record<string, unknown>;
    expect(entry).to.include({ level: 'warn', message: 'cycle done', added: 3 });
    expect(entry).to.have.all.keys('timestamp', 'level', 'message', 'added');
  });

  it('leaves out what is less important than the level', () => {
    const log = logTo(lines, { level: 'warn' });
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');

    expect(lines).to.have.length(2);
  });

  it('loads winston for the first line that is written, not before', () => {
    const { cache, resolve } = createRequire(import.meta.url);
    const winston = resolve('winston');
    Reflect.deleteProperty(cache, winston);

    const log = logTo(lines, { level: 'warn' });
    log.info('a');
    log.child({ run: 'r1' }).debug('b');
    expect(cache).to.not.have.property(winston);

    log.warn('c');
    expect(cache).to.have.property(winston);
    expect(lines).to.have.length(1);
  });

  it('adds the fields of a child to every line of it', () => {
    logTo(lines, { format: 'json' })
      .child({ run: 'r1' })
      .child({ upstream: 'e' })
      .info('x', { n: 1 });

    expect(JSON.parse(lines.join(''))).to.include({ run: 'r1', upstream: 'e', n: 1 });
  });

  it('does not let a field pose as level, message or time', () => {
    logTo(lines, { format: 'json' }).error('real', {
      level: 'info',
      message: 'fake',
      timestamp: 'now',
    });

    const entry = JSON.parse(lines.join('')) as Record<string, unknown>;
    expect(entry).to.include({ level: 'error', message: 'real' });
    expect(entry['timestamp']).to.not.equal('now');
  });

  it('colours the level where it may', () => {
    logTo(lines, { colour: true }).error('x');

    expect(lines[0]).to.contain('\u001b[31m');
    expect(stripVTControlCharacters(lines[0] ?? '')).to.match(/Z error x\n$/);
  });

  for (const format of ['text', 'json'] as const) {
    it(`keeps secrets out of ${format}`, () => {
      const log = logTo(lines, { format, level: 'debug' }).child({ token: FERNET });
      const cause = new Error(`header ${FERNET}`);
      log.error(`failed with ${FERNET}`, {
        error: new Error(`x ${FERNET}`, { cause }),
        list: [FERNET],
      });
      log.debug('headers', { headers: { 'X-Auth-Token': 'abc123' }, password: 'abc123' });

      expect(lines).to.have.length(2);
      expect(lines.join('')).to.not.contain(FERNET.slice(8)).and.to.not.contain('abc123');
    });

    it(`keeps hostile names on their line and visible in ${format}`, () => {
      logTo(lines, { format }).info(HOSTILE, {
        name: HOSTILE,
        [HOSTILE]: 1,
        list: [{ deep: HOSTILE }],
      });

      expect(lines).to.have.length(1);
      expect(lines[0]).to.match(/^[^\p{Cc}\p{Cf}]*\n$/u);
    });
  }

  it('shows stacks only at level debug', () => {
    const error = new Error('x');
    logTo(lines).error('failed', { error });
    logTo(lines, { level: 'debug' }).error('failed', { error });

    expect(lines[0]).to.not.contain('log.test.ts');
    expect(lines[1]).to.contain('log.test.ts');
  });
});

describe('logStyle', () => {
  for (const { name, given, want } of [
    { name: 'text with colour on a terminal', given: { isTerminal: true }, want: ['text', true] },
    { name: 'text without colour elsewhere', given: { isTerminal: false }, want: ['text', false] },
    {
      name: 'no colour with NO_COLOR',
      given: { isTerminal: true, env: { NO_COLOR: '1' } },
      want: ['text', false],
    },
    {
      name: 'colour with an empty NO_COLOR',
      given: { isTerminal: true, env: { NO_COLOR: '' } },
      want: ['text', true],
    },
    {
      name: 'no colour on a dumb terminal',
      given: { isTerminal: true, env: { TERM: 'dumb' } },
      want: ['text', false],
    },
    {
      name: 'JSON when the environment says so',
      given: { isTerminal: false, env: { ROUTE_SYNC_LOG: 'json' } },
      want: ['json', false],
    },
    {
      name: 'the flag before the environment',
      given: { isTerminal: false, flag: 'text', env: { ROUTE_SYNC_LOG: 'json' } },
      want: ['text', false],
    },
  ] as const) {
    it(`chooses ${name}`, () => {
      const { format, colour } = logStyle({ env: {}, ...given });

      expect([format, colour]).to.deep.equal(want);
    });
  }
});
