/** The status page of a board, on the agent's own server at a free port. */
import type { Board } from '../../src/agent/page/board.ts';
import type { UpstreamJournal } from '../../src/agent/page/journal-view.ts';
import { pageRoutes } from '../../src/agent/page/page-routes.ts';
import { startServer, type RunningServer } from '../../src/agent/server/server.ts';
import type { Log } from '../../src/report/log.ts';
import { NOW } from '../agent/page/scene.ts';

export const SILENT: Log = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
  child: () => SILENT,
  writes: () => false,
};

export async function servePage(
  board: Board,
  journals: readonly UpstreamJournal[] = [],
): Promise<RunningServer> {
  const started = Date.now();
  const now = (): number => NOW + Date.now() - started;
  const routes = await pageRoutes({
    board,
    now,
    nextCycle: () => NOW + 45_000,
    readJournal: () => Promise.resolve(journals),
  });
  return startServer({ listen: { host: '127.0.0.1', port: 0 }, routes, log: SILENT });
}
