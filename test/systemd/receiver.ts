/** What a service manager would hear: a real datagram socket for sd_notify(3). Node.js has none of this kind, Python does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const PROGRAM = `
import os, socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
print('bound', flush=True)
while True:
    # systemd-notify sends a descriptor as well, and waits until that is closed.
    data, descriptors, _, _ = socket.recv_fds(listener, 4096, 8)
    for descriptor in descriptors:
        os.close(descriptor)
    text = data.decode()
    if text not in ('', 'BARRIER=1'):
        print(text.replace('\\n', ' '), flush=True)
`;

export interface Receiver {
  /** All messages so far, each as one line. */
  readonly received: readonly string[];
  readonly close: () => Promise<void>;
}

export async function openReceiver(socket: string): Promise<Receiver> {
  const child = spawn('python3', ['-c', PROGRAM, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  await once(lines, 'line');
  const received: string[] = [];
  lines.on('line', (line) => received.push(line));
  return {
    received,
    close: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}
