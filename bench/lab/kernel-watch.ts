/** When a route appears in a network namespace or goes away, as `ip monitor route` tells it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface KernelWatch {
  /**
   * Call it before the change that is to be seen. Resolves with `performance.now()` of the first line that fits, or with
   * undefined after `ms`; `since` is the beginning of the change.
   */
  readonly next: (fits: LineTest, ms: number) => Promise<number | undefined>;
  readonly close: () => Promise<void>;
}

export type LineTest = (line: string) => boolean;

/** `prefix` has a route; with `via`, through that next hop. */
export function hasRoute(prefix: string, via = ''): LineTest {
  return (line) => line.startsWith(`${prefix} via ${via}`);
}

export function hasNoRoute(prefix: string): LineTest {
  return (line) => line.startsWith(`Deleted ${prefix} `);
}

/** Needs root. */
export async function watchKernel(netns: string): Promise<KernelWatch> {
  const child = spawn('ip', ['-n', netns, 'monitor', 'route'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child, 'spawn');
  const ended = once(child, 'exit');
  const listeners = new Set<(line: string) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    listeners.forEach((tell) => tell(line));
  });
  return {
    next: async (fits, ms) =>
      new Promise((resolve) => {
        const settle = (at?: number): void => {
          clearTimeout(timer);
          listeners.delete(tell);
          resolve(at);
        };
        const tell = (line: string): void => {
          if (fits(line)) {
            settle(performance.now());
          }
        };
        const timer = setTimeout(settle, ms);
        listeners.add(tell);
      }),
    close: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
