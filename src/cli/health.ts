/** `route-sync health`: asks the agent of this configuration whether it is ready; for HEALTHCHECK and probes. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import {
  addressToAsk,
  formatAddress,
  parseListen,
  type ListenAddress,
} from '../agent/server/listen-address.ts';
import { readServerToken } from '../agent/server/token.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { RouteSyncError } from '../errors.ts';
import type { Secret } from '../openstack-client-lite/index.ts';
import { escapeText } from '../report/escape.ts';
import type { CommandContext, CommonOptions } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { printJson } from './print-json.ts';

/** What an agent says on loopback it says at once; a probe waits no longer. */
const TIMEOUT_MS = 5000;

const remarks = z.array(
  z.object({ code: z.string(), message: z.string().optional(), upstream: z.string().optional() }),
);
const readiness = z.object({ ready: z.boolean(), reasons: remarks, notes: remarks });

type Readiness = z.output<typeof readiness>;

/** Resolves with 0 where the agent is ready, and with 1 where it is not; no answer is AGENT_NOT_READY. */
export async function healthCommand(
  context: CommandContext,
  options: Pick<CommonOptions, 'config' | 'output'>,
): Promise<ExitCode> {
  const { cwd, env } = context;
  const { config } = await loadConfig({ path: options.config, cwd, env });
  const address = whereToAsk(config);
  const said = await ask(address, await tokenOf(context, config));
  if (options.output === 'json') {
    printJson(context, said);
  } else {
    context.print(textOf(said));
  }
  return said.ready ? EXIT.ok : EXIT.failure;
}

function whereToAsk({ server: { listen } }: Config): ListenAddress {
  const address = parseListen(listen);
  if (address === undefined) {
    throw unaskable('server.listen is "off": the agent answers nobody');
  }
  if (address.port === 0) {
    throw unaskable('server.listen has port 0: the log of the agent knows which port it took');
  }
  return addressToAsk(address);
}

function unaskable(reason: string): RouteSyncError {
  return new RouteSyncError('USAGE', `${reason}; give it a port to ask for its health`);
}

/** Who may not read the token learns the codes, though not the messages. */
async function tokenOf(
  { log }: CommandContext,
  { server: { tokenFile } }: Config,
): Promise<Secret | undefined> {
  if (tokenFile === undefined) {
    return undefined;
  }
  try {
    return (await readServerToken(tokenFile)).token;
  } catch (error) {
    log.warn('asking without the token, so without messages', { error });
    return undefined;
  }
}

async function ask(address: ListenAddress, token: Secret | undefined): Promise<Readiness> {
  const url = `http://${formatAddress(address)}/readyz`;
  try {
    return readiness.parse(JSON.parse(await get(url, token)));
  } catch (cause) {
    throw new RouteSyncError(
      'AGENT_NOT_READY',
      `${url} gives no answer of an agent (${reasonOf(cause)}); does route-sync run work with this configuration?`,
      { cause },
    );
  }
}

async function get(url: string, token: Secret | undefined): Promise<string> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  return new Promise((resolve, reject) => {
    request(url, { headers, signal, agent: false }, (response) => {
      text(response).then(resolve, reject);
    })
      .on('error', reject)
      .end();
  });
}

function reasonOf(cause: unknown): string {
  if (cause instanceof SyntaxError || cause instanceof z.ZodError) {
    return 'somebody else has this port';
  }
  const { name, code } = cause as NodeJS.ErrnoException;
  return name === 'AbortError' || name === 'TimeoutError'
    ? `nothing within ${TIMEOUT_MS / 1000} s`
    : (code ?? name);
}

function textOf({ ready, reasons, notes }: Readiness): string {
  const lines = [...reasons, ...notes].map(({ code, message, upstream }) =>
    [upstream, code, message].filter((part) => part !== undefined).join(': '),
  );
  return [ready ? 'ready' : 'not ready', ...lines.map((line) => `  ${escapeText(line)}`), ''].join(
    '\n',
  );
}
