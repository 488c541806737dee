/**
 * The address of RabbitMQ, as AMQP (`amqps://user:password@host:5671/vhost`, the AMQP URI specification of RabbitMQ) and
 * as oslo.messaging writes it (`rabbit://user:password@one:5672,user:password@two:5672/vhost?ssl=1`, oslo_messaging's
 * transport.py). What is wrong is told without a word of the URL: there is a password in it.
 */

/** One server of a cluster, with what to say there. */
export interface Broker {
  /** A name or an address; of IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly vhost: string;
  readonly username?: string;
  /** Gives the password out; a function, so that neither JSON nor a log nor `inspect` shows it. */
  readonly password?: () => string;
}

/** What is wrong with the text; complete after "must be" or on its own. */
export class BrokerUrlProblem extends Error {}

const URL_FORM = /^(amqps?|rabbit):\/\/([^/?#\s]+)(?:\/([^?#\s]*))?(?:\?([^#\s]*))?$/i;
const HOST_FORM = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]{1,253}))(?::(\d{1,5}))?$/;

const PLAIN_PORT = 5672;
const TLS_PORT = 5671;

/** All servers that the URL names, in its order. Throws {@link BrokerUrlProblem}. */
export function parseBrokerUrl(url: string): readonly Broker[] {
  const [, scheme, servers, path = '', query] = URL_FORM.exec(url) ?? [];
  if (scheme === undefined || servers === undefined) {
    throw new BrokerUrlProblem(
      'must be like "amqps://USER@HOST:5671/VHOST" or oslo.messaging\'s "rabbit://USER:PASSWORD@HOST:5672/VHOST"; special characters in names and passwords are written as %XX',
    );
  }
  const tls = isTls(scheme.toLowerCase(), query);
  const vhost = decoded(path, 'the virtual host');
  // oslo.messaging takes 5672 whatever `ssl` says.
  const defaultPort = scheme.toLowerCase() === 'amqps' ? TLS_PORT : PLAIN_PORT;
  const brokers = servers.split(',').map((server) => ({
    ...parseServer(server, defaultPort),
    tls,
    vhost: vhost === '' ? '/' : vhost,
  }));
  const isOpen = ({ username }: { readonly username?: string }): boolean => username === undefined;
  if (brokers.some(isOpen) && !brokers.every(isOpen)) {
    throw new BrokerUrlProblem('must name a user for every host, or for none');
  }
  return brokers;
}

function isTls(scheme: string, query: string | undefined): boolean {
  if (query === undefined || query === '') {
    return scheme === 'amqps';
  }
  const [, value] = /^ssl=(1|0|true|false)$/i.exec(query) ?? [];
  if (scheme !== 'rabbit' || value === undefined) {
    throw new BrokerUrlProblem(
      'must have no "?" but that of "rabbit://...?ssl=1"; the other settings are keys of their own',
    );
  }
  return value === '1' || value.toLowerCase() === 'true';
}

function parseServer(
  text: string,
  defaultPort: number,
): Pick<Broker, 'host' | 'port' | 'username' | 'password'> {
  const at = text.lastIndexOf('@');
  const [, six, name, port] = HOST_FORM.exec(text.slice(at + 1)) ?? [];
  const host = six ?? name;
  const number = Number(port ?? defaultPort);
  if (host === undefined || number < 1 || number > 65_535) {
    throw new BrokerUrlProblem(
      'has a host that is none: write HOST:PORT or [IPv6]:PORT, several with a comma between them, and %XX for special characters in a password',
    );
  }
  if (at < 0) {
    return { host, port: number };
  }
  const [user = '', ...rest] = text.slice(0, at).split(':');
  const username = decoded(user, 'a user');
  if (username === '') {
    throw new BrokerUrlProblem('has a host with "@" and no user before it');
  }
  if (rest.length === 0) {
    return { host, port: number, username };
  }
  const password = decoded(rest.join(':'), 'a password');
  return { host, port: number, username, password: () => password };
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new BrokerUrlProblem(`has ${what} with a "%" that is no %XX; write "%" itself as %25`);
  }
}
