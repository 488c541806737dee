import { expect } from 'chai';
import fc from 'fast-check';
import { scheduledJobs } from 'node-schedule';

import { cronProblem } from '../../src/config/cron.ts';

describe('cronProblem', () => {
  for (const cron of [
    '*/30 * * * * *',
    '0 0 4 * * *',
    '  0 15,45 * * * MON-FRI ',
    '0 0 0 29 2 *',
  ]) {
    it(`takes ${JSON.stringify(cron)}`, () => {
      expect(cronProblem(cron)).to.equal(undefined);
    });
  }

  for (const cron of [
    '',
    '* * * * *',
    '* * * * * * *',
    '@daily',
    '60 * * * * *',
    '0 0 0 30 2 *',
    '*/0 * * * * *',
    'a b c d e f',
    'Jan 1 2099 00:00:00 GMT +0000',
    '1 Jan 2099 10:00 UTC x',
  ]) {
    it(`refuses ${JSON.stringify(cron)}`, () => {
      expect(cronProblem(cron)).to.be.a('string');
    });
  }

  it('leaves no job behind, whatever the text', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 6, maxLength: 6 }), (fields) => {
        cronProblem(fields.join(' '));

        expect(scheduledJobs).to.deep.equal({});
      }),
    );
  });
});
