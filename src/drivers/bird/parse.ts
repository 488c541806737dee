/** Reads any text of BIRD: a configuration or a part of one, or what `birdc` shows. Source: the BIRD User's Guide. */
import { readBirdConfig } from './config.ts';
import { readBirdDisplay } from './display.ts';
import type { StaticPath } from '../static-path.ts';
import { linesIn } from '../kit/text.ts';

/** The static routes of a text; a route of BIRD has no name. */
export function readBirdPaths(text: string): readonly StaticPath[] {
  return readNamedPaths(text).map((path) => ({ ...path, name: null }));
}

/** The same, with the name of the protocol that a route comes from in the place of the route's own. */
export function readNamedPaths(text: string): readonly StaticPath[] {
  const lines = linesIn(text);
  const configured = readBirdConfig(lines.join('\n'));
  return configured.length > 0 ? configured : readBirdDisplay(lines);
}
