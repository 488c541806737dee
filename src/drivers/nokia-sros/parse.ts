/** Reads what SR OS prints: its configuration in every notation of both CLIs, and its routing tables. */
import { documentsIn, type Element } from '../kit/documents.ts';
import type { Statement } from '../kit/statements.ts';
import { configuredPaths } from './config.ts';
import { shownPaths } from './rib.ts';
import { statementsIn } from './sections.ts';
import type { StaticPath } from '../static-path.ts';
import { linesIn } from '../kit/text.ts';

/** What names an entry of a list; the CLI shows it without this word, save for the type of a route. */
const KEY = /^(?:name|(?:router|service|interface)-name|ip-prefix|ip-address|route-type)$/;

/** Reads static paths out of any text of SR OS, in the order of the text; other text holds none. */
export function readNokiaSrosPaths(text: string): readonly StaticPath[] {
  const { elements, rest } = documentsIn(linesIn(text).join('\n'));
  const lines = rest.split('\n');
  return [
    ...configuredPaths([
      ...elements.flatMap((element) => statementsOf(element, [])),
      ...statementsIn(lines),
    ]),
    ...shownPaths(lines),
  ];
}

/** What an element says in the words of the MD-CLI. */
function statementsOf(
  { name, text, children }: Element,
  path: readonly string[],
): readonly Statement[] {
  const keys = children.filter((child) => KEY.test(child.name)).flatMap(keyWords);
  const words = [...path, ...(name === '' ? [] : [name]), ...(text === '' ? keys : [text])];
  const below = children.filter((child) => !KEY.test(child.name));
  return [{ words, off: undefined }, ...below.flatMap((child) => statementsOf(child, words))];
}

function keyWords({ name, text }: Element): readonly string[] {
  return name === 'route-type' ? [name, text] : [text];
}
