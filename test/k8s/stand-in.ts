/**
 * Stands in for docker, podman, buildah or kubectl: `stand-in.ts NAME ARGUMENT...` writes its arguments down, one JSON list
 * a line, and refuses whatever the real one's help does not list. STAND_IN_FAILS names the one that shall fail.
 */
import { appendFileSync } from 'node:fs';
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

interface Command {
  readonly options: ParseArgsOptionsConfig;
  /** How many words beside the options. */
  readonly words: number;
  readonly prints?: string;
}

const TEXT = { type: 'string' } as const;
const ENGINE: Readonly<Record<string, Command>> = {
  build: { options: { tag: TEXT, 'build-arg': { type: 'string', multiple: true } }, words: 1 },
  push: { options: {}, words: 1 },
};
const NAMED = { namespace: TEXT } as const;
const KUBECTL: Readonly<Record<string, Command>> = {
  config: { options: {}, words: 1, prints: 'kind-dev' },
  get: {
    options: { ...NAMED, output: TEXT },
    words: 2,
    prints: process.env['STAND_IN_MARK'] ?? '',
  },
  patch: { options: { ...NAMED, type: TEXT, patch: TEXT }, words: 2, prints: 'patched' },
  rollout: { options: { ...NAMED, timeout: TEXT }, words: 3 },
  describe: { options: { ...NAMED, selector: TEXT }, words: 1, prints: 'Events: ImagePullBackOff' },
  logs: {
    options: { ...NAMED, container: TEXT, tail: TEXT, follow: { type: 'boolean' } },
    words: 1,
    prints: 'agent started',
  },
};

const [name = '', ...args] = process.argv.slice(2);
appendFileSync(process.env['STAND_IN_LOG'] ?? '', `${JSON.stringify([name, ...args])}\n`);
const commands = name === 'kubectl' ? KUBECTL : ENGINE;
// The real kubectl takes --namespace before the command.
const verb = args.find(
  (word, at) => Object.hasOwn(commands, word) && args[at - 1] !== '--namespace',
);
const command = commands[verb ?? ''];
if (verb === undefined || command === undefined) {
  throw new Error(`${name}: unknown command: ${args.join(' ')}`);
}
const { positionals } = parseArgs({ args, options: command.options, allowPositionals: true });
if (positionals.length !== command.words + 1) {
  throw new Error(`${name} ${verb}: ${positionals.length - 1} words`);
}
process.stdout.write(`${command.prints ?? ''}\n`);
process.exitCode = process.env['STAND_IN_FAILS'] === `${name} ${verb}` ? 1 : 0;
