/** A cloud that cannot be reached, and clocks that jump, on real kernel routes. */
import { rmSync } from 'node:fs';

import { expect } from 'chai';

import { dies, hangs, says } from './api-faults.ts';
import {
  AFTER,
  BEFORE,
  batch,
  IMPATIENT,
  type KernelScene,
  LEAVING,
  needKernel,
  onKernel,
  openKernelScene,
  routeLines,
  type Run,
  type Routes,
  type RunOptions,
  without,
} from './kernel-scene.ts';
import type { Choose, Fault } from './proxy.ts';
import { count } from './summary.ts';

interface Outage {
  readonly fault?: Fault;
  readonly env?: Readonly<Record<string, string>>;
  readonly code: string;
}

const OUTAGES: Readonly<Record<string, Outage>> = {
  'Keystone refuses connections': {
    env: { OS_AUTH_URL: 'http://127.0.0.1:1/v3' },
    code: 'CLOUD_UNREACHABLE',
  },
  'the name of Keystone does not resolve': {
    env: { OS_AUTH_URL: 'http://keystone.invalid:5000/v3' },
    code: 'CLOUD_UNREACHABLE',
  },
  'Keystone refuses the password': {
    env: { OS_PASSWORD: 'wrong' },
    code: 'CLOUD_UNAUTHORIZED',
  },
  'the API dies at the first request': { fault: dies, code: 'CLOUD_UNREACHABLE' },
  'the API hangs': { fault: hangs, code: 'CLOUD_TIMEOUT' },
  'the API answers 503 to everything': { fault: says(503), code: 'CLOUD_UNAVAILABLE' },
};

/** What happened to the upstream meanwhile. */
interface Loss {
  readonly lines: readonly string[];
  /** What the table must be afterwards, beside what others hold. */
  readonly table: Routes;
}

const ALIEN: Routes = { '203.0.112.240/28': '192.0.2.40' };

const LOSSES: Readonly<Record<string, Loss>> = {
  nothing: { lines: [], table: BEFORE },
  'the loss of one route': {
    lines: ['-4 route del 203.0.112.0/27 proto 201 metric 1024'],
    table: BEFORE,
  },
  'a reboot that lost all routes': { lines: routeLines('del', BEFORE), table: BEFORE },
  'a next hop that somebody turned': {
    lines: ['-4 route change 203.0.112.0/27 via 192.0.2.77 proto 201 metric 1024'],
    table: BEFORE,
  },
  'a route with our mark that nobody knows': {
    lines: routeLines('add', ALIEN),
    table: { ...BEFORE, ...ALIEN },
  },
};

describe(onKernel('a cloud that cannot be reached'), function suite() {
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

  for (const [what, { fault, env = {}, code }] of Object.entries(OUTAGES)) {
    it(`keeps the upstream as the cloud last wanted it when ${what}`, async () => {
      for (const [loss, { lines, table }] of Object.entries(LOSSES)) {
        batch(scene.namespace, lines);
        const { exitCode, said } = await scene.apply(() => fault, { ...IMPATIENT, env });
        count('faults tried');
        const told = `${what} after ${loss}: ${said}`;
        const found = scene.table();
        scene.assertNothingWrong(found, told, {});
        expect({ exitCode, ours: found.ours }, told).to.deep.equal({ exitCode: 1, ours: table });
        expect(said, told).to.contain(code);
        batch(scene.namespace, routeLines('del', loss.includes('nobody knows') ? ALIEN : {}));
        await scene.assertConverges(told);
        scene.restore();
      }
    });
  }

  it('changes nothing when there is no last good state either', async () => {
    rmSync(`${scene.stateDir}/desired`, { recursive: true });
    batch(scene.namespace, ['-4 route del 203.0.112.0/27 proto 201 metric 1024']);

    const { exitCode, said } = await scene.apply(() => dies);

    count('faults tried');
    expect(exitCode, said).to.equal(1);
    expect(scene.table().ours).to.deep.equal(without(BEFORE, { '203.0.112.0/27': '' }));
    await scene.assertConverges('without a last good state');
  });

  it('counts no blind cycle as one in which a route was unwanted', async () => {
    const slow = { config: { removal: { snapshots: 2, graceSeconds: 0 } } };
    for (let cycle = 0; cycle < 5; cycle += 1) {
      await scene.apply(() => dies, slow);
      count('faults tried');
    }
    const first = await scene.apply(undefined, slow);
    expect(scene.table().ours, first.said).to.deep.equal({ ...AFTER, ...LEAVING });
    for (let cycle = 0; cycle < 5; cycle += 1) {
      await scene.apply(() => dies, slow);
    }
    expect(scene.table().ours).to.deep.equal({ ...AFTER, ...LEAVING });

    const second = await scene.apply(undefined, slow);

    expect(scene.table().ours, second.said).to.deep.equal(AFTER);
  });

  it('reaches the same table in one cycle with retries that help', async () => {
    const busy: Choose = ({ repetition }) =>
      repetition === 0 ? says(429, { 'Retry-After': '0' }) : undefined;
    const config = { cloud: { retries: 3, requestTimeoutSeconds: 2 } };

    const { exitCode, said } = await scene.apply(busy, { config });

    count('faults tried');
    expect({ exitCode, ours: scene.table().ours }, said).to.deep.equal({
      exitCode: 0,
      ours: AFTER,
    });
  });
});

