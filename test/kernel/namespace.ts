/** A network namespace with a router's interfaces, for tests on the real kernel; needs root. */
import { execFileSync, spawnSync } from 'node:child_process';

let count = 0;

export interface TestNamespace {
  readonly name: string;
  /** Runs `ip` inside and returns stdout; throws with stderr if it fails. */
  ip(...args: readonly string[]): string;
  /** Removes the namespace with everything in it. */
  close(): void;
}

/**
 * Makes a namespace of a name that nobody else has: `d0` is 192.0.2.1/24 and 2001:db8::1/64, `d1` is 198.51.100.1/24.
 */
export function makeNamespace(): TestNamespace {
  count += 1;
  const name = `rs-test-${process.pid}-${count}`;
  execFileSync('ip', ['netns', 'add', name]);
  const namespace: TestNamespace = {
    name,
    ip: (...args) =>
      execFileSync('ip', ['-n', name, ...args], {
        encoding: 'utf8',
        stdio: 'pipe',
        maxBuffer: 1 << 29,
      }),
    close: () => {
      execFileSync('ip', ['netns', 'del', name]);
    },
  };
  const setup = [
    'link set lo up',
    'link add d0 type veth peer name d0-far',
    'link add d1 type veth peer name d1-far',
    ...['d0', 'd0-far', 'd1', 'd1-far'].map((device) => `link set ${device} up`),
    'address add 192.0.2.1/24 dev d0',
    'address add 198.51.100.1/24 dev d1',
    'address add 2001:db8::1/64 dev d0 nodad',
  ];
  try {
    setup.forEach((line) => namespace.ip(...line.split(' ')));
  } catch (error) {
    namespace.close();
    throw error;
  }
  return namespace;
}

/** Why kernel tests cannot run here, or undefined. */
export function whyNoNamespace(): string | undefined {
  const probe = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  if (probe.error !== undefined) {
    return 'ip is missing: install iproute2';
  }
  return process.getuid?.() === 0 ? undefined : 'network namespaces need root';
}
