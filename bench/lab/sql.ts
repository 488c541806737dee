/** Statements for the lab's own database, past Neutron. */
import { join } from 'node:path';
import { execa } from 'execa';
import { LAB_DIR } from './fill-api.ts';

/** Copying a thousand routers takes ten seconds. */
const TIMEOUT_MS = 120_000;

/** The rows of all results. */
export async function runSql(text: string): Promise<readonly (readonly string[])[]> {
  const socket = join(LAB_DIR, 'mariadb/mariadb.sock');
  const { stdout, stderr, failed } = await execa(
    'mariadb',
    ['--no-defaults', `--socket=${socket}`, '--batch', '--skip-column-names', 'neutron'],
    { input: text, reject: false, timeout: TIMEOUT_MS },
  );
  if (failed) {
    throw new Error(`Neutron's database at ${socket}: ${stderr.split('\n').at(-1)}`);
  }
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
}
