/** The pages of a board, asked for without a server, and their text. */
import type { Board } from '../../../src/agent/page/board.ts';
import { pageRoutes } from '../../../src/agent/page/page-routes.ts';
import type { Page, RouteAnswer } from '../../../src/agent/server/route.ts';
import { journals, NOW } from './scene.ts';

export async function siteOf(board: Board) {
  const routes = await pageRoutes({
    board,
    now: () => NOW,
    nextCycle: () => NOW + 45_000,
    readJournal: async () => journals(),
  });
  const answer = async (address: string): Promise<RouteAnswer> => {
    const { pathname: path, searchParams: query } = new URL(address, 'http://host/');
    const route = routes.find(
      (each) =>
        each.path === path || (each.path.endsWith('*') && path.startsWith(each.path.slice(0, -1))),
    );
    if (route === undefined) {
      throw new Error(`no route for ${path}`);
    }
    return route.answer({ path, query, isTrusted: true });
  };
  const page = async (address: string): Promise<Page> => {
    const got = await answer(address);
    if ('start' in got) {
      throw new Error(`${address} is a stream`);
    }
    return got;
  };
  const text = async (address: string): Promise<string> => String((await page(address)).body);
  return { answer, page, text };
}

/** The text of the element with that id, without tags. */
export function partOf(html: string, id: string): string {
  const [, rest = ''] = html.split(`id="${id}"`);
  return (
    rest
      .slice(rest.indexOf('>') + 1)
      .split(/<\/section>|<\/main>/)[0]
      ?.replaceAll(/<[^>]+>/g, ' ')
      .replaceAll('&#39;', "'")
      .replaceAll(/\s+/g, ' ') ?? ''
  );
}
