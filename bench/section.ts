/** How the numbers of one part are read: what each name means, which of them are compared, and what was promised. Pure. */
import { type Measurement, median, type PartName } from './measurement.ts';

export interface Sample {
  readonly title: string;
  readonly unit: 'ms' | 's' | 'MiB' | '%' | 'count';
}

/** Two names of samples; below 1 we are faster, or smaller. */
export interface Ratio {
  readonly ours: string;
  readonly peer: string;
}

export interface Mark {
  readonly what: string;
  /** How much it may be at the most, or has to be at the least. */
  readonly limit: { readonly most: number } | { readonly least: number };
  /** After both numbers; empty for a ratio. */
  readonly unit: string;
  /** From the measurements of the part, by size ascending; undefined where it was not measured. */
  readonly measured: (measurements: readonly Measurement[]) => number | undefined;
}

export interface Section {
  readonly part: PartName;
  readonly title: string;
  /** What was measured and how, what the peers are; Markdown, a paragraph each. */
  readonly about: readonly string[];
  /** Rows of the last table, in their order. */
  readonly samples: Readonly<Record<string, Sample>>;
  readonly ratios: readonly Ratio[];
  /** Names of samples whose growth with the size is shown. */
  readonly growth: readonly string[];
  readonly marks: readonly Mark[];
  /** Tables in the place of the usual ones. */
  readonly tables?: (measurements: readonly Measurement[]) => readonly string[];
}

/** The median of the rounds' ratios: both sides of one round met the same noise. */
export function ratioOf({ samples }: Measurement, { ours, peer }: Ratio): number | undefined {
  const [mine, theirs] = [samples[ours] ?? [], samples[peer] ?? []];
  // A slow peer may have had fewer rounds than we: then the medians are compared.
  return mine.length === theirs.length
    ? known(median(mine.map((value, round) => value / (theirs[round] ?? Number.NaN))))
    : known(median(mine) / median(theirs));
}

export function medianOf(measurement: Measurement | undefined, name: string): number | undefined {
  return known(median(measurement?.samples[name] ?? []));
}

/** The factor between two sizes, as if they were one decade apart. */
export function growthOf(
  name: string,
  { from, to }: { readonly from: Measurement; readonly to: Measurement },
): number | undefined {
  const [before, after] = [medianOf(from, name), medianOf(to, name)];
  return before === undefined || after === undefined
    ? undefined
    : (after / before) ** (1 / Math.log10(to.size / from.size));
}

/** Neighbouring sizes, the smaller one first. */
export function decadesOf(
  measurements: readonly Measurement[],
): readonly { readonly from: Measurement; readonly to: Measurement }[] {
  return measurements.slice(1).flatMap((to, i) => {
    const from = measurements[i];
    return from === undefined ? [] : [{ from, to }];
  });
}

/** For a mark: the ratio at one size. */
export function ratioAt(size: number, ratio: Ratio): Mark['measured'] {
  return (all) => atSize(all, size, (measurement) => ratioOf(measurement, ratio));
}

/** For a mark: the median of one name at one size. */
export function medianAt(size: number, name: string): Mark['measured'] {
  return (all) => atSize(all, size, (measurement) => medianOf(measurement, name));
}

/** For a mark: the worst growth of any of the names. */
export function worstGrowth(names: readonly string[]): Mark['measured'] {
  return (all) => {
    const factors = decadesOf(all).flatMap((decade) =>
      names.flatMap((name) => growthOf(name, decade) ?? []),
    );
    return factors.length === 0 ? undefined : Math.max(...factors);
  };
}

function atSize(
  all: readonly Measurement[],
  size: number,
  value: (measurement: Measurement) => number | undefined,
): number | undefined {
  const found = all.find((measurement) => measurement.size === size);
  return found && value(found);
}

function known(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
