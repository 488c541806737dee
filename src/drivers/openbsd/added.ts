/** Reads `route add` as it stands in hostname.if(5), netstart and other scripts of OpenBSD. Source: route(8). */
import { pathsOf, tableIn, withAllOctets } from './told.ts';
import type { StaticPath } from '../static-path.ts';
import { maskLength } from '../kit/text.ts';

/** `!` begins a command in hostname.if; what stands behind a prompt was typed and may have failed. */
const ADD =
  /^(?:!\s*)?(?:doas\s+)?(?<route>(?:\/sbin\/)?route\s(?:[^#;&|>]*\s)?)add\s(?<words>[^#;&|>]+)/;
const WORD = /"[^"]*"|'[^']*'|\S+/g;
/** Modifiers with a value of their own. */
const VALUED =
  /^(?:label|priority|ifp|ifa|netmask|genmask|prefixlen|mtu|expire|hopcount|rtt|rttvar|(?:recv|send)pipe|ssthresh)$/;
const DEVICE = /^[a-z]\w*$/;

interface Words {
  /** Destination, gateway, mask. */
  readonly plain: readonly string[];
  readonly modifiers: ReadonlyMap<string, string>;
}

/** The route that the line adds. */
export function readAdded(line: string): readonly StaticPath[] {
  const added = ADD.exec(line)?.groups;
  if (added === undefined) {
    return [];
  }
  const { plain, modifiers } = wordsOf(String(added['words']));
  const [first = '', second, mask] = plain;
  const has = (...names: readonly string[]): boolean => names.some((name) => modifiers.has(name));
  // To an interface: the gateway is its name or its own address.
  const isDirect = has('iface', 'interface', 'link');
  const named = isDirect && DEVICE.test(String(second)) ? second : undefined;
  return has('nostatic')
    ? []
    : pathsOf({
        vrf: tableIn(String(added['route'])),
        destination: withLength(first, {
          length: modifiers.get('prefixlen') ?? lengthOf(modifiers.get('netmask') ?? mask),
          isNet: has('net'),
        }),
        isIpv6: has('inet6'),
        gateway: isDirect ? undefined : second,
        device: modifiers.get('ifp') ?? named,
        priority: modifiers.get('priority'),
        label: modifiers.get('label'),
        discard: has('blackhole', 'reject'),
      });
}

function wordsOf(text: string): Words {
  const plain: string[] = [];
  const modifiers = new Map<string, string>();
  let valued: string | undefined;
  for (const [word] of text.matchAll(WORD)) {
    const name = word.replace(/^-/, '');
    if (valued !== undefined) {
      modifiers.set(valued, word.replaceAll(/^["']|["']$/g, ''));
      valued = undefined;
    } else if (name === word) {
      plain.push(word);
    } else if (VALUED.test(name)) {
      valued = name;
    } else {
      modifiers.set(name, '');
    }
  }
  return { plain, modifiers };
}

function lengthOf(mask: string | undefined): string | undefined {
  const length = mask === undefined ? undefined : maskLength(mask);
  return length === undefined ? undefined : String(length);
}

/** A network without a length is as long as its octets up to the last that is not zero. */
function withLength(
  text: string,
  { length, isNet }: { readonly length: string | undefined; readonly isNet: boolean },
): string {
  const address = withAllOctets(text);
  if (text === 'default' || address.includes('/')) {
    return text;
  }
  if (length !== undefined) {
    return `${address}/${length}`;
  }
  const zeros = address.length - address.replace(/(?:\.0)+$/, '').length;
  return isNet && !address.includes(':') ? `${address}/${32 - 4 * zeros}` : address;
}
