/** The `cloud.notifications` section: what Neutron tells on RabbitMQ. */
import { z } from 'zod';

import { type Broker, BrokerUrlProblem, parseBrokerUrl } from './broker-url.ts';
import { choice, file, filledList, section, whole, word } from './fields.ts';

/** Beyond any cluster. */
const MAX_BROKERS = 32;

// The text is never shown: there may be a password in it.
const NO_URL =
  'must be the URL of RabbitMQ, for example "amqps://route-sync@10.0.0.11:5671/", or a list of such URLs';
const error = ({ input }: { readonly input?: unknown }): string =>
  input === undefined ? NO_URL.replace('must be', 'is required:') : NO_URL;

const url = z
  .union([z.string({ error }), filledList(z.string({ error }), 'a list of URLs')], { error })
  .transform((given, context): readonly Broker[] => {
    try {
      const brokers = [given].flat().flatMap(parseBrokerUrl);
      if (brokers.length > MAX_BROKERS) {
        throw new BrokerUrlProblem(`must not name more than ${MAX_BROKERS} hosts`);
      }
      return brokers;
    } catch (problem) {
      if (!(problem instanceof BrokerUrlProblem)) {
        throw problem;
      }
      context.issues.push({ code: 'custom', message: problem.message, input: undefined });
      return z.NEVER;
    }
  });

/** RabbitMQ keeps names and routing keys of at most 255 bytes; `.info` is added to a topic. */
const NAME = /^[\w.:@-]{1,200}$/;

const shape = {
  url: url.describe(
    "Where RabbitMQ is: an `amqp://` or `amqps://` URL, a list of them, or oslo.messaging's `rabbit://` with several hosts. The hosts are tried in turn.",
  ),
  username: word(/^[^\0]{1,255}$/u, 'the name of a RabbitMQ user')
    .optional()
    .describe('The RabbitMQ user, where the URL names none.'),
  passwordFile: file()
    .optional()
    .describe('A file whose first line is the password, where the URL has none.'),
  caFile: file()
    .optional()
    .describe('The CA of the servers, where it is not one of the system; for `amqps://` only.'),
  certFile: file().optional().describe('The client certificate, where the servers ask for one.'),
  keyFile: file().optional().describe('The key of the client certificate.'),
  exchange: word(NAME, 'the name of an exchange')
    .default('neutron')
    .describe("The exchange that Neutron publishes to: `control_exchange` of Neutron's settings."),
  topics: filledList(
    word(NAME, 'the name of a topic'),
    'a list of topics, for example [notifications]',
  )
    .default(['notifications'])
    .describe(
      'The topics to listen to: `topics` of `[oslo_messaging_notifications]`. The routing key is the topic and `.info`, for Neutron has no other priority.',
    ),
  queue: choice(['exclusive', 'durable'])
    .default('exclusive')
    .describe(
      'Our own queue: `exclusive` ends with the connection; `durable` keeps up to 10,000 messages, for up to a day, while the agent is away.',
    ),
  debounceMilliseconds: whole(0, 10_000)
    .default(20)
    .describe('How long to gather events, after the first of them, before the cloud is asked.'),
};

export const notificationsSchema = section(shape).check((context) => {
  const { url: brokers, username, passwordFile, caFile, certFile, keyFile } = context.value;
  const complain = (message: string): void => {
    context.issues.push({ code: 'custom', message, input: undefined });
  };
  const problem = loginProblem({ brokers, username, passwordFile });
  if (problem !== undefined) {
    complain(problem);
  }
  if ((certFile === undefined) !== (keyFile === undefined)) {
    complain('must have certFile and keyFile, or neither');
  }
  if ((caFile ?? certFile) !== undefined && !brokers.some(({ tls }) => tls)) {
    complain('has caFile or certFile, which need a URL with TLS: amqps:// or rabbit://...?ssl=1');
  }
});

interface Login {
  readonly brokers: readonly Broker[];
  readonly username?: string | undefined;
  readonly passwordFile?: string | undefined;
}

/** Exactly one user and one password for each host. */
function loginProblem({ brokers, username, passwordFile }: Login): string | undefined {
  if (username === undefined && brokers.some((broker) => broker.username === undefined)) {
    return 'must name a user: username, or in the url';
  }
  if (username !== undefined && brokers.some((broker) => broker.username !== undefined)) {
    return 'must not have username where the url names a user as well';
  }
  const [first, ...others] = new Set(brokers.map((broker) => broker.password === undefined));
  if (others.length > 0) {
    return 'must have a password for every host of the url, or for none';
  }
  if (first === true && passwordFile === undefined) {
    return 'must have a password: passwordFile, or in the url';
  }
  return first === false && passwordFile !== undefined
    ? 'must not have passwordFile where the url has a password as well'
    : undefined;
}
