import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { reportToJson } from '../../src/report/json.ts';
import { planJsonSchema, planSchema } from '../../src/report/plan-schema.ts';
import { APPLIED_REPORT, BAD_DAY_REPORT, REPORT, VERBOSE_REPORT } from './sample.ts';

/** A report as it comes out of the command. */
function printed(report: typeof REPORT): Record<string, unknown> {
  return JSON.parse(JSON.stringify(reportToJson(report))) as Record<string, unknown>;
}

describe('planSchema', () => {
  const reports = {
    plan: REPORT,
    'plan --verbose': VERBOSE_REPORT,
    apply: APPLIED_REPORT,
    'plan on a bad day': BAD_DAY_REPORT,
  };
  for (const [name, report] of Object.entries(reports)) {
    it(`fits what ${name} prints, and drops nothing of it`, () => {
      expect(planSchema.parse(printed(report))).to.deep.equal(printed(report));
    });
  }

  it('fits a report without candidates and upstreams', () => {
    const empty = { ...REPORT, upstreams: [], candidates: [] };

    expect(planSchema.safeParse(printed(empty)).success).to.equal(true);
  });

  const broken: readonly (readonly [string, Record<string, unknown>])[] = [
    ['an unknown key', { extra: 1 }],
    ['another version', { version: 2 }],
    ['an incomplete snapshot', { snapshot: { ...REPORT.snapshot, complete: false } }],
    ['an unknown verdict', { verdicts: { odd: 1 } }],
    ['a digest of another kind', { digest: 'md5:00' }],
  ];
  for (const [name, change] of broken) {
    it(`refuses ${name}`, () => {
      expect(planSchema.safeParse({ ...printed(REPORT), ...change }).success).to.equal(false);
    });
  }
});

describe('planJsonSchema', () => {
  it('is what docs/plan.schema.json holds; npm run docs writes it', () => {
    const file = new URL('../../docs/plan.schema.json', import.meta.url);

    expect(readFileSync(file, 'utf8')).to.equal(planJsonSchema());
  });

  it('is JSON Schema 2020-12 of strict objects', () => {
    const text = planJsonSchema();
    const schema = JSON.parse(text) as Record<string, unknown>;

    expect(schema['$schema']).to.equal('https://json-schema.org/draft/2020-12/schema');
    expect(text.match(/"properties": \{/g)).to.have.length(
      text.match(/"additionalProperties": false/g)?.length ?? 0,
    );
  });
});
