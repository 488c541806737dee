/** What may be wrong with the answers of one reading of the cloud, and which objects it leaves as they were. */
import type { Damage } from './fuzz-cloud.ts';
import { type Json, jsonText, mutateJson, mutateText } from './fuzz-mutate.ts';
import type { Random } from './fuzz-random.ts';

export interface Damaged {
  /**
   * `lost`: objects are left out of lists and everything else is true, also when asked for by id; `broken`: anything.
   */
  readonly kind: 'lost' | 'broken';
  readonly damage: Damage;
  /** The damaged lists as far as they were asked for, by {@link listOf}. */
  readonly bodies: ReadonlyMap<string, string>;
}

type Row = Readonly<Record<string, Json>>;
type Change = (body: Json) => { status: number; text: string };

const LISTS = ['routers', 'interfaces', 'gateways', 'subnets', 'networks', 'floatingips'];
const MORE_LISTS = [...LISTS, 'subnetpools', 'address-scopes'];
const STATUSES = [200, 200, 204, 300, 302, 400, 401, 403, 404, 409, 414, 429, 500, 503];
const BODIES = [
  '',
  'null',
  '[]',
  '{}',
  '{"routers": null}',
  '{"routers": [], "ports": [], "subnets": [], "networks": []}',
  '<html><body>\u001b[31mWelcome</body></html>',
  '{"NeutronError": {"type": "RouterNotFound", "message": "\u202ewhat", "detail": ""}}',
];

/** The name of the list that the path asks for; an object's own path for a single object. */
export function listOf(path: string): string {
  const [, name = path] = /^\/v2\.0\/([a-z-]+)\?/.exec(path) ?? [];
  return name === 'ports' ? (path.includes('router_gateway') ? 'gateways' : 'interfaces') : name;
}

/** Chooses what is wrong this time. */
export function damageOf(random: Random): Damaged {
  const bodies = new Map<string, string>();
  const kind = random.percent(40) ? 'lost' : 'broken';
  const changes = kind === 'lost' ? losses(random) : breaks(random);
  // What is asked twice is answered the same, so that no retry heals it.
  const answers = new Map<string, ReturnType<Change>>();
  const damage: Damage = (path, body) => {
    const list = listOf(path);
    const change = changes(list);
    if (change === undefined) {
      return undefined;
    }
    const answer = answers.get(path) ?? change(body);
    answers.set(path, answer);
    bodies.set(list, answer.text);
    return answer;
  };
  return { kind, damage, bodies };
}

/** Objects of one or two lists, or one router with all that is its own. */
function losses(random: Random): (list: string) => Change | undefined {
  const chosen = new Set([random.pick(MORE_LISTS), random.pick(MORE_LISTS)]);
  if (random.percent(40)) {
    return withoutRouter(random.int(4));
  }
  const odds = random.pick([20, 50, 100]);
  return (list) => (chosen.has(list) ? filtered(() => !random.percent(odds)) : undefined);
}

const OWNER_KEYS: Readonly<Record<string, string>> = {
  routers: 'id',
  interfaces: 'device_id',
  gateways: 'device_id',
  floatingips: 'router_id',
};

/** The client asks for the routers first, so their list tells which one it is. */
function withoutRouter(nth: number): (list: string) => Change | undefined {
  let lost: Json | undefined;
  return (list) => {
    const key = OWNER_KEYS[list];
    return key === undefined
      ? undefined
      : filtered((row, index) => {
          lost ??= list === 'routers' && index === nth ? row[key] : undefined;
          return lost === undefined || row[key] !== lost;
        });
  };
}

function filtered(keeps: (row: Row, index: number) => boolean): Change {
  return (body) => {
    const lists = Object.entries(body as Record<string, Json>).map(([key, value]) => [
      key,
      Array.isArray(value) ? (value as readonly Row[]).filter(keeps) : value,
    ]);
    return { status: 200, text: JSON.stringify(Object.fromEntries(lists)) };
  };
}

function breaks(random: Random): (list: string) => Change | undefined {
  const chosen = new Set([random.pick(LISTS), random.pick(MORE_LISTS)]);
  const isSingleBroken = random.percent(50);
  return (list) => {
    const isHit = chosen.has(list) || (isSingleBroken && list.startsWith('/'));
    return isHit ? broken(random) : undefined;
  };
}

function broken(random: Random): Change {
  const kind = random.int(10);
  if (kind < 7) {
    return (body) => ({ status: 200, text: jsonText(mutateJson(random, body)) });
  }
  return kind < 9
    ? (body) => ({ status: 200, text: mutateText(random, JSON.stringify(body)) })
    : () => ({ status: random.pick(STATUSES), text: random.pick(BODIES) });
}
