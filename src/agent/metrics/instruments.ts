/** The table of metrics as prom-client's objects, in a registry of their own. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { METRICS, type MetricFacts } from './definitions.ts';

type Table = typeof METRICS;

type Instrument<F extends MetricFacts> = {
  counter: Counter<F['labels'][number]>;
  gauge: Gauge<F['labels'][number]>;
  histogram: Histogram<F['labels'][number]>;
}[F['type']];

/** One object for each entry of the table, under its key. */
export type Instruments = { readonly [K in keyof Table]: Instrument<Table[K]> };

/** Makes all metrics of the table. */
export function createInstruments(): {
  readonly registry: Registry;
  readonly instruments: Instruments;
} {
  const registry = new Registry();
  const made = Object.entries<MetricFacts>(METRICS).map(([key, facts]) => [
    key,
    instrumentOf(facts, registry),
  ]);
  return { registry, instruments: Object.fromEntries(made) as Instruments };
}

function instrumentOf(
  { name, type, help, labels, buckets = [] }: MetricFacts,
  registry: Registry,
): Counter | Gauge | Histogram {
  const options = { name, help, labelNames: labels, registers: [registry] };
  if (type === 'histogram') {
    return new Histogram({ ...options, buckets: [...buckets] });
  }
  return type === 'counter' ? new Counter(options) : new Gauge(options);
}
