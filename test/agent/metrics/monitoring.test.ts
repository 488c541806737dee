/** The alert rules and the dashboard speak of metrics that exist, and of pages that do. */
import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

import { METRICS } from '../../../src/agent/metrics/definitions.ts';
import { createMetrics } from '../../../src/agent/metrics/metrics.ts';
import { scrapeText } from './scrape.ts';

const root = new URL('../../../', import.meta.url);

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<'summary' | 'description' | 'runbook', string>>;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly targets?: readonly { readonly expr: string }[];
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
}

const ALERTS = read('config/monitoring/alerts.yaml');
const RULES = (parse(ALERTS) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  ({ rules }) => rules,
);
const DASHBOARD = read('config/monitoring/dashboard.json');
const { panels } = JSON.parse(DASHBOARD) as { readonly panels: readonly Panel[] };

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(page: string): readonly string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('config/monitoring', () => {
  for (const [file, text] of [
    ['alerts.yaml', ALERTS],
    ['alerts.test.yaml', read('config/monitoring/alerts.test.yaml')],
    ['dashboard.json', DASHBOARD],
  ] as const) {
    it(`${file} names only metrics that the agent has`, async () => {
      const { routes } = createMetrics({ owner: '', upstreams: [], version: '', now: Date.now });
      const page = await scrapeText({ routes });
      const names = new Set<string>(Object.values(METRICS).map(({ name }) => name));

      const used = new Set(text.match(/\b(?:route_sync|process|nodejs)_[a-z_]+/g));

      expect(used.size).to.be.greaterThan(10);
      for (const name of used) {
        const base = names.has(name) ? name : name.replace(/_(?:bucket|count|sum)$/, '');
        expect(page, name).to.contain(`# TYPE ${base} `);
      }
    });
  }

  it('uses every metric of the agent in the dashboard', () => {
    const unused = Object.values(METRICS).filter(({ name }) => !DASHBOARD.includes(name));

    expect(unused.map(({ name }) => name)).to.deep.equal([METRICS.lastCycle.name]);
  });

  for (const { alert, annotations, labels } of RULES) {
    it(`${alert} says how grave it is, and leads to a page that helps`, () => {
      const [path = '', anchor = ''] = annotations.runbook.split('#');

      expect(labels.severity).to.be.oneOf(['critical', 'warning', 'info']);
      expect(annotations.summary).not.to.equal('');
      expect(annotations.description).not.to.equal('');
      expect(existsSync(new URL(path, root)), path).to.equal(true);
      expect(anchorsOf(read(path))).to.contain(anchor);
    });

    it(`${alert} is tested, and docs/monitoring.md lists it`, () => {
      expect(read('config/monitoring/alerts.test.yaml')).to.contain(`alertname="${alert}"`);
      expect(read('docs/monitoring.md')).to.contain(`\`${alert}\``);
    });
  }

  it('has a dashboard whose panels have ids of their own, a description, and do not overlap', () => {
    const cells = panels.flatMap(({ id, gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => [id, x + (cell % w), y + Math.floor(cell / w)]),
    );

    expect(new Set(panels.map(({ id }) => id)).size).to.equal(panels.length);
    expect(new Set(cells.map(([, x, y]) => `${x} ${y}`)).size).to.equal(cells.length);
    expect(cells.filter(([, x = 0]) => x > 23)).to.deep.equal([]);
    for (const { type, title, description, targets } of panels.filter(
      (each) => each.type !== 'row',
    )) {
      expect(description, title).to.match(/\.$/);
      expect(targets, `${type} ${title}`).not.to.be.empty;
    }
  });
});
