/** Reads what Junos prints: its configuration in every notation, and its routing tables. */
import { configuredPaths } from './config.ts';
import { documentsIn, elementsNamed, type Element } from '../kit/documents.ts';
import { documentedPaths, shownPaths } from './rib.ts';
import { statementsIn } from './sections.ts';
import { withoutComments, type Statement } from '../kit/statements.ts';
import type { StaticPath } from '../static-path.ts';
import { linesIn } from '../kit/text.ts';

/** Reads static paths out of any text of Junos, in the order of the text; other text holds none. */
export function readJuniperJunosPaths(text: string): readonly StaticPath[] {
  const { elements, rest } = documentsIn(linesIn(text).join('\n'));
  const lines = withoutComments(rest).split('\n');
  const documents = elementsNamed(elements, 'configuration').flatMap(({ children }) =>
    children.flatMap((child) => statementsOf(child, [])),
  );
  return [
    ...configuredPaths([...documents, ...statementsIn(lines)]),
    ...documentedPaths(elements),
    ...shownPaths(lines),
  ];
}

/** What an element says in the words of `display set`, which does not name all of the tree. */
function statementsOf(element: Element, path: readonly string[]): readonly Statement[] {
  const { name, text, inactive, children } = element;
  const keys = children.filter((child) => isKey(child)).map((key) => key.text);
  const own = name === 'instance' && path.at(-1) === 'routing-instances' ? [] : [name];
  const words = [...path, ...own, ...(text === '' ? keys : [text])];
  const below = children.filter((child) => !isKey(child));
  const statements = below.flatMap((child) => statementsOf(child, words));
  return [{ words, off: undefined }, ...statements].map(({ words: all, off }) => ({
    words: all,
    off: inactive ? path.length + 1 : off,
  }));
}

/** The name of an entry, and the value of a leaf that may have options. */
function isKey({ name }: Element): boolean {
  return name === 'name' || name.endsWith('-value');
}
