/** Reads the static routes in any text of FRR: its configuration, and `show ip route` as text and as JSON. */
import { frrConfigReader } from './config.ts';
import { partsOf, readFrrJson } from './json.ts';
import { frrRibReader } from './rib.ts';
import type { StaticPath } from '../static-path.ts';
import { linesIn } from '../kit/text.ts';

/** Reads the static paths in the text of FRR, in their order; also in that of Cumulus Linux and SONiC. */
export function readFrrPaths(text: string): readonly StaticPath[] {
  const readConfig = frrConfigReader();
  const readRib = frrRibReader();
  return partsOf(linesIn(text)).flatMap((part) =>
    'document' in part
      ? readFrrJson(part.document)
      : part.lines.flatMap((line) => readConfig(line) ?? readRib(line) ?? []),
  );
}
