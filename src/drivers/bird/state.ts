/**
 * What BIRD holds: our routes are those of the two `protocol static` blocks that carry the mark as their name, as far as
 * they run; the included files tell whether they are written as we would write them. Source: recordings of BIRD 2.0.12.
 */
import { parseAddress, prefixAt, type Family } from '../../core/prefix.ts';
import type { InstalledRoute, InterfaceAddress, UpstreamState } from '../../core/route.ts';
import { RouteSyncError } from '../../errors.ts';
import { readBirdPaths, readNamedPaths } from './parse.ts';
import { DEFAULT_PREFERENCE, placesOf, protocolName, routeLine, vrfOfTable } from './words.ts';
import { routesOf } from '../kit/device-state.ts';
import { quote } from '../kit/device-words.ts';
import type { CommandOutput, DeviceScope, Mark } from '../driver.ts';
import type { StaticPath } from '../static-path.ts';

const ROW = /^(?<name>\S+)\s+Static\s+(?<table>\S+)\s+(?<state>\S+)\s/m;
const VRF = /^\s+VRF:\s+(?<vrf>\S+)/m;
const INTERFACE = /^(?<name>\S+) (?:up|down) \(index=\d+(?: master=(?<master>[^\s)]+))?/;
const ADDRESS = /^\s+(?<address>[^\s/]+)\/(?<length>\d+) \((?:.*\bopposite (?<peer>[^\s,)]+))?/;

/** One of our two blocks. */
interface Block {
  readonly name: string;
  readonly vrf: string | null;
  readonly paths: readonly StaticPath[];
  /** The addresses of next hops that are on no connected network at this moment. */
  readonly dormant: ReadonlySet<string>;
}

/** Reads the answers to: our block for IPv4, for IPv6, all static routes, the included files, the interfaces. */
export function readBirdState(
  scope: DeviceScope,
  outputs: readonly CommandOutput[],
): UpstreamState {
  const [four, six, shown, files, interfaces] = outputs.map(({ stdout }) => stdout);
  const blocks = [readBlock(scope, 4, String(four)), readBlock(scope, 6, String(six))];
  const lines = String(files)
    .split('\n')
    .filter((line) => line.startsWith('route '));
  const written = Map.groupBy(lines, (line) => line.split(' ')[1]);
  const ours = blocks.flatMap((block) =>
    routesOf(block.paths, DEFAULT_PREFERENCE).map((route) => ({
      ...route,
      owned: true,
      description: describe(block, route),
      ...(isRight(scope, route, written.get(route.prefix.text)) ? {} : { differs: true }),
    })),
  );
  const others = readNamedPaths(String(shown)).filter(
    (path) => !isInOurs(path, scope.mark) && blocks.some(({ vrf }) => vrf === path.vrf),
  );
  return {
    routes: [...ours, ...routesOf(others, DEFAULT_PREFERENCE)],
    addresses: readBirdAddresses(String(interfaces), scope.vrf),
  };
}

/** True for a path that is named by one of our two blocks. */
export function isInOurs({ name }: StaticPath, mark: Mark): boolean {
  return name === `${mark.name}4` || name === `${mark.name}6`;
}

/** What runs says nothing of its preference; the line that it came from does. */
function isRight(
  scope: DeviceScope,
  { prefix, nextHops }: InstalledRoute,
  written: readonly string[] = [],
): boolean {
  const { distance } = scope;
  const preference = distance === DEFAULT_PREFERENCE ? undefined : distance;
  const wanted = nextHops.map((nextHop) => ({
    ...nextHop,
    ...(preference === undefined ? {} : { distance: preference }),
  }));
  return wanted.length > 0 && written.length === 1 && written[0] === routeLine(prefix, wanted);
}

