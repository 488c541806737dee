/** A session with the plain router, without SSH. */
import type { CommandOutput, Dialogue } from '../../src/drivers/driver.ts';
import { say } from '../../src/drivers/kit/script.ts';
import type { SessionDefinition } from '../../src/drivers/session.ts';
import { RouteSyncError } from '../../src/errors.ts';
import type { CliEvent, CliSessionOptions } from '../../src/transport/cli-console.ts';
import { type CliSession, cliSession } from '../../src/transport/cli-session.ts';
import type { TerminalOptions } from '../support/router-server-terminal.ts';
import { type ModelWire, modelWire } from '../support/router-server-wire.ts';
import { PLAIN_SESSION, plainModel } from '../support/routers/plain.ts';
import type { BootOptions, Cli, Router } from '../support/routers/router.ts';

export interface Scene {
  readonly router: Router;
  readonly wire: ModelWire;
  readonly session: CliSession;
  readonly events: readonly CliEvent[];
}

export interface SceneOptions {
  readonly boot?: Partial<BootOptions>;
  readonly terminal?: Partial<TerminalOptions>;
  readonly definition?: Partial<SessionDefinition>;
  readonly session?: Partial<CliSessionOptions>;
  readonly cli?: (cli: Cli) => Cli;
}

export const SHOW = say('show running-config | include ^ip route');
export const FOREIGN = 'ip route 198.51.100.0 255.255.255.0 192.0.2.9';

export function sceneOf(options: SceneOptions = {}): Scene {
  const { boot, terminal, definition, session, cli = (same: Cli) => same } = options;
  const router = plainModel.boot({
    hostname: 'edge1',
    config: FOREIGN,
    now: () => 0,
    ...boot,
  });
  const wire = modelWire(cli(router.login('admin')), { pager: plainModel.pager, ...terminal });
  const events: CliEvent[] = [];
  return {
    router,
    wire,
    events,
    session: cliSession(
      wire,
      { ...PLAIN_SESSION, ...definition },
      {
        description: 'edge1',
        quietMs: 20,
        deadlineMs: 1000,
        record: (event) => events.push(event),
        ...session,
      },
    ),
  };
}

export async function run({ session }: Scene, dialogue: Dialogue): Promise<CommandOutput> {
  return session.run(dialogue, new AbortController().signal);
}

export async function failureOf(work: Promise<unknown>): Promise<RouteSyncError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof RouteSyncError) {
      return error;
    }
    throw error;
  }
  throw new Error('nothing failed');
}

/** Each line has 61 or 62 characters. */
export function routeLine(index: number): string {
  return `ip route 10.${index >> 8}.${index & 255}.0 255.255.255.0 192.0.2.1 tag 4000000077`;
}

/** Routes as one part of a script, all sent. */
export function routeLines(count: number): Dialogue {
  const texts = Array.from({ length: count }, (_, index) => routeLine(index));
  return { lines: texts.map((text) => ({ text })), goesOn: true, continues: true };
}

/** Logs in, enters the configuration, types the routes and leaves; what the routes were answered with. */
export async function configure(scene: Scene, dialogue: Dialogue): Promise<CommandOutput> {
  await run(scene, say('configure terminal'));
  const output = await run(scene, dialogue);
  await run(scene, { ...say('end'), continues: true });
  return output;
}
