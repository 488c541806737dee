/**
 * A Linux router in memory behind the Transport interface: it reads `ip` commands, keeps routes as the kernel does,
 * refuses what the kernel refuses, and answers with iproute2's texts. It forwards nothing, and knows only the commands
 * of the Linux driver and single changes of routes.
 */
import { randomUUID } from 'node:crypto';

import { bitsOf, contains, hostPrefix, parseAddress, prefixAt } from '../core/prefix.ts';
import type { Address, Family, Prefix } from '../core/prefix.ts';
import type { CommandOutput, Program } from '../drivers/driver.ts';
import { programOf, type Transport } from '../transport/transport.ts';
import { type Hop, readRequest, Refused, type RouteRequest, tableNumber } from './ip-request.ts';
import { type Entry, insertRoute, type Member, removeRoute } from './memory-rib.ts';

/** A device that is up, and its addresses, each with the length of its network: `192.0.2.1/24`. */
export interface MemoryInterface {
  readonly device: string;
  readonly addresses: readonly string[];
}

export interface MemoryRouterOptions {
  readonly interfaces: readonly MemoryInterface[];
  /** False: every change is refused as for a process without CAP_NET_ADMIN. */
  readonly permitted?: boolean;
}

interface Connected {
  readonly device: string;
  readonly address: Address;
  readonly network: Prefix;
}

const MAIN = '254';
const UNICAST = '1';
/** rtnetlink.h RTPROT_KERNEL and RTPROT_BOOT. */
const KERNEL = '2';
const BOOT = '3';

/** Makes a router with these interfaces and the routes to their networks. */
export function memoryRouter(options: MemoryRouterOptions): Transport {
  const router = new MemoryRouter(options);
  const identity = randomUUID();
  return {
    description: 'a router in memory',
    target: 'memory',
    lockTarget: async () => `memory ${identity}`,
    run: async (command, signal) => {
      signal.throwIfAborted();
      return router.run(programOf(command));
    },
    close: () => Promise.resolve(),
  };
}

