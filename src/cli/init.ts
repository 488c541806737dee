/** `route-sync init`: a first configuration, written from what the cloud shows. */
import { writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { closeUpstreams, connectUpstreams } from '../agent/upstream.ts';
import { initialConfig, type InitialConfig } from '../config/init-document.ts';
import { parseConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { RouterOs } from '../drivers/index.ts';
import { RouteSyncError } from '../errors.ts';
import { escapeText } from '../report/escape.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { surveyCloud, type Survey } from './init-survey.ts';

export interface InitOptions {
  readonly file: string;
  readonly os: RouterOs;
  readonly host?: string | undefined;
  readonly natModel: 'auto' | 'ovs' | 'ovn';
  readonly print: boolean;
}

/** Throws USAGE where the file exists; nothing is ever overwritten. */
export async function initCommand(
  context: CommandContext,
  options: InitOptions,
): Promise<ExitCode> {
  const path = resolve(context.cwd, options.file);
  if (!options.print && existsSync(path)) {
    throw alreadyThere(path);
  }
  const draft = await draftConfig(context, options);
  const survey = await surveyCloud(context, draft);
  const text = initialConfig(contentOf(survey, options, draft), escapeText);
  // What we write must be what we can read; a defect shows here, not in the next command.
  parseConfig(text, path);
  if (options.print) {
    context.print(text);
    return EXIT.ok;
  }
  await writeNew(path, text);
  context.print(summaryOf(survey, options));
  return EXIT.ok;
}

/** A configuration that would let everything through: made to ask with, and never written. */
async function draftConfig(
  { env }: CommandContext,
  { os, host, natModel }: InitOptions,
): Promise<Config> {
  const name = env['OS_CLOUD'] || undefined;
  const draft = parseConfig(
    JSON.stringify({
      owner: 'init',
      cloud: { name, natModel },
      policy: { mode: 'create-only', allow: [{ prefix: '0.0.0.0/0' }, { prefix: '::/0' }] },
      upstreams: [
        {
          name: wordOf(host ?? '', 'edge1'),
          os,
          externalNetworks: ['any'],
          via: host === undefined ? undefined : { ssh: { host } },
        },
      ],
    }),
    'route-sync init',
  );
  try {
    await closeUpstreams(await connectUpstreams(draft));
  } catch (cause) {
    throw host === undefined
      ? new RouteSyncError('USAGE', `--os ${os} needs --host HOST: it is reached over SSH`, {
          cause,
        })
      : cause;
  }
  return draft;
}

function contentOf(
  survey: Survey,
  { os, host, natModel }: InitOptions,
  draft: Config,
): InitialConfig {
  const { region, ...seen } = survey;
  const cloudName = draft.cloud.name;
  const words = [...new Set([cloudName, region])].filter((word) => word !== undefined);
  return {
    ...seen,
    owner: wordOf(words.join('-').toLowerCase(), 'route-sync'),
    cloudName,
    natModel,
    upstream: { name: draft.upstreams[0]?.name ?? '', os, host },
  };
}

/** The text as a word of letters, digits, dots and dashes; what is left of nothing is `otherwise`. */
function wordOf(text: string, otherwise: string): string {
  const word = text
    .replace(/[^A-Za-z0-9._]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 63)
    .replace(/[^A-Za-z0-9]+$/, '');
  return word === '' ? otherwise : word;
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    // `wx` follows no link and overwrites nothing, whoever was quicker. There is no secret in it.
    await writeFile(path, text, { flag: 'wx', mode: 0o644 });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') {
      throw alreadyThere(path);
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RouteSyncError(
      'USAGE',
      `init cannot write ${path}: ${reason}; name another file, or use --print`,
      { cause },
    );
  }
}

function alreadyThere(path: string): RouteSyncError {
  return new RouteSyncError(
    'USAGE',
    `${path} is there already, and init overwrites nothing; name another file, or use --print`,
  );
}

function summaryOf({ proposal, externalNetworks }: Survey, { file }: InitOptions): string {
  const { allow, outside } = proposal;
  const isDefault = file === 'route-sync.yaml';
  const next = isDefault ? 'route-sync plan' : `route-sync plan --config ${file}`;
  return [
    `wrote ${escapeText(file)}: ${counted(externalNetworks.length, 'external network')}, ${counted(allow.length, 'range')} to allow\n`,
    ...(outside.length === 0
      ? []
      : [`${counted(outside.length, 'more range')}, not private, only in its comments\n`]),
    `Review policy.allow in it, then: ${escapeText(next)}\n`,
  ].join('');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
