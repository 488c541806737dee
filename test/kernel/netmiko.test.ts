import { execFile, execFileSync } from 'node:child_process';

import { expect } from 'chai';

import { type RouterServer, startRouterServer } from '../support/router-server.ts';
import { type Lab, LABS } from '../support/routers/labs.ts';
import type { Router } from '../support/routers/router.ts';

/** Debian's own Python: python3-netmiko is installed for that one. */
const PYTHON = '/usr/bin/python3';
const PASSWORD = 'netmiko-password';

/** Logs in, configures, reads back; prints what each of it was answered with as JSON. */
const SCRIPT = `
import json, sys
from netmiko import ConnectHandler
want = json.loads(sys.argv[1])
device = ConnectHandler(**want["device"])
if want["enables"]:
    device.enable()
out = {"prompt": device.find_prompt()}
if want["config"]:
    out["config"] = device.send_config_set(want["config"], exit_config_mode=want["leaves"])
out["show"] = device.send_command(want["show"])
device.disconnect()
print(json.dumps(out))
`;

interface Case {
  /** What netmiko calls the system. */
  readonly type: string;
  readonly lab: keyof typeof LABS;
  readonly config: readonly string[];
  /** False where the lines leave the configuration mode themselves. */
  readonly leaves?: false;
  readonly enables?: true;
  readonly show: string;
  /** What the router shows of the route then. */
  readonly shown: RegExp;
}

const CASES: readonly Case[] = [
  {
    type: 'cisco_ios',
    lab: 'cisco-ios',
    config: ['ip route 10.1.0.0 255.255.255.0 203.0.113.5 tag 7'],
    enables: true,
    show: 'show running-config | include ^ip route',
    shown: /^ip route 10\.1\.0\.0 255\.255\.255\.0 203\.0\.113\.5 tag 7$/m,
  },
  {
    type: 'cisco_nxos',
    lab: 'cisco-nxos',
    config: ['ip route 10.1.0.0/24 203.0.113.5 tag 7'],
    show: "show running-config | include '^ip route'",
    shown: /^ip route 10\.1\.0\.0\/24 203\.0\.113\.5 tag 7$/m,
  },
  {
    type: 'cisco_xr',
    lab: 'cisco-iosxr',
    config: [
      'router static address-family ipv4 unicast 10.1.0.0/24 203.0.113.5 tag 7',
      'commit',
      'end',
    ],
    leaves: false,
    show: 'show running-config router static',
    shown: /^ +10\.1\.0\.0\/24 203\.0\.113\.5 tag 7$/m,
  },
  {
    type: 'arista_eos',
    lab: 'arista-eos',
    config: ['ip route 10.1.0.0/24 203.0.113.5 name seven'],
    enables: true,
    show: 'show running-config | include ^ip route',
    shown: /^ip route 10\.1\.0\.0\/24 203\.0\.113\.5 name seven$/m,
  },
  {
    type: 'juniper_junos',
    lab: 'juniper-junos tag',
    config: [
      'set routing-options static route 10.1.0.0/24 next-hop 203.0.113.5',
      'commit',
      'exit configuration-mode',
    ],
    leaves: false,
    show: 'show configuration routing-options static | display set',
    shown: /^set routing-options static route 10\.1\.0\.0\/24 next-hop 203\.0\.113\.5$/m,
  },
  {
    type: 'vyos',
    lab: 'vyos 1.4',
    config: ['set protocols static route 10.1.0.0/24 next-hop 203.0.113.5', 'commit', 'exit'],
    leaves: false,
    show: 'show configuration commands | match 10.1.0.0',
    shown: /^set protocols static route 10\.1\.0\.0\/24 next-hop '?203\.0\.113\.5'?$/m,
  },
  {
    type: 'mikrotik_routeros',
    lab: 'mikrotik-routeros 7',
    config: ['/ip/route/add dst-address=10.1.0.0/24 gateway=203.0.113.5 comment=seven'],
    leaves: false,
    show: '/ip/route/export terse',
    shown: /^\/ip route add .*dst-address=10\.1\.0\.0\/24 .*gateway=203\.0\.113\.5/m,
  },
  {
    type: 'alcatel_sros',
    lab: 'nokia-sros classic',
    config: ['router static-route-entry 10.1.0.0/24 next-hop 203.0.113.5 no shutdown', 'exit all'],
    leaves: false,
    show: 'admin display-config',
    shown: /static-route-entry 10\.1\.0\.0\/24/,
  },
  {
    type: 'huawei',
    lab: 'huawei-vrp 5',
    config: ['ip route-static 10.1.0.0 24 203.0.113.5 tag 7'],
    show: 'display current-configuration | include route-static',
    shown: /^ *ip route-static 10\.1\.0\.0 255\.255\.255\.0 203\.0\.113\.5 tag 7$/m,
  },
];

/** Why netmiko cannot be run here, or undefined. */
function whyNoNetmiko(): string | undefined {
  try {
    execFileSync(PYTHON, ['-c', 'import netmiko'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'netmiko is missing: install python3-netmiko';
  }
}

describe('a simulated router as netmiko sees it', () => {
  const reason = whyNoNetmiko();
  let server: RouterServer | undefined;

  before(function () {
    if (reason !== undefined) {
      process.stdout.write(`    ${reason}\n`);
      this.skip();
    }
  });

  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  for (const { type, lab: name, config, show, shown, enables = false, leaves = true } of CASES) {
    it(`takes a route as ${type}`, async () => {
      const lab = LABS[name];
      const router = bootOf(lab);
      server = await startRouterServer(router, { pager: lab.model.pager, password: PASSWORD });
      const device = {
        device_type: type,
        host: '127.0.0.1',
        port: server.port,
        username: server.user,
        password: PASSWORD,
        secret: PASSWORD,
      };
      const answer = await python({ device, config, show, enables, leaves });
      expect(answer['show']).to.match(shown);
      expect(router.running().map(({ prefix }) => prefix)).to.include('10.1.0.0/24');
    }).timeout(120_000);
  }
});

function bootOf({ model, config, scope: { dialect } }: Lab): Router {
  return model.boot({
    hostname: 'edge1',
    config,
    now: () => 0,
    enableSecret: PASSWORD,
    ...(dialect !== undefined && { dialect }),
  });
}

async function python(want: unknown): Promise<Readonly<Record<string, string>>> {
  return new Promise((resolve, reject) => {
    execFile(PYTHON, ['-c', SCRIPT, JSON.stringify(want)], (error, stdout, stderr) => {
      if (error === null) {
        resolve(JSON.parse(stdout) as Readonly<Record<string, string>>);
      } else {
        reject(new Error(stderr));
      }
    });
  });
}
