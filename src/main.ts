#!/usr/bin/env node
/** argv in, exit code out. The only place that ends the process. */

/** As package.json says under `engines`; older ones fail with words that help nobody. */
const NEEDED = [22, 19] as const;
/** EX_CONFIG of sysexits.h. */
const NOT_HERE = 78;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  const found = `${process.execPath} is ${process.versions.node}`;
  process.stderr.write(`route-sync: needs Node.js ${NEEDED.join('.')} or later; ${found}\n`);
  process.exit(NOT_HERE);
}
const { runProcess } = await import('./cli/process.ts');
// Not only the exit code: a connection that nobody answers must not keep a finished command alive.
process.exit(await runProcess());
