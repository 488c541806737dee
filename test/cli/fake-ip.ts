/**
 * A program `ip` for tests without root: a script that asks this process, which answers from routers in memory. With it
 * on PATH the real command line runs unchanged as a process of its own.
 */
import { chmod, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';

import { memoryRouter } from '../../src/demo/memory-router.ts';
import type { CommandOutput, Program } from '../../src/drivers/driver.ts';
import type { Transport } from '../../src/transport/transport.ts';

export interface FakeIp {
  /** The routers by the name of their network namespace. */
  readonly routers: Map<string, Transport>;
  /** Every command so far that changes routes, with its input. */
  readonly writes: readonly string[];
  readonly close: () => Promise<void>;
}

/** The name of the router that commands without a namespace are for. */
export const THIS_HOST = '';

let routerCount = 0;

/** A router on `public`, with somebody else's default route and aggregate. */
export async function newRouter(
  options: { readonly permitted?: boolean } = {},
): Promise<Transport> {
  const interfaces = [
    { device: 'ext0', addresses: ['203.0.113.1/24', '2001:db8:100::1/64'] },
    { device: 'core0', addresses: ['192.0.2.1/30'] },
  ];
  routerCount += 1;
  const target = `memory/${routerCount}`;
  const router = { ...memoryRouter({ interfaces, ...options }), target };
  if (options.permitted !== false) {
    for (const route of FOREIGN) {
      await ask(router, ['ip', 'route', 'add', ...route.split(' ')]);
    }
  }
  return router;
}

const FOREIGN = ['0.0.0.0/0 via 192.0.2.2 proto 4', 'blackhole 198.51.100.0/24 proto 4'];

/** Runs one `ip` command on a router. */
export async function ask(router: Transport, argv: Program['argv']): Promise<CommandOutput> {
  return router.run({ argv }, new AbortController().signal);
}

/** All routes of both families, as `ip` lists them. */
export async function listing(router: Transport): Promise<string> {
  const outputs = ['-4', '-6'].map(async (family) => {
    const { stdout } = await ask(router, ['ip', family, 'route', 'show', 'table', 'main']);
    return stdout;
  });
  return (await Promise.all(outputs)).join('\n');
}

/** Next hop by prefix of the routes under protocol 201. */
export async function ownRoutes(router: Transport): Promise<Record<string, string>> {
  const routes = (await listing(router)).split('\n').flatMap((line) => JSON.parse(line) as Row[]);
  return Object.fromEntries(
    routes.flatMap(({ dst, protocol, gateway = '' }) =>
      protocol === '201' ? [[dst, gateway]] : [],
    ),
  );
}

interface Row {
  readonly dst: string;
  readonly protocol: string;
  readonly gateway?: string;
}

/** Writes the script into the folder. */
export async function startFakeIp(folder: string): Promise<FakeIp> {
  const routers = new Map<string, Transport>();
  const writes: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const { argv, stdin } = JSON.parse(await text(request)) as { argv: string[]; stdin: string };
      if (!argv.includes('show')) {
        writes.push(`${argv.join(' ')}\n${stdin}`);
      }
      response.end(JSON.stringify(await answer(routers, argv, stdin)));
    })();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const file = path.join(folder, 'ip');
  await writeFile(file, script(port));
  await chmod(file, 0o755);
  return {
    routers,
    writes,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

async function answer(
  routers: ReadonlyMap<string, Transport>,
  words: readonly string[],
  stdin: string,
): Promise<CommandOutput> {
  const [name, argv] = words[0] === '-n' ? [words[1] ?? '', words.slice(2)] : [THIS_HOST, words];
  const router = routers.get(name);
  if (router === undefined) {
    const stderr = `Cannot open network namespace "${name}": No such file or directory\n`;
    return { stdout: '', stderr, exitCode: 255 };
  }
  return router.run({ argv: ['ip', ...argv], stdin }, new AbortController().signal);
}

function script(port: number): string {
  return `#!${process.execPath}
const { request } = require('node:http');
const { readFileSync } = require('node:fs');
const argv = process.argv.slice(2);
const stdin = argv.includes('-batch') ? readFileSync(0, 'utf8') : '';
request({ port: ${port}, host: '127.0.0.1', method: 'POST' }, (response) => {
  const chunks = [];
  response.on('data', (chunk) => chunks.push(chunk));
  response.on('end', () => {
    const { stdout, stderr, exitCode } = JSON.parse(Buffer.concat(chunks));
    process.stderr.write(stderr);
    process.stdout.write(stdout);
    process.exitCode = exitCode;
  });
}).end(JSON.stringify({ argv, stdin }));
`;
}