function describe({ name, dormant }: Block, { prefix, nextHops }: InstalledRoute): string {
  const asleep = nextHops.filter(({ address }) => dormant.has(`${prefix.text} ${address}`));
  return asleep.length === 0
    ? `protocol ${name}`
    : `protocol ${name}, dormant: ${asleep.map(({ address }) => address).join(', ')}`;
}

function readBlock(scope: DeviceScope, family: Family, text: string): Block {
  const name = protocolName(scope, family);
  const row = ROW.exec(text)?.groups;
  const [, , list] = text.split(/^BIRD \S+ ready\.$/m).slice(1);
  if (row?.['name'] !== name || list === undefined) {
    throw new RouteSyncError(
      'UPSTREAM_COMMAND_FAILED',
      `BIRD has no protocol static '${name}': add "protocol static '${name}' { ipv${family}; include "${placesOf(scope)[`file${family}`]}"; }" with line breaks around the include; birdc says ${quote(text)}`,
    );
  }
  if (row['state'] === 'down') {
    throw new RouteSyncError(
      'UPSTREAM_COMMAND_FAILED',
      `protocol ${name} of BIRD is switched off: birdc enable "${name}" brings it back`,
    );
  }
  const vrf = vrfOfTable(String(row['table']));
  refuseOtherPlace(scope, { name, family, vrf, device: VRF.exec(text)?.groups?.['vrf'] });
  return { name, vrf, paths: readBirdPaths(list), dormant: dormantIn(list) };
}

/** Routes must not go anywhere else than `vrf` of the upstream says: the block is the operator's. */
function refuseOtherPlace(
  { vrf }: DeviceScope,
  block: Pick<Block, 'name' | 'vrf'> & {
    readonly family: Family;
    readonly device: string | undefined;
  },
): void {
  const device = block.device === 'default' ? undefined : block.device;
  const places = [device, block.vrf ?? undefined];
  const isHome =
    vrf === undefined
      ? places.every((place) => place === undefined)
      : places.includes(vrf) || block.vrf === `${vrf}${block.family}`;
  if (!isHome) {
    throw new RouteSyncError(
      'UPSTREAM_TABLE_UNKNOWN',
      `protocol ${block.name} of BIRD is in ${places.filter((place) => place !== undefined).join(', table ') || 'the global table'}, and vrf of the upstream is ${vrf ?? 'not set'}: make them agree`,
      { details: { vrf, name: block.name } },
    );
  }
}

/** `PREFIX ADDRESS` of every next hop that BIRD holds and cannot use. */
function dormantIn(list: string): ReadonlySet<string> {
  let prefix = '';
  const dormant = new Set<string>();
  for (const line of list.split('\n')) {
    const [, address] = /^\tvia ([^\s%]+).*\(dormant\)$/.exec(line) ?? [];
    prefix = /^\S+\/\d+$/.exec(line)?.[0] ?? prefix;
    if (address !== undefined) {
      dormant.add(`${prefix} ${address}`);
    }
  }
  return dormant;
}

/** The addresses in `show interfaces`; those of a VRF are those of the interfaces that are in it, if any is. */
export function readBirdAddresses(
  text: string,
  vrf: string | undefined,
): readonly InterfaceAddress[] {
  let master: string | undefined;
  const all = text.split('\n').flatMap((line) => {
    const header = INTERFACE.exec(line)?.groups;
    master = header === undefined ? master : header['master'];
    const { address, length, peer } = ADDRESS.exec(line)?.groups ?? {};
    return address === undefined
      ? []
      : [
          {
            master,
            address: parseAddress(address),
            network: prefixAt(parseAddress(peer ?? address), Number(length)),
          },
        ];
  });
  if (all.length === 0) {
    throw new RouteSyncError(
      'UPSTREAM_OUTPUT_INVALID',
      `BIRD shows no address of its own: birdc says ${quote(text)}`,
    );
  }
  const inside = vrf === undefined ? [] : all.filter((each) => each.master === vrf);
  return (inside.length === 0 ? all : inside).map(({ address, network }) => ({ address, network }));
}
