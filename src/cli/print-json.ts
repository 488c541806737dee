/** A value as JSON for people and programs. */
import { escapeJson } from '../report/escape.ts';
import type { CommandContext } from './context.ts';

/** Names that tenants typed stay harmless on a terminal: JSON.stringify alone leaves bidi and C1 controls as they are. */
export function printJson({ print }: CommandContext, value: unknown): void {
  print(`${escapeJson(JSON.stringify(value, undefined, 2))}\n`);
}
