/**
 * The peer: neutron-dynamic-routing's agent in a namespace, with os-ken, and a BIRD there that takes its routes into the kernel.
 * The plugin is the lab's own, with LAB_BGP=1.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BirdDaemon, makeBird, whyNoBird } from '../../test/kernel/bird-daemon.ts';
import type { ChangePlace } from './change-place.ts';
import { type Daemon, DEBIAN_PATH, startDaemon } from './daemon.ts';
import { ask, LAB_DIR, type Lab, type Made } from './fill-api.ts';
import { openRabbitDoor } from './rabbit-door.ts';
import { runSql } from './sql.ts';

export interface DynamicRoutingRequest {
  readonly lab: Lab;
  readonly place: ChangePlace;
  /** For configuration and logs; empty. */
  readonly dir: string;
  /** Where BIRD's kernel is. */
  readonly netns: string;
}

/** Where its agent's and BIRD's sessions end: one namespace, two loopback addresses. */
const AGENT = { address: '127.0.0.1', asn: 64_512 };
const BIRD = { address: '127.0.0.2', asn: 64_513 };
const PROGRAM = '/usr/bin/neutron-bgp-dragent';
const PACKAGE = 'neutron-bgp-dragent';
const READY_MS = 90_000;
const POLL_MS = 200;

/** `scan time`: nothing but the session changes anything there. The next hops are on the link of the namespace. */
const BIRD_CONFIGURATION = `
router id 192.0.2.2;
protocol device { scan time 3600; }
protocol direct { ipv4; }
protocol kernel { ipv4 { export where source = RTS_BGP; import none; }; scan time 3600; }
protocol bgp dragent {
  local ${BIRD.address} as ${BIRD.asn};
  neighbor ${AGENT.address} as ${AGENT.asn};
  multihop;
  passive;
  ipv4 { import all; export none; };
}
`;

/** Why the peer is left out, or undefined. */
export async function whyNoDynamicRouting(lab: Lab): Promise<string | undefined> {
  const missing = [PROGRAM, 'socat'].find(
    (program) =>
      spawnSync(program, ['--version'], { env: { PATH: DEBIAN_PATH } }).error !== undefined,
  );
  if (missing !== undefined) {
    return `${missing} is missing: start the lab with LAB_BGP=1`;
  }
  const { extensions } = await ask<{ readonly extensions: readonly { readonly alias: string }[] }>(
    lab,
    ['GET', 'extensions'],
  );
  return extensions.some(({ alias }) => alias === 'bgp')
    ? whyNoBird()
    : 'the lab has no BGP: start it with LAB_BGP=1';
}

/** The version of the Debian package. */
export function dynamicRoutingVersion(): string {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Version}', PACKAGE], {
    encoding: 'utf8',
  });
  return stdout;
}

/** Works while the session is up, and takes everything away again. */
export async function withDynamicRouting<T>(
  request: DynamicRoutingRequest,
  work: () => Promise<T>,
): Promise<T> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const bird = makeBird(request.netns, BIRD_CONFIGURATION);
    undo.unshift(async () => bird.close());
    await bird.start();
    const door = await openRabbitDoor(request.netns, request.dir);
    undo.unshift(door.close);
    const agent = await startAgent(request);
    undo.unshift(async () => stopAgent(request, agent));
    const { speaker, remove } = await makeSpeaker(request);
    undo.unshift(remove);
    await runSql(attributesOf(request.place));
    await bind(request, speaker);
    await isUp(bird, agent);
    return await work();
  } finally {
    for (const step of undo) {
      await step();
    }
  }
}

/** It has the name of the place as its host. */
async function startAgent({ dir, netns, place }: DynamicRoutingRequest): Promise<Daemon> {
  const file = join(dir, 'bgp-dragent.conf');
  const password = readFileSync(join(LAB_DIR, 'password'), 'utf8').trim();
  await writeFile(
    file,
    `[DEFAULT]
host = ${place.name}
state_path = ${dir}
transport_url = rabbit://neutron:${password}@127.0.0.1:5672/
log_file = ${join(dir, 'bgp-dragent.log')}
[oslo_concurrency]
lock_path = ${dir}
[BGP]
bgp_speaker_driver = neutron_dynamic_routing.services.bgp.agent.driver.os_ken.driver.OsKenBgpDriver
bgp_router_id = 192.0.2.1
`,
    { mode: 0o600 },
  );
  return startDaemon(netns, [PROGRAM, '--config-file', file], { PATH: DEBIAN_PATH, HOME: dir });
}

