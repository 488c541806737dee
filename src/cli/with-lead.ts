/** The lead for the length of one command, where several agents share the work. */
import type { Leadership } from '../agent/leader/index.ts';
import type { Config } from '../config/schema.ts';
import type { CommandContext } from './context.ts';
import { surroundingsOf } from './wiring.ts';

interface Wanted {
  readonly config: Config;
  /** Seconds to wait for another agent. */
  readonly wait: number;
}

/** Rejects with NOT_LEADER while an agent elsewhere leads; gives the lead back in any case. */
export async function withLead<T>(
  context: CommandContext,
  { config, wait }: Wanted,
  work: (leadership: Leadership | undefined) => Promise<T>,
): Promise<T> {
  if (config.leader === undefined) {
    return work(undefined);
  }
  const { leadOnce } = await import('../agent/leader/index.ts');
  const leadership = await leadOnce(config, surroundingsOf(context), { waitSeconds: wait });
  try {
    return await work(leadership);
  } finally {
    await leadership?.close();
  }
}
