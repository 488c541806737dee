/** One simulated router behind an SSH server, the cloud over HTTP, and the command line between the two. */
import { openScene, type Run, runHere } from '../cli/scene.ts';
import { webAndDatabase } from '../cli/small-cloud.ts';
import {
  type RouterServer,
  type RouterServerOptions,
  startRouterServer,
} from '../support/router-server.ts';
import type { Lab } from '../support/routers/labs.ts';
import type { Router } from '../support/routers/router.ts';

export interface Rack extends AsyncDisposable {
  readonly router: Router;
  readonly server: RouterServer;
  readonly cloud: ReturnType<typeof webAndDatabase>;
  /** With the configuration. */
  readonly folder: string;
  /** Runs `route-sync ARGS`. */
  readonly run: (...args: readonly string[]) => Promise<Run>;
  /** Writes the configuration with these keys of `via.ssh` in place of its own. */
  readonly reach: (ssh: object) => Promise<void>;
  /** The static routes that run on the router without the one of somebody else: each next hop by its prefix. */
  readonly ours: () => Readonly<Record<string, string | null>>;
  /** True if the route of somebody else runs as it did when the router started. */
  readonly isForeignKept: () => boolean;
  /** What was typed at the router so far, in all logins; without the empty lines that show whether it answers. */
  readonly typed: () => readonly string[];
}

const SECRET = 'enable-secret';
const FOREIGN = '10.99.0.0/16';

/** The interface of the lab is in the external network of the small cloud. */
export async function openRack(
  { model, config, scope, terminal }: Lab,
  server: Partial<RouterServerOptions> = {},
): Promise<Rack> {
  const cloud = webAndDatabase();
  const router = model.boot({
    hostname: 'edge1',
    config: config.replaceAll(/2001:db8:ffff/gi, '2001:db8:100'),
    now: () => 0,
    enableSecret: SECRET,
    ...(scope.dialect !== undefined && { dialect: scope.dialect }),
  });
  const ssh = await startRouterServer(router, {
    pager: model.pager,
    password: SECRET,
    motd: 'Authorized access only #\n',
    ...terminal,
    ...server,
  });
  const scene = await openScene(cloud.cloud);
  const foreign = JSON.stringify(router.running());
  const via = {
    host: '127.0.0.1',
    port: ssh.port,
    user: ssh.user,
    identityFile: ssh.identityFile,
    knownHostsFile: ssh.knownHostsFile,
    enableSecretFile: ssh.passwordFile,
    configFile: '/dev/null',
    agent: false,
    commandTimeoutSeconds: 30,
  };
  const reach = async (changed: object): Promise<void> => {
    const upstream = { name: 'edge1', os: model.os, externalNetworks: ['public'], save: 'always' };
    await scene.configure({
      upstreams: [{ ...upstream, ...scope, via: { ssh: { ...via, ...changed } } }],
    });
  };
  await reach({});
  const env = {
    ...scene.server.env,
    PATH: process.env['PATH'],
    HOME: scene.folder,
    RUNTIME_DIRECTORY: scene.folder,
  };
  return {
    router,
    server: ssh,
    cloud,
    folder: scene.folder,
    reach,
    run: async (...args) => runHere(args, { env, folder: scene.folder }),
    ours: () =>
      Object.fromEntries(
        router
          .running()
          .filter(({ prefix }) => prefix !== FOREIGN)
          .map(({ prefix, nextHop }) => [prefix, nextHop]),
      ),
    isForeignKept: () =>
      JSON.stringify(router.running().filter(({ prefix }) => prefix === FOREIGN)) === foreign,
    typed: () => ssh.terminals.flatMap(({ lines }) => lines.filter((line) => line !== '')),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([scene.close(), ssh.close()]);
    },
  };
}
