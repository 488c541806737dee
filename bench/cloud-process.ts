/** Starts the generated cloud of cloud-server.ts as a process of its own, so that its memory and time are told apart from ours. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface CloudServerRequest {
  /** Announced prefixes, a multiple of 100. */
  readonly size: number;
  /** Before each answer of Neutron. */
  readonly delayMs: number;
  /** Neutron's `pagination_max_limit`. */
  readonly pageSize: number;
}

export interface CloudProcess {
  /** OS_* variables that lead to it. */
  readonly env: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

export async function startCloudProcess(request: CloudServerRequest): Promise<CloudProcess> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'cloud-server.ts'), JSON.stringify(request)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  const ready = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
  const early = ended.then(() => {
    throw new Error('the generated cloud ended before it served');
  });
  const [line] = await Promise.race([ready, early]);
  early.catch(() => undefined);
  return {
    env: JSON.parse(line) as Record<string, string>,
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
