/** The addresses that a Junos configuration gives to interfaces, by routing instance (Junos documentation, "address"). */
import { bitsOf, familyOf, prefixAt } from '../../core/prefix.ts';
import type { InterfaceAddress } from '../../core/route.ts';
import { matchesGlob } from './config.ts';
import { inherit } from '../kit/apply-groups.ts';
import { statementsIn } from './sections.ts';
import { linesIn, readAddress } from '../kit/text.ts';

/** Reads `display set`; an instance has the interfaces that it names, the global table all others. */
export function readJuniperJunosAddresses(
  text: string,
  vrf: string | undefined,
): readonly InterfaceAddress[] {
  const statements = inherit(statementsIn(linesIn(text)), matchesGlob).filter(
    ({ off }) => off === undefined,
  );
  const instances = new Map(
    statements.flatMap(({ words: [top, instance, keyword, name] }): [string, string][] =>
      top === 'routing-instances' &&
      keyword === 'interface' &&
      instance !== undefined &&
      name !== undefined
        ? [[name, instance]]
        : [],
    ),
  );
  return statements.flatMap(({ words }) => {
    const [top, device, , unit, , , keyword, address] = words;
    const isHere = instances.get(`${device}.${unit}`) === vrf;
    return top === 'interfaces' && keyword === 'address' && isHere ? addressIn(address) : [];
  });
}

function addressIn(text = ''): readonly InterfaceAddress[] {
  const [head = '', length] = text.split('/');
  const address = readAddress(head);
  if (address === undefined) {
    return [];
  }
  const bits = length === undefined ? bitsOf(familyOf(address)) : Number(length);
  return [{ address, network: prefixAt(address, bits) }];
}
