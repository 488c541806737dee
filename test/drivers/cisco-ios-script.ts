/** Rendered scripts as the lines that are typed, and one line against a session's patterns. */
import type { RouteChange } from '../../src/core/route.ts';
import type {
  CliLine,
  DeviceScope,
  Dialogue,
  RenderedChunk,
  RouterDriver,
} from '../../src/drivers/driver.ts';
import type { SessionDefinition } from '../../src/drivers/session.ts';

export const SCOPE: DeviceScope = {
  vrf: undefined,
  distance: undefined,
  mark: { tag: 4711, name: 'route-sync-lab' },
  dialect: undefined,
  confirmSeconds: undefined,
};

/** All lines of a script in the order in which they are sent. */
export function linesOf({ command }: RenderedChunk): readonly CliLine[] {
  return 'argv' in command
    ? []
    : [
        ...command.enter,
        ...[...command.makes, ...command.breaks].flatMap((step) => step.lines),
        ...command.commit,
      ];
}

/** What is typed for the changes. */
export function typed(
  driver: RouterDriver<DeviceScope>,
  scope: Partial<DeviceScope>,
  ...changes: readonly RouteChange[]
): readonly string[] {
  return render(driver, scope, changes)
    .flatMap(linesOf)
    .map(({ text }) => text);
}

/** The same without what stands around the changes. */
export function changed(
  driver: RouterDriver<DeviceScope>,
  scope: Partial<DeviceScope>,
  ...changes: readonly RouteChange[]
): readonly string[] {
  return typed(driver, scope, ...changes).slice(1, -1);
}

export function render(
  driver: RouterDriver<DeviceScope>,
  scope: Partial<DeviceScope>,
  changes: readonly RouteChange[],
): readonly RenderedChunk[] {
  return driver.render({ ...SCOPE, ...scope }, changes, { routes: [], addresses: [] });
}

/** The lines of a dialogue. */
export function said(command: unknown): readonly string[] {
  return (command as Dialogue).lines.map(({ text }) => text);
}

/** True if the line refuses what was typed. */
export function refuses({ failures, chatter }: SessionDefinition, line: string): boolean {
  return (
    !chatter.some((pattern) => pattern.test(line)) && failures.some((pattern) => pattern.test(line))
  );
}

/** The line with its secrets masked. */
export function masked({ redact }: SessionDefinition, line: string): string {
  return redact.reduce((text, pattern) => {
    const secret = pattern.exec(text)?.groups?.['secret'];
    return secret === undefined ? text : text.replace(secret, '***');
  }, line);
}
