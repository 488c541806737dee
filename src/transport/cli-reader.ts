/** Reads what a router writes as the lines of a terminal, and tells when nothing comes any more. */
import type { CliWire } from './cli-wire.ts';
import { screen } from './cli-screen.ts';

export interface CliReader {
  /** The lines that were completed since the last call. */
  take(): readonly string[];
  /** The line that is not complete. */
  open(): string;
  /** All characters so far. */
  received(): number;
  /** Waits until something comes, until nothing came for so many milliseconds, until the end, or until the abort. */
  next(milliseconds: number, signal: AbortSignal): Promise<'more' | 'quiet' | 'ended' | 'aborted'>;
  hasEnded(): boolean;
}

export function cliReader(wire: CliWire): CliReader {
  const shown = screen();
  let received = 0;
  let hasEnded = false;
  /** Characters that `next` has told of. */
  let told = 0;
  let wake = (): void => undefined;
  void pump();

  async function pump(): Promise<void> {
    try {
      for await (const chunk of wire.chunks) {
        received += chunk.length;
        shown.write(chunk);
        wake();
      }
    } catch {
      // The wire knows why.
    }
    hasEnded = true;
    wake();
  }

  function news(signal: AbortSignal): 'more' | 'ended' | 'aborted' | undefined {
    if (signal.aborted) {
      return 'aborted';
    }
    if (received > told) {
      told = received;
      return 'more';
    }
    return hasEnded ? 'ended' : undefined;
  }

  return {
    take: () => shown.take(),
    open: () => shown.open(),
    received: () => received,
    hasEnded: () => hasEnded,
    next: async (milliseconds, signal) => {
      const known = news(signal);
      if (known !== undefined) {
        return known;
      }
      await new Promise<void>((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', end);
          wake = () => undefined;
          resolve();
        };
        const timer = setTimeout(end, milliseconds);
        signal.addEventListener('abort', end);
        wake = end;
      });
      return news(signal) ?? 'quiet';
    },
  };
}
