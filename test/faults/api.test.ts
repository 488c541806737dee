/** Connection and HTTP faults at every single request of a cycle, against real kernel routes. */
import { expect } from 'chai';

import { breaksOff, dies, drips, halfJson, hangs, reset, says, withBody } from './api-faults.ts';
import {
  AFTER,
  BEFORE,
  IMPATIENT,
  type KernelScene,
  LEAVING,
  needKernel,
  onKernel,
  openKernelScene,
  type Routes,
} from './kernel-scene.ts';
import { type Fault, keyOf, type Seen } from './proxy.ts';
import { count } from './summary.ts';

/**
 * What is promised. `untouched`: exit 1 with this code and the table as it was. `held`: what is new came and what moved
 * moved, but what could not be confirmed stays. `done`: as if nothing had happened.
 */
type Promised = { readonly untouched: string } | 'held' | 'done';

type Place = 'login' | 'agents' | 'list' | 'confirmation';

interface Row {
  readonly fault: Fault;
  /** How often the same request is hit; by default always. */
  readonly times?: number;
  readonly promises: Readonly<Record<Place, Promised>>;
  /** With short deadlines. */
  readonly impatient?: boolean;
}

/** The cloud cannot be read: the same at every request before the plan. */
function unreadable(code: string, change: Partial<Row['promises']> = {}): Row['promises'] {
  const untouched = { untouched: code };
  return { login: untouched, agents: untouched, list: untouched, confirmation: 'held', ...change };
}

function withStatus(status: number, code: string, change: Partial<Row['promises']> = {}): Row {
  return { fault: says(status), promises: unreadable(code, change) };
}

const HTML = '<!DOCTYPE html><html><body><h1>It works!</h1></body></html>';
const INVALID = unreadable('CLOUD_ANSWER_INVALID');

const ROWS: Readonly<Record<string, Row>> = {
  'RST in place of an answer': { fault: reset, promises: unreadable('CLOUD_UNREACHABLE') },
  'the API dies': { fault: dies, promises: unreadable('CLOUD_UNREACHABLE') },
  'no answer': { fault: hangs, promises: unreadable('CLOUD_TIMEOUT'), impatient: true },
  'a slow drip': { fault: drips, promises: unreadable('CLOUD_TIMEOUT'), impatient: true },
  '401 once': {
    fault: says(401),
    times: 1,
    promises: unreadable('', {
      login: { untouched: 'CLOUD_UNAUTHORIZED' },
      agents: 'done',
      list: 'done',
      confirmation: 'done',
    }),
  },
  '401 for ever': withStatus(401, 'CLOUD_UNAUTHORIZED'),
  // Who may not see the agents is told by the extensions, or not at all.
  '403': withStatus(403, 'CLOUD_FORBIDDEN', { agents: { untouched: 'CLOUD_NAT_MODEL_UNKNOWN' } }),
  '404': withStatus(404, 'CLOUD_NOT_FOUND', {
    login: { untouched: 'CLOUD_ENDPOINT_MISSING' },
    agents: { untouched: 'CLOUD_NAT_MODEL_UNKNOWN' },
  }),
  '409': withStatus(409, 'CLOUD_REJECTED'),
  '429': withStatus(429, 'CLOUD_UNAVAILABLE'),
  '429 with Retry-After': {
    fault: says(429, { 'Retry-After': '60' }),
    promises: unreadable('CLOUD_UNAVAILABLE'),
  },
  '500': withStatus(500, 'CLOUD_UNAVAILABLE'),
  '502': withStatus(502, 'CLOUD_UNAVAILABLE'),
  '503': withStatus(503, 'CLOUD_UNAVAILABLE'),
  '504': withStatus(504, 'CLOUD_UNAVAILABLE'),
  'a connection that ends in mid-body': { fault: breaksOff, promises: INVALID },
  'JSON that ends in the middle': { fault: halfJson, promises: INVALID },
  'HTML with 200': { fault: withBody(() => HTML), promises: INVALID },
  'an empty body': { fault: withBody(() => ''), promises: INVALID },
  'an empty object': { fault: withBody(() => '{}'), promises: INVALID },
  'a list in place of an object': { fault: withBody(() => '[]'), promises: INVALID },
  null: { fault: withBody(() => 'null'), promises: INVALID },
  'an error with 200': {
    fault: withBody(() => '{"error":{"code":500,"message":"broken","title":"Broken"}}'),
    promises: INVALID,
  },
  'the object of another question': {
    fault: withBody(() => '{"trunks":[{"id":"b1f6a5c2-0000-4000-8000-000000000000"}]}'),
    promises: INVALID,
  },
};

function placeOf({ method, path }: Seen): Place {
  if (method === 'POST') {
    return 'login';
  }
  if (path === '/v2.0/agents') {
    return 'agents';
  }
  return path.split('/').length === 4 ? 'confirmation' : 'list';
}

describe(onKernel('faults of the API at every request'), function suite() {
  this.timeout(300_000);
  let scene: KernelScene;

  before(async function open() {
    needKernel(this);
    scene = await openKernelScene();
  });

  beforeEach(() => {
    scene.restore();
  });

  after(async () => {
    await scene?.close();
  });

  for (const [what, { fault, times = Infinity, promises, impatient = false }] of Object.entries(
    ROWS,
  )) {
    it(`survives ${what}`, async () => {
      // Login and all lists, and at least one question by id.
      expect(scene.requests).to.have.lengthOf.at.least(12);
      expect(scene.requests.map(({ path: asked }) => asked).join(' ')).to.match(
        /\/v2\.0\/routers\/[0-9a-f-]{36}/,
      );
      for (const request of scene.requests) {
        const key = keyOf(request);
        const { exitCode, said } = await scene.apply(
          (seen) => (keyOf(seen) === key && seen.repetition < times ? fault : undefined),
          impatient ? IMPATIENT : {},
        );
        count('faults tried');
        const told = `${what} at ${key}: ${said}`;
        const found = scene.table();
        scene.assertNothingWrong(found, told);
        const place = placeOf(request);
        assertPromise({ ours: found.ours, exitCode, said }, promises[place], told);
        if (place === 'confirmation' || promises[place] === 'done') {
          await scene.assertConverges(told);
          scene.restore();
        }
      }
      await scene.assertConverges(what);
      scene.restore();
    });
  }
});

interface Outcome {
  readonly ours: Routes;
  readonly exitCode: number;
  readonly said: string;
}

function assertPromise({ ours, exitCode, said }: Outcome, promised: Promised, told: string): void {
  if (typeof promised === 'object') {
    expect(ours, told).to.deep.equal(BEFORE);
    expect(exitCode, told).to.equal(1);
    expect(said, told).to.contain(promised.untouched);
    return;
  }
  expect(exitCode, told).to.equal(0);
  if (promised === 'done') {
    expect(ours, told).to.deep.equal(AFTER);
    return;
  }
  const rest = Object.entries(ours).filter(([prefix, via]) => LEAVING[prefix] !== via);
  expect(Object.fromEntries(rest), told).to.deep.equal(AFTER);
  expect(Object.keys(ours), told).to.have.lengthOf.above(Object.keys(AFTER).length);
}
