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
    expect(entry).to.include({
      field_level: 'info',
      field_message: 'fake',
      field_timestamp: 'now',
    });
  });

  it('writes the time of RFC 3339 first, then level and message', () => {
    logTo(lines, { format: 'json' }).info('x', { a: 1 });

    expect(lines[0]).to.match(
      /^\{"timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","level":"info","message":"x","a":1\}\n$/,
    );
  });

  for (const { format, want } of [
    { format: 'text', want: ['<3>error a n=1', '<4>warn  b', '<6>info  c', '<7>debug d'] },
    { format: 'json', want: ['<3>{"timestamp"', '<4>{"timestamp"', '<6>{', '<7>{'] },
  ] as const) {
    it(`tells the journal the priority of each line in ${format}`, () => {
      const log = logTo(lines, { format, level: 'debug', journal: true });
      log.error('a', { n: 1 });
      log.warn('b');
      log.info('c');
      log.debug('d');

      expect(lines.map((line, index) => line.startsWith(want[index] ?? ''))).to.deep.equal(
        Array(4).fill(true),
      );
    });
  }

  it('lets no message pose as a priority of its own', () => {
    logTo(lines, { journal: true }).info('<0>x\n<0>y');

    expect(lines.join('')).to.equal('<6>info  <0>x\\u{a}<0>y\n');
  });

  it('calls back before each line that it writes, and before no other', () => {
    let calls = 0;
    const beforeLine = (): void => {
      expect(lines).to.have.length(calls);
      calls += 1;
    };
    const log = logTo(lines, { beforeLine });
    log.info('a');
    log.debug('b');
    log.child({ n: 1 }).warn('c');

    expect(calls).to.equal(2);
  });

  it('knows which lines it writes', () => {
    const log = logTo(lines, { level: 'warn' }).child({ n: 1 });

    expect([log.writes('error'), log.writes('warn'), log.writes('info')]).to.deep.equal([
      true,
      true,
      false,
    ]);
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

  for (const { name, stream, want } of [
    { name: 'the file that JOURNAL_STREAM names', stream: '9:12345678901234567890', want: true },
    { name: 'another file', stream: '9:1', want: false },
    { name: 'no journal at all', stream: undefined, want: false },
  ]) {
    it(`takes stderr for the journal or not: ${name}`, () => {
      const { journal } = logStyle({
        env: { JOURNAL_STREAM: stream },
        isTerminal: false,
        file: { dev: 9n, ino: 12345678901234567890n },
      });

      expect(journal).to.equal(want);
    });
  }

  it('takes a stream that is no file for no journal', () => {
    const { journal } = logStyle({ env: { JOURNAL_STREAM: '9:1' }, isTerminal: false });

    expect(journal).to.equal(false);
  });
});
