import { readFile } from 'node:fs/promises';
import { runInNewContext } from 'node:vm';

import { expect } from 'chai';

import { printHtml } from '../../../src/agent/page/html.ts';
import { agoText, countdown, since, untilText } from '../../../src/agent/page/moments.ts';

describe('untilText', () => {
  for (const [seconds, text] of [
    [-5, 'now'],
    [0, 'now'],
    [0.2, 'in 1 s'],
    [59, 'in 59 s'],
    [60, 'in 1 min 00 s'],
    [3599, 'in 59 min 59 s'],
    [3600, 'in 1 h 00 min'],
    [86_399, 'in 23 h 59 min'],
    [90_000, 'in 1 d 01 h'],
  ] as const) {
    it(`says "${text}" ${seconds} seconds before`, () => {
      expect(untilText(seconds * 1000)).to.equal(text);
    });
  }
});

describe('countdown', () => {
  const now = Date.UTC(2026, 0, 5, 12);

  it('shows a date where the time alone could be that of another day', () => {
    expect(printHtml(countdown(now + 3_600_000, now))).to.match(/>13:00:00Z</);
    expect(printHtml(countdown(now + 86_400_000, now))).to.match(/>2026-01-06 12:00Z</);
    expect(printHtml(since(now - 3_600_000, now))).to.match(/>11:00:00Z</);
    expect(printHtml(since(now - 86_400_000, now))).to.match(/>2026-01-04 12:00Z</);
  });
});

describe('agoText', () => {
  it('never speaks of the future', () => {
    expect(agoText(-3000)).to.equal('0 s ago');
  });

  it('has the same words as the browser’s script', async () => {
    const file = new URL('../../../src/agent/page/assets/page.js', import.meta.url);
    const script = await readFile(file, 'utf8');
    const source = /function spanText[\s\S]*?\n\}\n/.exec(script)?.[0] ?? '';
    const spanText = runInNewContext(`${source}; spanText`) as (seconds: number) => string;
    for (const seconds of [0, 1, 59, 60, 61, 3599, 3600, 7265, 86_399, 86_400, 200_000]) {
      expect(`${spanText(seconds)} ago`).to.equal(agoText(seconds * 1000));
    }
  });
});
