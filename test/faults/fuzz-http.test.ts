/** The same damage over real HTTP, through whole pushing cycles, held against the router's own table. */
import { runCycle } from '../../src/agent/cycle.ts';
import { newRunId } from '../../src/cli/wiring.ts';
import { listing, ownRoutes } from '../cli/fake-ip.ts';
import { WANTED, webAndDatabase } from '../cli/small-cloud.ts';
import { type CycleScene, openCycleScene } from '../agent/cycle-scene.ts';
import { type Damaged, damageOf } from './fuzz-cloud-damage.ts';
import type { Json } from './fuzz-mutate.ts';
import { fuzz, orRefusedLater, promise } from './fuzz-run.ts';
import { count } from './summary.ts';

const ALLOW = [
  { prefix: '198.51.100.0/24', maxLength: 28 },
  { prefix: '2001:db8::/32', maxLength: 64 },
];
const PERMITTED = /^(?:198\.51\.100\.\d+\/2[4-8]|2001:db8:[0-9a-f:]*\/(?:3[2-9]|[45]\d|6[0-4]))$/;

interface Kind {
  readonly kind: Damaged['kind'];
  readonly promise: string;
  readonly config: object;
}

const KINDS: readonly Kind[] = [
  {
    kind: 'lost',
    promise: 'removes nothing that is only missing in lists, however soon it may',
    config: {
      removal: { snapshots: 1, graceSeconds: 0 },
      guard: { maxRemovals: { count: 100, percent: 100, free: 100 } },
    },
  },
  {
    kind: 'broken',
    promise: 'adds only what the policy permits, whatever the answers say',
    config: { policy: { mode: 'upsert-only', allow: ALLOW } },
  },
];

async function table(
  scene: CycleScene,
): Promise<{ ours: Record<string, string>; foreign: string }> {
  const router = scene.routers.get('edge1');
  if (router === undefined) {
    throw new Error('no edge1');
  }
  const rows = (await listing(router)).split('\n').flatMap((line) => JSON.parse(line) as Json[]);
  const foreign = rows.filter((row) => !JSON.stringify(row).includes('"protocol":"201"'));
  return { ours: await ownRoutes(router), foreign: JSON.stringify(foreign) };
}

describe('fuzz: the answers of the cloud over HTTP', () => {
  const opened: CycleScene[] = [];

  afterEach(async () => {
    await opened.pop()?.close();
  });

  for (const { kind, promise: words, config } of KINDS) {
    it(words, async () => {
      let damaged: Damaged | undefined;
      const scene = await openCycleScene(webAndDatabase().cloud, {
        onRequest: ({ url }) => {
          const { damage } = damaged ?? {};
          if (damage === undefined || !url.includes('/v2.0/')) {
            return undefined;
          }
          const body = (truth: string): string => {
            const instead = damage(url.slice(url.indexOf('/v2.0/')), JSON.parse(truth) as Json);
            return instead?.text ?? truth;
          };
          return { body };
        },
      });
      await scene.configure(config);
      opened.push(scene);
      await scene.withDeps(false, async (deps) => {
        const cycle = async (force: boolean): Promise<void> => {
          const options = { push: true, force, verbose: true, reviewed: undefined };
          await orRefusedLater(async () =>
            runCycle(deps, { run: newRunId(deps.now()), ...options }),
          );
        };
        await cycle(true);
        const { foreign } = await table(scene);
        await fuzz({
          name: `http-${kind}`,
          share: 1000,
          attempt: async (random, note) => {
            do {
              damaged = damageOf(random);
            } while (damaged.kind !== kind);
            scene.passSeconds(30);
            await cycle(false);
            note(damaged.bodies);
            const { ours, foreign: left } = await table(scene);
            count('foreign routes touched', left === foreign ? 0 : 1);
            promise(left === foreign, `foreign routes changed: ${left}`);
            for (const [prefix, hop] of Object.entries(WANTED)) {
              const isLost = !(prefix in ours) || (kind === 'lost' && ours[prefix] !== hop);
              count('wrong removals', isLost ? 1 : 0);
              promise(!isLost, `${prefix} is lost: ${JSON.stringify(ours)}`);
            }
            const wrong = Object.keys(ours).find((prefix) => !PERMITTED.test(prefix));
            promise(wrong === undefined, `${wrong} was added`);
          },
        });
      });
    });
  }
});
