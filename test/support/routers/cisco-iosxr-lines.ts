/** The configuration lines of a simulated Cisco IOS XR router and the modes that they are typed in. */
import { interfaceLine, interfaceName, routeLine, type XrConfig } from './cisco-iosxr-config.ts';
import { Refused, takeNumber, Words } from './cisco-nxos-words.ts';

/** Where a line of configuration stands. */
export type Mode =
  | { readonly kind: 'global' }
  | { readonly kind: 'static'; readonly vrf?: string; readonly family?: 4 | 6 }
  | { readonly kind: 'interface' | 'vrf'; readonly name: string };

/** What a line leaves behind: the candidate, and the mode of the next line. */
export interface Step {
  readonly config: XrConfig;
  readonly mode: Mode;
}

const GLOBAL: Mode = { kind: 'global' };

/** How deep a mode is shown in the prompt. */
export const MODE_NAMES = {
  global: '',
  static: '-static',
  interface: '-if',
  vrf: '-vrf',
} as const satisfies Record<Mode['kind'], string>;

/** Applies one line; what the mode does not know is tried as a global one. */
export function configLine(config: XrConfig, mode: Mode, line: string): Step {
  try {
    return inMode(config, mode, new Words(line));
  } catch (error) {
    if (error instanceof Refused && mode.kind !== 'global' && error.at <= 1) {
      return inMode(config, GLOBAL, new Words(line));
    }
    throw error;
  }
}

function inMode(config: XrConfig, mode: Mode, words: Words): Step {
  const isNo = words.keyword('no') !== undefined;
  switch (mode.kind) {
    case 'global':
      return globalLine(config, words, isNo);
    case 'static':
      return staticLine(config, words, { ...mode, isNo });
    case 'interface':
      return ownLine(config, mode, { line: words.rest(), isNo });
    case 'vrf':
    default:
      return vrfLine(config, mode, words);
  }
}

function globalLine(config: XrConfig, words: Words, isNo: boolean): Step {
  const first = words.keyword('router', 'interface', 'vrf', 'hostname');
  if (first === 'router' && words.keyword('static') !== undefined) {
    return isNo && words.isDone
      ? { config: { ...config, routes: [] }, mode: GLOBAL }
      : staticLine(config, words, { kind: 'static', isNo });
  }
  const name = words.take();
  if (first === undefined || first === 'router' || name === undefined) {
    throw refusal(words, first === undefined ? words.at - 1 : words.at);
  }
  if (first === 'hostname') {
    return { config: { ...config, hostname: name }, mode: GLOBAL };
  }
  return first === 'vrf'
    ? vrfNamed(config, name, isNo)
    : interfaceNamed(config, interfaceName(name), words);
}

function vrfNamed(config: XrConfig, name: string, isNo: boolean): Step {
  const others = config.vrfs.filter((each) => each !== name);
  return isNo
    ? { config: { ...config, vrfs: others }, mode: GLOBAL }
    : { config: { ...config, vrfs: [...others, name] }, mode: { kind: 'vrf', name } };
}

function interfaceNamed(config: XrConfig, name: string | undefined, words: Words): Step {
  if (name === undefined) {
    throw refusal(words, 1);
  }
  const { interfaces } = config;
  const known = interfaces.has(name) ? interfaces : new Map([...interfaces, [name, []]]);
  return { config: { ...config, interfaces: known }, mode: { kind: 'interface', name } };
}

type StaticMode = Extract<Mode, { kind: 'static' }>;

/** Levels may stand on one line, and the line may end at any of them. */
function staticLine(
  config: XrConfig,
  words: Words,
  { isNo, ...place }: StaticMode & { readonly isNo: boolean },
): Step {
  if (isOutermost(place) && words.keyword('maximum') !== undefined) {
    return maximum(config, words);
  }
  const inVrf = isOutermost(place) && words.keyword('vrf') !== undefined;
  const mode = takeFamily(inVrf ? { ...place, vrf: words.take() ?? '' } : place, words);
  if (words.isDone) {
    return { config, mode };
  }
  const { vrf = 'default', family } = mode;
  if (family === undefined) {
    throw refusal(words, words.at);
  }
  const after = routeLine(config, words, { vrf, family, isNo });
  return { config: after, mode: place.family === undefined ? outerOf(place) : mode };
}

function isOutermost({ vrf, family }: StaticMode): boolean {
  return vrf === undefined && family === undefined;
}

function takeFamily(place: StaticMode, words: Words): StaticMode {
  if (place.family !== undefined || words.keyword('address-family') === undefined) {
    return place;
  }
  const name = words.keyword('ipv4', 'ipv6');
  if (name === undefined || words.keyword('unicast') === undefined) {
    throw refusal(words, words.at);
  }
  return { ...place, family: name === 'ipv4' ? 4 : 6 };
}

/** A whole line leaves the mode where it was typed. */
function outerOf({ vrf }: { readonly vrf?: string }): Mode {
  return vrf === undefined ? GLOBAL : { kind: 'static', vrf };
}

function maximum(config: XrConfig, words: Words): Step {
  words.keyword('path');
  words.keyword('ipv4', 'ipv6');
  const most = takeNumber(words, 1, 140_000);
  if (most === undefined) {
    throw refusal(words, words.at);
  }
  return { config: { ...config, most }, mode: { kind: 'static' } };
}

function vrfLine(config: XrConfig, mode: Mode, words: Words): Step {
  if (words.keyword('address-family', 'description') === undefined) {
    throw refusal(words, words.at);
  }
  return { config, mode };
}

function ownLine(
  config: XrConfig,
  mode: Extract<Mode, { kind: 'interface' | 'vrf' }>,
  { line, isNo }: { readonly line: string; readonly isNo: boolean },
): Step {
  const shown = interfaceLine(line);
  if (shown === undefined) {
    throw new Refused('% Invalid input detected', 0);
  }
  const { interfaces } = config;
  const others = (interfaces.get(mode.name) ?? []).filter((each) => each !== shown);
  const lines = isNo ? others : [...others, shown];
  return { config: { ...config, interfaces: new Map([...interfaces, [mode.name, lines]]) }, mode };
}

function refusal(words: Words, at: number): Refused {
  return words.isDone && at >= words.words.length
    ? new Refused('% Incomplete command.', -1)
    : new Refused('% Invalid input detected', at);
}
