/** Collects samples: one number after the other under its name. */
import type { Measurement } from './measurement.ts';

export interface Notes {
  readonly samples: Measurement['samples'];
  readonly note: (name: string, value: number) => void;
}

export function createNotes(): Notes {
  const samples: Record<string, number[]> = {};
  return {
    samples,
    note: (name, value) => {
      samples[name] = [...(samples[name] ?? []), value];
    },
  };
}
