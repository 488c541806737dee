/** Holds the pages for operators against the repository: what they cite exists, and what they link is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { expect } from 'chai';

const ROOT = path.join(import.meta.dirname, '../..');

/** `${...}` of a title that a table fills in; the pages write it as three dots in one. */
const FILLED_IN = /\$\{(?:[^{}]|\{[^{}]*\})*\}/g;

/** A test file in backquotes, with the titles in double quotes after it. */
const CITATION = /`(test\/[\w/.-]+\.ts)`((?:[\s,]+"[^"]+")*)/g;

const CODE =
  /\b(?:LEADER|SERVER|AGENT|CLOUD|SNAPSHOT|UPSTREAM|ROUTE|GUARD|STATE|JOURNAL|PLAN|CONFIG|POLICY)_[A-Z_]+\b/g;

/** They look like codes, and are variables of the environment. */
const VARIABLES: ReadonlySet<string> = new Set([
  'STATE_DIRECTORY',
  'ROUTE_SYNC_LOG',
  'JOURNAL_STREAM',
]);

interface Citation {
  readonly file: string;
  readonly titles: readonly string[];
}

function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

function citationsOf(page: string): readonly Citation[] {
  const text = read(page).replace(/\s+/g, ' ');
  return Array.from(text.matchAll(CITATION), ([, file = '', quoted = '']) => ({
    file,
    titles: Array.from(quoted.matchAll(/"([^"]+)"/g), ([, title = '']) => title),
  }));
}

/** The titles of all suites and tests of a file, as they stand in it. */
function titlesIn(file: string): readonly string[] {
  const calls = read(file).matchAll(/\b(?:describe|it)\(\s*(?:\w+\()?(['"`])(.*?)(?<!\\)\1/g);
  return Array.from(calls, ([, , title = '']) => title.replace(FILLED_IN, '…'));
}

function pagesIn(folder: string): readonly string[] {
  return readdirSync(path.join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name));
}

const PAGES = [...pagesIn('.'), ...pagesIn('docs'), ...pagesIn('docs/adr')];

/** What a link of the repository names: `[page](target.md#part)`, but no address. */
function linksOf(page: string): readonly string[] {
  const links = read(page).matchAll(/\]\((?![a-z]+:)([^)\s]+)\)/g);
  return Array.from(links, ([, target = '']) => target);
}

/** As forges make the anchor of a heading. */
function anchorsOf(page: string): readonly string[] {
  return Array.from(read(page).matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('docs/safety.md', () => {
  const citations = citationsOf('docs/safety.md');

  it('names a test for every promise', () => {
    const sections = read('docs/safety.md').split(/^## /m).slice(1);
    const bare = sections.filter((section) => !section.includes('Held by'));
    expect(bare.map((section) => section.split('\n')[0])).to.deep.equal([]);
    expect(citations.length).to.be.above(sections.length);
  });

  for (const { file, titles } of citations) {
    it(`cites what is in ${file}: ${titles.join(', ')}`, () => {
      expect(existsSync(path.join(ROOT, file)), file).to.equal(true);
      expect(titles, 'without a title nobody finds the test').to.not.have.length(0);
      expect(titlesIn(file)).to.include.members([...titles]);
    });
  }
});

describe('the pages', () => {
  for (const page of PAGES) {
    it(`link only to what exists: ${page}`, () => {
      const broken = linksOf(page).filter((link) => {
        const [target = '', anchor] = link.split('#');
        const file = target === '' ? page : path.join(path.dirname(page), target);
        const isThere = existsSync(path.join(ROOT, file));
        return !isThere || (anchor !== undefined && !anchorsOf(file).includes(anchor));
      });
      expect(broken).to.deep.equal([]);
    });

    it(`name only codes that exist: ${page}`, () => {
      const known = read('docs/errors.md');
      const codes = (read(page).match(CODE) ?? []).filter((code) => !VARIABLES.has(code));
      expect(codes.filter((code) => !known.includes(`\`${code}\``))).to.deep.equal([]);
    });
  }
});
