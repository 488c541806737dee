/** The peer: netmiko's `send_config_set` over SSH, into a `vtysh` that is the login's only command. */
import { execa, ExecaError } from 'execa';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FrrRouter } from './frr-router.ts';
import { startSshd } from '../test/support/sshd.ts';

/** Debian's own Python: python3-netmiko is installed for that one. */
const PYTHON = '/usr/bin/python3';

/** FRR's configuration lines are those of Cisco IOS. Prints the seconds that `send_config_set` took, and what the router refused. */
const SCRIPT = `
import json, sys, time
from netmiko import ConnectHandler
want = json.load(open(sys.argv[1]))
lines = open(want["lines"]).read().splitlines()
device = ConnectHandler(**want["device"])
start = time.monotonic()
output = device.send_config_set(lines)
took = time.monotonic() - start
device.disconnect()
refused = [line for line in output.splitlines() if line.startswith("%")]
print(json.dumps({"seconds": took, "refused": refused[:3]}))
`;

/** Its pauses alone are 50 ms a line; with thousands of lines it sometimes waits for ever for an answer that it has missed. */
const STEADY_MS = 60_000;
const MOST_MS_PER_LINE = 60;

export interface NetmikoRequest {
  readonly router: FrrRouter;
  /** Lines of configuration. */
  readonly lines: string;
  readonly dir: string;
}

/** Why netmiko cannot be run here, or undefined. */
export function whyNoNetmiko(): string | undefined {
  const { status } = spawnSync(PYTHON, ['-c', 'import netmiko'], { stdio: 'ignore' });
  return status === 0 ? undefined : 'netmiko is missing: install python3-netmiko';
}

export interface NetmikoTime {
  readonly ms: number;
  /** False where it was ended at that time. */
  readonly hasFinished: boolean;
}

/**
 * `send_config_set` alone, without the login, with netmiko's defaults. Its `fast_cli` does not wait for the
 * router, and fails with as few as 1,000 lines ("Failed to exit configuration mode", netmiko 2.4.2).
 */
export async function timeNetmiko(request: NetmikoRequest): Promise<NetmikoTime> {
  const { router, lines, dir } = request;
  const sshd = await startSshd({ config: [`ForceCommand ${join(router.daemon.bin, 'vtysh')}`] });
  try {
    const files = { lines: join(dir, 'netmiko.lines'), request: join(dir, 'netmiko.json') };
    await writeFile(files.lines, lines);
    const device = {
      device_type: 'cisco_ios',
      host: '127.0.0.1',
      port: sshd.port,
      username: process.env['USER'] ?? 'root',
      use_keys: true,
      key_file: sshd.identityFile,
    };
    await writeFile(files.request, JSON.stringify({ device, lines: files.lines }));
    const timeout = STEADY_MS + lines.split('\n').length * MOST_MS_PER_LINE;
    const { stdout } = await execa(PYTHON, ['-c', SCRIPT, files.request], { timeout });
    const { seconds, refused } = JSON.parse(stdout) as { seconds: number; refused: string[] };
    if (refused.length > 0) {
      throw new Error(`FRR refused lines of netmiko: ${refused.join(' ')}`);
    }
    return { ms: seconds * 1000, hasFinished: true };
  } catch (error) {
    if (error instanceof ExecaError && error.timedOut) {
      return { ms: error.durationMs, hasFinished: false };
    }
    throw error;
  } finally {
    await sshd.close();
  }
}