async function stopAgent({ lab, place }: DynamicRoutingRequest, agent: Daemon): Promise<void> {
  await agent.stop();
  for (const id of await agentsAt(lab, place)) {
    await ask(lab, ['DELETE', `agents/${id}`]);
  }
}

/** Announces the networks behind the place's network to BIRD. */
async function makeSpeaker({ lab, place }: DynamicRoutingRequest): Promise<Speaker> {
  const made = await ask<Made<'bgp_speaker'>>(lab, ['POST', 'bgp-speakers'], {
    bgp_speaker: {
      name: place.name,
      local_as: AGENT.asn,
      ip_version: 4,
      advertise_tenant_networks: true,
    },
  });
  const speaker = made.bgp_speaker.id;
  let peer: string | undefined;
  const remove = async (): Promise<void> => {
    await ask(lab, ['DELETE', `bgp-speakers/${speaker}`]);
    if (peer !== undefined) {
      await ask(lab, ['DELETE', `bgp-peers/${peer}`]);
    }
  };
  try {
    const { bgp_peer: bgpPeer } = await ask<Made<'bgp_peer'>>(lab, ['POST', 'bgp-peers'], {
      bgp_peer: { name: place.name, peer_ip: BIRD.address, remote_as: BIRD.asn, auth_type: 'none' },
    });
    peer = bgpPeer.id;
    const own = `bgp-speakers/${speaker}`;
    await ask(lab, ['PUT', `${own}/add_gateway_network`], { network_id: place.network });
    await ask(lab, ['PUT', `${own}/add_bgp_peer`], { bgp_peer_id: peer });
    return { speaker, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * The row that its queries join and that ML2/OVN of Debian 12 does not write for a router; as the reference L3 plugin writes it.
 * Without it nothing is ever announced.
 */
function attributesOf({ router }: ChangePlace): string {
  return `insert ignore into router_extra_attributes
    (router_id, distributed, service_router, ha, ha_vr_id, availability_zone_hints)
    values ('${router}', 0, 0, 0, 0, '[]');`;
}

interface Speaker {
  readonly speaker: string;
  readonly remove: () => Promise<void>;
}

/** As soon as Neutron knows the agent, which may have taken the speaker itself. */
async function bind({ lab, place }: DynamicRoutingRequest, speaker: string): Promise<void> {
  await until(async () => (await agentsAt(lab, place)).length > 0, 'its agent has not reported');
  const [agent] = await agentsAt(lab, place);
  const { agents } = await ask<{ readonly agents: readonly unknown[] }>(lab, [
    'GET',
    `bgp-speakers/${speaker}/bgp-dragents`,
  ]);
  if (agents.length === 0) {
    await ask(lab, ['POST', `agents/${agent}/bgp-drinstances`], { bgp_speaker_id: speaker });
  }
}

async function isUp(bird: BirdDaemon, agent: Daemon): Promise<void> {
  await until(() => {
    if (!agent.isAlive()) {
      throw new Error(`${PACKAGE} ended`);
    }
    return bird.birdc('show', 'protocols', 'dragent').includes('Established');
  }, 'it has no session with BIRD');
}

async function agentsAt(lab: Lab, { name }: ChangePlace): Promise<readonly string[]> {
  const { agents } = await ask<{ readonly agents: readonly { readonly id: string }[] }>(lab, [
    'GET',
    `agents?host=${name}&fields=id`,
  ]);
  return agents.map(({ id }) => id);
}

async function until(isSo: () => boolean | Promise<boolean>, otherwise: string): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) {
      throw new Error(`neutron-dynamic-routing: ${otherwise} in ${READY_MS / 1000} s`);
    }
    await sleep(POLL_MS);
  }
}
