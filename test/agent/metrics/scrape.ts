/** What Prometheus would read. */
import type { Metrics } from '../../../src/agent/metrics/metrics.ts';

/** The samples of `/metrics` by their series, as `name{label="value"}`. */
export async function scrape({ routes }: Metrics): Promise<ReadonlyMap<string, number>> {
  const samples = (await scrapeText({ routes })).split('\n').flatMap((line) => {
    const found = /^(?<series>[^#\s].*) (?<value>\S+)$/.exec(line)?.groups;
    return found === undefined ? [] : [[found['series'] ?? '', Number(found['value'])] as const];
  });
  return new Map(samples);
}

/** The text of `/metrics`. */
export async function scrapeText({ routes: [route] }: Pick<Metrics, 'routes'>): Promise<string> {
  const query = new URLSearchParams();
  const answer = await route?.answer({ path: '/metrics', query, isTrusted: true });
  if (answer === undefined || 'start' in answer) {
    throw new Error('no page');
  }
  return answer.body.toString();
}
