/**
 * Reads what Cisco IOS XR writes of static routes, configuration and displays alike (see cisco-iosxr-config.ts and
 * cisco-iosxr-rib.ts for the sources).
 */
import { readConfigLine, type Scope } from './config.ts';
import { readTableHead, readTableLine, type Table } from './rib.ts';
import { withoutBanners } from '../kit/banner.ts';
import type { StaticPath } from '../static-path.ts';
import { linesIn } from '../kit/text.ts';

/** `RP/0/RSP0/CPU0:router#`, `RP/0/RP0/CPU0:router(config-static-afi)#`. */
const PROMPT = /^[\w.:@/-]{1,100}(\(config[\w.:@/-]*\))?# ?/;
/** Without meaning for what stands around it; the last one is a syslog message. */
const IDLE = /^\s*$|--More--|%[\w-]+-\d-[\w-]+ ?:/;

/** Reads any text of IOS XR; the paths stand in the order of the text. */
export function readCiscoIosxrPaths(text: string): readonly StaticPath[] {
  const paths: StaticPath[] = [];
  let scopes: readonly Scope[] = [];
  let table: Table = {};
  for (const line of withoutBanners(linesIn(text)).filter((each) => !IDLE.test(each))) {
    const [prompt, mode] = PROMPT.exec(line) ?? [''];
    const words = line.slice(prompt.length).trim();
    // What is typed at a prompt stands as deep as the mode that the prompt shows.
    const indent = prompt === '' ? line.search(/\S/) : (mode ?? '').split('-').length;
    const config = readConfigLine(scopes, indent, words);
    const isShown = prompt === '' && config.scopes.length === 0;
    const step = readTableLine(readTableHead(words) ?? (isShown ? table : {}), words);
    const { tag } = step;
    if (tag !== undefined) {
      paths.push(...paths.splice(-1).map((last) => ({ ...last, tag })));
    }
    paths.push(...[config.path, step.path].filter((path) => path !== undefined));
    ({ scopes } = config);
    ({ table } = step);
  }
  return paths;
}
