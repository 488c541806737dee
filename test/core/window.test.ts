import { expect } from 'chai';
import fc from 'fast-check';
import { nextOpening, WEEKDAYS, type RemovalWindow } from '../../src/core/window.ts';

type Row = readonly [title: string, now: string, opening: string];

function check(windows: readonly RemovalWindow[], timezone: string, rows: readonly Row[]): void {
  for (const [title, now, opening] of rows) {
    it(`${title}: at ${now} it opens ${now === opening ? 'now' : `at ${opening}`}`, () => {
      const next = nextOpening({ windows, timezone }, Date.parse(now));

      expect(next === undefined ? 'never' : new Date(next).toISOString()).to.equal(
        opening === 'never' ? opening : new Date(opening).toISOString(),
      );
    });
  }
}

// 5 January 2026 is a Monday.
describe('nextOpening', () => {
  describe('without windows', () => {
    check([], 'UTC', [['is open', '2026-01-05T03:00:30Z', '2026-01-05T03:00:30Z']]);
  });

  describe('every day from 02:00 to 04:30', () => {
    check([{ from: '02:00', to: '04:30' }], 'UTC', [
      ['before', '2026-01-05T01:59:59.999Z', '2026-01-05T02:00:00Z'],
      ['its first instant', '2026-01-05T02:00:00Z', '2026-01-05T02:00:00Z'],
      ['its last instant', '2026-01-05T04:29:59.999Z', '2026-01-05T04:29:59.999Z'],
      ['its end', '2026-01-05T04:30:00Z', '2026-01-06T02:00:00Z'],
    ]);
  });

  describe('over midnight, on the day on which it begins', () => {
    check([{ days: ['sun'], from: '22:00', to: '02:00' }], 'UTC', [
      ['Sunday after midnight is Saturday’s', '2026-01-04T01:00:00Z', '2026-01-04T22:00:00Z'],
      ['Sunday evening', '2026-01-04T23:00:00Z', '2026-01-04T23:00:00Z'],
      [
        'Monday after midnight, over the end of the week',
        '2026-01-05T01:59:00Z',
        '2026-01-05T01:59:00Z',
      ],
      ['Monday later', '2026-01-05T02:00:00Z', '2026-01-11T22:00:00Z'],
    ]);
  });

  describe('from a time to the same time: 24 hours', () => {
    check([{ days: ['sat'], from: '06:00', to: '06:00' }], 'UTC', [
      ['before', '2026-01-10T05:59:00Z', '2026-01-10T06:00:00Z'],
      ['the next morning', '2026-01-11T05:59:59Z', '2026-01-11T05:59:59Z'],
      ['over', '2026-01-11T06:00:00Z', '2026-01-17T06:00:00Z'],
    ]);
  });

  describe('several windows', () => {
    const windows: readonly RemovalWindow[] = [
      { days: ['wed'], from: '12:00', to: '13:00' },
      { days: ['tue', 'thu'], from: '01:00', to: '02:00' },
    ];
    check(windows, 'UTC', [
      ['the first to come', '2026-01-05T00:00:00Z', '2026-01-06T01:00:00Z'],
      ['the next to come', '2026-01-06T02:00:00Z', '2026-01-07T12:00:00Z'],
    ]);
  });

  describe('by the clock of its zone', () => {
    check([{ from: '02:00', to: '03:00' }], 'Asia/Kolkata', [
      ['half an hour off', '2026-01-05T20:29:00Z', '2026-01-05T20:30:00Z'],
    ]);
    check([{ days: ['mon'], from: '00:00', to: '01:00' }], 'America/New_York', [
      ['the day of the zone', '2026-01-05T00:30:00Z', '2026-01-05T05:00:00Z'],
    ]);
  });

  // Europe/Berlin: 29 March 2026 01:00 UTC is 03:00 summer time, 25 October 2026 01:00 UTC is 02:00 winter time again.
  describe('when summer time begins', () => {
    check([{ from: '01:30', to: '03:30' }], 'Europe/Berlin', [
      ['before the skipped hour', '2026-03-29T00:59:00Z', '2026-03-29T00:59:00Z'],
      ['after it', '2026-03-29T01:29:00Z', '2026-03-29T01:29:00Z'],
      ['over', '2026-03-29T01:30:00Z', '2026-03-29T23:30:00Z'],
    ]);
    check([{ from: '02:30', to: '03:30' }], 'Europe/Berlin', [
      ['a beginning that is skipped', '2026-03-29T00:59:00Z', '2026-03-29T01:00:00Z'],
    ]);
    check([{ days: ['sun'], from: '02:10', to: '02:50' }], 'Europe/Berlin', [
      ['a window that is skipped', '2026-03-28T12:00:00Z', '2026-04-05T00:10:00Z'],
      ['just after the one before', '2026-03-22T01:50:00Z', '2026-04-05T00:10:00Z'],
    ]);
  });

  describe('when summer time ends', () => {
    check([{ from: '02:10', to: '02:50' }], 'Europe/Berlin', [
      ['the first time', '2026-10-25T00:00:00Z', '2026-10-25T00:10:00Z'],
      ['between', '2026-10-25T00:50:00Z', '2026-10-25T01:10:00Z'],
      ['the second time', '2026-10-25T01:20:00Z', '2026-10-25T01:20:00Z'],
      ['after', '2026-10-25T01:50:00Z', '2026-10-26T01:10:00Z'],
    ]);
  });

  it('never comes for a window without days', () => {
    const windows = [{ days: [], from: '00:00', to: '00:00' }];

    expect(nextOpening({ windows, timezone: 'UTC' }, 0)).to.equal(undefined);
  });

  it('is open, and a minute before it is not', () => {
    const time = fc
      .tuple(fc.nat(23), fc.nat(59))
      .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
    const windows = fc.array(
      fc.record({ days: fc.subarray([...WEEKDAYS], { minLength: 1 }), from: time, to: time }),
      { minLength: 1, maxLength: 3 },
    );
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu');
    const now = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) });
    fc.assert(
      fc.property(windows, zone, now, (windows, timezone, now) => {
        const next = nextOpening({ windows, timezone }, now) ?? NaN;

        expect(next).to.be.at.least(now);
        expect(nextOpening({ windows, timezone }, next)).to.equal(next);
        if (next > now) {
          expect(nextOpening({ windows, timezone }, Math.max(now, next - 1))).to.equal(next);
        }
      }),
      { numRuns: 200 },
    );
  });
});
