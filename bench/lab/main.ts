/**
 * One thing at a time on the lab: `node bench/lab/main.ts --only snapshot --rounds 5`. `npm run bench -- --only lab` measures all of
 * them and can publish.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { reportOf } from '../report.ts';
import { measureTasks, type Task } from '../run.ts';
import { measureChangeToRoute } from './change-part.ts';
import { CHANGE_SIZE } from './change-section.ts';
import { LAB_PREFIXES, type FilledLabName, measureFilledLab } from './part.ts';
import { LAB } from './section.ts';

const FILLED: readonly FilledLabName[] = ['snapshot', 'resilience'];
const NAMES = ['change', ...FILLED] as const;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: NAMES.join() },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const abort = new AbortController();
// Listeners that stay: execa ends the process when it finds no others, before anything is cleaned up.
process.on('SIGINT', () => abort.abort());
process.on('SIGTERM', () => abort.abort());

const names = new Set(
  values.only.split(',').map((text) => {
    const found = NAMES.find((name) => name === text);
    if (found === undefined) {
      throw new TypeError(`--only ${text}: there is ${NAMES.join(', ')}`);
    }
    return found;
  }),
);
const filled = FILLED.filter((name) => names.has(name));
const changeTasks: readonly Task[] = names.has('change')
  ? [{ part: 'lab', size: CHANGE_SIZE, measure: measureChangeToRoute }]
  : [];
const filledTasks: readonly Task[] =
  filled.length > 0 ? [{ part: 'lab', size: LAB_PREFIXES, measure: measureFilledLab(filled) }] : [];
const { run, failures } = await measureTasks({
  tasks: [...changeTasks, ...filledTasks],
  rounds: Number(values.rounds),
  root: join(import.meta.dirname, '../..'),
  signal: abort.signal,
});
process.stdout.write(
  values.json
    ? `${JSON.stringify(run, undefined, 2)}\n`
    : reportOf({ version: 2, runs: [run] }, [LAB]),
);
process.exitCode = failures.length > 0 ? 1 : 0;
