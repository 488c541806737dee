/** `route-sync check`: configuration, credentials, visibility, and reach and rights on every upstream. Changes nothing. */
import { proveRights } from '../agent/apply.ts';
import { readCloud, type CloudView } from '../agent/cloud-view.ts';
import { unsavedPrefixes } from '../agent/drift.ts';
import { gatherState, type UpstreamAccess } from '../agent/gather.ts';
import { openState } from '../agent/state.ts';
import { closeUpstreams, connectUpstreams, ledgerKey, type Upstream } from '../agent/upstream.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { UpstreamState } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';
import { OpenStackError, type OpenStackClient } from '../openstack-client-lite/index.ts';
import { escapeText } from '../report/escape.ts';
import { describeSnapshot } from '../report/lines.ts';
import type { CommandContext, CommonOptions } from './context.ts';
import { EXIT, exitCodeOfError, type ExitCode } from './exit-code.ts';
import { printJson } from './print-json.ts';
import { connectOptions, loadSelected, openClient, surroundingsOf } from './wiring.ts';

/** How many prefixes are named in one line. */
const SHOWN = 5;

interface CheckResult {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly exitCode: ExitCode;
}

/** Exit 0 when every check passed, else what the first failed one means. */
export async function checkCommand(
  context: CommandContext,
  options: CommonOptions,
): Promise<ExitCode> {
  const loaded = await loadSelected(context, options);
  const { config, path, stateDir } = loaded;
  const upstreams = await connectUpstreams(config, connectOptions(context, 'check'));
  const results: CheckResult[] = [];
  await note(results, { check: 'configuration', ask: () => path, tell: (file) => file });
  const state = await openState({ dir: stateDir, owner: config.owner, readOnly: true });
  await note(results, {
    check: 'state directory',
    ask: async () => {
      await state.check();
      await Promise.all(
        upstreams.map(async (upstream) => state.checkUpstream(ledgerKey(upstream))),
      );
    },
    tell: () => stateDir,
  });
  await checkLeader(context, loaded, results);
  const cloud = await checkCloud(context, loaded, results);
  try {
    for (const upstream of upstreams) {
      await checkUpstream(upstream, cloud, results);
    }
  } finally {
    await closeUpstreams(upstreams);
  }
  print(context, options, results);
  return results.find(({ ok }) => !ok)?.exitCode ?? EXIT.ok;
}

/** No lead is taken. */
async function checkLeader(
  context: CommandContext,
  { config }: LoadedConfig,
  results: CheckResult[],
): Promise<void> {
  if (config.leader === undefined) {
    return;
  }
  const { askLeader, describeHolder } = await import('../agent/leader/index.ts');
  await note(results, {
    check: 'leader',
    ask: async () => askLeader(config, surroundingsOf(context)),
    tell: (found) =>
      found?.holder === undefined
        ? `nobody leads, ${found?.lock ?? 'no lock'}`
        : `${describeHolder(found.holder)}, ${found.lock}`,
  });
}

async function checkCloud(
  context: CommandContext,
  loaded: LoadedConfig,
  results: CheckResult[],
): Promise<CloudView | undefined> {
  const { config } = loaded;
  const client = await note(results, {
    check: 'cloud settings',
    ask: async () => openClient(context, loaded),
    tell: () => 'credentials found',
  });
  if (client === undefined) {
    return undefined;
  }
  try {
    const who = await note(results, {
      check: 'credentials',
      ask: async () => logIn(client),
      tell: (text) => text,
    });
    const { signal } = new AbortController();
    return who === undefined
      ? undefined
      : await note(results, {
          check: 'visibility',
          ask: async () => readCloud({ config, client, now: context.now, signal }),
          tell: ({ facts }) => describeSnapshot(facts),
        });
  } finally {
    await client.close();
  }
}

async function logIn(client: OpenStackClient): Promise<string> {
  const { userName, roles } = await client.token();
  const { identity, network } = await client.endpoints();
  return `${userName} (${roles.join(', ')}) at ${identity}, Neutron at ${network}`;
}

async function checkUpstream(
  upstream: Upstream,
  cloud: CloudView | undefined,
  results: CheckResult[],
): Promise<void> {
  const { name } = upstream.config;
  const access = { ...upstream, signal: new AbortController().signal };
  const state = await note(results, {
    check: `${name} reach`,
    ask: async () => gatherState(access),
    tell: ({ routes }) =>
      `${routes.length} routes, ${routes.filter(({ owned }) => owned).length} of them ours`,
  });
  if (state !== undefined) {
    await note(results, {
      check: `${name} rights`,
      ask: async () => proveRights(access),
      tell: () => 'may change routes',
    });
    await checkSaved(access, state, results);
  }
  if (cloud !== undefined) {
    await note(results, {
      check: `${name} networks`,
      ask: () => upstream.viewOf(cloud.snapshot.externalNetworks),
      tell: ({ networkIds }) => [...networkIds].map((id) => nameOf(id, cloud)).join(', '),
    });
  }
}

async function checkSaved(
  access: UpstreamAccess & Pick<Upstream, 'config'>,
  state: UpstreamState,
  results: CheckResult[],
): Promise<void> {
  if (access.driver.gatherSaved(access.scope) === undefined) {
    return;
  }
  await note(results, {
    check: `${access.config.name} saved`,
    ask: async () => (await unsavedPrefixes(access, state)) ?? [],
    tell: (unsaved) =>
      unsaved.length === 0
        ? 'a restart of the router keeps our routes as they are'
        : `a restart of the router would change ${unsaved.length} of our routes: ${unsaved.slice(0, SHOWN).join(', ')}${unsaved.length > SHOWN ? ', ...' : ''}`,
  });
}

function nameOf(networkId: string, { snapshot }: CloudView): string {
  return `${snapshot.externalNetworks.get(networkId)?.name ?? '?'} (${networkId})`;
}

interface Question<T> {
  readonly check: string;
  readonly ask: () => T | Promise<T>;
  /** What to say of a good answer. */
  readonly tell: (answer: T) => string;
}

/** Asks one question and notes the answer; a failure is noted as well, and gives undefined. */
async function note<T>(
  results: CheckResult[],
  { check, ask, tell }: Question<T>,
): Promise<T | undefined> {
  try {
    const answer = await ask();
    results.push({ check, ok: true, detail: tell(answer), exitCode: EXIT.ok });
    return answer;
  } catch (error) {
    if (!(error instanceof RouteSyncError || error instanceof OpenStackError)) {
      throw error;
    }
    const detail = `${error.message} (${error.code})`;
    results.push({ check, ok: false, detail, exitCode: exitCodeOfError(error) });
    return undefined;
  }
}

function print(
  context: CommandContext,
  { output }: CommonOptions,
  results: readonly CheckResult[],
): void {
  if (output === 'json') {
    const checks = results.map(({ check, ok, detail }) => ({ check, ok, detail }));
    printJson(context, { version: 1, checks });
    return;
  }
  for (const { check, ok, detail } of results) {
    const sign = ok ? context.paint('green', 'ok  ') : context.paint('red', 'FAIL');
    context.print(`${sign} ${check}: ${escapeText(detail)}\n`);
  }
}