/** Wall clock and time since boot, both in seconds from the first cycle on. */
interface Moment {
  readonly wall: number;
  readonly uptime: number;
  readonly boot?: string;
  /** Whether the routes of the vanished router may be gone by now. */
  readonly gone: boolean;
}

const HOUR = 3600;
const DAY = 24 * HOUR;

const CLOCKS: Readonly<Record<string, readonly Moment[]>> = {
  'runs as it should': [
    { wall: 0, uptime: 0, gone: false },
    { wall: HOUR - 1, uptime: HOUR - 1, gone: false },
    { wall: HOUR + 1, uptime: HOUR + 1, gone: true },
  ],
  'jumps a day ahead': [
    { wall: 0, uptime: 0, gone: false },
    { wall: DAY, uptime: 1, gone: false },
    { wall: DAY + HOUR - 2, uptime: HOUR - 1, gone: false },
    { wall: DAY + HOUR + 2, uptime: HOUR + 3, gone: true },
  ],
  'jumps a day back': [
    { wall: 0, uptime: 0, gone: false },
    { wall: -DAY, uptime: 1, gone: false },
    { wall: -DAY + HOUR - 2, uptime: HOUR - 1, gone: false },
    { wall: -DAY + HOUR + 2, uptime: HOUR + 3, gone: true },
  ],
  'jumps ahead and back again': [
    { wall: 0, uptime: 0, gone: false },
    { wall: 30 * DAY, uptime: 1, gone: false },
    { wall: 2, uptime: 2, gone: false },
    { wall: HOUR - 2, uptime: HOUR - 2, gone: false },
    { wall: HOUR + 2, uptime: HOUR + 2, gone: true },
  ],
  'falls back to the year 2000 at a boot without a battery': [
    { wall: 0, uptime: HOUR, boot: 'one', gone: false },
    { wall: -26 * 365 * DAY, uptime: 10, boot: 'two', gone: false },
    { wall: -26 * 365 * DAY + HOUR + 1, uptime: HOUR + 11, boot: 'two', gone: true },
  ],
};

describe(onKernel('clocks that jump'), function suite() {
  this.timeout(300_000);
  let scene: KernelScene;
  const start = Date.now();

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

  async function applyAt({ wall, uptime, boot = 'one' }: Moment): Promise<Run> {
    const options: RunOptions = {
      config: { removal: { snapshots: 1, graceSeconds: HOUR } },
      now: () => start + wall * 1000,
      sinceBoot: () => ({ boot, uptime: uptime * 1000 }),
    };
    return scene.apply(undefined, options);
  }

  for (const [what, moments] of Object.entries(CLOCKS)) {
    it(`bring no removal early and none never when the wall clock ${what}`, async () => {
      for (const moment of moments) {
        const { exitCode, said } = await applyAt(moment);
        count('faults tried');
        const told = `${JSON.stringify(moment)}: ${said}`;
        const found = scene.table();
        scene.assertNothingWrong(found, told);
        expect(exitCode, told).to.equal(0);
        expect(found.ours, told).to.deep.equal(moment.gone ? AFTER : { ...AFTER, ...LEAVING });
      }
    });
  }
});
