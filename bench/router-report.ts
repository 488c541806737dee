/** The results with the simulated routers, as Markdown. */
import { fixed, grouped, type Results, table } from './report.ts';

/** What the child process is asked to do. */
export interface RouterRequest {
  /** A multiple of 100. */
  readonly size: number;
  /** A folder for state directories. */
  readonly dir: string;
}

export interface RouterCycle {
  readonly lines: number;
  readonly roundTrips: number;
  readonly ms: number;
}

/** One router: its first push, the cycle after it, and one with a change of 1 %. */
export interface RouterSamples {
  readonly name: string;
  readonly push: RouterCycle;
  readonly noOp: RouterCycle;
  readonly change: RouterCycle;
}

export interface RouterResults extends Pick<Results, 'version' | 'startedAt' | 'machine'> {
  readonly routers: readonly {
    readonly size: number;
    readonly samples: readonly RouterSamples[];
  }[];
}

export function routersToMarkdown({ machine, routers, startedAt }: RouterResults): string {
  const facts = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  return [
    `# Benchmark with simulated routers over SSH, ${startedAt}`,
    `${facts.join(', ')}. One round; lines / round trips / ms of whole cycles.`,
    ...routers.flatMap(({ size, samples }) => [
      `## ${grouped(size)} routes`,
      table(
        ['router', 'first push', 'no-op', '1 % change'],
        samples.map(({ name, push, noOp, change }) => [name, ...[push, noOp, change].map(shown)]),
      ),
    ]),
    '',
  ].join('\n\n');
}

function shown({ lines, roundTrips, ms }: RouterCycle): string {
  return `${grouped(lines)} / ${grouped(roundTrips)} / ${fixed(ms, 0)}`;
}
