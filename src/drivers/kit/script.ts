/** How the lines of edits become one script. */
import type { CliLine, Dialogue, Script } from '../driver.ts';
import type { Edit } from './edits.ts';

/** What stands around the lines of the edits. */
export interface ScriptFrame extends Pick<Script, 'enter' | 'commit' | 'abort' | 'atomic'> {
  /** How the router answers where what was to go is gone already; that is no failure. */
  readonly gone?: RegExp;
}

/** The lines of one edit: what comes, and what goes once that stands. */
export interface EditLines {
  readonly makes: readonly string[];
  readonly breaks: readonly string[];
}

/** Lines without questions. */
export function lines(...texts: readonly string[]): readonly CliLine[] {
  return texts.map((text) => ({ text }));
}

/** A dialogue of lines without questions. */
export function say(...texts: readonly string[]): Dialogue {
  return { lines: lines(...texts) };
}

/** All makes before all breaks: a route never has to wait for its new path. */
export function scriptOf(
  { gone, ...frame }: ScriptFrame,
  edits: readonly Edit[],
  linesOf: (edit: Edit) => EditLines,
): Script {
  const all = edits.map((edit) => ({ change: edit.change, ...linesOf(edit) }));
  const steps = (part: keyof EditLines): Script['makes'] =>
    all
      .filter((entry) => entry[part].length > 0)
      .map((entry) => ({ change: entry.change, lines: lines(...entry[part]) }));
  const breaks = steps('breaks').map((step) =>
    gone === undefined
      ? step
      : { ...step, lines: step.lines.map((line) => ({ ...line, harmless: gone })) },
  );
  return { ...frame, makes: steps('makes'), breaks };
}
