/** A journal in a folder of its own, and the changes and results that go into it. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { type Journal, openJournal } from '../../src/agent/journal.ts';
import { type JournalSummary, walkJournal } from '../../src/agent/journal-walk.ts';
import type { JournalRecord } from '../../src/agent/journal-record.ts';
import { parseAddress, parsePrefix } from '../../src/core/prefix.ts';
import type { InstalledRoute, RouteChange, UpstreamState } from '../../src/core/route.ts';
import type { ApplyResult } from '../../src/report/report.ts';
import { route } from './push-input.ts';

export interface JournalScene {
  readonly dir: string;
  readonly file: string;
  readonly headFile: string;
  readonly open: (owner?: string) => Promise<Journal>;
  /** One whole run: begin, changes, end. */
  readonly write: (run: string, changes: readonly RouteChange[], command?: string) => Promise<void>;
  readonly lines: () => Promise<string[]>;
  readonly setLines: (lines: readonly string[]) => Promise<void>;
  readonly walk: (owner?: string) => Promise<JournalSummary>;
  readonly records: () => Promise<readonly JournalRecord[]>;
  readonly close: () => Promise<void>;
}

/** In a new folder, or in that of another scene. */
export async function journalScene(upstream = 'edge1', folder?: string): Promise<JournalScene> {
  const dir = folder ?? (await mkdtemp(path.join(tmpdir(), 'route-sync-journal-')));
  const file = path.join(dir, `journal/${upstream}.jsonl`);
  const place = { stateDir: dir, upstream };
  const scene: JournalScene = {
    dir,
    file,
    headFile: path.join(dir, `journal/${upstream}.head.json`),
    open: async (owner = 'test') =>
      openJournal({
        dir,
        upstream,
        target: 'here table main',
        owner,
        host: 'host1',
        user: '0',
        keepFiles: 2,
        now: () => Date.UTC(2026, 0, 1),
      }),
    write: async (run, changes, command = 'apply') => {
      const journal = await scene.open();
      await journal.begin({ run, command, force: false }, changes, new Map([['r1', 7]]));
      await journal.end(run, resultOf({ added: changes.length }));
    },
    lines: async () => (await readFile(file, 'utf8')).split('\n').slice(0, -1),
    setLines: async (lines) => writeFile(file, lines.map((line) => `${line}\n`).join('')),
    walk: async (owner = 'test') => walkJournal(place, owner, () => undefined),
    records: async () => {
      const records: JournalRecord[] = [];
      await walkJournal(place, 'test', (record) => void records.push(record));
      return records;
    },
    close: async () => rm(dir, { recursive: true }),
  };
  return scene;
}

export function resultOf(result: Partial<ApplyResult>): ApplyResult {
  return { added: 0, replaced: 0, removed: 0, failed: [], skipped: [], verified: true, ...result };
}

export function installed(prefix: string, ...addresses: readonly string[]): InstalledRoute {
  return {
    prefix: parsePrefix(prefix),
    nextHops: addresses.map((address) => ({ address: parseAddress(address), device: 'ext0' })),
    owned: true,
    kind: 'static',
    description: 'proto 201 metric 1024',
  };
}

export function stateOf(...routes: readonly InstalledRoute[]): UpstreamState {
  return { routes, addresses: [] };
}

export const ADD: RouteChange = { action: 'add', after: route('198.51.100.0/27', '203.0.113.5') };
export const REPLACE = {
  action: 'replace',
  before: installed('198.51.100.32/27', '203.0.113.6'),
  after: route('198.51.100.32/27', '203.0.113.7'),
} as const satisfies RouteChange;
export const REMOVE = {
  action: 'remove',
  before: installed('198.51.100.64/27', '203.0.113.8'),
  origin: route('198.51.100.64/27', '203.0.113.8').origin,
} as const satisfies RouteChange;
