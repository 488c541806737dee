/**
 * What VyOS takes as configuration, as far as the tests go: nodes, tags with values, leaves (interface definitions of
 * vyos-1x for 1.4; templates of vyatta-cfg-quagga for 1.3).
 */
import { contains, parseAddress, parsePrefix } from '../../../src/core/prefix.ts';

/** One place of the tree: what may stand below it, and of what kind it is. */
export interface Place {
  /** `tag` and `leaf` are followed by a value; `multi` by several; `node` and `flag` by none. */
  readonly kind: 'node' | 'tag' | 'leaf' | 'multi' | 'flag';
  readonly check: (value: string) => boolean;
  readonly below: Readonly<Record<string, Place>>;
}

type Below = Place['below'];

const any = (): boolean => true;

function node(below: Below): Place {
  return { kind: 'node', check: any, below };
}

function tag(check: Place['check'], below: Below): Place {
  return { kind: 'tag', check, below };
}

function leaf(check: Place['check']): Place {
  return { kind: 'leaf', check, below: {} };
}

const FLAG: Place = { kind: 'flag', check: any, below: {} };

function fits(pattern: RegExp): Place['check'] {
  return (value) => pattern.test(value);
}

function range(low: number, high: number): Place['check'] {
  return (value) => /^\d+$/.test(value) && Number(value) >= low && Number(value) <= high;
}

function succeeds(read: (value: string) => boolean): Place['check'] {
  return (value) => {
    try {
      return read(value);
    } catch {
      return false;
    }
  };
}

const isAddress = (family: 4 | 6): Place['check'] =>
  succeeds((value) => parseAddress(value).includes(':') === (family === 6));
/** Host bits are refused. */
const isPrefix = (family: 4 | 6): Place['check'] =>
  succeeds((value) => parsePrefix(value).family === family);
/** An address with the length of its network, and not the network itself. */
const isInterfaceAddress = succeeds((value) => {
  const [address = '', length = ''] = value.split('/');
  const bits = address.includes(':') ? 128 : 32;
  return (
    range(0, bits)(length) &&
    contains(parsePrefix(`${address}/${bits}`), parsePrefix(`${parseAddress(address)}/${bits}`))
  );
});
const isInterface = fits(/^(?:eth|bond|br|dum|wg|tun|lo|pppoe|vti)\d*(?:\.\d+){0,2}$/);
const isName = fits(/^[A-Za-z][\w.-]{0,14}$/);
const isText = fits(/^[ -~]{0,255}$/);
const distance = leaf(range(1, 255));
const number = leaf(range(1, 4_294_967_295));

function routes(release: string): Below {
  const drop = node({ distance, tag: number });
  const old = release === '1.3';
  const hop = (family: 4 | 6): Place =>
    tag(isAddress(family), {
      disable: FLAG,
      distance,
      ...(old
        ? { 'next-hop-interface': leaf(isInterface), 'next-hop-vrf': leaf(isName) }
        : { interface: leaf(isInterface), vrf: leaf(isName) }),
    });
  const route = (family: 4 | 6): Place =>
    tag(isPrefix(family), {
      'next-hop': hop(family),
      blackhole: drop,
      'dhcp-interface': leaf(isInterface),
      ...(old
        ? {}
        : {
            reject: drop,
            description: leaf(isText),
            interface: tag(isInterface, { disable: FLAG, distance, vrf: leaf(isName) }),
          }),
    });
  return { route: route(4), route6: route(6) };
}

/** The whole tree of a release. */
export function schemaOf(release: string): Place {
  const staticNode = node({ ...routes(release), 'route-map': leaf(isName) });
  const table = node({ ...routes(release), table: tag(range(1, 200), routes(release)) });
  const ofInterface = {
    address: { ...leaf(isInterfaceAddress), kind: 'multi' as const },
    vrf: leaf(isName),
    description: leaf(isText),
  };
  const ethernet = tag(fits(/^eth\d+$/), { ...ofInterface, vif: tag(range(0, 4094), ofInterface) });
  return node({
    interfaces: node({ ethernet, loopback: tag(fits(/^lo$/), ofInterface) }),
    protocols: node({
      static: table,
      ...(release === '1.3' ? { vrf: tag(isName, { static: staticNode }) } : {}),
    }),
    system: node({ 'host-name': leaf(isName) }),
    vrf: node({
      'bind-to-all': FLAG,
      name: tag(isName, {
        table: leaf(range(100, 65_535)),
        description: leaf(isText),
        ...(release === '1.3' ? {} : { protocols: node({ static: staticNode }) }),
      }),
    }),
  });
}

/** One word of a path: the name of a place, or the value of the place before it. */
export interface Step {
  readonly word: string;
  readonly place: Place;
  readonly isValue: boolean;
}

/** A path as the schema sees it, or why it is none, in the words of VyOS. */
export type Resolved = { readonly steps: readonly Step[] } | { readonly refusal: string };

/** Values are checked where they are set only. */
export function resolvePath(schema: Place, path: readonly string[], checks: boolean): Resolved {
  const steps: Step[] = [];
  let place = schema;
  let wantsValue = false;
  for (const [index, word] of path.entries()) {
    const next: Place | undefined = wantsValue ? place : place.below[word];
    if (next === undefined) {
      const before = path
        .slice(0, index)
        .map((each) => `${each} `)
        .join('');
      return { refusal: `  Configuration path: ${before}[${word}] is not valid\n` };
    }
    if (wantsValue && checks && !next.check(word)) {
      return { refusal: '  Invalid value\n  Value validation failed\n' };
    }
    steps.push({ word, place: next, isValue: wantsValue });
    wantsValue = !wantsValue && next.kind !== 'node' && next.kind !== 'flag';
    place = next;
  }
  return wantsValue && checks
    ? { refusal: `  Configuration path: [${path.join(' ')}] is not valid\n` }
    : { steps };
}
