/**
 * Reads the static routes of OpenBSD: `route -n show` and `netstat -rn`, `route -n get`, and the `route add` lines of
 * hostname.if(5) and of scripts. Source: route(8), netstat(1), hostname.if(5) and published transcripts of OpenBSD 5-7.
 */
import { readAdded } from './added.ts';
import { pathsOf, tableIn, withAllOctets } from './told.ts';
import type { StaticPath } from '../static-path.ts';
import { linesIn, maskLength } from '../kit/text.ts';

/** A line of the routing table; the priority came with OpenBSD 4.6, the label comes with -v. */
const ROW =
  /^(?<destination>\S+)\s+(?<gateway>\S+)\s+(?<flags>[A-Z][A-Za-z1-3]*)\s+\d+\s+\d+\s+(?:-|\d+)\s*L?\s+(?:(?<priority>\d+)\s+)?(?<device>[a-z]\w*)(?:\s+(?<label>\S.*))?$/;
const FAMILY = /^Internet(?<family>6?):$/;
/** One line of `route get`. */
const FIELD = /^(?<name>destination|mask|gateway|interface|priority|flags|label): (?<value>.+)$/;
/** A command that lists routes, as it was typed. */
const LISTING = /\b(?:route\s(?:.*\s)?(?:show|get)|netstat)(?:\s|$)/;
/** The labels under which DHCP and autoconfiguration put their routes. */
const CLIENT = /^(?:dhcpleased|slaacd|DHCLIENT\b)/;

/** What the lines before say of a route. */
interface Context {
  readonly vrf: string | null;
  readonly isIpv6: boolean;
}

/** The static routes of a text; the label of a route is its name. */
export function readOpenbsdPaths(text: string): readonly StaticPath[] {
  // A backslash continues a line of hostname.if.
  const lines = linesIn(text.replaceAll(/\\\r?\n/g, ' ')).map((line) => line.trim());
  let context: Context = { vrf: null, isIpv6: false };
  return lines.flatMap((line, i) => {
    context = contextAfter(line, context);
    // The answer to `route get` begins with this line.
    return line.startsWith('route to: ')
      ? pathsGot(lines.slice(i), context.vrf)
      : [...readAdded(line), ...pathsShown(line, context)];
  });
}

function contextAfter(line: string, context: Context): Context {
  const family = FAMILY.exec(line)?.groups?.['family'];
  if (family !== undefined) {
    return { ...context, isIpv6: family === '6' };
  }
  return LISTING.test(line) ? { vrf: tableIn(line), isIpv6: /\binet6\b/.test(line) } : context;
}

function pathsShown(line: string, context: Context): readonly StaticPath[] {
  const row = ROW.exec(line)?.groups;
  if (row === undefined) {
    return [];
  }
  const { destination = '', gateway, flags = '', device, priority, label } = row;
  const isStatic = flags.includes('S') && !flags.includes('D') && !CLIENT.test(String(label));
  return isStatic
    ? pathsOf({
        ...context,
        destination,
        // Without G the gateway is the interface's own address.
        gateway: flags.includes('G') ? gateway : undefined,
        device,
        priority,
        label,
        discard: /[RB]/.test(flags),
      })
    : [];
}

function pathsGot([, ...lines]: readonly string[], vrf: string | null): readonly StaticPath[] {
  const end = lines.findIndex((line) => /^(?:route to: |use\s)/.test(line));
  const fields = lines
    .slice(0, end < 0 ? lines.length : end)
    .map((line) => FIELD.exec(line)?.groups);
  const got = new Map(fields.map((field) => [field?.['name'], field?.['value']]));
  const destination = withAllOctets(String(got.get('destination')));
  const mask = got.get('mask');
  const isDefault = mask === 'default' || mask === '0.0.0.0';
  const length = mask === undefined ? '' : `/${lengthOf(mask)}`;
  const flags = String(got.get('flags'));
  return /\bSTATIC\b/.test(flags) && !CLIENT.test(String(got.get('label')))
    ? pathsOf({
        vrf,
        destination: isDefault ? 'default' : `${destination}${length}`,
        isIpv6: destination.includes(':'),
        gateway: got.get('gateway'),
        device: got.get('interface'),
        priority: got.get('priority')?.replace(/ .*/, ''),
        label: got.get('label'),
        discard: /\b(?:REJECT|BLACKHOLE)\b/.test(flags),
      })
    : [];
}

/** The length of a mask: `255.255.0.0`, `ffff:ffff::`. */
function lengthOf(mask: string): number {
  const ones = mask.replaceAll(/[0-9a-f]/g, (digit) => Number.parseInt(digit, 16).toString(2));
  return maskLength(mask) ?? ones.replaceAll(/[^1]/g, '').length;
}
