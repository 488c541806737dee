import { expect } from 'chai';
import fc from 'fast-check';

import { escapeJson, escapeText } from '../../src/report/escape.ts';

const cases = [
  {
    name: 'a colour sequence',
    given: 'a\u001b[31mb',
    text: 'a\\u{1b}[31mb',
    json: '"a\\u001b[31mb"',
  },
  { name: 'a line break', given: 'a\r\nb', text: 'a\\u{d}\\u{a}b', json: '"a\\r\\nb"' },
  {
    name: 'DEL and a C1 control',
    given: '\u007f\u009b2J',
    text: '\\u{7f}\\u{9b}2J',
    json: '"\\u007f\\u009b2J"',
  },
  { name: 'a bidi override', given: 'x\u202egpj', text: 'x\\u{202e}gpj', json: '"x\\u202egpj"' },
  {
    name: 'a bidi isolate',
    given: '\u2066x\u2069',
    text: '\\u{2066}x\\u{2069}',
    json: '"\\u2066x\\u2069"',
  },
  {
    name: 'zero-width characters',
    given: 'a\u200b\ufeffb',
    text: 'a\\u{200b}\\u{feff}b',
    json: '"a\\u200b\\ufeffb"',
  },
  {
    name: 'line separators',
    given: '\u2028\u2029',
    text: '\\u{2028}\\u{2029}',
    json: '"\\u2028\\u2029"',
  },
  { name: 'an invisible tag', given: '\u{e0041}', text: '\\u{e0041}', json: '"\\udb40\\udc41"' },
  { name: 'a lone surrogate', given: '\ud800', text: '\\u{d800}', json: '"\\ud800"' },
  { name: 'an invisible letter', given: '\u3164', text: '\\u{3164}', json: '"\\u3164"' },
] as const;

describe('escapeText', () => {
  for (const { name, given, text } of cases) {
    it(`shows ${name}`, () => {
      expect(escapeText(given)).to.equal(text);
    });
  }

  it('leaves ordinary text of any language alone', () => {
    const text = 'edge-1 "Zürich" 東京 шлюз 10.0.0.0/8 \\ 😀';

    expect(escapeText(text)).to.equal(text);
  });

  it('changes nothing when applied twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeText(escapeText(text))).to.equal(escapeText(text));
      }),
    );
  });
});

describe('escapeJson', () => {
  for (const { name, given, json } of cases) {
    it(`escapes ${name}`, () => {
      expect(escapeJson(JSON.stringify(given))).to.equal(json);
    });
  }

  it('keeps the value and the line breaks of the layout', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = escapeJson(JSON.stringify({ text }, null, 2));

        expect(JSON.parse(json)).to.deep.equal({ text });
        expect(json.split('\n')).to.have.length(3);
      }),
    );
  });
});
