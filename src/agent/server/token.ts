/** The token of the agent's HTTP server: the first line of a file. */
import { OpenStackError, Secret, secretInFile } from '../../openstack-client-lite/index.ts';
import { RouteSyncError } from '../../errors.ts';

export interface ServerToken {
  readonly token: Secret;
  /** What the operator should be told of it. */
  readonly warnings: readonly string[];
}

/** Shorter ones can be guessed over the network. */
const SHORT = 16;

/** Reads the token; a file that is missing, empty or open to changes by others is SERVER_FAILED. */
export async function readServerToken(file: string): Promise<ServerToken> {
  try {
    const source = await secretInFile(file, 'server.tokenFile');
    const [line = ''] = (await source.read()).reveal().split(/\r?\n/);
    const token = line.trim();
    // What a header can carry: RFC 6750, 2.1, and no more than printable ASCII for RFC 7617.
    if (!/^[\x21-\x7e]+$/.test(token)) {
      throw failed(`${source.description}: its first line is no token of printable ASCII`);
    }
    const short = `${source.description}: fewer than ${SHORT} characters can be guessed; write a longer token`;
    return {
      token: new Secret(token),
      warnings: [...source.warnings, ...(token.length < SHORT ? [short] : [])],
    };
  } catch (error) {
    throw error instanceof OpenStackError ? failed(error.message, error) : error;
  }
}

function failed(message: string, cause?: unknown): RouteSyncError {
  return new RouteSyncError('SERVER_FAILED', message, { cause });
}
