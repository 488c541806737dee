/**
 * The sidecar's bird.conf on real BIRD, as user 65532 without any capability, in a network namespace; needs root and the
 * packages bird2 and iproute2.
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { setTimeout } from 'node:timers/promises';
import { PROJECT } from './render.ts';

const POD = `rs-k8s-pod-${process.pid}`;
const NEIGHBOUR = `rs-k8s-far-${process.pid}`;

const NEIGHBOUR_CONF = `
router id 203.0.113.1;
protocol device { }
protocol bgp pod {
  local as 64513;
  neighbor 203.0.113.10 as 64512;
  error wait time 1, 2;
  connect delay time 1;
  ipv4 { import all; export none; };
  ipv6 { import all; export none; };
}
`;

function ip(words: string): void {
  execFileSync('ip', words.split(' '), { stdio: 'pipe' });
}

describe('bird.conf of the sidecar', function sidecarBird() {
  this.timeout(60_000);
  const children: ChildProcess[] = [];
  let folder = '';

  before(function makeNetwork() {
    if (process.getuid?.() !== 0) {
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'route-sync-bird-'));
    chmodSync(folder, 0o755);
    [`netns add ${POD}`, `netns add ${NEIGHBOUR}`].forEach(ip);
    ip(`link add leg netns ${POD} type veth peer name leg netns ${NEIGHBOUR}`);
    [
      `-n ${POD} address add 203.0.113.10/24 dev leg`,
      `-n ${POD} address add 2001:db8:f::10/64 dev leg nodad`,
      `-n ${NEIGHBOUR} address add 203.0.113.1/24 dev leg`,
      `-n ${NEIGHBOUR} address add 2001:db8:f::1/64 dev leg nodad`,
      `-n ${POD} link set leg up`,
      `-n ${NEIGHBOUR} link set leg up`,
      `-n ${POD} route add 10.1.0.0/24 via 203.0.113.60 proto 201 metric 1024`,
      `-n ${POD} route add 2001:db8:1::/64 via 2001:db8:f::60 proto 201 metric 1024`,
      `-n ${POD} route add 10.9.0.0/24 via 203.0.113.61 proto static`,
    ].forEach(ip);
    // What the pod's sysctl does.
    const port = ['sysctl', '-qw', 'net.ipv4.ip_unprivileged_port_start=179'];
    execFileSync('ip', ['netns', 'exec', POD, ...port]);
  });

  after(async () => {
    for (const child of children) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.kill('SIGKILL')) {
        await ended;
      }
    }
    if (folder !== '') {
      [POD, NEIGHBOUR].forEach((name) => spawnSync('ip', ['netns', 'del', name]));
      rmSync(folder, { recursive: true });
    }
  });

  function start(netns: string, prefix: readonly string[], name: string): string {
    const run = join(folder, name);
    mkdirSync(run);
    chownSync(run, 65_532, 65_532);
    const socket = join(run, 'bird.ctl');
    const bird = ['bird', '-f', '-c', join(folder, `${name}.conf`), '-s', socket];
    children.push(spawn('ip', ['netns', 'exec', netns, ...prefix, ...bird], { stdio: 'ignore' }));
    return socket;
  }

  function birdc(socket: string, ...words: readonly string[]): string {
    return spawnSync('birdc', ['-s', socket, ...words], { encoding: 'utf8' }).stdout;
  }

  async function routesOf(socket: string, until: (text: string) => boolean): Promise<string> {
    const deadline = Date.now() + 45_000;
    for (;;) {
      const text = birdc(socket, 'show', 'route', 'all');
      if (until(text) || Date.now() > deadline) {
        return text;
      }
      await setTimeout(100);
    }
  }

  it('announces the routes of protocol 201 alone, with the next hops as they are, and withdraws them', async () => {
    copyFileSync(join(PROJECT, 'k8s/overlays/sidecar/bird.conf'), join(folder, 'pod.conf'));
    writeFileSync(join(folder, 'far.conf'), NEIGHBOUR_CONF);
    const none = ['--bounding-set', '-all', '--inh-caps', '-all', '--no-new-privs'];
    const user = ['--reuid', '65532', '--regid', '65532', '--clear-groups'];
    start(POD, ['setpriv', ...user, ...none], 'pod');
    const far = start(NEIGHBOUR, [], 'far');

    const first = await routesOf(far, (text) => text.includes('2001:db8:1::/64'));
    expect(first).to.match(/^10\.1\.0\.0\/24 .*\n\tvia 203\.0\.113\.60 on leg/m);
    expect(first).to.match(/^2001:db8:1::\/64 .*\n\tvia 2001:db8:f::60 on leg/m);
    expect(first).to.not.include('10.9.0.0');

    ip(`-n ${POD} route del 10.1.0.0/24 proto 201`);
    ip(`-n ${POD} route add 10.2.0.0/24 via 203.0.113.62 proto 201 metric 1024`);
    const second = await routesOf(
      far,
      (text) => !text.includes('10.1.0.0') && text.includes('10.2.0.0'),
    );
    expect(second).to.include('10.2.0.0/24').and.not.include('10.1.0.0');
  });
});
