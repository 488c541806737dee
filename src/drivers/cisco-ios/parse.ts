/**
 * Reads the static routes in any text of Cisco IOS and IOS-XE: configurations and displays (Cisco IOS command references;
 * sessions recorded by ytti/oxidized). Arista EOS writes both in the same forms.
 */
import { ribReader } from './rib.ts';
import { readRouteLine } from '../kit/ip-route-line.ts';
import type { StaticPath } from '../static-path.ts';
import { linesIn } from '../kit/text.ts';

/** The delimiter of a banner stands behind its kind; EOS has none and ends a banner with EOF. */
const BANNER = /^\s*banner [a-z-]+(?:\s+(\^C|\S)(.*))?$/;
const PAGER = /^\s*-+ ?more ?-+ ?/i;

/** Reads the static paths in the text of a Cisco IOS or IOS-XE router, in their order. */
export function readCiscoIosPaths(text: string): readonly StaticPath[] {
  const readRib = ribReader();
  return withoutBanners(linesIn(text)).flatMap((line) => {
    const written = line.replace(PAGER, '');
    const path = readRouteLine(written);
    return path === undefined ? readRib(written) : [path];
  });
}

/** What a banner says to people is no configuration. */
function withoutBanners(lines: readonly string[]): readonly string[] {
  let end = -1;
  return lines.filter((line, at) => {
    end = at > end ? bannerEnd(line, at, lines) : end;
    return at > end;
  });
}

/** The last line of the banner that begins there; -1 where none begins, or where it has no end. */
function bannerEnd(first: string, start: number, lines: readonly string[]): number {
  const [banner, delimiter, text = ''] = BANNER.exec(first) ?? [];
  if (banner === undefined || (delimiter !== undefined && text.includes(delimiter))) {
    return banner === undefined ? -1 : start;
  }
  return lines.findIndex(
    (line, at) =>
      at > start && (delimiter === undefined ? line === 'EOF' : line.includes(delimiter)),
  );
}
