/** The addresses in `show router interface` of SR OS (Nokia Router Configuration Guide, with its sample output). */
import { prefixAt } from '../../core/prefix.ts';
import type { InterfaceAddress } from '../../core/route.ts';
import { linesIn, readAddress } from '../kit/text.ts';

/** Below the name of an interface each address stands on a line, with its length and the state of the prefix. */
const ADDRESS = /^\s+(?<address>[\da-f.:]+)\/(?<length>\d{1,3})\s+\S+$/i;

/** Reads the interfaces of the router or service that was asked for. */
export function readNokiaSrosAddresses(text: string): readonly InterfaceAddress[] {
  return linesIn(text).flatMap((line) => {
    const { address: shown = '', length } = ADDRESS.exec(line)?.groups ?? {};
    const address = readAddress(shown);
    return address === undefined ? [] : [{ address, network: prefixAt(address, Number(length)) }];
  });
}