class MemoryRouter {
  readonly #connected: readonly Connected[];
  readonly #permitted: boolean;
  /** By family and table number, then by prefix; a table is there from its first route on. */
  readonly #tables = new Map<string, Map<string, Entry[]>>([
    [`4 ${MAIN}`, new Map()],
    [`6 ${MAIN}`, new Map()],
  ]);

  constructor({ interfaces, permitted = true }: MemoryRouterOptions) {
    this.#permitted = permitted;
    this.#connected = interfaces.flatMap(({ device, addresses }) =>
      addresses.map((text) => {
        const [host = '', length] = text.split('/');
        const address = parseAddress(host);
        return { device, address, network: prefixAt(address, Number(length)) };
      }),
    );
  }

  run({ argv, stdin = '' }: Program): CommandOutput {
    const flags = new Set(argv.filter((word) => word.startsWith('-')));
    const family = flags.has('-6') ? 6 : flags.has('-4') ? 4 : undefined;
    if (flags.has('-batch')) {
      return this.#batch(family, stdin.split('\n').slice(0, -1), flags.has('-force'));
    }
    const words = argv.slice(argv.findLastIndex((word) => word.startsWith('-')) + 1);
    const answer = this.#attempt(family, words[0] === 'ip' ? words.slice(1) : words);
    if (!(answer instanceof Refused)) {
      return { stdout: answer, stderr: '', exitCode: 0 };
    }
    const stdout = words.includes('show') && answer.exitCode === 2 ? '[' : '';
    return { stdout, stderr: `${answer.message}\n`, exitCode: answer.exitCode };
  }

  #batch(family: Family | undefined, lines: readonly string[], force: boolean): CommandOutput {
    const stderr: string[] = [];
    for (const [index, line] of lines.entries()) {
      const answer = this.#attempt(family, line.split(' '));
      if (answer instanceof Refused) {
        stderr.push(`${answer.message}\n`);
        // A line that `ip` cannot read ends the batch at once, and `-force` does not help.
        if (answer.exitCode === 255) {
          return { stdout: '', stderr: stderr.join(''), exitCode: 255 };
        }
        stderr.push(`Command failed -:${index + 1}\n`);
        if (!force) {
          break;
        }
      }
    }
    return { stdout: '', stderr: stderr.join(''), exitCode: stderr.length === 0 ? 0 : 1 };
  }

  #attempt(family: Family | undefined, words: readonly string[]): string | Refused {
    try {
      return this.#execute(family, words);
    } catch (error) {
      if (error instanceof Refused) {
        return error;
      }
      throw error;
    }
  }

  #execute(
    family: Family | undefined,
    [object = '', verb = '', ...rest]: readonly string[],
  ): string {
    if (object === 'address' && verb === 'show') {
      return this.#addresses();
    }
    if (object !== 'route') {
      throw new Refused(`Object "${object}" is unknown, try "ip help".`, 255);
    }
    if (verb === 'show') {
      return this.#show(family ?? 4, tableNumber(rest[1] ?? MAIN, 'table id'));
    }
    const request = readRequest(verb, rest);
    if (request.prefix.family !== (family ?? request.prefix.family)) {
      throw new Refused(`Error: an inet prefix is expected rather than "${rest[0] ?? ''}".`, 255);
    }
    this.#change(request);
    return '';
  }

  #change(request: RouteRequest): void {
    for (const { device } of request.hops) {
      if (device !== undefined && !this.#connected.some((link) => link.device === device)) {
        const words = `Cannot find device "${device}"`;
        throw request.hops.length > 1
          ? new Refused(`${words}\nError: cannot parse nexthop`, 255)
          : new Refused(words, 1);
      }
    }
    if (!this.#permitted) {
      throw new Refused('RTNETLINK answers: Operation not permitted');
    }
    const table = this.#table(request);
    const entries = table.get(request.prefix.text) ?? [];
    table.set(request.prefix.text, entries);
    if (request.verb === 'del') {
      removeRoute(request, entries);
    } else {
      insertRoute(
        request,
        entries,
        request.hops.map((hop) => this.#resolve(request, hop)),
      );
    }
  }

  #table({ verb, prefix, table }: RouteRequest): Map<string, Entry[]> {
    const key = `${prefix.family} ${table}`;
    const found = this.#tables.get(key);
    if (found !== undefined) {
      return found;
    }
    if (verb === 'del') {
      throw new Refused('Error: FIB table does not exist.');
    }
    const made = new Map<string, Entry[]>();
    this.#tables.set(key, made);
    return made;
  }

  #resolve(request: RouteRequest, hop: Hop): Member {
    const { prefix, type, protocol = BOOT } = request;
    const { gateway, onlink = false } = hop;
    if (type !== UNICAST) {
      return { gateway: undefined, device: 'lo', onlink, protocol };
    }
    const device = gateway === undefined || onlink ? hop.device : this.#egress(gateway, hop.device);
    if (device === undefined) {
      throw new Refused(
        gateway === undefined
          ? 'RTNETLINK answers: No such device'
          : prefix.family === 4
            ? 'Error: Nexthop has invalid gateway.'
            : 'RTNETLINK answers: No route to host',
      );
    }
    return { gateway, device, onlink, protocol };
  }

  /** The device that leads to a gateway; undefined if no connected network (there) has it. */
  #egress(gateway: Address, device: string | undefined): string | undefined {
    if (/^fe[89ab]/.test(gateway)) {
      if (device === undefined) {
        throw new Refused('Error: Egress device not specified.');
      }
      return device;
    }
    const host = hostPrefix(gateway);
    if (host.family === 6 && this.#connected.some(({ address }) => address === gateway)) {
      throw new Refused('Error: Gateway can not be a local address.');
    }
    return this.#connected.find(
      (link) => contains(link.network, host) && (device ?? link.device) === link.device,
    )?.device;
  }

  #show(family: Family, table: string): string {
    const entries = this.#tables.get(`${family} ${table}`);
    if (entries === undefined) {
      throw new Refused(`Error: ipv${family}: FIB table does not exist.\nDump terminated`);
    }
    const connected = new Map(
      this.#connected
        .filter(({ network }) => network.family === family && table === MAIN)
        .map((link) => [`${link.network.text} ${link.device}`, link]),
    );
    return JSON.stringify([
      ...[...connected.values()].map(showConnected),
      ...[...entries.values()].flat().map(showEntry),
    ]);
  }

  #addresses(): string {
    const devices = [...new Set(this.#connected.map(({ device }) => device))];
    return JSON.stringify(
      devices.map((ifname) => ({
        ifname,
        addr_info: this.#connected
          .filter(({ device }) => device === ifname)
          .map(({ address, network }) => ({
            family: network.family === 4 ? 'inet' : 'inet6',
            local: address,
            prefixlen: network.length,
          })),
      })),
    );
  }
}

function showConnected({ device: dev, address, network }: Connected): object {
  const own = network.family === 4 ? { scope: '253', prefsrc: address } : { metric: 256 };
  return { type: UNICAST, dst: network.text, dev, protocol: KERNEL, ...own, flags: [] };
}

function showEntry({ prefix, type, metric, members }: Entry): object {
  const hops = members.map(({ gateway, device: dev, onlink }) => ({
    ...(gateway !== undefined && { gateway }),
    ...((type === UNICAST || prefix.family === 6) && { dev }),
    flags: onlink ? ['onlink'] : [],
  }));
  return {
    type,
    dst: showPrefix(prefix),
    protocol: members[0]?.protocol,
    ...(metric > 0 && { metric }),
    ...(hops.length === 1
      ? hops[0]
      : { flags: [], nexthops: hops.map((hop) => ({ ...hop, weight: 1 })) }),
  };
}

/** As iproute2 prints it: a host route without its length, a default route by its name. */
function showPrefix({ text, length, family }: Prefix): string {
  if (length === 0) {
    return 'default';
  }
  return length === bitsOf(family) ? text.slice(0, text.indexOf('/')) : text;
}
