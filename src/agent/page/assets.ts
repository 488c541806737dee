/** The page's style, script and icon: files beside this one, served under names that change with their content. */
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Page, Route } from '../server/route.ts';

const FILES = [
  ['style', 'page.css', 'text/css; charset=utf-8'],
  ['script', 'page.js', 'text/javascript; charset=utf-8'],
  ['icon', 'icon.svg', 'image/svg+xml'],
] as const;

/** Where a page finds its assets. */
export type AssetLinks = Readonly<Record<(typeof FILES)[number][0], string>>;

export interface Assets {
  readonly links: AssetLinks;
  readonly route: Route;
}

/** A year: under one name the content never changes. */
const FOR_GOOD = 'private, max-age=31536000, immutable';

export async function loadAssets(): Promise<Assets> {
  const files = await Promise.all(
    FILES.map(async ([role, file, type]) => {
      const body = await readFile(join(import.meta.dirname, 'assets', file));
      const digest = hash('sha256', body).slice(0, 16);
      const headers = { ETag: `"${digest}"`, 'Cache-Control': FOR_GOOD };
      const page: Page = { status: 200, type, body, headers };
      return { role, path: `assets/${file.replace('.', `.${digest}.`)}`, page };
    }),
  );
  const pages = new Map(files.map(({ path, page }) => [`/${path}`, page]));
  return {
    links: Object.fromEntries(files.map(({ role, path }) => [role, path])) as AssetLinks,
    route: { path: '/assets/*', answer: ({ path }) => pages.get(path) ?? NOT_FOUND },
  };
}

const NOT_FOUND: Page = { status: 404, type: 'text/plain; charset=utf-8', body: 'not found\n' };
